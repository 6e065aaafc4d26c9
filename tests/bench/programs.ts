/**
 * The programs that the bench compares.
 *
 * @module
 */

import { EXECUTABLE } from "../support/executable.ts";
import { mustRun, pathOf } from "../support/programs.ts";

/** Where programs read and write. */
export interface Paths {
  readonly iso: string;
  /** The raw image of that ISO, which compressors and converters start from. */
  readonly raw: string;
  /** The network tree of that ISO, which is copied. */
  readonly tree: string;
  /** Metadata of {@linkcode BATCH_HOSTS} hosts. */
  readonly metadata: string;
  /** What the program makes. It does not exist when the program starts. */
  readonly output: string;
  /** A folder for what is in between. It does not exist when the program starts. */
  readonly scratch: string;
  readonly passwordFile: string;
  /** The compiled hello-world. */
  readonly hello: string;
}

/** A program to be measured. */
export interface Program {
  readonly name: string;
  readonly title: string;
  readonly isOurs: boolean;
  /** It reads the raw image, which has to be made first. */
  readonly needsRaw?: boolean;
  /** It reads the network tree, which has to be made first. */
  readonly needsTree?: boolean;
  /** The image goes to standard output. */
  readonly writesToStdout?: boolean;
  /** How many times the size of the ISO it writes. */
  readonly space: number;
  /** The command line, beginning with a program's name or path. */
  readonly command: (paths: Paths) => string[];
}

const PYTHON_ROUTE = `${import.meta.dirname}/python_route.py`;
/** Debian's, which has pycdlib. */
export const PYTHON = "/usr/bin/python3";

/** What we and qemu-img are told to make an image; null where qemu-img cannot. */
interface Format {
  readonly ours: readonly string[];
  readonly qemu: readonly string[] | null;
}

const FORMATS: Readonly<Record<string, Format>> = {
  "gz": { ours: ["-f", "gz"], qemu: null },
  "iso": { ours: ["-f", "iso"], qemu: null },
  "raw": { ours: ["-f", "raw"], qemu: null },
  "qcow2": { ours: ["-f", "qcow2"], qemu: ["-O", "qcow2"] },
  "qcow2-compressed": { ours: ["-f", "qcow2", "--compress"], qemu: ["-c", "-O", "qcow2"] },
  "vmdk": { ours: ["-f", "vmdk"], qemu: ["-O", "vmdk", "-o", "subformat=streamOptimized"] },
  "vmdk-sparse": {
    ours: ["-f", "vmdk-sparse"],
    qemu: ["-O", "vmdk", "-o", "subformat=monolithicSparse"],
  },
  "vhd": { ours: ["-f", "vhd"], qemu: ["-O", "vpc", "-o", "subformat=dynamic,force_size=on"] },
  "vhd-fixed": {
    ours: ["-f", "vhd-fixed"],
    qemu: ["-O", "vpc", "-o", "subformat=fixed,force_size=on"],
  },
};

/** What follows the name of a program that is our executable of another day. */
const BEFORE = "-before";

