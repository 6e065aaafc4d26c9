/**
 * Checks an image against the ISO that it was made from: every structure and every byte. It reads
 * the image once, front to back, and shares no code with what writes it but the names of fields.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { foldCase } from "../disk/fat_names.ts";
import { isKickstart, splitWords } from "../esxi/boot_cfg.ts";
import { type BootCfgFile, readBootCfgs } from "../esxi/installer.ts";
import { KICKSTART_URL } from "../esxi/kickstart/render.ts";
import { PAYLOAD_NAME, unpackPayload } from "../esxi/payload.ts";
import { Failure } from "../blocks/failure.ts";
import {
  byFirstByte,
  type FileTree,
  findFile,
  readSmallFile,
  type TreeFile,
} from "../blocks/file_tree.ts";
import { type IsoVolume, readIso } from "../iso/volume.ts";
import { FileComparer } from "./compare.ts";
import { checkGeometry, readImage } from "./image.ts";
import { checkPartitionTable } from "./partition_table.ts";

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
}

/**
 * Verifies an image.
 *
 * @param disk The image as a disk.
 * @param onProgress Called with the number of file bytes compared so far, and of all.
 * @throws {Failure} `not-image` if the image has no GPT or no FAT32 system partition; `not-iso`,
 * `damaged-iso`, `not-installer` or `boot-cfg` as {@linkcode readIso} and {@linkcode readBootCfgs}
 * of the ISO; `truncated` or `io` from either.
 */
export async function verifyImage(
  disk: Source,
  iso: Source,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport> {
  const source = await readIso(iso);
  const bootCfgs = await readBootCfgs(source);
  const image = await readImage(disk);
  const problems = [...checkGeometry(image), ...image.volume.problems];
  problems.push(...await checkEdits(bootCfgs, image.volume));

  const edited = new Set(bootCfgs.map(({ file }) => foldCase(file.path)));
  const pairs = pairFiles(source, image.volume, edited);
  problems.push(...pairs.problems);
  const totalBytes = pairs.pairs.reduce((sum, [, copy]) => sum + copy.sizeBytes, 0);
  const comparer = new FileComparer(source.source, disk);
  let comparedBytes = 0;
  for (const [original, copy] of pairs.pairs) {
    const difference = await comparer.compare(original, copy, (bytes) => {
      onProgress?.(comparedBytes + bytes, totalBytes);
    });
    comparedBytes += copy.sizeBytes;
    if (difference !== undefined) {
      problems.push(`/${copy.path} differs from the ISO's from byte ${difference} on`);
    }
  }
  problems.push(...await checkPartitionTable(disk, image.table));
  return {
    problems,
    comparedFiles: pairs.pairs.length,
    comparedBytes,
    addedFiles: pairs.added,
  };
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
  return { pairs, added, problems };
}

/** Checks that the boot.cfg files differ from the ISO's in our edits alone, and the payload. */
async function checkEdits(originals: BootCfgFile[], volume: FileTree): Promise<string[]> {
  const problems: string[] = [];
  try {
    const copies = await readBootCfgs(volume);
    for (const original of originals) {
      const edited = copies.find(({ file }) =>
        file.path.toUpperCase() === original.file.path.toUpperCase()
      );
      if (edited === undefined) problems.push(`/${original.file.path} is missing`);
      else problems.push(...checkBootCfg(original, edited));
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

function checkBootCfg(original: BootCfgFile, edited: BootCfgFile): string[] {
  const path = `/${edited.file.path}`;
  const problems: string[] = [];
  const before = original.cfg;
  const after = edited.cfg;
  const paths = after.modules.map((module) => `${module.path} ${module.options}`.trimEnd());
  const kept = before.modules.map((module) => `${module.path} ${module.options}`.trimEnd());
  if (kept.some((module, i) => module !== paths[i])) problems.push(`${path}: its modules changed`);
  if (!paths.slice(kept.length).includes(`/${PAYLOAD_NAME}`)) {
    problems.push(`${path}: it does not load /${PAYLOAD_NAME}`);
  }
  const words = splitWords(after.kernelOptions);
  const lost = splitWords(before.kernelOptions)
    .filter((word) => !isKickstart(word) && !words.includes(word));
  if (lost.length > 0) problems.push(`${path}: the kernel options ${lost.join(" ")} are missing`);
  const kickstarts = words.filter(isKickstart);
  if (kickstarts.length !== 1 || kickstarts[0] !== `ks=${KICKSTART_URL}`) {
    problems.push(`${path}: its kernel options do not name the kickstart once`);
  }
  if (otherLines(original.text) !== otherLines(edited.text)) {
    problems.push(`${path}: lines other than modules and kernelopt changed`);
  }
  return problems;
}

/** The lines that an edit leaves alone. */
function otherLines(text: string): string {
  return text.split("\n").filter((line) => !/^\s*(modules|kernelopt)=/i.test(line))
    .join("\n").trimEnd();
}
