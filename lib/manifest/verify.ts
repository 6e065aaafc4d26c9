/**
 * Checks an image against the manifest of its build, without the ISO: every structure, and the
 * SHA-256 of every file. It reads the image once, front to back.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Source } from "../blocks/extent.ts";
import { byFirstByte, type FileTree, type TreeFile } from "../blocks/file_tree.ts";
import { formatGuid } from "../blocks/guid.ts";
import { WholeHash } from "../blocks/hashing.ts";
import { foldCase } from "../disk/fat_names.ts";
import { checkGeometry, readImage } from "../image/image.ts";
import { checkPartitionTable } from "../image/partition_table.ts";
import type { VerifyReport } from "../image/verify_tree.ts";
import { isIso, readIso } from "../iso/volume.ts";
import type { Manifest } from "./make.ts";

/** How much is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Verifies an image of a disk, or an ISO.
 *
 * @param disk The image as a disk, or the ISO.
 * @param onProgress Called with the number of file bytes hashed so far, and of all.
 * @throws {Failure} `not-image` if the image has no GPT or no FAT32 system partition, `truncated`
 * or `io` from it.
 */
export async function verifyManifest(
  disk: Source,
  manifest: Manifest,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport> {
  const { tree, problems, checkEnd } = await isIso(disk)
    ? await checkIsoMedium(disk, manifest)
    : await checkDisk(disk, manifest);
  const wanted = new Map(manifest.files.map((file) => [foldCase(file.path), file]));
  const pairs = tree.files.toSorted(byFirstByte).map((file) => {
    const folded = foldCase(file.path);
    const expected = wanted.get(folded);
    wanted.delete(folded);
    return { file, expected };
  });
  const totalBytes = pairs.reduce((sum, { expected }) => sum + (expected?.sizeBytes ?? 0), 0);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let comparedFiles = 0;
  let comparedBytes = 0;
  for (const { file, expected } of pairs) {
    if (expected === undefined) problems.push(`/${file.path} is not in the manifest`);
    else if (expected.sizeBytes !== file.sizeBytes) {
      problems.push(`/${file.path} has ${file.sizeBytes} bytes, not ${expected.sizeBytes}`);
    } else {
      const sha256 = await hashFile(disk, file, buffer, (bytes) => {
        comparedBytes += bytes;
        onProgress?.(comparedBytes, totalBytes);
      });
      if (sha256 !== expected.sha256) {
        problems.push(`/${file.path} does not have the SHA-256 of the manifest`);
      }
      comparedFiles++;
    }
  }
  for (const { path } of wanted.values()) problems.push(`/${path} is missing`);
  problems.push(...await checkEnd());
  const added = manifest.files.filter(({ origin }) => origin === "added");
  return { problems, comparedFiles, comparedBytes, addedFiles: added.map(({ path }) => path) };
}

/** What a medium says of itself: its files, what is wrong, and what its end tells. */
interface Medium {
  readonly tree: FileTree;
  readonly problems: string[];
  readonly checkEnd: () => Promise<string[]>;
}

async function checkDisk(disk: Source, manifest: Manifest): Promise<Medium> {
  const image = await readImage(disk);
  const { table, partition, volume } = image;
  const problems = [...checkGeometry(image), ...volume.problems];
  const compare = (what: string, found: string | number, wanted: string | number) => {
    if (found !== wanted) problems.push(`${what} is ${found}, not ${wanted}`);
  };
  if (manifest.disk === null) problems.push("it is a disk, and the manifest is an ISO's");
  else {
    compare("the disk's size", disk.sizeBytes, manifest.disk.sizeBytes);
    compare("the disk's GUID", formatGuid(table.diskGuid), manifest.disk.guid);
    compare("the partition's GUID", formatGuid(partition.guid), manifest.disk.partitionGuid);
    compare("the cluster size", volume.geometry.clusterBytes, manifest.disk.clusterBytes);
  }
  return { tree: volume, problems, checkEnd: () => checkPartitionTable(disk, table) };
}

async function checkIsoMedium(iso: Source, manifest: Manifest): Promise<Medium> {
  const tree = await readIso(iso);
  const problems = manifest.disk === null ? [] : ["it is an ISO, and the manifest is a disk's"];
  return { tree, problems, checkEnd: () => Promise.resolve([]) };
}

/**
 * Checks what a manifest says of the ISO: its size and SHA-256, and which files are not from it.
 *
 * @param addedFiles The files of the image that the ISO does not hold.
 * @param onProgress Called with the number of bytes hashed so far, and of all.
 * @returns What is wrong, one clause each.
 * @throws {Failure} `truncated` or `io` from the ISO.
 */
export async function checkIso(
  iso: Source,
  manifest: Manifest,
  addedFiles: readonly string[],
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<string[]> {
  const problems: string[] = [];
  if (iso.sizeBytes !== manifest.iso.sizeBytes) {
    problems.push(`the ISO has ${iso.sizeBytes} bytes, not ${manifest.iso.sizeBytes}`);
  } else if (await new WholeHash(iso).digest(onProgress) !== manifest.iso.sha256) {
    problems.push("the ISO does not have the SHA-256 of the manifest");
  }
  const added = new Set(addedFiles.map(foldCase));
  for (const { path, origin } of manifest.files) {
    if ((origin === "added") === added.has(foldCase(path))) continue;
    const truth = origin === "added" ? "holds it" : "does not hold it";
    problems.push(`/${path} is called ${origin} by the manifest, but the ISO ${truth}`);
  }
  return problems;
}

async function hashFile(
  disk: Source,
  file: TreeFile,
  buffer: Uint8Array,
  onRead: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  for (const { offsetBytes, lengthBytes } of file.parts) {
    for (let at = 0; at < lengthBytes; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, lengthBytes - at));
      await disk.read(chunk, offsetBytes + at);
      hash.update(chunk);
      onRead(chunk.length);
    }
  }
  return hash.digest("hex");
}
