/**
 * Compares the files of a medium with those of the ISO that it was made from, whatever file system
 * they are in.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import {
  byFirstByte,
  type FileTree,
  findFile,
  readSmallFile,
  type TreeFile,
} from "../blocks/file_tree.ts";
import { foldCase } from "../disk/fat_names.ts";
import { type BootCfgFile, readBootCfgs } from "../esxi/installer.ts";
import { PAYLOAD_NAME, unpackPayload } from "../esxi/payload.ts";
import type { IsoVolume } from "../iso/volume.ts";
import { FileComparer } from "./compare.ts";
import { compareBootCfg } from "./verify_boot_cfg.ts";

const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** What a verification found. */
export interface VerifyReport {
  /** One clause each; none if the image is right. */
  readonly problems: readonly string[];
  /** How many files were compared byte by byte. */
  readonly comparedFiles: number;
  /** The size of those files together. */
  readonly comparedBytes: number;
  /** Paths of the files that the ISO does not hold. */
  readonly addedFiles: readonly string[];
  /** Whether it was made from another ISO: then that is the one problem, and no byte counts. */
  readonly isOtherIso?: true;
}

/** What is said of a medium that was made from another ISO. */
export function otherIsoReport(problem: string): VerifyReport {
  const nothing = { comparedFiles: 0, comparedBytes: 0, addedFiles: [] };
  return { problems: [problem], ...nothing, isOtherIso: true };
}

/** Files that are the same, in the order of their bytes on the medium, and what is not. */
export interface TreeComparison {
  /** A file of the ISO and its copy, of the same size. */
  readonly pairs: readonly (readonly [original: TreeFile, copy: TreeFile])[];
  /** Paths of the files that the ISO does not hold. */
  readonly added: readonly string[];
  /** How many of the ISO's files are missing or have another size. */
  readonly unlikeFiles: number;
  readonly problems: readonly string[];
}

/**
 * Compares two trees by names and sizes, and boot.cfg and payload by what they say.
 *
 * @param bootCfgs Those of the ISO.
 * @throws {Failure} `truncated` or `io` from the medium.
 */
export async function compareTrees(
  source: IsoVolume,
  bootCfgs: readonly BootCfgFile[],
  copy: FileTree,
): Promise<TreeComparison> {
  const edited = new Set([PAYLOAD_NAME, ...bootCfgs.map(({ file }) => file.path)].map(foldCase));
  const { problems, ...pairs } = pairFiles(source, copy, edited);
  return { ...pairs, problems: [...await checkEdits(bootCfgs, copy), ...problems] };
}

/**
 * Compares files byte by byte.
 *
 * @param onProgress Called with the number of bytes compared so far, and of all.
 * @throws {Failure} `truncated` or `io` from either.
 */
export async function comparePairs(
  source: Source,
  medium: Source,
  { pairs, added, problems }: TreeComparison,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport & { readonly differingFiles: number }> {
  const found = [...problems];
  const totalBytes = pairs.reduce((sum, [, copy]) => sum + copy.sizeBytes, 0);
  const comparer = new FileComparer(source, medium);
  let comparedBytes = 0;
  for (const [original, copy] of pairs) {
    const difference = await comparer.compare(original, copy, (bytes) => {
      onProgress?.(comparedBytes + bytes, totalBytes);
    });
    comparedBytes += copy.sizeBytes;
    if (difference !== undefined) {
      found.push(`/${copy.path} differs from the ISO's from byte ${difference} on`);
    }
  }
  const differingFiles = found.length - problems.length;
  const compared = { comparedFiles: pairs.length, comparedBytes };
  return { problems: found, ...compared, addedFiles: added, differingFiles };
}

/** Matches the image's files with the ISO's, in the order of their bytes in the image. */
function pairFiles(source: IsoVolume, volume: FileTree, edited: ReadonlySet<string>) {
  const originals = new Map(source.files.map((file) => [foldCase(file.path), file]));
  const pairs: [TreeFile, TreeFile][] = [];
  const added: string[] = [];
  const problems: string[] = [];
  for (const copy of volume.files) {
    const path = foldCase(copy.path);
    const original = originals.get(path);
    originals.delete(path);
    if (original === undefined) added.push(copy.path);
    else if (edited.has(path)) continue;
    else if (original.sizeBytes === copy.sizeBytes) pairs.push([original, copy]);
    else {
      problems.push(`/${copy.path} has ${copy.sizeBytes} bytes, in the ISO ${original.sizeBytes}`);
    }
  }
  const folders = new Set(volume.directories.map(foldCase));
  const missing = [...originals.values()].map((file) => file.path)
    .concat(source.directories.filter((path) => !folders.has(foldCase(path))));
  for (const path of missing) problems.push(`/${path} is missing`);
  pairs.sort(([, a], [, b]) => byFirstByte(a, b));
  return { pairs, added, unlikeFiles: problems.length, problems };
}

/** Checks that the boot.cfg files differ from the ISO's in our edits alone, and the payload. */
async function checkEdits(originals: readonly BootCfgFile[], volume: FileTree): Promise<string[]> {
  const problems: string[] = [];
  try {
    const copies = await readBootCfgs(volume);
    if (copies.otherProblem !== undefined && originals.length > 1) {
      problems.push(copies.otherProblem);
    }
    for (const original of originals) {
      const edited = copies.bootCfgs.find(({ file }) =>
        file.path.toUpperCase() === original.file.path.toUpperCase()
      );
      if (edited !== undefined) problems.push(...compareBootCfg(original, edited));
      else if (copies.otherProblem === undefined) {
        problems.push(`/${original.file.path} is missing`);
      }
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error.message);
  }
  const payload = findFile(volume, PAYLOAD_NAME);
  if (payload === undefined) return [...problems, `/${PAYLOAD_NAME} is missing`];
  try {
    await unpackPayload(
      await readSmallFile(volume, payload, MAX_PAYLOAD_BYTES),
      `/${PAYLOAD_NAME}`,
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error.message);
  }
  return problems;
}
