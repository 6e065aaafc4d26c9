/**
 * What FAT can call a file.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** FAT specification 1.03, "Long directory entries": what a long name may not hold. */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /["*/:<>?\\|\x00-\x1f\x7f]/;
const MAX_NAME_CHARACTERS = 255;

/**
 * Checks that FAT can hold these paths beside each other: it forbids some characters, ends no name
 * with a dot or a blank, and does not tell upper from lower case.
 *
 * @param paths Names joined by `/`.
 * @param image Which ISO or folder they come from, for messages.
 * @throws {Failure} `unfit-for-fat` for the first path that does not fit.
 */
export function checkFatNames(paths: readonly string[], image: string): void {
  const unfit = (what: string) =>
    new Failure("unfit-for-fat", image, what, "rename the file or remake the ISO");
  const seen = new Map<string, string>();
  for (const path of paths) {
    const name = path.split("/").at(-1) ?? "";
    const character = FORBIDDEN.exec(name)?.[0];
    if (character !== undefined) {
      throw unfit(`FAT cannot hold /${path}: ${JSON.stringify(character)} is forbidden in a name`);
    }
    if (/[. ]$/.test(name)) throw unfit(`FAT cannot hold /${path}: it ends with a dot or a blank`);
    if (name.length > MAX_NAME_CHARACTERS) {
      throw unfit(`FAT cannot hold /${path.slice(0, 60)}…: its name is longer than 255 characters`);
    }
    const folded = foldCase(path);
    const other = seen.get(folded);
    if (other !== undefined) {
      throw unfit(`FAT cannot hold both /${other} and /${path}: it ignores upper and lower case`);
    }
    seen.set(folded, path);
  }
}

/** Upper case, character by character: FAT knows no `ß` that becomes `SS`. */
export function foldCase(path: string): string {
  const upper = path.toUpperCase();
  if (upper.length === path.length) return upper; // no character became two
  return Array.from(path, (character) => {
    const upper = character.toUpperCase();
    return upper.length === character.length ? upper : character;
  }).join("");
}
