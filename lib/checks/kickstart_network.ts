/**
 * Checks the values of a kickstart's `network`.
 *
 * @module
 */

import { optionValue, type Statement, type Word } from "../esxi/kickstart/parse.ts";
import type { CheckCode } from "./codes.ts";

type Report = (code: CheckCode, word: Word, what: string, remedy?: string) => void;

/** The installation manual's: a name of a NIC, or its MAC address. */
const DEVICE = /^(?:vmnic\d+|(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})$/i;
/** The manual's sentence says 1 to 4096; IEEE 802.1Q has no more than 4095. */
const MAX_VLAN = 4095;
const MAX_NAME_SERVERS = 2;

/** Checks a `network` command whose options are known ones. */
export function checkNetwork({ name, words }: Statement, report: Report): void {
  const wrong = (option: string, what: string) => {
    const word = words.find(({ value }) => value.startsWith(`${option}=`)) ?? name;
    report("kickstart-argument", word, `network ${option}: ${what}`);
  };
  const value = (option: string) => optionValue(words, option);
  const protocol = value("--bootproto") ?? "dhcp";
  if (protocol !== "dhcp" && protocol !== "static") {
    wrong("--bootproto", "it is dhcp or static");
  } else if (protocol === "static" && value("--ip") === undefined) {
    wrong("--bootproto", "static wants --ip and --netmask as well");
  } else if (protocol === "dhcp") {
    const lost = ["--ip", "--netmask", "--gateway"].find((option) => value(option) !== undefined);
    const word = words.find((word) => word.value.startsWith(`${lost}=`));
    if (word !== undefined) {
      const remedy = "write --bootproto=static, or remove it";
      report("kickstart-ignored", word, `network ${lost} belongs to --bootproto=static`, remedy);
    }
  }
  for (const option of ["--ip", "--gateway"]) {
    const address = value(option);
    if (address !== undefined && !isIPv4(address)) wrong(option, "it is an IPv4 address");
  }
  const netmask = value("--netmask");
  if (netmask !== undefined && !isNetmask(netmask)) wrong("--netmask", "it is like 255.255.255.0");
  const servers = value("--nameserver")?.split(",") ?? [];
  if (servers.length > MAX_NAME_SERVERS || !servers.every((one) => isIPv4(one) || isIPv6(one))) {
    wrong("--nameserver", "it is one address or two, with a comma between them");
  }
  const vlan = value("--vlanid");
  if (vlan !== undefined && !(/^\d{1,4}$/.test(vlan) && +vlan >= 1 && +vlan <= MAX_VLAN)) {
    wrong("--vlanid", `it is a number from 1 to ${MAX_VLAN}`);
  }
  const device = value("--device");
  if (device !== undefined && !DEVICE.test(device)) {
    wrong("--device", "it is a name like vmnic0, or a MAC address");
  }
  const group = value("--addvmportgroup");
  if (group !== undefined && !/^(?:0|1|true|false)$/i.test(group)) {
    wrong("--addvmportgroup", "it is 0 or 1");
  }
  const host = value("--hostname");
  if (host !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$/.test(host)) {
    wrong("--hostname", "it has letters, digits, dashes and dots");
  }
}

/** Whether a text is an IPv4 address in dotted decimal. */
export function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

function isIPv6(text: string): boolean {
  return /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(":") && !text.includes(":::");
}

/** Whether a text is a netmask: ones, then zeros. */
function isNetmask(text: string): boolean {
  if (!isIPv4(text)) return false;
  const bits = text.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("");
  return /^1+0*$/.test(bits);
}
