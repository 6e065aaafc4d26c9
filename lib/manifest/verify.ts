/**
 * Checks an image against the manifest of its build, without the ISO: every structure, and the
 * SHA-256 of every file. It reads the image once, front to back.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Source } from "../blocks/extent.ts";
import { byFirstByte, type TreeFile } from "../blocks/file_tree.ts";
import { formatGuid } from "../blocks/guid.ts";
import { WholeHash } from "../blocks/hashing.ts";
import { foldCase } from "../disk/fat_names.ts";
import { checkGeometry, type Image, readImage } from "../image/image.ts";
import { checkPartitionTable } from "../image/partition_table.ts";
import type { VerifyReport } from "../image/verify.ts";
import type { Manifest } from "./make.ts";

/** How much is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Verifies an image.
 *
 * @param disk The image as a disk.
 * @param onProgress Called with the number of file bytes hashed so far, and of all.
 * @throws {Failure} `not-image` if the image has no GPT or no FAT32 system partition, `truncated`
 * or `io` from it.
 */
export async function verifyManifest(
  disk: Source,
  manifest: Manifest,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport> {
  const image = await readImage(disk);
  const problems = [
    ...checkGeometry(image),
    ...image.volume.problems,
    ...checkIdentity(image, manifest),
  ];
  const wanted = new Map(manifest.files.map((file) => [foldCase(file.path), file]));
  const pairs = image.volume.files.toSorted(byFirstByte).map((file) => {
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
  problems.push(...await checkPartitionTable(disk, image.table));
  const added = manifest.files.filter(({ origin }) => origin === "added");
  return { problems, comparedFiles, comparedBytes, addedFiles: added.map(({ path }) => path) };
}

function checkIdentity({ disk, table, partition, volume }: Image, manifest: Manifest): string[] {
  const problems: string[] = [];
  const compare = (what: string, found: string | number, wanted: string | number) => {
    if (found !== wanted) problems.push(`${what} is ${found}, not ${wanted}`);
  };
  compare("the disk's size", disk.sizeBytes, manifest.disk.sizeBytes);
  compare("the disk's GUID", formatGuid(table.diskGuid), manifest.disk.guid);
  compare("the partition's GUID", formatGuid(partition.guid), manifest.disk.partitionGuid);
  compare("the cluster size", volume.geometry.clusterBytes, manifest.disk.clusterBytes);
  return problems;
}

/**
 * Checks what a manifest says of the ISO: its size and SHA-256, and which files are not from it.
 *
 * @param addedFiles The files of the image that the ISO does not hold.
 * @returns What is wrong, one clause each.
 * @throws {Failure} `truncated` or `io` from the ISO.
 */
export async function checkIso(
  iso: Source,
  manifest: Manifest,
  addedFiles: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  if (iso.sizeBytes !== manifest.iso.sizeBytes) {
    problems.push(`the ISO has ${iso.sizeBytes} bytes, not ${manifest.iso.sizeBytes}`);
  } else if (await new WholeHash(iso).digest() !== manifest.iso.sha256) {
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
