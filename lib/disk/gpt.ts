/**
 * The GUID partition table, with one partition.
 *
 * | LBA      | what                              | UEFI 2.10 |
 * | -------- | --------------------------------- | --------- |
 * | 0        | protective MBR                    | §5.2.3    |
 * | 1        | primary header                    | §5.3.2    |
 * | 2–33     | 128 entries of 128 bytes          | §5.3.3    |
 * | -33 – -2 | the entries again                 | §5.3.1    |
 * | -1       | backup header                     | §5.3.1    |
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { bytesExtent, type Extent } from "../blocks/extent.ts";
import { type Guid, parseGuid } from "../blocks/guid.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { protectiveMbr } from "./mbr.ts";

/** §5.3.3, table 5-7. */
export const EFI_SYSTEM_PARTITION: Guid = parseGuid("C12A7328-F81F-11D2-BA4B-00A0C93EC93B");

const SIGNATURE = "EFI PART";
const REVISION = 0x00010000;
const HEADER_BYTES = 92;
const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const NAME_CHARACTERS = 36;
const ENTRIES_SECTORS = ENTRY_COUNT * ENTRY_BYTES / SECTOR_BYTES;
/** Sectors before the first and behind the last usable one, the MBR not counted. */
const TABLE_SECTORS = 1 + ENTRIES_SECTORS;

/** §5.3.2, table 5-5: where each field of the header lies. */
const HEADER = {
  signature: 0,
  revision: 8,
  headerBytes: 12,
  headerCrc: 16,
  myLba: 24,
  alternateLba: 32,
  firstUsableLba: 40,
  lastUsableLba: 48,
  diskGuid: 56,
  entriesLba: 72,
  entryCount: 80,
  entryBytes: 84,
  entriesCrc: 88,
} as const;

/** §5.3.3, table 5-6: where each field of an entry lies. */
const ENTRY = { type: 0, guid: 16, firstLba: 32, lastLba: 40, attributes: 48, name: 56 } as const;

/** A partition. */
export interface Partition {
  /** What it is for, §5.3.3, table 5-7. */
  readonly type: Guid;
  /** Which one it is. */
  readonly guid: Guid;
  /** The first one that belongs to the partition. */
  readonly firstLba: number;
  /** The last one that belongs to the partition. */
  readonly lastLba: number;
  /** At most 36 UTF-16 units. */
  readonly name: string;
}

/** A header of the table. */
export interface GptHeader {
  readonly diskGuid: Guid;
  /** Where this header lies. */
  readonly myLba: number;
  /** Where the other header lies. */
  readonly alternateLba: number;
  /** The first one that a partition may use. */
  readonly firstUsableLba: number;
  /** The last one that a partition may use. */
  readonly lastUsableLba: number;
  /** Where its copy of the entries begins. */
  readonly entriesLba: number;
  /** How many bytes the entries take together. */
  readonly entriesBytes: number;
  /** CRC-32 of the entries. */
  readonly entriesCrc: number;
}

/** The LBAs that partitions of a disk may use, first and last. */
export function usableLbas(diskSectors: number): { firstLba: number; lastLba: number } {
  return { firstLba: 1 + TABLE_SECTORS, lastLba: diskSectors - 1 - TABLE_SECTORS };
}

/**
 * Writes both copies of the table and the protective MBR.
 *
 * @throws {RangeError} if a partition lies outside the usable LBAs or its name is too long.
 */
export function gptExtents(
  diskSectors: number,
  diskGuid: Guid,
  partitions: readonly Partition[],
): Extent[] {
  const usable = usableLbas(diskSectors);
  const entries = new Uint8Array(ENTRIES_SECTORS * SECTOR_BYTES);
  partitions.forEach((partition, i) => {
    if (partition.firstLba < usable.firstLba || partition.lastLba > usable.lastLba) {
      throw new RangeError(`Cannot place a partition at LBA ${partition.firstLba}`);
    }
    entries.set(encodeEntry(partition), i * ENTRY_BYTES);
  });
  const header = (myLba: number, alternateLba: number, entriesLba: number) =>
    encodeHeader({
      diskGuid,
      myLba,
      alternateLba,
      firstUsableLba: usable.firstLba,
      lastUsableLba: usable.lastLba,
      entriesLba,
      entriesBytes: entries.length,
      entriesCrc: crc32(entries),
    });
  const lastLba = diskSectors - 1;
  const backupEntriesLba = lastLba - ENTRIES_SECTORS;
  const at = (lba: number, bytes: Uint8Array) => bytesExtent(lba * SECTOR_BYTES, bytes);
  return [
    at(0, protectiveMbr(diskSectors)),
    at(1, header(1, lastLba, 2)),
    at(2, entries),
    at(backupEntriesLba, entries),
    at(lastLba, header(lastLba, 1, backupEntriesLba)),
  ];
}

