/**
 * Whether an output is something that the same run reads or writes.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { Failure } from "../blocks/failure.ts";
import { orUndefined } from "./files.ts";
import type { OutputPlace } from "./output_place.ts";
import { splitPath } from "./paths.ts";

/** As file systems do by default there: two new names may turn out to be one. */
const IGNORES_CASE = Deno.build.os === "windows" || Deno.build.os === "darwin";

/** What tells a file from all others, as far as the system says it. */
interface Identity {
  /** Without links; `undefined` if its folder is not there. */
  readonly realPath?: string | undefined;
  /** `dev:ino`, of regular files. */
  readonly inode?: string | undefined;
  /** Of block devices. */
  readonly deviceNumber?: number | undefined;
}

/**
 * Checks that an output is none of the paths.
 *
 * @throws {Failure} `exists` if it is.
 */
export function checkDifferent(place: OutputPlace, others: readonly string[]): void {
  const output = place.kind === "stdout" ? identifyStdout() : identify(place.path);
  const known = marksOf(others);
  if (!marks(output).some((mark) => known.has(mark))) return;
  const name = place.kind === "stdout" ? "standard output" : place.path;
  throw new Failure("exists", name, "the same run reads or writes it", "pass another name");
}

/** Lists that were looked at: the many images of a run are held against the same one. */
const KNOWN = new WeakMap<readonly string[], ReadonlySet<string>>();

function marksOf(paths: readonly string[]): ReadonlySet<string> {
  const known = KNOWN.get(paths) ?? readMarks(paths);
  KNOWN.set(paths, known);
  return known;
}

function readMarks(paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of paths) {
    if (path === "-") continue; // standard input is no file that could be written
    for (const mark of marks(identify(path))) found.add(mark);
  }
  return found;
}

/**
 * Checks that no path leads into a folder that may be replaced as a whole.
 *
 * @throws {Failure} `exists` if one does.
 */
export function checkHoldsNone(folder: string, others: readonly string[]): void {
  const real = orUndefined(() => Deno.realPathSync(folder));
  if (real === undefined) return; // it is new
  for (const other of others) {
    const realOther = orUndefined(() => Deno.realPathSync(other));
    if (realOther === undefined || !/^[\\/]/.test(realOther.slice(real.length))) continue;
    if (!realOther.startsWith(real)) continue;
    const what = `the same run reads ${other}, which lies in it`;
    throw new Failure("exists", folder, what, "pass another name");
  }
}

/** Two paths with a mark in common are the same. */
function marks(identity: Identity): string[] {
  return Object.entries(identity).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`);
}

/** Something that need not exist; its folder must. */
function identify(path: string): Identity {
  const stat = orUndefined(() => Deno.statSync(path));
  if (stat?.isCharDevice) return {}; // nothing that is read from it could be lost
  const realPath = orUndefined(() => Deno.realPathSync(path)) ?? realPathOfNew(path);
  return {
    realPath: IGNORES_CASE ? realPath?.toLowerCase() : realPath,
    inode: stat?.isFile && stat.ino !== null ? `${stat.dev}:${stat.ino}` : undefined,
    deviceNumber: stat?.isBlockDevice ? stat.rdev ?? undefined : undefined,
  };
}

function realPathOfNew(path: string): string | undefined {
  const { folder, base } = splitPath(path);
  const real = orUndefined(() => Deno.realPathSync(folder === "" ? "." : folder));
  return real === undefined ? undefined : `${real}/${base}`;
}

function identifyStdout(): Identity {
  const stat = orUndefined(() => fstatSync(1));
  return { inode: stat?.isFile() ? `${stat.dev}:${stat.ino}` : undefined };
}
