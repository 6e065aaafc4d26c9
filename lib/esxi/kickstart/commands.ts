/**
 * The commands of ESXi's kickstart and their options, with the releases that know them.
 *
 * Sources: "About Installation Scripts" in VMware's *ESXi Installation and Setup* for 6.7, 7.0 and
 * 8.0, and Broadcom's *ESX Installation and Setup* for 9.0; `--ignoreprereq…` stand in the templates
 * of canonical/packer-maas for 7.0 and 8.0 and in no manual.
 *
 * @module
 */

/** What may follow an option's name. */
export type OptionValue = "none" | "optional" | "required";

/** An option of a command. */
export interface OptionSpec {
  readonly value: OptionValue;
  /** The first release that has it, as in `8.0`; without it all that are supported. */
  readonly since?: string;
  /** The last release that has it. */
  readonly until?: string;
}

/** A command. */
export interface CommandSpec {
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** How many words may stand beside its options. */
  readonly minWords: number;
  readonly maxWords: number;
  /** Options of which exactly one must be given. */
  readonly oneOf?: readonly string[];
  /** Options of which at most one may be given. */
  readonly atMostOneOf?: readonly string[];
}

const NONE: OptionSpec = { value: "none" };
const OPTIONAL: OptionSpec = { value: "optional" };
const REQUIRED: OptionSpec = { value: "required" };

/** What names the disk of `install`, `installorupgrade` and `upgrade`. */
export const DISK_OPTIONS = ["--disk", "--drive", "--firstdisk"] as const;

const INSTALL: CommandSpec = {
  options: {
    "--disk": REQUIRED,
    "--drive": REQUIRED,
    "--firstdisk": OPTIONAL,
    "--ignoressd": NONE,
    "--overwritevsan": NONE,
    "--overwritevmfs": NONE,
    "--preservevmfs": NONE,
    "--novmfsondisk": NONE,
    "--forceunsupportedinstall": NONE,
    "--ignoreprereqwarnings": NONE,
    "--ignoreprereqerrors": NONE,
    "--systemdisk": { value: "required", since: "7.0" },
    "--repartitionsystemdisk": { value: "none", since: "7.0" },
    "--dpupcislots": { value: "required", since: "8.0" },
  },
  minWords: 0,
  maxWords: 0,
  oneOf: DISK_OPTIONS,
  atMostOneOf: ["--overwritevmfs", "--preservevmfs"],
};
const EULA: CommandSpec = { options: {}, minWords: 0, maxWords: 0 };
const SERIAL: CommandSpec = { options: { "--esx": REQUIRED }, minWords: 0, maxWords: 0 };
const PART: CommandSpec = {
  options: { "--ondisk": REQUIRED, "--ondrive": REQUIRED, "--onfirstdisk": OPTIONAL },
  minWords: 1,
  maxWords: 1,
  oneOf: ["--ondisk", "--ondrive", "--onfirstdisk"],
};
const INCLUDE: CommandSpec = { options: {}, minWords: 1, maxWords: 1 };

/** Every command by its name. */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  accepteula: EULA,
  vmaccepteula: EULA,
  clearpart: {
    options: {
      "--drives": REQUIRED,
      "--alldrives": NONE,
      "--ignoredrives": REQUIRED,
      "--firstdisk": OPTIONAL,
      "--overwritevmfs": NONE,
    },
    minWords: 0,
    maxWords: 0,
    oneOf: ["--drives", "--alldrives", "--ignoredrives", "--firstdisk"],
  },
  dryrun: { options: {}, minWords: 0, maxWords: 0 },
  install: INSTALL,
  installorupgrade: INSTALL,
  upgrade: {
    ...INSTALL,
    options: {
      ...INSTALL.options,
      "--deletecosvmdk": { value: "none", until: "6.7" },
      "--forcemigrate": { value: "none", until: "6.7" },
    },
  },
  keyboard: { options: {}, minWords: 1, maxWords: 4 },
  network: {
    options: {
      "--bootproto": REQUIRED,
      "--device": REQUIRED,
      "--ip": REQUIRED,
      "--netmask": REQUIRED,
      "--gateway": REQUIRED,
      "--nameserver": REQUIRED,
      "--hostname": REQUIRED,
      "--vlanid": REQUIRED,
      "--addvmportgroup": REQUIRED,
    },
    minWords: 0,
    maxWords: 0,
  },
  paranoid: { options: {}, minWords: 0, maxWords: 0 },
  part: PART,
  partition: PART,
  reboot: { options: { "--noeject": NONE }, minWords: 0, maxWords: 0 },
  rootpw: { options: { "--iscrypted": NONE }, minWords: 1, maxWords: 1 },
  serialnum: SERIAL,
  vmserialnum: SERIAL,
  "%include": INCLUDE,
  include: INCLUDE,
};

/** What may follow the name of a section. */
export const SECTION_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  "--interpreter": REQUIRED,
  "--timeout": REQUIRED,
  "--ignorefailure": REQUIRED,
};

/** What runs scripts. */
export const INTERPRETERS = ["busybox", "python"];

/**
 * Whether a release has an option.
 *
 * @param version As in `8.0.3`; without it some release has it.
 */
export function hasOption({ since, until }: OptionSpec, version: string | undefined): boolean {
  if (version === undefined) return true;
  const release = releaseNumber(version);
  return (since === undefined || release >= releaseNumber(since)) &&
    (until === undefined || release <= releaseNumber(until));
}

function releaseNumber(version: string): number {
  const [major, minor = "0"] = version.split(".");
  return Number(major) * 1000 + Number(minor);
}
