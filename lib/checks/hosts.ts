/**
 * Checks the metadata of many hosts: each must be told from all others when a machine asks which one
 * it is. The guest decides by the same rules, see `lib/guest/hostconf/sources/hosts.py`.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

const HOST_FILE = /^hosts\/([^/]+)\/(meta_data|network_data)\.json$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** What firmware says where nobody filled in a serial number. */
const NO_SERIAL =
  /^(|none|not specified|to be filled by o\.e\.m\.|system serial number|default string|0|n\/a)$/;

/** What a machine can be known by. */
interface Identity {
  macs: readonly string[];
  uuid?: string;
  serial?: string;
}

/** Checks that each host can be recognised, and none is taken for another. */
export function checkHosts({ metadata }: Inputs): Finding[] {
  const hosts = readIdentities(metadata ?? []);
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  const double = (what: string, name: string) => {
    const other = seen.get(what);
    if (other === undefined) seen.set(what, name);
    else {
      const said = `${what} is that of the host ${other}, too`;
      findings.push(finding("host-double", `hosts/${name}`, said));
    }
  };
  for (const [name, { macs, uuid, serial }] of hosts) {
    if (macs.length === 0 && uuid === undefined && serial === undefined) {
      const what = "its metadata names no MAC, no uuid and no serial";
      findings.push(finding("host-unknown", `hosts/${name}`, what));
    }
    for (const mac of macs) double(`the MAC ${mac}`, name);
    if (uuid !== undefined) double(`the UUID ${uuid}`, name);
    if (serial !== undefined) double(`the serial number ${serial}`, name);
  }
  return findings;
}

function readIdentities(files: NonNullable<Inputs["metadata"]>): Map<string, Identity> {
  const hosts = new Map<string, Identity>();
  for (const { name: path, bytes } of files) {
    const [, name, kind] = HOST_FILE.exec(path) ?? [];
    if (name === undefined) continue;
    const known = hosts.get(name) ?? { macs: [] };
    const document = parse(bytes);
    hosts.set(
      name,
      kind === "meta_data" ? { ...known, ...metaOf(document) } : {
        ...known,
        macs: macsOf(document),
      },
    );
  }
  return hosts;
}

function metaOf(meta: Record<string, unknown>): { uuid?: string; serial?: string } {
  const digits = typeof meta.uuid === "string"
    ? meta.uuid.toLowerCase().replaceAll(/[^0-9a-f]/g, "")
    : "";
  const serial = typeof meta.serial === "string" ? meta.serial.trim() : "";
  return {
    ...(/^(?!0+$|f+$)[0-9a-f]{32}$/.test(digits) ? { uuid: digits } : {}),
    ...(NO_SERIAL.test(serial.toLowerCase()) ? {} : { serial: serial.toUpperCase() }),
  };
}

function macsOf({ links }: Record<string, unknown>): string[] {
  const macs = (Array.isArray(links) ? links : []).filter((link) =>
    typeof link === "object" && link !== null && link.type !== "bond" && link.type !== "vlan"
  ).map((link) =>
    String(link.ethernet_mac_address ?? link.mac_address ?? "").trim().toLowerCase()
      .replaceAll("-", ":")
  );
  return [...new Set(macs.filter((mac) => MAC.test(mac)))];
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // said where it is read
  }
}
