/**
 * The boot loader's configuration, `boot.cfg`: read it as mboot does, edit it so that the installer
 * runs our kickstart, refuse what mboot would choke on without a word.
 *
 * What mboot takes (read in vmware/esx-boot, seen when booted under OVMF):
 *
 * - lines end at `\n`, a `\r` before it is white space, `#` at the start of a line is a comment;
 * - keys are case-insensitive, unknown ones are ignored, of duplicates the last one counts;
 * - `key =`, with a space before the sign, is not recognised, and `mod=` is taken for `modules=`;
 * - modules are separated by ` --- `, the first space inside one begins its options; after an empty
 *   one the first character of the next is lost;
 * - `/x` is relative to the volume, `x` to `prefix` or else to the folder of boot.cfg.
 *
 * Lines that are not edited stay as they are, byte for byte. `lib/guest/common/bootcfg.py` edits by
 * the same rules where no TypeScript runs; `testdata/boot_cfg_vectors.json` holds both to them.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** mboot hangs silently at 4,096 characters of kernel path and options. */
const MAX_COMMAND_LINE = 4095;
/** A module's path and options of 256 characters are fatal. */
const MAX_MODULE = 255;
/** Between 240 and 250 modules mboot begins to hang silently. */
const MAX_MODULES = 240;
const SEPARATOR = " --- ";
/** The keys that mboot knows, in the order in which it compares them with a line. */
const KEYS = ("kernel kernelopt modules title prefix nobootif timeout noquirks norts crypto " +
  "runtimewd tftpblksize acpitables runtimewdtimeout skip errtimeout").split(" ");
/** C's white space. JavaScript's includes the byte 0xA0. */
const BLANKS = /[ \t\v\f\r]+/;
/** UTF-8's byte order mark, one character for each byte. */
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
/** White space to the newest mboot; to older ones whatever happens to lie before their table. */
const A0 = "\xa0";

/** A boot module: a path as boot.cfg spells it, and what follows its first space. */
export interface BootModule {
  /** As boot.cfg spells it. */
  readonly path: string;
  /** Empty, if nothing follows the path. */
  readonly options: string;
}

/** What a boot.cfg says. */
export interface BootCfg {
  /** What the screen shows during boot. */
  readonly title: string;
  /** Version and build as in `8.0.3-0.35.24280767`; empty in 6.x. */
  readonly build: string;
  /** The path of the kernel. */
  readonly kernel: string;
  /** What the kernel is started with, as one line. */
  readonly kernelOptions: string;
  /** The folder of relative paths; empty for that of the boot.cfg. */
  readonly prefix: string;
  /** The modules, in the order in which they are loaded. */
  readonly modules: readonly BootModule[];
}

/** What to add to a boot.cfg. */
export interface BootCfgEdits {
  /** Paths of modules to append, beginning with `/`. */
  readonly modules: readonly string[];
  /** The value of the `ks=` option, which replaces any other; without it they stay. */
  readonly kickstart?: string;
  /** Options to append to the kernel's. */
  readonly kernelOptions: readonly string[];
}

interface Line {
  /** Without the white space around it. */
  readonly value: string;
  /** Which line of the file it is. */
  readonly index: number;
}

/**
 * Reads a boot.cfg.
 *
 * @param path Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if it holds a line that mboot would misread.
 */
export function parseBootCfg(text: string, path: string): BootCfg {
  const lines = keyedLines(text, path);
  const value = (key: string) => lines.get(key)?.value ?? "";
  return {
    title: value("title"),
    build: value("build"),
    kernel: value("kernel"),
    kernelOptions: value("kernelopt"),
    prefix: value("prefix"),
    modules: splitModules(value("modules")),
  };
}

/**
 * Adds to a boot.cfg what is not there yet. Editing the result again changes nothing.
 *
 * @param text One character for each byte.
 * @param path Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if mboot would misread the file or reach one of its limits, `usage`
 * if what is to be added cannot stand in it.
 */
