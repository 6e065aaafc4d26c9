/**
 * Our part of a kickstart: the scripts that the installer runs for us, and the kickstart that is
 * made of them alone. It can be read from top to bottom, with what was decided at build time in
 * plain sight. What only the machine can know (its metadata, its disks) the payload's `pre.sh`
 * writes over these defaults before they are included.
 *
 * @module
 */

/** Where in the payload the kickstart lies, and what boot.cfg calls it. */
export const KICKSTART_PATH = "esxiimg/KS.CFG";
export const KICKSTART_URL = `file:///${KICKSTART_PATH}`;

/** What the kickstart's `install` is given unless the build or the machine knows better. */
export const DEFAULT_INSTALL_DISK = "--firstdisk --overwritevmfs";
/** How the host gets an address unless somebody knows better. */
export const DEFAULT_NETWORK = "network --bootproto=dhcp";

/** The first line. */
export const HEADER =
  "# ESXi installs with this file without asking any question. It was written by esxi-img.\n";
/** Stands before a value that is not the default, even if it reads like it. */
export const CHOSEN = "# Chosen, not the default:\n";
/** Begins each line of a %pre section of the user's, which pre.sh runs from the payload. */
export const KEPT_PREFIX = "#|";

/** What is included, by the names of the files below /tmp/esxiimg. */
export const TOPICS = ["rootpw", "disk", "network"] as const;
/** One of the commands that are included. */
export type Topic = typeof TOPICS[number];

/** The command that includes a topic. */
export function includeLine(topic: Topic): string {
  return `%include /tmp/esxiimg/${topic}\n`;
}

/** The lines that %pre writes before pre.sh writes over them. */
export interface Defaults {
  /** The command, without a line break. */
  readonly rootpw?: string | undefined;
  readonly disk: string;
  readonly network: string;
  /** Which of them somebody has chosen. */
  readonly chosen: ReadonlySet<Topic>;
}

/**
 * Our %pre section.
 *
 * @param kept The %pre sections of the user's, as they stand.
 */
export function renderPre(defaults: Defaults, kept: readonly string[]): string {
  const rootPassword = defaults.rootpw === undefined
    ? "# No root password was given at build time: the host's metadata must bring one.\n"
    : hereDocument("rootpw", defaults.rootpw);
  const choice = (topic: Topic) => defaults.chosen.has(topic) ? CHOSEN : "";
  return `%pre --interpreter=busybox
# What was decided when the image was built. pre.sh writes over it what the host's metadata says.
umask 077
mkdir -p /tmp/esxiimg
${rootPassword}${choice("disk")}${hereDocument("disk", defaults.disk)}${choice("network")}${
    hereDocument("network", defaults.network)
  }sh /esxiimg/pre.sh
${kept.length === 0 ? "" : renderKept(kept)}
`;
}

function renderKept(kept: readonly string[]): string {
  const lines = kept.join("").split("\n").slice(0, -1);
  return "# Then pre.sh runs what follows, which the payload holds in files of its own:\n" +
    lines.map((line) => `${KEPT_PREFIX}${line}\n`).join("");
}

/** Our %post section. */
export const POST = `%post --interpreter=busybox
# Copies payload and host description to the boot bank, for the first boot.
sh /esxiimg/post.sh

`;

/** Our %firstboot section where there is no other one. */
export const FIRST_BOOT = `%firstboot --interpreter=busybox
# Configures the host, then removes the payload from the boot bank.
sh /esxiimg/firstbt.sh
`;
/** Our %firstboot section before others. */
export const CONFIGURE = `%firstboot --interpreter=busybox
# Configures the host, before your sections run.
sh /esxiimg/firstbt.sh configure

`;
/** Our %firstboot section behind others. */
export const FINISH = `%firstboot --interpreter=busybox
# Reports, removes the payload from the boot bank, and restarts the host if that is needed.
sh /esxiimg/firstbt.sh finish
`;

/** A shell command that writes one line, of which nothing is expanded. */
function hereDocument(topic: Topic, line: string): string {
  return `cat > /tmp/esxiimg/${topic} <<'END'\n${line}\nEND\n`;
}
