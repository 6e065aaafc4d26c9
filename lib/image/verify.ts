/**
 * Checks an image against the ISO that it was made from: every structure and every byte. It reads
 * the image once, front to back, and shares no code with what writes it but the names of fields.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Source } from "../disk/extent.ts";
import { foldCase } from "../disk/fat_names.ts";
import { isKickstart, splitWords } from "../esxi/boot_cfg.ts";
import { type BootCfgFile, readBootCfgs } from "../esxi/installer.ts";
import { KICKSTART_URL } from "../esxi/kickstart.ts";
import { PAYLOAD_NAME, unpackPayload } from "../esxi/payload.ts";
import { Failure } from "../failure.ts";
import {
  type FilePart,
  type FileTree,
  findFile,
  readSmallFile,
  type TreeFile,
} from "../file_tree.ts";
import { type IsoVolume, readIso } from "../iso9660.ts";
import { type Image, readImage } from "./image.ts";
import { checkPartitionTable } from "./partition_table.ts";

/** How much is compared at a time. */
const CHUNK_BYTES = 1024 * 1024;
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** What a verification found. */
export interface VerifyReport {
  /** One clause each; none if the image is right. */
  readonly problems: readonly string[];
  readonly comparedFiles: number;
  readonly comparedBytes: number;
  /** Paths of the files that the ISO does not hold. */
  readonly addedFiles: readonly string[];
}

/**
 * Verifies an image.
 *
 * @param disk The image as a disk.
 * @param onProgress Called with the number of file bytes compared so far, and of all.
 * @throws {Failure} if the image or the ISO cannot be read at all.
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
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let comparedBytes = 0;
  for (const [original, copy] of pairs.pairs) {
    const difference = await compareFile(source, original, disk, copy, buffers, (bytes) => {
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

/** Compares what file system and partition table say of each other. */
export function checkGeometry({ partition, volume }: Image): string[] {
  const { hiddenSectors, sectors } = volume.geometry;
  const problems: string[] = [];
  if (hiddenSectors !== partition.firstLba) {
    problems.push(
      `FAT: it says that ${hiddenSectors} sectors precede it, not ${partition.firstLba}`,
    );
  }
  if (sectors > partition.lastLba - partition.firstLba + 1) {
    problems.push("FAT: it is larger than its partition");
  }
  return problems;
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
  pairs.sort(([, a], [, b]) => (a.parts[0]?.offsetBytes ?? 0) - (b.parts[0]?.offsetBytes ?? 0));
  return { pairs, added, problems };
}

/** Returns the first byte that differs. */
async function compareFile(
  source: FileTree,
  original: TreeFile,
  disk: Source,
  copy: TreeFile,
  buffers: readonly Uint8Array[],
  onProgress: (bytes: number) => void,
): Promise<number | undefined> {
  const cursors = [new PartCursor(original), new PartCursor(copy)];
  for (let at = 0; at < copy.sizeBytes;) {
    const lengthBytes = Math.min(...cursors.map((cursor) => cursor.lengthBytes), CHUNK_BYTES);
    if (lengthBytes === 0) return at; // its chain is too short, which has been reported
    const [left, right] = buffers.map((buffer) => buffer.subarray(0, lengthBytes));
    const [a, b] = cursors.map((cursor) => cursor.advance(lengthBytes));
    await Promise.all([source.source.read(left, a), disk.read(right, b)]);
    if (Buffer.compare(left, right) !== 0) return at + left.findIndex((x, i) => x !== right[i]);
    at += lengthBytes;
    onProgress(at);
  }
  return undefined;
}

/** A place in a file, and where it lies. */
class PartCursor {
  readonly #parts: readonly FilePart[];
  #index = 0;
  #skippedBytes = 0;

  constructor(file: TreeFile) {
    this.#parts = file.parts;
  }

  /** How many bytes follow without a gap; 0 at the end. */
  get lengthBytes(): number {
    return (this.#parts[this.#index]?.lengthBytes ?? 0) - this.#skippedBytes;
  }

  /** Goes on, at most to the next gap; returns where it was. */
  advance(byBytes: number): number {
    const offsetBytes = this.#parts[this.#index].offsetBytes + this.#skippedBytes;
    this.#skippedBytes += byBytes;
    if (this.lengthBytes === 0) {
      this.#index++;
      this.#skippedBytes = 0;
    }
    return offsetBytes;
  }
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
