/**
 * Packs zip archives, for Windows: deflated, no zip64, one time stamp.
 *
 * | record                   | bytes | what is in it that is not 0                                    |
 * | ------------------------ | ----- | -------------------------------------------------------------- |
 * | local file header        | 30    | signature, version, UTF-8 flag, method, time, CRC, sizes, name |
 * | central directory header | 46    | the same, made by Unix, the mode, where the local header is    |
 * | end of central directory | 22    | signature, how many, how long, where                           |
 *
 * Source: PKWARE APPNOTE.TXT 6.3.10, §4.3.7, §4.3.12, §4.3.16.
 *
 * @module
 */

import { crc32, deflateRawSync } from "node:zlib";
import { inOrder, joined, type PackedFile } from "./packed_file.ts";

const VERSION = 20; // §4.4.3.2: deflate
const MADE_BY_UNIX = 3 << 8; // §4.4.2.2
const UTF8_NAMES = 1 << 11; // §4.4.4, bit 11
const DEFLATED = 8; // §4.4.5
const REGULAR_FILE = 0o100000;

/**
 * @param timeSeconds The time stamp of every entry, in seconds since 1970, told in UTC.
 * @throws {RangeError} if it does not fit into 4 GiB or the time is before 1980.
 */
export function packZip(
  files: readonly PackedFile[],
  timeSeconds: number,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { path, bytes, mode = 0o644 } of inOrder(files)) {
    const name = new TextEncoder().encode(path);
    const deflated = deflateRawSync(bytes);
    const common = new Uint8Array(26);
    const view = new DataView(common.buffer);
    view.setUint16(0, VERSION, true);
    view.setUint16(2, UTF8_NAMES, true);
    view.setUint16(4, DEFLATED, true);
    view.setUint32(6, dosTime(timeSeconds), true);
    view.setUint32(10, crc32(bytes), true);
    view.setUint32(14, deflated.length, true);
    view.setUint32(18, bytes.length, true);
    view.setUint16(22, name.length, true);
    const central = new Uint8Array(46);
    central.set([0x50, 0x4b, 1, 2]);
    central.set(common, 6);
    const centralView = new DataView(central.buffer);
    centralView.setUint16(4, MADE_BY_UNIX | VERSION, true);
    centralView.setUint32(38, (REGULAR_FILE | mode) * 0x10000, true);
    centralView.setUint32(42, at, true);
    directory.push(central, name);
    const local = [Uint8Array.of(0x50, 0x4b, 3, 4), common, name, deflated];
    parts.push(...local);
    at += local.reduce((sum, { length }) => sum + length, 0);
  }
  const central = joined(directory);
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  end.set([0x50, 0x4b, 5, 6]);
  view.setUint16(8, files.length, true);
  view.setUint16(10, files.length, true);
  view.setUint32(12, central.length, true);
  view.setUint32(16, at, true);
  if (at + central.length >= 2 ** 32) throw new RangeError("Cannot write zip: 4 GiB or more");
  return joined([...parts, central, end]);
}

/** §4.4.6: seconds by two, minutes, hours, day, month, years since 1980. */
function dosTime(timeSeconds: number): number {
  const date = new Date(timeSeconds * 1000);
  const year = date.getUTCFullYear() - 1980;
  if (year < 0) throw new RangeError("Cannot write zip: it knows no time before 1980");
  const day = year << 9 | (date.getUTCMonth() + 1) << 5 | date.getUTCDate();
  const time = date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1;
  return day * 0x10000 + time;
}