/** The formats that an executable of ours writes, as it says itself. */
export async function formatsOfOurs(executable: string = EXECUTABLE): Promise<string[]> {
  const { stdout } = await mustRun(executable, ["build", "--help"]);
  // From the option to the next one, whose lines begin with dashes.
  const text = /--format\b[\s\S]*?(?=\n\s*(?:-\w)?[\s,[]*--)/.exec(stdout)?.[0] ?? "";
  const named = new Set([
    ...text.split(/[^a-z0-9-]+/),
    /--compress\b/.test(stdout) && "--compress",
  ]);
  const formats = Object.entries(FORMATS).filter(([, { ours }]) =>
    ours.every((word) => word === "-f" || named.has(word))
  ).map(([name]) => name);
  if (formats.length === 0) throw new Error(`no format is named in the help: ${text}`);
  return formats;
}

/**
 * All programs that can be measured on this machine.
 *
 * @param before Our executable of another day, and the formats that it writes.
 */
export function allPrograms(
  formats: readonly string[],
  before?: { readonly executable: string; readonly formats: readonly string[] },
): Program[] {
  const programs = [
    CAT,
    ...formats.flatMap((format) => [
      ours(format),
      ...before?.formats.includes(format) ? [asBefore(ours(format), before.executable)] : [],
    ]),
    ...["gz", "vmdk", "qcow2-compressed"].map(oursOnOneCore),
    CAT_SYNC,
    ...["gz", "raw"].map(oursDurable),
    RAW_TO_NOTHING,
    CP,
    NETBOOT,
    CAT_BATCH,
    BATCH,
    pythonRoute("raw"),
    pythonRoute("gz"),
    compressor("gzip", ["-6", "-c"], "gzip -6 of the raw image"),
    compressor("pigz", ["-c"], "pigz of the raw image, all cores"),
    ...formats.flatMap(qemuImg),
    ...START_UP,
  ];
  return programs.filter((program) => {
    const [command] = program.command(NO_PATHS);
    return command === "" || pathOf(command!) !== undefined;
  });
}

const NO_PATHS: Paths = {
  iso: "",
  raw: "",
  tree: "",
  metadata: "",
  output: "",
  scratch: "",
  passwordFile: "",
  hello: "",
};

const CAT: Program = {
  name: "cat",
  title: "cat ISO > file",
  isOurs: false,
  writesToStdout: true,
  space: 1,
  command: ({ iso }) => ["cat", iso],
};

/** What durability costs without us. */
const CAT_SYNC: Program = {
  name: "cat-sync",
  title: "cat ISO > file && sync file",
  isOurs: false,
  space: 1,
  command: ({ iso, output }) => ["sh", "-c", 'cat "$0" > "$1" && sync "$1"', iso, output],
};

function build(
  format: string,
  { iso, passwordFile }: Pick<Paths, "iso" | "passwordFile">,
  output: string,
): string[] {
  const password = ["--root-password-file", passwordFile];
  return [EXECUTABLE, "build", iso, ...FORMATS[format]!.ours, "-o", output, ...password, "--quiet"];
}

function ours(format: string): Program {
  return {
    name: format,
    title: `esxi-img, ${titleOf(format)}`,
    isOurs: true,
    space: 1.1,
    command: (paths) => build(format, paths, paths.output),
  };
}

function asBefore(program: Program, executable: string): Program {
  return {
    ...program,
    name: program.name + BEFORE,
    title: `${program.title}, before`,
    command: (paths) => [executable, ...program.command(paths).slice(1)],
  };
}

/** The name of what a program is, whichever day's it is. */
export function nameOfKind(name: string): string {
  return name.endsWith(BEFORE) ? name.slice(0, -BEFORE.length) : name;
}

function titleOf(format: string): string {
  return format.replace("-", ", ");
}

/** For the gain from more than one core. */
function oursOnOneCore(format: string): Program {
  return {
    name: `${format}-one-core`,
    title: `esxi-img, ${titleOf(format)}, on one core`,
    isOurs: true,
    space: 1.1,
    command: (paths) => ["taskset", "-c", "0", ...build(format, paths, paths.output)],
  };
}

/** Measured apart: how long a disk takes to keep what it was given says little of the program. */
function oursDurable(format: string): Program {
  return {
    name: `${format}-sync`,
    title: `esxi-img, ${titleOf(format)}, with --sync`,
    isOurs: true,
    space: 1.1,
    command: (paths) => [...build(format, paths, paths.output), "--sync"],
  };
}

/** What a network tree is held against: a copy of the same files. */
const CP: Program = {
  name: "cp",
  title: "cp -r of the network tree",
  isOurs: false,
  needsTree: true,
  space: 1,
  command: ({ tree, output }) => ["cp", "-r", tree, output],
};

const NETBOOT: Program = {
  name: "netboot",
  title: "esxi-img netboot",
  isOurs: true,
  space: 1,
  command: ({ iso, output, passwordFile }) => [
    ...[EXECUTABLE, "netboot", iso, "-o", output, "--root-password-file", passwordFile],
    ...["--install-disk", "--firstdisk", "--quiet"],
  ],
};

/** How many images a batch makes. */
export const BATCH_HOSTS = 100;

/** What a batch is held against: the same bytes, as often. */
const CAT_BATCH: Program = {
  name: "cat-batch",
  title: `cat ISO > file, ${BATCH_HOSTS} times`,
  isOurs: false,
  space: BATCH_HOSTS,
  command: ({ iso, output }) => [
    ...["sh", "-c", 'mkdir "$1"; for i in $(seq "$2"); do cat "$0" > "$1/$i" || exit; done'],
    ...[iso, output, String(BATCH_HOSTS)],
  ],
};

const BATCH: Program = {
  name: "batch",
  title: `esxi-img, raw, --batch of ${BATCH_HOSTS}`,
  isOurs: true,
  space: 1.1 * BATCH_HOSTS,
  command: ({ metadata, ...paths }) => [
    ...["sh", "-c", 'mkdir "$0" && exec "$@"', paths.output],
    ...build("raw", paths, paths.output),
    ...["--batch", "--metadata", metadata],
  ],
};

/** For inputs whose raw image would fill the disk: the meter's standard output is /dev/null. */
const RAW_TO_NOTHING: Program = {
  name: "raw-to-nothing",
  title: "esxi-img, raw, to /dev/null",
  isOurs: true,
  space: 0,
  command: (paths) => build("raw", paths, "-"),
};

function pythonRoute(format: "raw" | "gz"): Program {
  return {
    name: `python-${format}`,
    title: `pycdlib + mkfs.vfat + mcopy${format === "gz" ? " + gzip -6" : ""}`,
    isOurs: false,
    space: 3.2,
    command: ({ iso, scratch, output }) => [PYTHON, PYTHON_ROUTE, iso, scratch, output, format],
  };
}

function compressor(command: string, args: readonly string[], title: string): Program {
  return {
    name: command,
    title,
    isOurs: false,
    needsRaw: true,
    writesToStdout: true,
    space: 1,
    command: ({ raw }) => [command, ...args, raw],
  };
}

function qemuImg(format: string): Program[] {
  const { qemu } = FORMATS[format]!;
  if (qemu === null) return [];
  return [{
    name: `qemu-${format}`,
    title: `qemu-img convert, ${titleOf(format)}`,
    isOurs: false,
    needsRaw: true,
    space: 1.1,
    command: ({ raw, output }) => ["qemu-img", "convert", "-f", "raw", ...qemu, raw, output],
  }];
}

const START_UP: readonly Program[] = [
  {
    name: "hello",
    title: "compiled hello-world",
    isOurs: false,
    space: 0,
    command: ({ hello }) => [hello],
  },
  {
    name: "help",
    title: "esxi-img --help",
    isOurs: true,
    space: 0,
    command: () => [EXECUTABLE, "--help"],
  },
  {
    name: "inspect",
    title: "esxi-img inspect ISO",
    isOurs: true,
    space: 0,
    command: ({ iso }) => [EXECUTABLE, "inspect", iso],
  },
];