export function editBootCfg(text: string, edits: BootCfgEdits, path: string): string {
  checkEdits(edits);
  const lines = keyedLines(text, path);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const output = text.split("\n");

  const set = (key: string, value: string) => {
    const line = lines.get(key);
    if (line === undefined) {
      if (output.at(-1) === "") output.pop();
      else output.push((output.pop() ?? "") + newline.slice(0, -1));
      output.push(`${key}=${value}${newline.slice(0, -1)}`, "");
    } else if (line.value !== value) {
      const old = output[line.index] ?? "";
      const carriageReturn = old.endsWith("\r") ? "\r" : "";
      output[line.index] = old.slice(0, old.indexOf("=") + 1) + value + carriageReturn;
    }
  };

  const modules = lines.get("modules")?.value ?? "";
  const present = new Set(splitModules(modules).map((module) => module.path.toLowerCase()));
  const added = edits.modules.filter((module) => !present.has(module.toLowerCase()));
  if (added.length > 0) set("modules", [...withoutEmptyEnd(modules), ...added].join(SEPARATOR));
  const options = lines.get("kernelopt")?.value ?? "";
  const words = editKernelOptions(splitWords(options), edits).join(" ");
  if (words !== splitWords(options).join(" ")) set("kernelopt", words);

  const edited = output.join("\n");
  checkLimits(parseBootCfg(edited, path), path);
  return edited;
}

/** The list to append to: a separator at its end is harmless until something follows it. */
function withoutEmptyEnd(modules: string): string[] {
  const items = modules.split("---");
  if (trimBlanks(items.at(-1) ?? "") === "") items.pop();
  return items.length === 0 ? [] : [trimBlanks(items.join("---"))];
}

/** Appends what is not there yet; with a kickstart, other `ks=` words go, and ours comes last. */
function editKernelOptions(words: readonly string[], edits: BootCfgEdits): string[] {
  const { kickstart } = edits;
  const others = kickstart === undefined ? words : words.filter((word) => !isKickstart(word));
  const kept = ` ${others.join(" ")} `;
  const added = edits.kernelOptions.map((option) => splitWords(option).join(" "))
    .filter((option) => !kept.includes(` ${option} `));
  return [...others, ...added, ...(kickstart === undefined ? [] : [`ks=${kickstart}`])];
}

/** Whether a kernel option is `ks=…` itself, and not another one that ends in it. */
export function isKickstart(word: string): boolean {
  return word.startsWith("ks=");
}

/** The path on the volume, without a leading `/`, that a path in a boot.cfg stands for. */
export function resolveBootPath(path: string, cfg: BootCfg, folder: string): string {
  const base = cfg.prefix === "" ? folder : cfg.prefix;
  const full = /^[/\\]/.test(path) ? path : `${base}/${path}`;
  return full.split(/[/\\]/).filter((name) => name !== "").join("/");
}

/** The last line of each key, by its name in lower case. */
function keyedLines(text: string, path: string): Map<string, Line> {
  const misread = (what: string, remedy: string) => new Failure("boot-cfg", path, what, remedy);
  if (text.startsWith(BYTE_ORDER_MARK)) {
    throw misread("it begins with a byte order mark", "remove it");
  }
  // mboot's lines end there, so that what is appended would not count.
  if (text.includes("\0")) throw misread("it holds a NUL byte", "save it as plain text");
  const lines = new Map<string, Line>();
  text.split("\n").forEach((line, index) => {
    const equals = line.indexOf("=");
    if (line.startsWith("#") || equals === -1) return;
    const name = trimStart(line.slice(0, equals)).toLowerCase();
    const plain = trimBlanks(name.replaceAll(A0, " "));
    const known = KEYS.find((known) => known.startsWith(plain));
    const key = known ?? name;
    if (
      known !== undefined && (name.includes(A0) || (known !== "title" && line.includes(A0)))
    ) {
      throw misread(
        `line ${
          index + 1
        } holds the byte A0, which some releases of the boot loader take for a space`,
        "write a space, or nothing",
      );
    }
    if (key !== name && plain === key) {
      throw misread(
        `the boot loader ignores line ${index + 1}, which has a space before "="`,
        "remove the space",
      );
    }
    // No name at all is one more abbreviation of the first key, and harmless.
    if (key !== name && name !== "") {
      throw misread(
        `the boot loader takes line ${index + 1} for ${key}=`,
        `write ${key}= or remove the line`,
      );
    }
    lines.set(key, { value: trimBlanks(line.slice(equals + 1)), index });
  });
  const items = (lines.get("modules")?.value ?? "").split("---");
  if (items.slice(0, -1).some((item) => trimBlanks(item) === "")) {
    throw misread(
      "it names an empty module: the boot loader drops the first character of the next one",
      "remove one of the two separators",
    );
  }
  return lines;
}

