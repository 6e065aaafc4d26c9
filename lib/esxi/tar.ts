/**
 * Writes tar in the dialect of old GNU tar, which ESXi's own modules are in. Libraries write ustar
 * or pax. Source: GNU tar manual, "Basic Tar Format", `struct posix_header` and
 * `struct oldgnu_header`.
 *
 * @module
 */

import { type BytesField, bytesField, structureAt } from "../blocks/fields.ts";

/** Headers and contents begin on multiples of it. */
export const TAR_BLOCK_BYTES = 512;
/** The header's fields, in order. Numbers are octal digits with a NUL behind them. */
const HEADER = {
  name: bytesField(0, 100),
  mode: bytesField(100, 8),
  userId: bytesField(108, 8),
  groupId: bytesField(116, 8),
  sizeBytes: bytesField(124, 12),
  /** Since 1970. */
  timeSeconds: bytesField(136, 12),
  /** The sum of the header's bytes, this field taken as blanks; the last of them stays. */
  checksum: bytesField(148, 8),
  checksumDigits: bytesField(148, 7),
  /** See {@linkcode TYPE}. */
  type: bytesField(156, 1),
  /** See {@linkcode OLD_GNU_MAGIC}. */
  magicAndVersion: bytesField(257, 8),
} as const;
const TYPE = { file: "0", folder: "5" } as const;
const MODE = { file: 0o644, folder: 0o755 } as const;
const OLD_GNU_MAGIC = "ustar  \0";
const BLANK = 0x20;
/** Two blocks of zeros end an archive. */
export const TAR_END_BYTES = 2 * TAR_BLOCK_BYTES;

/** A file, or without bytes a folder, whose path then ends with a slash. */
export interface TarEntry {
  /** At most 100 bytes of UTF-8. */
  readonly path: string;
  /** What the file holds. */
  readonly bytes?: Uint8Array;
}

/**
 * Packs an archive, its entries in the order they are given.
 *
 * @param timeSeconds The time stamp of every entry, in seconds since 1970.
 * @throws {RangeError} if a path has more than 100 bytes.
 */
export function packOldGnuTar(entries: readonly TarEntry[], timeSeconds: number): Uint8Array {
  const sizeOf = ({ bytes }: TarEntry) => TAR_BLOCK_BYTES + paddedBytes(bytes?.length ?? 0);
  const tar = new Uint8Array(entries.reduce((sum, entry) => sum + sizeOf(entry), TAR_END_BYTES));
  let at = 0;
  for (const entry of entries) {
    tar.set(encodeTarHeader(entry.path, entry.bytes?.length, timeSeconds), at);
    if (entry.bytes !== undefined) tar.set(entry.bytes, at + TAR_BLOCK_BYTES);
    at += sizeOf(entry);
  }
  return tar;
}

/**
 * The header of an entry.
 *
 * @param sizeBytes What the file has; undefined for a folder, whose path then ends with a slash.
 * @throws {RangeError} if the path has more than 100 bytes.
 */
export function encodeTarHeader(
  path: string,
  sizeBytes: number | undefined,
  timeSeconds: number,
): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK_BYTES);
  const header = structureAt(block);
  const name = new TextEncoder().encode(path);
  if (name.length > HEADER.name.lengthBytes) {
    throw new RangeError(`Cannot write ${path} as old GNU tar: it has more than 100 bytes`);
  }
  const kind = sizeBytes === undefined ? "folder" : "file";
  HEADER.name.of(header).set(name);
  setOctal(header, HEADER.mode, MODE[kind]);
  setOctal(header, HEADER.userId, 0);
  setOctal(header, HEADER.groupId, 0);
  setOctal(header, HEADER.sizeBytes, sizeBytes ?? 0);
  setOctal(header, HEADER.timeSeconds, timeSeconds);
  setText(header, HEADER.type, TYPE[kind]);
  setText(header, HEADER.magicAndVersion, OLD_GNU_MAGIC);
  HEADER.checksum.of(header).fill(BLANK);
  const sum = block.reduce((total, byte) => total + byte, 0);
  setOctal(header, HEADER.checksumDigits, sum); // last, over everything else
  return block;
}

/** Octal digits and a NUL fill a field. */
function setOctal(header: DataView, field: BytesField, value: number): void {
  setText(header, field, value.toString(8).padStart(field.lengthBytes - 1, "0") + "\0");
}

function setText(header: DataView, field: BytesField, text: string): void {
  field.of(header).set(new TextEncoder().encode(text));
}

function paddedBytes(bytes: number): number {
  return Math.ceil(bytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
}
