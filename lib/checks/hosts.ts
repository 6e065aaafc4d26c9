/**
 * Checks the metadata of many hosts: each must be told from all others when a machine asks which one
 * it is. The guest decides by the same rules, see `lib/guest/hostconf/sources/hosts.py`.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { readIdentities, swapUuid } from "../esxi/host_identity.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

/** Checks that each host can be recognised, and none is taken for another. */
export function checkHosts({ metadata }: Inputs): Finding[] {
  const hosts = readIdentities(metadata ?? []);
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  const double = (what: string, name: string, key = what) => {
    const other = seen.get(key);
    if (other === undefined) seen.set(key, name);
    else {
      const said = `${what} is that of the host ${other}, too`;
      findings.push(finding("host-double", `hosts/${name}`, said));
    }
  };
  for (const [name, { macs, uuid, serial, ignored }] of hosts) {
    if (macs.length === 0 && uuid === undefined && serial === undefined) {
      const what = "its metadata names no MAC, no uuid and no serial";
      findings.push(finding("host-unknown", `hosts/${name}`, what));
    } else {
      findings.push(...ignored.map((what) => finding("host-ignored", `hosts/${name}`, what)));
    }
    for (const mac of macs) double(`the MAC ${mac}`, name);
    if (uuid !== undefined) {
      // A machine that has either takes both for its own.
      const [either] = [uuid, swapUuid(uuid)].toSorted();
      double(`the UUID ${uuid}, in one byte order or the other,`, name, `UUID ${either}`);
    }
    if (serial !== undefined) double(`the serial number ${serial}`, name);
  }
  return findings;
}
