/**
 * The whole disk: a partition table and one EFI system partition.
 *
 * | where        | what                                    |
 * | ------------ | --------------------------------------- |
 * | LBA 0–33     | protective MBR, GPT                     |
 * | 1 MiB        | EFI system partition, FAT32             |
 * | last MiB     | backup GPT in its last 33 sectors       |
 *
 * @module
 */

import { type BlockMap, blockMap } from "../blocks/block_map.ts";
import { type Extent, shiftExtent } from "../blocks/extent.ts";
import type { ContentTree } from "../blocks/file_tree.ts";
import type { Guid } from "../blocks/guid.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { type Fat32Options, layOutFat32 } from "./fat32.ts";
import { EFI_SYSTEM_PARTITION, gptExtents } from "./gpt.ts";

const MIB = 1024 * 1024;
/** Where the partition begins. */
export const PARTITION_OFFSET_BYTES = MIB;
/** What the disk needs around the partition: 1 MiB before it, and 1 MiB for the backup table. */
const AROUND_BYTES = PARTITION_OFFSET_BYTES + MIB;
const PARTITION_NAME = "EFI System Partition";

/** How to lay out a disk. */
export interface DiskOptions extends Omit<Fat32Options, "firstLba" | "sizeBytes"> {
  /** The size of the whole disk; without it, as small as its content allows. */
  readonly diskBytes?: number | undefined;
  readonly diskGuid: Guid;
  readonly partitionGuid: Guid;
}

/** A disk, laid out. */
export interface DiskLayout {
  /** The disk as extents. */
  readonly map: BlockMap;
  /** How large the clusters of the file system are. */
  readonly clusterBytes: number;
}

/**
 * Lays out a disk.
 *
 * @throws {Failure} `unfit-for-fat` or `too-small` as {@linkcode layOutFat32}.
 * @throws {FatFsError} `INVALID_NAME` if the label is none.
 */
export async function layOutDisk(content: ContentTree, options: DiskOptions): Promise<DiskLayout> {
  const firstLba = PARTITION_OFFSET_BYTES / SECTOR_BYTES;
  const sizeBytes = options.diskBytes === undefined
    ? undefined
    : Math.max(Math.floor(options.diskBytes / MIB) * MIB - AROUND_BYTES, 0);
  const partition = await layOutFat32(content, { ...options, firstLba, sizeBytes });
  const diskBytes = partition.sizeBytes + AROUND_BYTES;
  const table = gptExtents(diskBytes / SECTOR_BYTES, options.diskGuid, [{
    type: EFI_SYSTEM_PARTITION,
    guid: options.partitionGuid,
    firstLba,
    lastLba: firstLba + partition.sizeBytes / SECTOR_BYTES - 1,
    name: PARTITION_NAME,
  }]);
  const extents: Extent[] = partition.extents.map((e) => shiftExtent(e, PARTITION_OFFSET_BYTES));
  return {
    map: blockMap(diskBytes, [...table, ...extents]),
    clusterBytes: partition.clusterBytes,
  };
}
