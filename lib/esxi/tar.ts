/**
 * Writes tar in the dialect of old GNU tar, which ESXi's own modules are in. Libraries write ustar
 * or pax.
 *
 * | offset | bytes | field, in octal digits unless it says otherwise            |
 * | ------ | ----- | ---------------------------------------------------------- |
 * | 0      | 100   | name, text                                                 |
 * | 100    | 8     | mode                                                       |
 * | 108    | 8     | user id, 0                                                 |
 * | 116    | 8     | group id, 0                                                |
 * | 124    | 12    | size in bytes                                              |
 * | 136    | 12    | time in seconds since 1970                                 |
 * | 148    | 8     | sum of the header's bytes, this field taken as blanks      |
 * | 156    | 1     | type: `0` a file, `5` a folder                             |
 * | 257    | 8     | magic and version, `ustar  \0`                             |
 *
 * Source: GNU tar manual, "Basic Tar Format", `struct oldgnu_header`.
 *
 * @module
 */

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const OLD_GNU_MAGIC = "ustar  \0";
/** Two blocks of zeros end an archive. */
const END_BYTES = 2 * BLOCK_BYTES;

/** A file, or without bytes a folder, whose path then ends with a slash. */
export interface TarEntry {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

/**
 * Packs an archive, its entries in the order they are given.
 *
 * @param timeSeconds The time stamp of every entry, in seconds since 1970.
 * @throws {RangeError} if a path has more than 100 bytes.
 */
export function packOldGnuTar(entries: readonly TarEntry[], timeSeconds: number): Uint8Array {
  const sizeOf = ({ bytes }: TarEntry) => BLOCK_BYTES + paddedBytes(bytes?.length ?? 0);
  const tar = new Uint8Array(entries.reduce((sum, entry) => sum + sizeOf(entry), END_BYTES));
  let at = 0;
  for (const entry of entries) {
    tar.set(header(entry, timeSeconds), at);
    if (entry.bytes !== undefined) tar.set(entry.bytes, at + BLOCK_BYTES);
    at += sizeOf(entry);
  }
  return tar;
}

function header({ path, bytes }: TarEntry, timeSeconds: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const name = new TextEncoder().encode(path);
  if (name.length > NAME_BYTES) {
    throw new RangeError(`Cannot write ${path} as old GNU tar: it has more than 100 bytes`);
  }
  block.set(name);
  setOctal(block, 100, 8, bytes === undefined ? 0o755 : 0o644);
  setOctal(block, 108, 8, 0);
  setOctal(block, 116, 8, 0);
  setOctal(block, 124, 12, bytes?.length ?? 0);
  setOctal(block, 136, 12, timeSeconds);
  block[156] = (bytes === undefined ? "5" : "0").charCodeAt(0);
  block.set(new TextEncoder().encode(OLD_GNU_MAGIC), 257);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  setOctal(block, 148, 7, sum); // the one field that a blank follows: it is still there
  return block;
}

/** Octal digits and a NUL fill a field. */
function setOctal(block: Uint8Array, offset: number, bytes: number, value: number): void {
  block.set(new TextEncoder().encode(value.toString(8).padStart(bytes - 1, "0") + "\0"), offset);
}

function paddedBytes(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
