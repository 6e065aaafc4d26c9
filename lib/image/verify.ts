/**
 * Checks a medium against the ISO that it was made from: every structure and every byte. It reads
 * the medium once, front to back, and shares no code with what writes it but the names of fields.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { readBootCfgs } from "../esxi/installer.ts";
import { isIso, readIso } from "../iso/volume.ts";
import { checkGeometry, readImage } from "./image.ts";
import { describeOtherIso } from "./other_iso.ts";
import { checkPartitionTable } from "./partition_table.ts";
import { comparePairs, compareTrees, otherIsoReport, type VerifyReport } from "./verify_tree.ts";

/**
 * Verifies an image of a disk, or an ISO.
 *
 * @param disk The image as a disk, or the ISO.
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
  if (await isIso(disk)) {
    const { verifyIso } = await import("./verify_iso.ts");
    return await verifyIso(disk, iso, onProgress);
  }
  const source = await readIso(iso);
  const { bootCfgs } = await readBootCfgs(source);
  const image = await readImage(disk);
  const files = await compareTrees(source, bootCfgs, image.volume);
  const damage = [...checkGeometry(image), ...image.volume.problems];
  const describe = (differingFiles = 0) =>
    damage.length > 0
      ? undefined
      : describeOtherIso(source, image.volume, files.unlikeFiles, differingFiles);
  const early = await describe();
  if (early !== undefined) return otherIsoReport(early);
  const { differingFiles, ...report } = await comparePairs(iso, disk, files, onProgress);
  const late = await describe(differingFiles);
  if (late !== undefined) return otherIsoReport(late);
  return {
    ...report,
    problems: [
      ...damage,
      ...report.problems,
      ...await checkPartitionTable(disk, image.table),
    ],
  };
}
