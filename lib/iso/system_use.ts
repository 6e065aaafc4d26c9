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
import { structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import {
  CE,
  CE_BYTES,
  CL,
  CL_BYTES,
  MIN_RECORD_BYTES,
  NM,
  NM_FLAG,
  NM_NAME_OFFSET_BYTES,
  SECTOR_BYTES,
  SP,
  SP_BYTES,
  SP_CHECK_BYTES,
  SYSTEM_USE,
  SYSTEM_USE_HEADER_BYTES,
} from "./format.ts";
import { damaged } from "./records.ts";

/** What Rock Ridge says about a directory record. */
export interface SystemUse {
  /** From its NM fields. */
  name?: string;
  /** The sector of a directory that was moved to satisfy ISO 9660's depth limit. */
  childSector?: number;
  /** This is such a directory in the place it was moved to: not to be listed here. */
  isRelocated?: boolean;
  isSymbolicLink?: boolean;
  /** Whether its bytes are zisofs', which Linux alone unpacks. */
  isCompressed?: boolean;
}

/** SUSP §5.1 sets no limit on continuation areas; this one ends cycles. */
const MAX_CONTINUATIONS = 64;
/** What CD-ROM XA puts before the system use fields. */
const XA_BYTES = 14;

/**
 * Looks for the SP field in the root directory's first record.
 *
 * @param recordBytes The length of that record.
 * @returns How many bytes of each system use area to skip, or undefined if there is no Rock Ridge.
 */
export function rockRidgeSkipBytes(root: Uint8Array, recordBytes: number): number | undefined {
  // The record of "." has a one-byte name, and its system use area begins behind that.
  const area = root.subarray(MIN_RECORD_BYTES, recordBytes);
  for (const at of [0, XA_BYTES]) { // SUSP §5.3
    if (at + SP_BYTES > area.length) break;
    const sp = structureAt(area, at, SP_BYTES);
    const isSp = decodeLatin1(SP.signature.of(sp)) === "SP" &&
      SP.checkBytes.of(sp).every((byte, i) => byte === SP_CHECK_BYTES[i]);
    if (isSp) return SP.skipBytes.get(sp);
  }
  return undefined;
}

/**
 * Reads the fields of one directory record.
 *
 * @param area The bytes behind the record's name.
 * @param skipBytes What {@linkcode rockRidgeSkipBytes} returned.
 * @throws {Failure} `damaged-iso` if the continuation areas form a loop or lie outside the image,
 * `io` from the source.
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
  for (let at = 0; at + SYSTEM_USE_HEADER_BYTES <= area.length;) {
    const field = structureAt(area, at);
    const signature = decodeLatin1(SYSTEM_USE.signature.of(field));
    const fieldBytes = SYSTEM_USE.fieldBytes.get(field);
    if (fieldBytes < SYSTEM_USE_HEADER_BYTES || fieldBytes > field.byteLength) break;
    if (signature === "ST") break;
    if (signature === "NM") {
      const flags = fieldBytes < NM_NAME_OFFSET_BYTES ? 0 : NM.flags.get(field);
      const isSpecial = (flags & (NM_FLAG.current | NM_FLAG.parent)) !== 0;
      if (!isSpecial) nameParts.push(area.slice(at + NM_NAME_OFFSET_BYTES, at + fieldBytes));
    } else if (signature === "SL") {
      use.isSymbolicLink = true;
    } else if (signature === "ZF") {
      use.isCompressed = true;
    } else if (signature === "RE") {
      use.isRelocated = true;
    } else if (signature === "CL" && fieldBytes >= CL_BYTES) {
      use.childSector = CL.childSector.get(field);
    } else if (signature === "CE" && fieldBytes >= CE_BYTES) {
      continuation = {
        offsetBytes: CE.sector.get(field) * SECTOR_BYTES + CE.offsetBytes.get(field),
        lengthBytes: CE.lengthBytes.get(field),
      };
    }
    at += fieldBytes;
  }
  return continuation;
}
