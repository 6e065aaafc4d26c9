/**
 * The records of an ISO 9660 directory (ECMA-119 §9), and the numbers in them.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import {
  MIN_RECORD_BYTES,
  RECORD,
  RECORD_FLAG,
  RECORD_NAME_OFFSET_BYTES,
  SECTOR_BYTES,
  type TwofoldField,
} from "./format.ts";

/** A directory record, §9.1. */
export interface DirectoryRecord {
  /** Of the record itself. */
  readonly recordBytes: number;
  /** Where the data begin, behind their extended attributes. */
  readonly extentSector: number;
  /** Of the data. */
  readonly lengthBytes: number;
  readonly isDirectory: boolean;
  /** §9.1.6 bit 7: another record of the same file follows. */
  readonly continues: boolean;
  /** §9.1.7 and §9.1.8: the data have gaps. */
  readonly isInterleaved: boolean;
  /** As stored, with its version. */
  readonly name: Uint8Array;
  /** What follows the name: system use fields. */
  readonly systemUse: Uint8Array;
}

/**
 * Parses the record that begins at `at`.
 *
 * @throws {Failure} `damaged-iso` if it is cut short or contradicts itself.
 */
export function parseRecord(source: Source, bytes: Uint8Array, at: number): DirectoryRecord {
  const record = structureAt(bytes, at);
  const isWhole = record.byteLength >= MIN_RECORD_BYTES;
  const recordBytes = isWhole ? RECORD.recordBytes.get(record) : 0;
  const nameBytes = isWhole ? RECORD.nameBytes.get(record) : 0;
  const nameEnd = RECORD_NAME_OFFSET_BYTES + nameBytes;
  if (recordBytes < MIN_RECORD_BYTES || nameEnd > recordBytes || recordBytes > record.byteLength) {
    throw damaged(source, "a directory record is cut short");
  }
  const flags = RECORD.flags.get(record);
  return {
    recordBytes,
    extentSector: consistent(source, record, RECORD.extentSector) +
      RECORD.extendedAttributeSectors.get(record),
    lengthBytes: consistent(source, record, RECORD.dataBytes),
    isDirectory: (flags & RECORD_FLAG.directory) !== 0,
    continues: (flags & RECORD_FLAG.continues) !== 0,
    isInterleaved: RECORD.fileUnitSectors.get(record) !== 0 ||
      RECORD.interleaveGapSectors.get(record) !== 0,
    name: bytes.subarray(at + RECORD_NAME_OFFSET_BYTES, at + nameEnd),
    // §9.1.12: the name is padded to an even length of the record.
    systemUse: bytes.subarray(at + nameEnd + nameEnd % 2, at + recordBytes),
  };
}

/**
 * A number that is stored twice, once in each byte order.
 *
 * @throws {Failure} `damaged-iso` if the two differ.
 */
export function consistent(source: Source, structure: DataView, field: TwofoldField): number {
  if (field.isConsistent(structure)) return field.get(structure);
  throw damaged(source, "a number differs between its two byte orders");
}

/**
 * The records of a directory but for itself and its parent (§6.8.2.2: named 0x00 and 0x01).
 *
 * @throws {Failure} `damaged-iso` if one is cut short or contradicts itself.
 */
export function* records(source: Source, bytes: Uint8Array): Generator<DirectoryRecord> {
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === 0) { // §6.8.1.1: the rest of the sector is unused
      at += SECTOR_BYTES - at % SECTOR_BYTES;
      continue;
    }
    const record = parseRecord(source, bytes, at);
    at += record.recordBytes;
    if (record.name.length !== 1 || record.name[0]! > 1) yield record;
  }
}

/** Where names come from, the best first. */
export type NameSource = "Rock Ridge" | "Joliet" | "ISO 9660";

/** The name that a record has itself, without version and without the dot of an empty extension. */
export function decodeName(record: DirectoryRecord, names: NameSource): string {
  const name = names === "Joliet"
    ? new TextDecoder("utf-16be", { ignoreBOM: true }).decode(record.name)
    : decodeLatin1(record.name);
  // §7.5.1: `NAME.EXT;1`; without an extension the dot stays.
  return record.isDirectory ? name : name.replace(/;\d*$/, "").replace(/\.$/, "");
}

/** An ISO that contradicts itself. */
export function damaged(source: Source, what: string): Failure {
  return new Failure("damaged-iso", source.name, what, "the ISO is damaged, download it again");
}
