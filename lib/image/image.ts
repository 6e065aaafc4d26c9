/**
 * An image with all that is needed to look into it.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import type { Partition } from "../disk/gpt.ts";
import { type Fat32Volume, readFat32 } from "./fat32_reader.ts";
import { type PartitionTable, readPartitionTable, systemPartition } from "./partition_table.ts";

/** A disk, its partition table, and the file system that the installer is in. */
export interface Image {
  readonly disk: Source;
  readonly table: PartitionTable;
  /** The one that firmware boots from. */
  readonly partition: Partition;
  /** The file system in it. */
  readonly volume: Fat32Volume;
}

/**
 * Reads the structures of a disk, in the order in which they lie on it.
 *
 * @throws {Failure} `not-image` if it has no GPT or no FAT32 system partition, `truncated` if it
 * ends before its partition does, `io` from the disk.
 */
export async function readImage(disk: Source): Promise<Image> {
  const table = await readPartitionTable(disk);
  const partition = systemPartition(table, disk);
  const missingBytes = (table.header.alternateLba + 1) * SECTOR_BYTES - disk.sizeBytes;
  if (missingBytes > 0) {
    throw new Failure(
      "truncated",
      disk.name,
      `the image is truncated: ${missingBytes} bytes are missing`,
      "build it again",
    );
  }
  const { firstLba, lastLba } = partition;
  if (firstLba < 1 || lastLba < firstLba || lastLba > table.header.alternateLba) {
    throw new Failure(
      "not-image",
      disk.name,
      "its system partition lies outside the disk",
      "pass an image of esxi-img",
    );
  }
  const sectors = lastLba - firstLba + 1;
  const offsetBytes = firstLba * SECTOR_BYTES;
  const volume = await readFat32(disk, offsetBytes, sectors * SECTOR_BYTES);
  return { disk, table, partition, volume };
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
