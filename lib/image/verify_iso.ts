/**
 * Checks an ISO against the one that it was made from. Every byte has to be the same but for what an
 * edit needs, and of that every field is looked at.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { TreeFile } from "../blocks/file_tree.ts";
import { foldCase } from "../disk/fat_names.ts";
import { readBootCfgs } from "../esxi/installer.ts";
import { PAYLOAD_NAME } from "../esxi/payload.ts";
import { SECTOR_BYTES } from "../iso/format.ts";
import { readIso } from "../iso/volume.ts";
import { compareStructures } from "./iso_structures.ts";
import { describeOtherIso } from "./other_iso.ts";
import { compareTrees, otherIsoReport, type VerifyReport } from "./verify_tree.ts";

/** How much is compared at a time. */
const CHUNK_BYTES = 512 * SECTOR_BYTES;
/** Modules can be large; more than this no build holds in memory. */
const MAX_APPENDED_BYTES = 2 ** 31;

/**
 * Verifies an ISO.
 *
 * @param onProgress Called with the number of bytes compared so far, and of all.
 * @throws {Failure} `not-iso`, `damaged-iso`, `not-installer` or `boot-cfg` as {@linkcode readIso}
 * and {@linkcode readBootCfgs}; `truncated` or `io` from either.
 */
export async function verifyIso(
  copy: Source,
  iso: Source,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<VerifyReport> {
  const source = await readIso(iso);
  const { bootCfgs } = await readBootCfgs(source);
  const volume = await readIso(copy);
  const { pairs, added, unlikeFiles, problems } = await compareTrees(source, bootCfgs, volume);
  const early = await describeOtherIso(source, volume, unlikeFiles);
  if (early !== undefined) return otherIsoReport(early);
  const found = [...problems];
  for (const [original, other] of pairs) {
    if (JSON.stringify(original.parts) === JSON.stringify(other.parts)) continue;
    found.push(`/${other.path} does not lie where it does in the ISO`);
  }
  const edited = [PAYLOAD_NAME, ...bootCfgs.map(({ file }) => file.path), ...added];
  const structures = await compareStructures(iso, copy, new Set(edited.map(foldCase)));
  found.push(...structures.problems);
  if (copy.sizeBytes < iso.sizeBytes) {
    throw new Failure("truncated", copy.name, "it is smaller than the ISO", "build it again");
  }
  const differing = await differingSectors(iso, copy, structures.sectors, onProgress);
  const unlike = nameDifferences(differing, source.files);
  const late = await describeOtherIso(source, volume, unlikeFiles, unlike.length);
  if (late !== undefined) return otherIsoReport(late);
  found.push(...unlike);
  found.push(...await checkAppended(iso, copy, volume.files, structures.used));
  const comparedBytes = pairs.reduce((sum, [original]) => sum + original.sizeBytes, 0);
  return { problems: found, comparedFiles: pairs.length, comparedBytes, addedFiles: added };
}

/** The sectors that are not the same in both, but for those that may differ. */
async function differingSectors(
  iso: Source,
  copy: Source,
  allowed: ReadonlySet<number>,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<number[]> {
  const differing: number[] = [];
  for (let at = 0; at < iso.sizeBytes; at += CHUNK_BYTES) {
    const lengthBytes = Math.min(CHUNK_BYTES, iso.sizeBytes - at);
    const [a, b] = await Promise.all([
      readBytes(iso, at, lengthBytes),
      readBytes(copy, at, lengthBytes),
    ]);
    for (let i = 0; Buffer.compare(a, b) !== 0 && i < lengthBytes; i += SECTOR_BYTES) {
      const sector = (at + i) / SECTOR_BYTES;
      const [left, right] = [a, b].map((bytes) => bytes.subarray(i, i + SECTOR_BYTES));
      if (!allowed.has(sector) && Buffer.compare(left!, right!) !== 0) differing.push(sector);
    }
    onProgress?.(at + lengthBytes, iso.sizeBytes);
  }
  return differing;
}

/** What is appended and neither a file nor a directory has to be zero. */
async function checkAppended(
  iso: Source,
  copy: Source,
  files: readonly TreeFile[],
  used: ReadonlySet<number>,
): Promise<string[]> {
  const start = iso.sizeBytes;
  if (copy.sizeBytes - start > MAX_APPENDED_BYTES) return ["far more is appended than any edit"];
  const bytes = await readBytes(copy, start, copy.sizeBytes - start);
  const blank = (offsetBytes: number, lengthBytes: number) => {
    const end = offsetBytes + lengthBytes - start;
    if (end > 0) bytes.fill(0, Math.max(offsetBytes - start, 0), end);
  };
  for (const { offsetBytes, lengthBytes } of files.flatMap(({ parts }) => parts)) {
    blank(offsetBytes, lengthBytes);
  }
  for (const sector of used) blank(sector * SECTOR_BYTES, SECTOR_BYTES);
  return bytes.some((byte) => byte !== 0) ? ["bytes are appended that belong to no file"] : [];
}

/** What differs, by the files that it belongs to. */
function nameDifferences(sectors: readonly number[], files: readonly TreeFile[]): string[] {
  const names = new Set<string>();
  for (const sector of sectors) {
    const start = sector * SECTOR_BYTES;
    const owner = files.find(({ parts }) =>
      parts.some(({ offsetBytes, lengthBytes }) =>
        offsetBytes < start + SECTOR_BYTES && start < offsetBytes + lengthBytes
      )
    );
    names.add(owner ? `/${owner.path} differs from the ISO's` : `sector ${sector} differs`);
  }
  return [...names];
}
