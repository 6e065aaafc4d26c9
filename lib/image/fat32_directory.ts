/**
 * The entries of a FAT directory (Microsoft FAT specification 1.03, §6 and §7).
 *
 * @module
 */

import { type BytesField, structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import {
  ATTRIBUTE,
  DIRECTORY_ENTRY_BYTES,
  ENTRY_MARK,
  LAST_LONG_ENTRY,
  LONG_ENTRY,
  LOWER_CASE,
  SHORT_ENTRY,
} from "../disk/fat_format.ts";

/** What the entries of a directory say. */
export interface Directory {
  /** All but the label, `.` and `..`. */
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
  /** The long one, if there is one. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** 0 for an empty file. */
  readonly firstCluster: number;
  /** 0 for a directory. */
  readonly sizeBytes: number;
}

/** Reads the entries of a directory. */
export function parseDirectory(bytes: Uint8Array): Directory {
  const entries: DirectoryEntry[] = [];
  const links: number[] = [];
  const problems: string[] = [];
  let label: string | undefined;
  let longName = new LongName();
  for (let nth = 0; (nth + 1) * DIRECTORY_ENTRY_BYTES <= bytes.length; nth++) {
    const entry = structureAt(bytes, nth * DIRECTORY_ENTRY_BYTES, DIRECTORY_ENTRY_BYTES);
    const mark = SHORT_ENTRY.mark.get(entry);
    if (mark === ENTRY_MARK.end) break;
    if (mark === ENTRY_MARK.free) {
      longName = new LongName();
      continue;
    }
    const attributes = SHORT_ENTRY.attributes.get(entry);
    if ((attributes & ATTRIBUTE.longName) === ATTRIBUTE.longName) {
      if ((LONG_ENTRY.order.get(entry) & LAST_LONG_ENTRY) !== 0) longName = new LongName();
      longName.add(entry);
      continue;
    }
    const short = shortName(entry);
    const long = longName.finish(entry);
    if (longName.isStarted && long === undefined) {
      problems.push(`the long name of ${short} is damaged`);
    }
    longName = new LongName();
    const isDirectory = (attributes & ATTRIBUTE.directory) !== 0;
    const firstCluster = SHORT_ENTRY.firstClusterHigh.get(entry) * 0x10000 +
      SHORT_ENTRY.firstClusterLow.get(entry);
    const sizeBytes = SHORT_ENTRY.sizeBytes.get(entry);
    if ((attributes & ATTRIBUTE.volumeLabel) !== 0) {
      label ??= trimBlanks(decodeLatin1(SHORT_ENTRY.name.of(entry)));
    } else if (isDirectory && short === [".", ".."][nth]) {
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

  add(entry: DataView): void {
    const order = LONG_ENTRY.order.get(entry) & ~LAST_LONG_ENTRY;
    const checksum = LONG_ENTRY.checksum.get(entry);
    if (!this.isStarted) {
      this.isStarted = true;
      this.#expected = order;
      this.#checksum = checksum;
    }
    if (order !== this.#expected || checksum !== this.#checksum) this.#expected = -2;
    this.#expected--;
    const part = String.fromCharCode(...LONG_ENTRY.units.map((unit) => unit.get(entry)));
    this.#text = part.replace(/\0.*$/s, "") + this.#text;
  }

  /** The name, if it is complete and belongs to this short entry. */
  finish(short: DataView): string | undefined {
    if (!this.isStarted || this.#expected !== 0) return undefined;
    return this.#checksum === shortNameChecksum(short) ? this.#text : undefined;
  }
}

function shortName(entry: DataView): string {
  const text = (field: BytesField, lower: number) => {
    const part = trimBlanks(decodeLatin1(field.of(entry)));
    return (SHORT_ENTRY.lowerCase.get(entry) & lower) !== 0 ? part.toLowerCase() : part;
  };
  const base = text(SHORT_ENTRY.base, LOWER_CASE.base);
  const extension = text(SHORT_ENTRY.extension, LOWER_CASE.extension);
  return extension === "" ? base : `${base}.${extension}`;
}

/** JavaScript's own also trims the byte 0xA0. */
function trimBlanks(text: string): string {
  return text.replace(/ +$/, "");
}

/** §7.2: each byte is added to the sum rotated right. */
function shortNameChecksum(entry: DataView): number {
  return SHORT_ENTRY.name.of(entry).reduce(
    (sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff,
    0,
  );
}
