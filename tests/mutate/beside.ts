/**
 * Which tests stand beside which code, and which lines no test should be expected to hold.
 *
 * @module
 */

import type { Change } from "./changes.ts";

const FORMATS = ["tests/formats/formats_test.ts", "tests/formats/known_values_test.ts"];
/** What takes seconds, and sees every format. */
const SLOW_FORMATS = ["tests/formats/round_trip_test.ts", "tests/formats/qemu_oracle_test.ts"];

/** Files and folders of tests that run together. */
type Round = readonly string[];

/**
 * By the beginning of a module's path, the tests that have to notice its changes, those that are done
 * soon first. The first row that fits counts.
 */
const BESIDE: readonly (readonly [code: string, rounds: readonly Round[]])[] = [
  ["lib/formats/deflate/", [["tests/formats/deflate"], ["tests/formats/gzip"], SLOW_FORMATS]],
  ["lib/formats/gzip/", [["tests/formats/gzip"], FORMATS]],
  ["lib/formats/raw/", [["tests/formats/raw"], FORMATS]],
  ["lib/formats/", [FORMATS, ["tests/formats/compressed_source_test.ts"], SLOW_FORMATS]],
  ["lib/disk/", [["tests/disk"], ["tests/image"]]],
  ["lib/iso/", [["tests/iso"]]],
  ["lib/esxi/tar.ts", [["tests/esxi/payload_test.ts"]]],
  ["lib/esxi/boot_cfg.ts", [["tests/esxi/boot_cfg_test.ts"]]],
];

/**
 * The tests for a module, in rounds: the file of its name, then those of its folder.
 *
 * @returns Nothing for a module that is no format.
 */
export function roundsFor(path: string): readonly Round[] | undefined {
  const rounds = BESIDE.find(([code]) => path.startsWith(code))?.[1];
  const own = path.replace(/^lib/, "tests").replace(/\.ts$/, "_test.ts");
  return rounds && (exists(own) ? [[own], ...rounds] : rounds);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(`${import.meta.dirname}/../../${path}`).isFile;
  } catch {
    return false;
  }
}

/**
 * Lines whose numbers decide about speed or memory alone, or whose changes come to the same thing: by
 * module, how such a line begins, and why no test holds it.
 */
const ACCEPTED: readonly (readonly [path: string, line: string, reason: string])[] = [];

/** Why a change need not be noticed, if there is a reason. */
export function reasonToAccept(path: string, text: string, { at }: Change): string | undefined {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const line = text.slice(start, text.indexOf("\n", at)).trim();
  return ACCEPTED.find(([module, beginning]) => module === path && line.startsWith(beginning))?.[2];
}
