/**
 * The entries of a FAT directory (Microsoft FAT specification 1.03, §6 and §7).
 *
 * | bytes | short entry (§6)        | long entry (§7)                    |
 * | ----- | ----------------------- | ---------------------------------- |
 * | 0     | name, 8 + 3             | order; 0x40 marks the last         |
 * | 11    | attributes              | 0x0F                               |
 * | 12    | which parts are in lower case | type, zero                   |
 * | 13    |                         | checksum of the short name         |
 * | 20    | first cluster, high     | name units 1–5, 6–11, 12–13 at 1, 14, 28 |
 * | 26    | first cluster, low      |                                    |
 * | 28    | size                    |                                    |
 *
 * @module
 */

import { decodeLatin1 } from "../blocks/latin1.ts";

const ENTRY_BYTES = 32;
const FREE = 0xe5;
const END = 0x00;
const ATTRIBUTE = { volumeLabel: 0x08, directory: 0x10, longName: 0x0f } as const;
const LAST_LONG_ENTRY = 0x40;
/** Where a long entry keeps its 13 UTF-16 units: offset and count. */
const LONG_UNITS = [[1, 5], [14, 6], [28, 2]] as const;
/** As Windows NT and FatFs store names that are lower case throughout, in byte 12. */
const LOWER_BASE = 0x08;
const LOWER_EXTENSION = 0x10;

/** What the entries of a directory say. */
export interface Directory {
  readonly entries: readonly DirectoryEntry[];
  /** The first clusters that `.` and `..` name, if they are the first two entries. */
  readonly links: readonly number[];
  /** The label, which stands in the root alone. */
  readonly label: string | undefined;
  /** What is wrong with any of it, one clause each. */
  readonly problems: readonly string[];
}

/** A file or directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly firstCluster: number;
  readonly sizeBytes: number;
}

/** Reads the entries of a directory. */
export function parseDirectory(bytes: Uint8Array): Directory {
  const entries: DirectoryEntry[] = [];
  const links: number[] = [];
  const problems: string[] = [];
  let label: string | undefined;
  let longName = new LongName();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length && bytes[at] !== END; at += ENTRY_BYTES) {
    const entry = bytes.subarray(at, at + ENTRY_BYTES);
    if (entry[0] === FREE) {
      longName = new LongName();
      continue;
    }
    if ((entry[11]! & ATTRIBUTE.longName) === ATTRIBUTE.longName) {
      if ((entry[0]! & LAST_LONG_ENTRY) !== 0) longName = new LongName();
      longName.add(entry);
      continue;
    }
    const short = shortName(entry);
    const long = longName.finish(entry);
    if (longName.isStarted && long === undefined) {
      problems.push(`the long name of ${short} is damaged`);
    }
    longName = new LongName();
    const view = new DataView(entry.buffer, entry.byteOffset, ENTRY_BYTES);
    const isDirectory = (entry[11]! & ATTRIBUTE.directory) !== 0;
    const firstCluster = view.getUint16(20, true) * 0x10000 + view.getUint16(26, true);
    const sizeBytes = view.getUint32(28, true);
    if ((entry[11]! & ATTRIBUTE.volumeLabel) !== 0) {
      label ??= trimBlanks(decodeLatin1(entry.subarray(0, 11)));
    } else if (isDirectory && short === [".", ".."][at / ENTRY_BYTES]) {
      links.push(firstCluster);
    } else {
      // §6: the size of a directory is what its chain holds.
      if (isDirectory && sizeBytes !== 0) problems.push(`the directory ${short} has a size`);
      entries.push({ name: long ?? short, isDirectory, firstCluster, sizeBytes });
    }
  }
  return { entries, links, label, problems };
}

/** Collects the entries of one long name, which come last part first. */
class LongName {
  isStarted = false;
  #expected = -1;
  #checksum = 0;
  #text = "";

  add(entry: Uint8Array): void {
    const order = entry[0]! & ~LAST_LONG_ENTRY;
    if (!this.isStarted) {
      this.isStarted = true;
      this.#expected = order;
      this.#checksum = entry[13]!;
    }
    if (order !== this.#expected || entry[13] !== this.#checksum) this.#expected = -2;
    this.#expected--;
    const view = new DataView(entry.buffer, entry.byteOffset, ENTRY_BYTES);
    let part = "";
    for (const [offset, count] of LONG_UNITS) {
      for (let i = 0; i < count; i++) {
        part += String.fromCharCode(view.getUint16(offset + i * 2, true));
      }
    }
    this.#text = part.replace(/\0.*$/s, "") + this.#text;
  }

  /** The name, if it is complete and belongs to this short entry. */
  finish(short: Uint8Array): string | undefined {
    if (!this.isStarted || this.#expected !== 0) return undefined;
    return this.#checksum === shortNameChecksum(short) ? this.#text : undefined;
  }
}

function shortName(entry: Uint8Array): string {
  const text = (from: number, to: number, lower: number) => {
    const part = trimBlanks(decodeLatin1(entry.subarray(from, to)));
    return (entry[12]! & lower) !== 0 ? part.toLowerCase() : part;
  };
  const base = text(0, 8, LOWER_BASE);
  const extension = text(8, 11, LOWER_EXTENSION);
  return extension === "" ? base : `${base}.${extension}`;
}

/** JavaScript's own also trims the byte 0xA0. */
function trimBlanks(text: string): string {
  return text.replace(/ +$/, "");
}

/** §7.2: each byte is added to the sum rotated right. */
function shortNameChecksum(entry: Uint8Array): number {
  return entry.subarray(0, 11).reduce(
    (sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff,
    0,
  );
}
