/**
 * The boot loader's configuration, `boot.cfg`: read it as mboot does, and refuse what mboot would
 * choke on.
 *
 * What mboot takes (read in vmware/esx-boot, seen when booted under OVMF):
 *
 * - lines end at `\n`, a `\r` before it is white space, `#` at the start of a line is a comment;
 * - keys are case-insensitive, unknown ones are ignored, of duplicates the last one counts;
 * - `key =`, with a space before the sign, is not recognised, and `mod=` is taken for `modules=`;
 * - modules are separated by ` --- `, the first space inside one begins its options; after an empty
 *   one the first character of the next is lost;
 * - `/x` is relative to the volume, `x` to `prefix` or else to the folder of boot.cfg;
 * - a key that wants a number and gets something else ends the boot, and so does `skip=1`.
 *
 * `lib/guest/common/bootcfg.py` reads by the same rules where no TypeScript runs;
 * `testdata/boot_cfg_vectors.json` holds both to them.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** The keys that mboot knows, in the order in which it compares them with a line. */
const KEYS = ("kernel kernelopt modules title prefix nobootif timeout noquirks norts crypto " +
  "runtimewd tftpblksize acpitables runtimewdtimeout skip errtimeout").split(" ");
/** Those of them that want a number; nothing counts as 0. */
const NUMBER_KEYS = new Set(
  ("nobootif timeout noquirks norts runtimewd tftpblksize runtimewdtimeout skip errtimeout").split(
    " ",
  ),
);
/** mboot's `is_number`: digits, and a minus before them. */
const NUMBER = /^-?[0-9]*$/;
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
  /** ACPI tables that are loaded beside the modules, by their paths. */
  readonly acpiTables: readonly string[];
}

/** A line that mboot takes for a setting. */
export interface Line {
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
    acpiTables: splitModules(value("acpitables")).map(({ path }) => path),
  };
}

/** Whether a kernel option is `ks=…` itself, and not another one that ends in it. */
export function isKickstart(word: string): boolean {
  return word.startsWith("ks=");
}

/** The path on the volume, without a leading `/`, that a path in a boot.cfg stands for. */
export function resolveBootPath(path: string, cfg: BootCfg, folder: string): string {
  return loaderPath(path, cfg, folder).split("/").filter((name) => name !== "").join("/");
}

/**
 * A path as mboot makes it of one in a boot.cfg, whose characters are what it counts: with the prefix
 * or the folder before it, slashes merged, blanks taken out.
 *
 * @param folder Of the boot.cfg, without a slash at either end.
 */
export function loaderPath(path: string, cfg: BootCfg, folder: string): string {
  const base = cfg.prefix !== "" ? cfg.prefix : folder === "" ? "" : `/${folder}`;
  const full = /^[/\\]/.test(path) || base === "" ? path : `${base}/${path}`;
  return full.replaceAll(/[ \t\v\f\r]/g, "").replaceAll(/[/\\]+/g, "/");
}

/** The folder of a file, without a slash at either end. */
export function folderOf(path: string): string {
  return path.split("/").filter((name) => name !== "").slice(0, -1).join("/");
}

/**
 * The last line of each key, by its name in lower case.
 *
 * @param path Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if it holds a line that mboot would misread.
 */
export function keyedLines(text: string, path: string): Map<string, Line> {
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
    const value = trimBlanks(line.slice(equals + 1));
    if (NUMBER_KEYS.has(key) && !NUMBER.test(value)) {
      throw misread(
        `line ${index + 1}: ${key}= wants a number, the boot loader stops at anything else`,
        "write digits alone, or remove the line",
      );
    }
    lines.set(key, { value, index });
  });
  for (const [key, what] of [["modules", "module"], ["acpitables", "ACPI table"]] as const) {
    const { value, index } = lines.get(key) ?? { value: "", index: 0 };
    const empty = value.split("---").slice(0, -1).findIndex((item) => trimBlanks(item) === "");
    if (empty === -1) continue;
    throw misread(
      `line ${index + 1} names an empty ${what}, item ${
        empty + 1
      } of ${key}=: the boot loader drops ` +
        "the first character of the next one",
      "remove one of the two separators",
    );
  }
  if (Number(lines.get("skip")?.value ?? 0) !== 0) {
    throw misread("skip= makes the boot loader give up", "remove the line, or write skip=0");
  }
  return lines;
}

/** The items of a list of files. */
export function splitModules(value: string): BootModule[] {
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

/** A text without white space around it, as mboot knows white space. */
export function trimBlanks(text: string): string {
  let end = text.length;
  while (BLANKS.test(text.charAt(end - 1))) end--;
  return trimStart(text.slice(0, end));
}