function encodeHeader(table: GptHeader): Uint8Array {
  const header = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(header.buffer);
  const set64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  header.set(new TextEncoder().encode(SIGNATURE), HEADER.signature);
  view.setUint32(HEADER.revision, REVISION, true);
  view.setUint32(HEADER.headerBytes, HEADER_BYTES, true);
  set64(HEADER.myLba, table.myLba);
  set64(HEADER.alternateLba, table.alternateLba);
  set64(HEADER.firstUsableLba, table.firstUsableLba);
  set64(HEADER.lastUsableLba, table.lastUsableLba);
  header.set(table.diskGuid, HEADER.diskGuid);
  set64(HEADER.entriesLba, table.entriesLba);
  view.setUint32(HEADER.entryCount, table.entriesBytes / ENTRY_BYTES, true);
  view.setUint32(HEADER.entryBytes, ENTRY_BYTES, true);
  view.setUint32(HEADER.entriesCrc, table.entriesCrc, true);
  // Computed last, over the header with a zero in its own place.
  view.setUint32(HEADER.headerCrc, crc32(header.subarray(0, HEADER_BYTES)), true);
  return header;
}

function encodeEntry(partition: Partition): Uint8Array {
  if (partition.name.length > NAME_CHARACTERS) {
    throw new RangeError(`Cannot name a partition with more than ${NAME_CHARACTERS} characters`);
  }
  const entry = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  entry.set(partition.type, ENTRY.type);
  entry.set(partition.guid, ENTRY.guid);
  view.setBigUint64(ENTRY.firstLba, BigInt(partition.firstLba), true);
  view.setBigUint64(ENTRY.lastLba, BigInt(partition.lastLba), true);
  for (let i = 0; i < partition.name.length; i++) {
    view.setUint16(ENTRY.name + i * 2, partition.name.charCodeAt(i), true);
  }
  return entry;
}

/**
 * Reads a header and checks what it says of itself.
 *
 * @param lba Where it was read.
 * @returns The header, or what is wrong with it.
 */
export function parseHeader(sector: Uint8Array, lba: number): GptHeader | string {
  const view = new DataView(sector.buffer, sector.byteOffset, SECTOR_BYTES);
  const get64 = (at: number) => Number(view.getBigUint64(at, true));
  if (decodeLatin1(sector.subarray(HEADER.signature, HEADER.revision)) !== SIGNATURE) {
    return "it has no signature";
  }
  const headerBytes = view.getUint32(HEADER.headerBytes, true);
  if (headerBytes < HEADER_BYTES || headerBytes > SECTOR_BYTES) return "its size is out of range";
  const summed = sector.slice(0, headerBytes);
  new DataView(summed.buffer).setUint32(HEADER.headerCrc, 0, true);
  if (sector.subarray(headerBytes).some((byte) => byte !== 0)) {
    return "what lies behind it is not zero";
  }
  if (crc32(summed) !== view.getUint32(HEADER.headerCrc, true)) return "its CRC is wrong";
  if (get64(HEADER.myLba) !== lba) return `it says that it lies at LBA ${get64(HEADER.myLba)}`;
  const entryBytes = view.getUint32(HEADER.entryBytes, true);
  const entryCount = view.getUint32(HEADER.entryCount, true);
  if (entryBytes !== ENTRY_BYTES || entryCount > 1024) return "its entries are of an unusual size";
  return {
    diskGuid: sector.slice(HEADER.diskGuid, HEADER.diskGuid + 16),
    myLba: get64(HEADER.myLba),
    alternateLba: get64(HEADER.alternateLba),
    firstUsableLba: get64(HEADER.firstUsableLba),
    lastUsableLba: get64(HEADER.lastUsableLba),
    entriesLba: get64(HEADER.entriesLba),
    entriesCrc: view.getUint32(HEADER.entriesCrc, true),
    entriesBytes: entryBytes * entryCount,
  };
}

/** Reads the entries that are in use. */
export function parseEntries(entries: Uint8Array): Partition[] {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const partitions: Partition[] = [];
  for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
    const type = entries.slice(at + ENTRY.type, at + ENTRY.type + 16);
    if (type.every((byte) => byte === 0)) continue; // §5.3.3: an unused entry
    const name = new TextDecoder("utf-16le").decode(
      entries.subarray(at + ENTRY.name, at + ENTRY_BYTES),
    );
    partitions.push({
      type,
      guid: entries.slice(at + ENTRY.guid, at + ENTRY.guid + 16),
      firstLba: Number(view.getBigUint64(at + ENTRY.firstLba, true)),
      lastLba: Number(view.getBigUint64(at + ENTRY.lastLba, true)),
      name: name.replace(/\0.*$/s, ""),
    });
  }
  return partitions;
}
