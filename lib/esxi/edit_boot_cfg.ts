/**
 * Edits a boot.cfg so that the installer runs our kickstart, and checks that mboot can take the
 * result. Lines that are not edited stay as they are, byte for byte; editing again changes nothing.
 *
 * `lib/guest/common/bootcfg.py` edits by the same rules where no TypeScript runs;
 * `testdata/boot_cfg_vectors.json` holds both to them.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import {
  folderOf,
  isKickstart,
  keyedLines,
  parseBootCfg,
  splitModules,
  splitWords,
  trimBlanks,
} from "./boot_cfg.ts";
import { checkLimits, type Reserve } from "./boot_cfg_limits.ts";

const SEPARATOR = " --- ";

/** What to add to a boot.cfg. */
export interface BootCfgEdits {
  /** Paths of modules to append, beginning with `/`. */
  readonly modules: readonly string[];
  /** The value of the `ks=` option, which replaces any other; without it they stay. */
  readonly kickstart?: string;
  /** Options for the kernel: `NAME=VALUE` replaces one of that name, all else is appended. */
  readonly kernelOptions: readonly string[];
  /** Lines for keys of the loader itself, by their names in lower case. */
  readonly bootOptions?: readonly (readonly [key: string, value: string])[];
  /** Room that is kept for what is added to the file later. */
  readonly reserve?: Reserve | undefined;
}

/**
 * Adds to a boot.cfg what is not there yet. Editing the result again changes nothing.
 *
 * @param text One character for each byte.
 * @param path Where on the volume it lies.
 * @param name Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if mboot would misread the file or reach one of its limits, `usage`
 * if what is to be added cannot stand in it.
 */
export function editBootCfg(
  text: string,
  edits: BootCfgEdits,
  path: string,
  name = path,
): string {
  checkEdits(edits);
  const lines = keyedLines(text, name);
  const changes = new Map<string, string>();
  const modules = lines.get("modules")?.value ?? "";
  const present = new Set(splitModules(modules).map((module) => module.path.toLowerCase()));
  const added = edits.modules.filter((module) => !present.has(module.toLowerCase()));
  if (added.length > 0) {
    changes.set("modules", [...withoutEmptyEnd(modules), ...added].join(SEPARATOR));
  }
  const options = lines.get("kernelopt")?.value ?? "";
  const words = editKernelOptions(splitWords(options), edits).join(" ");
  if (words !== splitWords(options).join(" ")) changes.set("kernelopt", words);
  for (const [key, value] of edits.bootOptions ?? []) changes.set(key, value);

  const edited = setValues(text, changes, name);
  checkLimits(parseBootCfg(edited, name), folderOf(path), name, {
    reserve: edits.reserve,
    hasKernelOptions: edits.kernelOptions.length > 0,
    hasModules: edits.modules.length > 1,
  });
  return edited;
}

/**
 * Gives keys of a boot.cfg other values. All other lines stay as they are, byte for byte.
 *
 * @param values By key, in lower case.
 * @param name Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if mboot would misread the file.
 */
export function setValues(
  text: string,
  values: ReadonlyMap<string, string>,
  name: string,
): string {
  const lines = keyedLines(text, name);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const output = text.split("\n");
  for (const [key, value] of values) {
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
  }
  return output.join("\n");
}

/** The list to append to: a separator at its end is harmless until something follows it. */
function withoutEmptyEnd(modules: string): string[] {
  const items = modules.split("---");
  if (trimBlanks(items.at(-1) ?? "") === "") items.pop();
  return items.length === 0 ? [] : [trimBlanks(items.join("---"))];
}

/** Appends or replaces; with a kickstart, other `ks=` words go, and ours comes last. */
function editKernelOptions(words: readonly string[], edits: BootCfgEdits): string[] {
  const { kickstart } = edits;
  let kept = kickstart === undefined ? [...words] : words.filter((word) => !isKickstart(word));
  for (const option of edits.kernelOptions) kept = withOption(kept, splitWords(option));
  return [...kept, ...(kickstart === undefined ? [] : [`ks=${kickstart}`])];
}

/** The words with those of an option: in place of others of the same name, else behind them. */
function withOption(words: readonly string[], option: readonly string[]): string[] {
  if (hasRun(words, option)) return [...words];
  let kept = [...words];
  const added = option.filter((word) => {
    const name = optionName(word);
    const at = name === undefined ? -1 : kept.findIndex((other) => optionName(other) === name);
    if (at === -1) return true;
    kept[at] = word;
    kept = kept.filter((other, index) => index <= at || optionName(other) !== name);
    return false;
  });
  return hasRun(kept, added) ? kept : [...kept, ...added];
}

/** Whether words stand in others one after the other. */
function hasRun(words: readonly string[], run: readonly string[]): boolean {
  return ` ${words.join(" ")} `.includes(` ${run.join(" ")} `) || run.length === 0;
}

/** The name of a kernel option that has a value. */
export function optionName(word: string): string | undefined {
  const equals = word.indexOf("=");
  return equals <= 0 ? undefined : word.slice(0, equals);
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
