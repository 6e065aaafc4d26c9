/**
 * What a machine can be known by, as metadata of many hosts say it. The guest reads them by the same
 * rules, see `lib/guest/hostconf/sources/hosts.py`.
 *
 * @module
 */

const HOST_FILE = /^hosts\/([^/]+)\/([^/]+)$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** What firmware says where nobody filled in a serial number. */
const NO_SERIAL =
  /^(|none|not specified|to be filled by o\.e\.m\.|system serial number|default string|0|n\/a)$/;

/** What a machine can be known by. */
export interface HostIdentity {
  /** Of its NICs, in lower case with colons. */
  readonly macs: readonly string[];
  /** 32 hexadecimal digits. */
  readonly uuid?: string;
  /** In upper case. */
  readonly serial?: string;
}

/**
 * What the hosts are known by, by their names.
 *
 * @param files The metadata, of which `hosts/NAME/…` is looked at.
 */
export function readIdentities(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Map<string, HostIdentity> {
  const hosts = new Map<string, HostIdentity>();
  for (const { name: path, bytes } of files) {
    const [, name, kind] = HOST_FILE.exec(path) ?? [];
    if (name === undefined) continue;
    const known = hosts.get(name) ?? { macs: [] };
    if (kind === "meta_data.json") hosts.set(name, { ...known, ...metaOf(parse(bytes)) });
    else if (kind === "network_data.json") {
      hosts.set(name, { ...known, macs: macsOf(parse(bytes)) });
    } else hosts.set(name, known);
  }
  return hosts;
}

/**
 * A UUID with the bytes of its first three fields swapped, 32 hexadecimal digits both: SMBIOS has them
 * little-endian (DMTF DSP0134 §7.2.1), and some releases print them as they lie in memory.
 */
export function swapUuid(digits: string): string {
  return digits.replace(
    /^(..)(..)(..)(..)(..)(..)(..)(..)/,
    "$4$3$2$1$6$5$8$7",
  );
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
