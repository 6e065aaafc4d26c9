/**
 * Reads the partition table of an image and says what is wrong with it.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { formatGuid, type Guid } from "../blocks/guid.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import {
  EFI_SYSTEM_PARTITION,
  type GptHeader,
  parseEntries,
  parseHeader,
  type Partition,
} from "../disk/gpt.ts";
import { isProtectiveMbr } from "../disk/mbr.ts";

/** A partition table that could be read. */
export interface PartitionTable {
  /** The protective MBR. */
  readonly mbr: Uint8Array;
  readonly header: GptHeader;
  readonly diskGuid: Guid;
  readonly partitions: readonly Partition[];
}

/**
 * Reads the primary table.
 *
 * @throws {Failure} `not-image` if it is not there or does not match its checksums, `truncated` or
 * `io` from the disk.
 */
export async function readPartitionTable(disk: Source): Promise<PartitionTable> {
  const unfit = (what: string) =>
    new Failure("not-image", disk.name, `not a disk image: ${what}`, "pass an image of esxi-img");
  if (disk.sizeBytes < 3 * SECTOR_BYTES) throw unfit("it is too small");
  const head = await readBytes(disk, 0, 2 * SECTOR_BYTES);
  const header = parseHeader(head.subarray(SECTOR_BYTES), 1);
  if (typeof header === "string") throw unfit(`of its GPT header, ${header}`);
  const entries = await readEntries(disk, header);
  if (entries === undefined) throw unfit("the entries of its GPT do not match their CRC");
  const partitions = parseEntries(entries);
  return { mbr: head.subarray(0, SECTOR_BYTES), header, diskGuid: header.diskGuid, partitions };
}

/**
 * The partition that firmware boots from.
 *
 * @throws {Failure} `not-image` if there is none.
 */
export function systemPartition(table: PartitionTable, disk: Source): Partition {
  const type = formatGuid(EFI_SYSTEM_PARTITION);
  const partition = table.partitions.find((candidate) => formatGuid(candidate.type) === type);
  if (partition === undefined) {
    throw new Failure(
      "not-image",
      disk.name,
      "it has no EFI system partition",
      "pass an image of esxi-img",
    );
  }
  return partition;
}

/**
 * Checks the protective MBR, and compares the backup table with the primary one. It reads the
 * image's last sectors.
 *
 * @returns What is wrong, one clause each.
 * @throws {Failure} `truncated` or `io` from the disk.
 */
export async function checkPartitionTable(disk: Source, table: PartitionTable): Promise<string[]> {
  const lastLba = disk.sizeBytes / SECTOR_BYTES - 1;
  const { header } = table;
  const problems = checkProtectiveMbr(table.mbr, header.alternateLba);
  if (header.alternateLba !== lastLba) {
    problems.push(`GPT: the backup header is at LBA ${header.alternateLba}, not at the disk's end`);
  }
  for (const partition of table.partitions) {
    const inside = partition.firstLba >= header.firstUsableLba &&
      partition.lastLba <= header.lastUsableLba && partition.firstLba <= partition.lastLba;
    if (!inside) problems.push(`GPT: the partition ${partition.name} lies outside the disk`);
  }
  const backup = Number.isInteger(lastLba)
    ? parseHeader(await readBytes(disk, lastLba * SECTOR_BYTES, SECTOR_BYTES), lastLba)
    : "the disk does not end with a whole sector";
  if (typeof backup === "string") return [...problems, `GPT: of the backup header, ${backup}`];
  if (await readEntries(disk, backup) === undefined) {
    problems.push("GPT: the backup entries do not match their CRC");
  }
  const same = backup.entriesCrc === header.entriesCrc && backup.alternateLba === 1 &&
    formatGuid(backup.diskGuid) === formatGuid(header.diskGuid) &&
    backup.firstUsableLba === header.firstUsableLba &&
    backup.lastUsableLba === header.lastUsableLba;
  if (!same) problems.push("GPT: the two headers differ");
  return problems;
}

/**
 * UEFI 2.10 §5.2.3: one record of type 0xEE, from LBA 1 to the disk's end, and no other.
 *
 * @throws {RangeError} if it is less than a sector.
 */
export function checkProtectiveMbr(mbr: Uint8Array, lastLba: number): string[] {
  return isProtectiveMbr(mbr, lastLba) ? [] : ["MBR: it is not the protective one of a GPT"];
}

/** The entries of a table, if they match their checksum. */
async function readEntries(disk: Source, header: GptHeader): Promise<Uint8Array | undefined> {
  const offsetBytes = header.entriesLba * SECTOR_BYTES;
  if (offsetBytes + header.entriesBytes > disk.sizeBytes) return undefined;
  const entries = await readBytes(disk, offsetBytes, header.entriesBytes);
  return crc32(entries) === header.entriesCrc ? entries : undefined;
}
