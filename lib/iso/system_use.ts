/**
 * The system use fields behind a directory record (SUSP 1.12), as far as Rock Ridge (RRIP 1.12)
 * uses them for names and for directories that were moved.
 *
 * | field | what it carries                                              | where        |
 * | ----- | ------------------------------------------------------------ | ------------ |
 * | SP    | the image has system use fields, and how many bytes to skip  | SUSP §5.3    |
 * | CE    | more fields in another place                                 | SUSP §5.1    |
 * | ST    | no more fields                                               | SUSP §5.4    |
 * | NM    | a part of the name                                           | RRIP §4.1.4  |
 * | SL    | a symbolic link                                              | RRIP §4.1.3  |
 * | CL    | stands for a directory that lies elsewhere                   | RRIP §4.1.5.1|
 * | RE    | the directory that lies elsewhere, reached by its CL         | RRIP §4.1.5.3|
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";

/** What Rock Ridge says about a directory record. */
export interface SystemUse {
  name?: string;
  /** The sector of a directory that was moved to satisfy ISO 9660's depth limit. */
  childSector?: number;
  /** This is such a directory in the place it was moved to: not to be listed here. */
  isRelocated?: boolean;
  isSymbolicLink?: boolean;
}

/** SUSP §5.1 sets no limit on continuation areas; this one ends cycles. */
const MAX_CONTINUATIONS = 64;
/** What CD-ROM XA puts before the system use fields. */
const XA_BYTES = 14;
/** Name flags, RRIP §4.1.4: this directory and its parent. */
const NAME_IS_SPECIAL = 0x06;

/**
 * Looks for the SP field in the root directory's first record.
 *
 * @param recordBytes The length of that record.
 * @returns How many bytes of each system use area to skip, or undefined if there is no Rock Ridge.
 */
export function rockRidgeSkipBytes(root: Uint8Array, recordBytes: number): number | undefined {
  // The record of "." has a one-byte name, so its system use area begins at byte 34.
  const area = root.subarray(34, recordBytes);
  for (const at of [0, XA_BYTES]) { // SUSP §5.3
    const sp = area.subarray(at, at + 7);
    if (sp.length === 7 && sp[0] === 0x53 && sp[1] === 0x50 && sp[4] === 0xbe && sp[5] === 0xef) {
      return sp[6];
    }
  }
  return undefined;
}

/**
 * Reads the fields of one directory record.
 *
 * @param area The bytes behind the record's name.
 * @param skipBytes What {@linkcode rockRidgeSkipBytes} returned.
 * @throws {Failure} `damaged-iso` if the continuation areas form a loop or lie outside the image.
 */
export async function readSystemUse(
  source: Source,
  area: Uint8Array,
  skipBytes: number,
): Promise<SystemUse> {
  const use: SystemUse = {};
  const nameParts: Uint8Array[] = [];
  let fields = area.subarray(skipBytes);
  for (let continuations = 0;; continuations++) {
    if (continuations > MAX_CONTINUATIONS) throw damaged(source, "continuation areas form a loop");
    const next = readFields(fields, use, nameParts);
    if (next === undefined) break;
    if (next.offsetBytes + next.lengthBytes > source.sizeBytes || next.lengthBytes > 0x10000) {
      throw damaged(source, "a continuation area reaches past the end of the image");
    }
    fields = await readBytes(source, next.offsetBytes, next.lengthBytes);
  }
  if (nameParts.length > 0) {
    const bytes = new Uint8Array(nameParts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of nameParts) {
      bytes.set(part, at);
      at += part.length;
    }
    use.name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
  return use;
}

/** Reads one area; returns where it continues, if it does. */
function readFields(area: Uint8Array, use: SystemUse, nameParts: Uint8Array[]) {
  let continuation: { offsetBytes: number; lengthBytes: number } | undefined;
  const view = new DataView(area.buffer, area.byteOffset, area.length);
  for (let at = 0; at + 4 <= area.length;) {
    const signature = String.fromCharCode(area[at]!, area[at + 1]!);
    const lengthBytes = area[at + 2]!;
    if (lengthBytes < 4 || at + lengthBytes > area.length || signature === "ST") break;
    if (signature === "NM" && (area[at + 4]! & NAME_IS_SPECIAL) === 0) {
      nameParts.push(area.slice(at + 5, at + lengthBytes));
    } else if (signature === "SL") {
      use.isSymbolicLink = true;
    } else if (signature === "RE") {
      use.isRelocated = true;
    } else if (signature === "CL" && lengthBytes >= 12) {
      use.childSector = view.getUint32(at + 4, true);
    } else if (signature === "CE" && lengthBytes >= 28) {
      continuation = {
        offsetBytes: view.getUint32(at + 4, true) * 2048 + view.getUint32(at + 12, true),
        lengthBytes: view.getUint32(at + 20, true),
      };
    }
    at += lengthBytes;
  }
  return continuation;
}

function damaged(source: Source, what: string): Failure {
  return new Failure("damaged-iso", source.name, what, "the ISO is damaged, download it again");
}
