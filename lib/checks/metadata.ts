/**
 * Checks the metadata that is embedded: its shapes, by what Nova writes. The guest code, which knows
 * the machine, judges what it means.
 *
 * Source: Nova's `doc/api_schemas/network_data.json`, and the files of its config drive.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { finding } from "./codes.ts";
import type { InputFile, Inputs } from "./inputs.ts";
import { isIPv4 } from "./kickstart_network.ts";
import { decodeText } from "./text.ts";

type Json = Readonly<Record<string, unknown>>;

/** What Nova's files hold at their top, by type; other keys are told, in case one is misspelt. */
const META_DATA: Readonly<Record<string, string>> = {
  ...{ uuid: "string", name: "string", hostname: "string", availability_zone: "string" },
  ...{ project_id: "string", admin_pass: "string", random_seed: "string", launch_index: "number" },
  ...{ public_keys: "object", meta: "object", keys: "list", files: "list", devices: "list" },
  ...{ dedicated_cpus: "list", serial: "string", instance_type: "string" },
};
const NETWORK_DATA: Readonly<Record<string, string>> = {
  links: "list",
  networks: "list",
  services: "list",
};

/** Types of networks with a static IPv4 address. */
const STATIC = /^(ipv4|static)$/;
/** What the guest takes where no netmask is given. */
const DEFAULT_BITS = 24;

/** Checks the metadata that was given, if any was. */
export function checkMetadata({ metadata }: Inputs): Finding[] {
  if (metadata === undefined) return [];
  const findings: Finding[] = [];
  const parsed = new Map<string, Json>();
  for (const file of metadata) {
    if (!file.path.endsWith(".json")) continue;
    const content = readObject(file, findings);
    if (content !== undefined) parsed.set(file.path, content);
  }
  const name = (path: string) => path.split("/").at(-1);
  for (const [path, content] of parsed) {
    const fields = name(path) === "meta_data.json"
      ? META_DATA
      : name(path) === "network_data.json"
      ? NETWORK_DATA
      : undefined;
    if (fields !== undefined) findings.push(...checkFields(path, content, fields));
    if (name(path) === "network_data.json") findings.push(...checkNetworks(path, content));
  }
  for (const [path, { hostname, name: host }] of parsed) {
    if (name(path) !== "meta_data.json" || (hostname ?? host) !== undefined) continue;
    findings.push(finding("metadata-no-hostname", path, "it has no host name"));
  }
  return findings;
}

function readObject({ path, bytes }: InputFile, findings: Finding[]): Json | undefined {
  let content: unknown;
  try {
    const text = decodeText(bytes);
    if (text === undefined) {
      findings.push(finding("metadata-json", path, "it is not UTF-8", "save it as UTF-8"));
      return undefined;
    }
    content = JSON.parse(text);
  } catch {
    findings.push(finding("metadata-json", path, "it is not JSON"));
    return undefined;
  }
  if (typeOf(content) === "object") return content as Json;
  findings.push(finding("metadata-type", path, `it is a ${typeOf(content)}, not an object`));
  return undefined;
}

function checkFields(
  path: string,
  content: Json,
  fields: Readonly<Record<string, string>>,
): Finding[] {
  return Object.entries(content).flatMap(([key, value]) => {
    const wanted = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (wanted === undefined) {
      const shown = /^[\w.-]{1,40}$/.test(key) ? key : "of a strange name";
      return [finding("metadata-unknown-key", path, `it has a key ${shown} that nobody reads`)];
    }
    if (value === null || typeOf(value) === wanted) return [];
    return [finding("metadata-type", path, `${key} is a ${typeOf(value)}, not a ${wanted}`)];
  });
}

function checkNetworks(path: string, content: Json): Finding[] {
  const list = (value: unknown) => Array.isArray(value) ? value : [];
  const findings: Finding[] = [];
  const wrong = (what: string) => findings.push(finding("metadata-type", path, what));
  const links = new Set<unknown>();
  list(content.links).forEach((link, index) => {
    if (typeOf(link) !== "object") wrong(`links[${index}] is a ${typeOf(link)}, not an object`);
    else links.add(link.id);
  });
  list(content.networks).forEach((network, index) => {
    const where = `networks[${index}]`;
    if (typeOf(network) !== "object") {
      return wrong(`${where} is a ${typeOf(network)}, not an object`);
    }
    if (network.link !== undefined && !links.has(network.link)) {
      const what = `${where} is on a link that links does not have`;
      findings.push(finding("metadata-link", path, what));
    }
    const subnet = subnetOf(network);
    if (subnet?.bits === undefined && subnet !== undefined) {
      const what = `${where} has the address ${subnet.address} and no netmask`;
      findings.push(finding("metadata-netmask", path, what));
    }
    for (const route of list(network.routes)) {
      const isDefault = route?.netmask === "0.0.0.0" && route?.network === "0.0.0.0";
      if (!isDefault || !isText(route.gateway) || subnet === undefined) continue;
      if (!isOnLink(route.gateway, subnet.address, subnet.bits ?? DEFAULT_BITS)) {
        const what = `${where} has the gateway ${route.gateway}, which is not in its subnet`;
        findings.push(finding("metadata-gateway", path, what));
      }
    }
  });
  return findings;
}

/** A static IPv4 address and how long its prefix is, as far as the network says; else undefined. */
function subnetOf(
  { type, ip_address, netmask }: Json,
): { readonly address: string; readonly bits: number | undefined } | undefined {
  if (!isText(ip_address) || !isText(type) || !STATIC.test(type)) return undefined;
  const [address = "", length] = ip_address.split("/");
  if (!isIPv4(address)) return undefined;
  const given = length ?? netmask ?? undefined;
  if (given === undefined) return { address, bits: undefined };
  const text = String(given).replace(/^\//, "");
  if (/^\d{1,2}$/.test(text) && Number(text) <= 32) return { address, bits: Number(text) };
  if (!isIPv4(text)) return undefined; // the guest says what is wrong with it
  return { address, bits: numberOf(text).toString(2).replaceAll("0", "").length };
}

function isOnLink(gateway: string, address: string, bits: number): boolean {
  if (!isIPv4(gateway)) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(numberOf(gateway) / size) === Math.floor(numberOf(address) / size);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
