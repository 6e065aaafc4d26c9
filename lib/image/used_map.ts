/**
 * Which parts of a disk are in use. Formats tell it in units of their own, or not at all; partition
 * table and file system tell it to the sector, and the rest is a hole.
 *
 * @module
 */

import { type BlockMap, blockMap } from "../blocks/block_map.ts";
import { type Extent, readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { FilePart } from "../blocks/file_tree.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { SectorMap } from "../blocks/sector_map.ts";
import { usableLbas } from "../disk/gpt.ts";
import { readImage } from "./image.ts";

/** How much is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Maps the used parts of a disk. What lies in free clusters is left out.
 *
 * @throws {Failure} `not-image` if the disk is not one of ours, or its file system is damaged;
 * `truncated` or `io` from the disk.
 */
export async function usedMap(disk: Source): Promise<BlockMap> {
  const { partition, table, volume } = await readImage(disk);
  const unfit = (what: string) =>
    new Failure("not-image", disk.name, what, "pass an image of esxi-img");
  const [problem] = volume.problems;
  if (problem !== undefined) throw unfit(problem);
  if (table.partitions.length !== 1) throw unfit("it has more than one partition");
  const usable = usableLbas(disk.sizeBytes / SECTOR_BYTES);
  if (disk.sizeBytes % SECTOR_BYTES !== 0) throw unfit("it does not end with a whole sector");
  if (partition.firstLba < usable.firstLba || partition.lastLba > usable.lastLba) {
    throw unfit("its partition overlaps the partition table");
  }
  const startBytes = partition.firstLba * SECTOR_BYTES;
  const backupBytes = (usable.lastLba + 1) * SECTOR_BYTES;
  // What is neither file nor hole is small, and of that only sectors that are not zero count.
  const structures = new SectorMap();
  for (
    const { offsetBytes, lengthBytes } of [
      { offsetBytes: 0, lengthBytes: usable.firstLba * SECTOR_BYTES },
      { offsetBytes: startBytes, lengthBytes: volume.geometry.dataOffsetBytes },
      ...volume.directoryParts,
    ]
  ) {
    for (let at = 0; at < lengthBytes; at += CHUNK_BYTES) {
      const bytes = await readBytes(
        disk,
        offsetBytes + at,
        Math.min(CHUNK_BYTES, lengthBytes - at),
      );
      structures.write((offsetBytes + at) / SECTOR_BYTES, bytes);
    }
  }
  const used = ({ offsetBytes, lengthBytes }: FilePart): Extent => ({
    offsetBytes,
    lengthBytes,
    source: disk,
    sourceOffsetBytes: offsetBytes,
  });
  return blockMap(disk.sizeBytes, [
    ...structures.extents(),
    ...volume.files.flatMap(({ parts }) => parts.map(used)),
    used({ offsetBytes: backupBytes, lengthBytes: disk.sizeBytes - backupBytes }),
  ]);
}
