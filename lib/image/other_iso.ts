/**
 * Says of a medium that it was made from another ISO than the one that it is compared with, instead
 * of every file that differs.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { FileTree } from "../blocks/file_tree.ts";
import { recognizeInstaller } from "../esxi/installer.ts";

/** Of the same build, so many names or sizes and so large a part of all are no damage. */
const MANY_FILES = 3;
const LARGE_PART = 1 / 4;

/**
 * What to say if the differences come from another ISO.
 *
 * @param unlikeFiles How many of the ISO's files the medium lacks or holds in another size.
 * @param differingFiles How many it holds with other bytes, as bad media do too.
 * @returns A clause, or undefined if it is this ISO, damaged or changed.
 * @throws {Failure} `truncated` or `io` from either source.
 */
export async function describeOtherIso(
  iso: FileTree,
  medium: FileTree,
  unlikeFiles: number,
  differingFiles = 0,
): Promise<string | undefined> {
  if (unlikeFiles + differingFiles === 0) return undefined;
  const [wanted, found] = [await nameInstaller(iso), await nameInstaller(medium)];
  if (wanted !== undefined && found !== undefined && wanted !== found) {
    return `it was made from another ISO: it holds ${found}, the ISO ${wanted}`;
  }
  const { length } = iso.files;
  if (unlikeFiles < MANY_FILES || unlikeFiles < length * LARGE_PART) return undefined;
  return `it was made from another ISO: ${unlikeFiles} of the ISO's ${length} files are not in it`;
}

/** Version, build and processor, where the medium still says all. */
async function nameInstaller(tree: FileTree): Promise<string | undefined> {
  try {
    const { version, build, architecture } = await recognizeInstaller(tree);
    const name = version && build && `ESXi ${version} build ${build}`;
    return architecture === "x86_64" ? name : name && `${name} for ${architecture}`;
  } catch (error) {
    if (error instanceof Failure && ["not-installer", "boot-cfg"].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
