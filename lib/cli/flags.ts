/**
 * Options that several commands share.
 *
 * @module
 */

/** A switch that is off unless it is given. */
export function switchFlag(brief: string) {
  return { kind: "boolean", default: false, withNegated: false, brief } as const;
}

/** For what is to survive a power failure. */
export const syncFlag = switchFlag(
  "Wait until the output is on the disk, safe from a power failure",
);

/** An option with a text value. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: String, optional: true, placeholder, brief } as const;
}

/** An option with a text value that may be given again and again. */
export function textsFlag(placeholder: string, brief: string) {
  return { ...textFlag(placeholder, brief), variadic: true } as const;
}

/** An argument. */
export function argument(placeholder: string, brief: string) {
  return { parse: String, placeholder, brief } as const;
}

/** What every command takes; `--config` becomes other options before they are parsed. */
export interface CommonFlags {
  readonly quiet: boolean;
  readonly json: boolean;
  readonly color: boolean;
  readonly config?: string | undefined;
  readonly debug: boolean;
}

/** Their short names. */
export const commonAliases = { q: "quiet" } as const;
export const commonFlags = {
  quiet: switchFlag("Suppress normal output"),
  json: switchFlag("Print the result as JSON"),
  color: { kind: "boolean", default: true, brief: "Colour on a terminal" },
  config: textFlag("FILE", "Options in TOML; those of the command line win"),
  debug: switchFlag("On failure, show where in the program it happened"),
} as const;

/** Options of what goes into a payload, see `PayloadFlags`. */
export const payloadFlags = {
  rootPasswordFile: textFlag(
    "FILE",
    "File with root's password or its crypt hash; - is standard input, a terminal asks for it",
  ),
  sshKey: textFlag("FILE", "File with public keys for root"),
  kickstart: textFlag("FILE", "A kickstart of your own, to be merged with ours"),
  kickstartAsIs: textFlag("FILE", "A kickstart of your own, used byte for byte"),
  metadata: textFlag(
    "DIR",
    "Folder with meta_data.json, network_data.json, … to embed, or hosts/NAME/ for many",
  ),
  installDisk: textFlag(
    "ARGS",
    "Arguments of the kickstart's install (default: --firstdisk --overwritevmfs)",
  ),
  requireMetadata: switchFlag("Stop the installation where no metadata is found"),
  allowSecureBoot: switchFlag(
    "Let MAAS deploy machines with UEFI Secure Boot: they get address and password alone",
  ),
  vcenterCa: textFlag("FILE", "CA certificates (PEM) to check a vCenter by that hosts join"),
  maasPortGroup: switchFlag(
    "Let management's port group have the name that the interface has in MAAS",
  ),
  vcenterInsecure: switchFlag("Join vCenters without checking their certificates"),
  allowEd25519: switchFlag("Count Ed25519 keys as a login on ESXi 8 and later, too"),
  strict: switchFlag("Stop for warnings as for errors"),
} as const;

/** Options of what goes onto a medium, see `ContentFlags`. */
export const contentFlags = {
  ...payloadFlags,
  payload: textFlag("FILE", "A payload made before with: esxi-img payload"),
  module: textsFlag("FILE", "A boot module to add; may be repeated"),
  driver: textsFlag(
    "FILE",
    "A driver for installer and host: VIB, bundle or component (.zip), or module; may be repeated",
  ),
  allowCommunityDrivers: switchFlag(
    "Let hosts lower their acceptance level to CommunitySupported for drivers that need it",
  ),
  kernelopt: textsFlag("STR", "A kernel option; NAME=VALUE replaces one; may be repeated"),
  bootOption: textsFlag("KEY=VALUE", "A setting of the boot loader's; may be repeated"),
} as const;

/** Options of the commands that write a part of an image. */
export const partFlags = {
  force: switchFlag("Replace an output that exists"),
  ...payloadFlags,
  ...commonFlags,
} as const;
