/**
 * Checks an image against the manifest of its build, without the ISO: every structure, and the
 * SHA-256 of every file. It reads the image once, front to back.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Source } from "../disk/extent.ts";
import { formatGuid } from "../disk/guid.ts";
import { Failure } from "../failure.ts";
import type { TreeFile } from "../file_tree.ts";
import type { Manifest } from "../manifest.ts";
import { type Image, readImage } from "./image.ts";
import { checkPartitionTable } from "./partition_table.ts";
import { checkGeometry, type VerifyReport } from "./verify.ts";

/** How much is read at a time. */
const CHUNK_BYTES = 1024 * 1024;
const SHA256 = /^[0-9a-f]{64}$/;

/** What a verification needs of a manifest. */
export type CheckedManifest = Pick<Manifest, "disk" | "files">;

/**
 * Reads a manifest.
 *
 * @param path Which file it is, for messages.
 * @throws {Failure} `not-image` if it is not one that a build wrote.
 */
export function parseManifest(text: string, path: string): CheckedManifest {
  const unfit = (what: string, cause?: unknown) =>
    new Failure("not-image", path, what, "pass what build --manifest wrote", cause);
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw unfit("it is not JSON", cause);
  }
  if (manifest?.format !== 1) throw unfit("it is no manifest of format 1");
  const { disk, files } = manifest;
  const isWhole = Number.isSafeInteger(disk?.sizeBytes) && typeof disk?.guid === "string" &&
    typeof disk.partitionGuid === "string" && Array.isArray(files) &&
    files.every((file) =>
      typeof file?.path === "string" && Number.isSafeInteger(file.sizeBytes) &&
      typeof file.sha256 === "string" && SHA256.test(file.sha256)
    );
  if (!isWhole) throw unfit("it lacks the disk's identifiers or a file's path, size or SHA-256");
  return manifest as CheckedManifest;
}

/**
 * Verifies an image.
 *
 * @param disk The image as a disk.
 * @param onProgress Called with the number of file bytes hashed so far, and of all.
 * @throws {Failure} if the image cannot be read at all.
 */
export async function verifyManifest(
  disk: Source,
  manifest: CheckedManifest,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport> {
  const image = await readImage(disk);
  const problems = [
    ...checkGeometry(image),
    ...image.volume.problems,
    ...checkIdentity(image, manifest),
  ];
  const wanted = new Map(manifest.files.map((file) => [file.path, file]));
  const files = image.volume.files.toSorted((a, b) => firstByte(a) - firstByte(b));
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const buffer = new Uint8Array(CHUNK_BYTES);
  const added: string[] = [];
  let hashedBytes = 0;
  for (const file of files) {
    const expected = wanted.get(file.path);
    wanted.delete(file.path);
    if (expected === undefined) problems.push(`/${file.path} is not in the manifest`);
    else if (expected.sizeBytes !== file.sizeBytes) {
      problems.push(`/${file.path} has ${file.sizeBytes} bytes, not ${expected.sizeBytes}`);
    } else if (await hashFile(disk, file, buffer) !== expected.sha256) {
      problems.push(`/${file.path} does not have the SHA-256 of the manifest`);
    }
    if (expected !== undefined && expected.origin !== "iso") added.push(file.path);
    hashedBytes += file.sizeBytes;
    onProgress?.(hashedBytes, totalBytes);
  }
  for (const path of wanted.keys()) problems.push(`/${path} is missing`);
  problems.push(...await checkPartitionTable(disk, image.table));
  return {
    problems,
    comparedFiles: files.length,
    comparedBytes: hashedBytes,
    addedFiles: added,
  };
}

function checkIdentity({ disk, table, partition }: Image, manifest: CheckedManifest): string[] {
  const problems: string[] = [];
  const compare = (what: string, found: string | number, wanted: string | number) => {
    if (found !== wanted) problems.push(`${what} is ${found}, not ${wanted}`);
  };
  compare("the disk's size", disk.sizeBytes, manifest.disk.sizeBytes);
  compare("the disk's GUID", formatGuid(table.diskGuid), manifest.disk.guid);
  compare("the partition's GUID", formatGuid(partition.guid), manifest.disk.partitionGuid);
  return problems;
}

function firstByte(file: TreeFile): number {
  return file.parts[0]?.offsetBytes ?? 0;
}

async function hashFile(disk: Source, file: TreeFile, buffer: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (const { offsetBytes, lengthBytes } of file.parts) {
    for (let at = 0; at < lengthBytes; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, lengthBytes - at));
      await disk.read(chunk, offsetBytes + at);
      hash.update(chunk);
    }
  }
  return hash.digest("hex");
}
