/**
 * What a machine can be known by, as metadata of many hosts say it. The guest reads them by the same
 * rules, see `lib/guest/hostconf/sources/hosts.py`.
 *
 * @module
 */

const HOST_FILE = /^hosts\/([^/]+)\/([^/]+)$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** Zeros, and addresses of groups: the first byte is odd (IEEE 802-2014 §8.2). */
const NO_NIC = /^(00(:00){5}$|.[13579bdf])/;
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
  /** What it names besides and no machine is known by, a clause each. */
  readonly ignored: readonly string[];
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
    const known = hosts.get(name) ?? { macs: [], ignored: [] };
    const found = kind === "meta_data.json"
      ? metaOf(parse(bytes))
      : kind === "network_data.json"
      ? macsOf(parse(bytes))
      : { ignored: [] };
    hosts.set(name, { ...known, ...found, ignored: [...known.ignored, ...found.ignored] });
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

function metaOf(
  meta: Record<string, unknown>,
): Pick<HostIdentity, "uuid" | "serial" | "ignored"> {
  const text = typeof meta.uuid === "string" ? meta.uuid : "";
  const digits = text.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  const isUuid = /^(?!0+$|f+$)[0-9a-f]{32}$/.test(digits);
  const serial = typeof meta.serial === "string" ? meta.serial.trim() : "";
  return {
    ...isUuid ? { uuid: digits } : {},
    ...NO_SERIAL.test(serial.toLowerCase()) ? {} : { serial: serial.toUpperCase() },
    ignored: isUuid || text === "" ? [] : [`the uuid ${JSON.stringify(text)} is none`],
  };
}

function macsOf({ links }: Record<string, unknown>): Pick<HostIdentity, "macs" | "ignored"> {
  const macs = (Array.isArray(links) ? links : []).filter((link) =>
    typeof link === "object" && link !== null && link.type !== "bond" && link.type !== "vlan"
  ).map((link) =>
    String(link.ethernet_mac_address ?? link.mac_address ?? "").trim().toLowerCase()
      .replaceAll("-", ":")
  );
  const distinct = [...new Set(macs)];
  return {
    macs: distinct.filter((mac) => MAC.test(mac)),
    ignored: distinct.flatMap((mac) => {
      if (mac === "") return [];
      if (!MAC.test(mac)) {
        return [`the MAC ${JSON.stringify(mac)} has not the form 02:00:5e:00:53:01`];
      }
      return NO_NIC.test(mac)
        ? [`the MAC ${mac} is no NIC's, so that no machine has all of them`]
        : [];
    }),
  };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // said where it is read
  }
}
