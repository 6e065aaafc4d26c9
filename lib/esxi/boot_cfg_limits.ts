/**
 * What mboot can take of a boot.cfg: above these limits it hangs or stops without a word. It counts
 * after it has put prefix or folder before a path and merged blanks.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { type BootCfg, loaderPath, splitWords } from "./boot_cfg.ts";

/** mboot hangs silently at 4,096 characters of kernel path and options. */
const MAX_COMMAND_LINE = 4095;
/** A module's path and options of 256 characters are fatal. */
const MAX_MODULE = 255;
/** Between 240 and 250 modules mboot begins to hang silently. */
const MAX_MODULES = 240;

/** What is added to a boot.cfg after it was edited here. */
export interface Reserve {
  readonly modules: number;
  /** Characters of the kernel's options, with the blank before them. */
  readonly characters: number;
  /** Who adds it, and how it is told not to. */
  readonly by: string;
  readonly remedy: string;
}

/** What can be done about a boot.cfg that is too much. */
export interface LimitOptions {
  readonly reserve: Reserve | undefined;
  /** Whether kernel options were added that could be left out. */
  readonly hasKernelOptions: boolean;
  /** Whether modules were added that could be left out. */
  readonly hasModules: boolean;
}

/**
 * Checks that mboot can take a boot.cfg, and what is added to it later.
 *
 * @param folder Of the boot.cfg, without a slash at either end.
 * @param name Which file it is, for messages.
 * @throws {Failure} `boot-cfg` if it cannot; the remedy names what is at hand.
 */
export function checkLimits(
  cfg: BootCfg,
  folder: string,
  name: string,
  { reserve, hasKernelOptions, hasModules }: LimitOptions,
): void {
  const tooMuch = (what: string, remedy: string) => new Failure("boot-cfg", name, what, remedy);
  const check = (unit: string, count: number, most: number, kept: number, remedy: string) => {
    if (count + kept <= most) return;
    const later = kept === 0 ? "" : ` and ${kept} that ${reserve?.by} adds`;
    const isKept = count <= most && reserve !== undefined;
    const what = `${unit.replace("N", String(count))}${later}; the boot loader hangs above ${most}`;
    throw tooMuch(what, isKept ? reserve.remedy : remedy);
  };
  const kernel = loaderPath(cfg.kernel, cfg, folder);
  check(
    "kernel and kernelopt have N characters as the boot loader counts them",
    `${kernel} ${splitWords(cfg.kernelOptions).join(" ")}`.length,
    MAX_COMMAND_LINE,
    reserve?.characters ?? 0,
    hasKernelOptions ? "pass fewer --kernelopt" : "the ISO itself has them: shorten its boot.cfg",
  );
  check(
    "it names N modules",
    cfg.modules.length,
    MAX_MODULES,
    reserve?.modules ?? 0,
    hasModules ? "pass fewer --module" : "the ISO itself has them: pass one with fewer",
  );
  for (const { path, options } of cfg.modules) {
    const words = splitWords(options).join(" ");
    const length = `${loaderPath(path, cfg, folder)} ${words}`.trimEnd().length;
    if (length <= MAX_MODULE) continue;
    throw tooMuch(
      `the module ${path.slice(0, 40)} has ${length} characters of path and options as the boot ` +
        `loader counts them; it stops above ${MAX_MODULE}`,
      "shorten them",
    );
  }
}