function splitModules(value: string): BootModule[] {
  return value.split("---").map(trimBlanks).filter((part) => part !== "").map((part) => {
    const blank = part.search(BLANKS);
    return blank === -1
      ? { path: part, options: "" }
      : { path: part.slice(0, blank), options: trimBlanks(part.slice(blank)) };
  });
}

/** The words of a kernel command line, as mboot tells them apart. */
export function splitWords(text: string): string[] {
  return text.split(BLANKS).filter((word) => word !== "");
}

function trimStart(text: string): string {
  let start = 0;
  while (BLANKS.test(text.charAt(start))) start++;
  return text.slice(start);
}

function trimBlanks(text: string): string {
  let end = text.length;
  while (BLANKS.test(text.charAt(end - 1))) end--;
  return trimStart(text.slice(0, end));
}

/** Checks that what is to be added is one option or path of its own, and ASCII as boot.cfg is. */
function checkEdits({ modules, kernelOptions }: BootCfgEdits): void {
  const wrong = modules.find((module) => !/^\/[!-~]+$/.test(module) || module.includes("---"));
  if (wrong !== undefined) {
    throw new Failure(
      "usage",
      "--module",
      `boot.cfg cannot name ${JSON.stringify(wrong)}`,
      "rename it to letters, digits and dots",
    );
  }
  for (const option of kernelOptions) {
    const usage = (what: string, remedy: string) =>
      new Failure("usage", "--kernelopt", what, remedy);
    if (!/^[ -~]*[!-~][ -~]*$/.test(option)) {
      throw usage(`${JSON.stringify(option)} is not a line of ASCII`, "pass one line of it");
    }
    if (splitWords(option).some(isKickstart)) {
      throw usage("the image brings its own ks=", "pass the kickstart itself with -k");
    }
  }
}

function checkLimits(cfg: BootCfg, path: string): void {
  const tooMuch = (what: string, remedy: string) => new Failure("boot-cfg", path, what, remedy);
  const commandLine = `${cfg.kernel} ${cfg.kernelOptions}`;
  if (commandLine.length > MAX_COMMAND_LINE) {
    throw tooMuch(
      `kernel and kernelopt have ${commandLine.length} characters, the boot loader hangs above ` +
        `${MAX_COMMAND_LINE}`,
      "pass fewer --kernelopt",
    );
  }
  if (cfg.modules.length > MAX_MODULES) {
    throw tooMuch(
      `it names ${cfg.modules.length} modules, the boot loader hangs above ${MAX_MODULES}`,
      "pass fewer --module",
    );
  }
  for (const module of cfg.modules) {
    const characters = `${module.path} ${module.options}`.trimEnd().length;
    if (characters > MAX_MODULE) {
      throw tooMuch(
        `the module ${
          module.path.slice(0, 40)
        } has ${characters} characters of path and options, ` +
          `the boot loader stops above ${MAX_MODULE}`,
        "shorten them",
      );
    }
  }
}
