/**
 * The records of an ISO 9660 directory (ECMA-119 §9), and the numbers in them.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";

/** ECMA-119 §6.1.2; images with other logical block sizes exist on paper only. */
export const SECTOR_BYTES = 2048;
/** A directory record, §9.1. */
export interface DirectoryRecord {
  readonly extentSector: number;
  readonly lengthBytes: number;
  readonly isDirectory: boolean;
  /** §9.1.6 bit 7: another record of the same file follows. */
  readonly continues: boolean;
  readonly isInterleaved: boolean;
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
  const recordBytes = bytes[at] ?? 0;
  const nameBytes = bytes[at + 32] ?? 0;
  if (recordBytes < 34 || 33 + nameBytes > recordBytes || at + recordBytes > bytes.length) {
    throw damaged(source, "a directory record is cut short");
  }
  const extendedAttributeSectors = bytes[at + 1]!;
  const flags = bytes[at + 25]!;
  return {
    extentSector: bothEndian32(source, bytes, at + 2) + extendedAttributeSectors,
    lengthBytes: bothEndian32(source, bytes, at + 10),
    isDirectory: (flags & 0x02) !== 0,
    continues: (flags & 0x80) !== 0,
    isInterleaved: bytes[at + 26] !== 0 || bytes[at + 27] !== 0,
    name: bytes.subarray(at + 33, at + 33 + nameBytes),
    // §9.1.12: the name is padded to an even length of the record.
    systemUse: bytes.subarray(
      at + 33 + nameBytes + (nameBytes % 2 === 0 ? 1 : 0),
      at + recordBytes,
    ),
  };
}

/** §7.3.3: a number stored in both byte orders, which must agree. */
export function bothEndian32(source: Source, bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const value = view.getUint32(0, true);
  if (value !== view.getUint32(4, false)) {
    throw damaged(source, "a number differs between its two byte orders");
  }
  return value;
}

/** The records of a directory but for itself and its parent (§6.8.2.2: named 0x00 and 0x01). */
export function* records(source: Source, bytes: Uint8Array): Generator<DirectoryRecord> {
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === 0) { // §6.8.1.1: the rest of the sector is unused
      at += SECTOR_BYTES - at % SECTOR_BYTES;
      continue;
    }
    const record = parseRecord(source, bytes, at);
    at += bytes[at]!;
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
