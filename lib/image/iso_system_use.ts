/**
 * The system use fields of a directory record, read for comparison (SUSP 1.12, RRIP 1.12).
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
  NM_NAME_OFFSET_BYTES,
  PL,
  PX,
  PX_BYTES,
  SECTOR_BYTES,
  SYSTEM_USE,
  SYSTEM_USE_HEADER_BYTES,
} from "../iso/format.ts";
import { damaged, type DirectoryRecord } from "../iso/records.ts";
import { rockRidgeSkipBytes } from "../iso/system_use.ts";

const MAX_CONTINUATIONS = 64;

/** The fields of a record, the sectors in them blanked. */
export interface MaskedFields {
  /** What the fields of the whole tree begin behind; without Rock Ridge, undefined. */
  readonly skipBytes: number | undefined;
  readonly fields: readonly Uint8Array[];
  /** The sectors that they continue in. */
  readonly areas: readonly number[];
}

/**
 * Reads the fields of a record, with zeros for the sectors in them, which a move changes.
 *
 * @param isFirst Whether it is the first record of a root, which tells of Rock Ridge.
 * @throws {Failure} `damaged-iso` if its continuations form a loop, `truncated` or `io`.
 */
export async function maskSystemUse(
  source: Source,
  record: DirectoryRecord,
  isFirst: boolean,
  skipBytes: number | undefined,
): Promise<MaskedFields> {
  if (isFirst) {
    const bytes = new Uint8Array(34 + record.systemUse.length);
    bytes.set(record.systemUse, 34);
    skipBytes = rockRidgeSkipBytes(bytes, bytes.length);
  }
  if (skipBytes === undefined) return { skipBytes, fields: [record.systemUse], areas: [] };
  const fields: Uint8Array[] = [record.systemUse.slice(0, skipBytes)];
  const areas: number[] = [];
  let area: Uint8Array | undefined = record.systemUse.slice(skipBytes);
  for (let i = 0; area !== undefined; i++) {
    if (i > MAX_CONTINUATIONS) throw damaged(source, "continuation areas form a loop");
    let next: { readonly at: number; readonly lengthBytes: number } | undefined;
    for (let at = 0; at + SYSTEM_USE_HEADER_BYTES <= area.length;) {
      const lengthBytes = SYSTEM_USE.fieldBytes.get(structureAt(area, at));
      const bytes: Uint8Array = area.subarray(at, at + lengthBytes);
      const field = structureAt(bytes);
      if (lengthBytes < SYSTEM_USE_HEADER_BYTES || bytes.length < lengthBytes) break;
      const signature = decodeLatin1(SYSTEM_USE.signature.of(field));
      if (signature === "ST") break;
      if (signature === "CE" && lengthBytes >= CE_BYTES) {
        next = {
          at: CE.sector.get(field) * SECTOR_BYTES + CE.offsetBytes.get(field),
          lengthBytes: CE.lengthBytes.get(field),
        };
        areas.push(CE.sector.get(field));
        CE.sector.set(field, 0);
      } else if (signature === "CL") CL.childSector.set(field, 0);
      else if (signature === "PL") PL.parentSector.set(field, 0);
      fields.push(bytes);
      at += lengthBytes;
    }
    area = next && await readBytes(source, next.at, Math.min(next.lengthBytes, SECTOR_BYTES));
  }
  return { skipBytes, fields, areas };
}

/** Copies fields with zeros for the serial number and the links of a file, which an edit changes. */
export function maskIdentity(fields: readonly Uint8Array[]): Uint8Array[] {
  return fields.map((field) => {
    const isPx = field.length >= PX_BYTES && decodeLatin1(field.subarray(0, 2)) === "PX";
    if (!isPx) return field;
    const copy = field.slice();
    PX.links.set(structureAt(copy), 0);
    PX.serial.set(structureAt(copy), 0);
    return copy;
  });
}

/** The name that Rock Ridge gives a file, if it does. */
export function rockRidgeName(fields: readonly Uint8Array[]): string | undefined {
  const parts = fields.filter((field) =>
    field.length > NM_NAME_OFFSET_BYTES && decodeLatin1(field.subarray(0, 2)) === "NM"
  );
  if (parts.length === 0) return undefined;
  return parts.map((field) => new TextDecoder().decode(field.subarray(NM_NAME_OFFSET_BYTES)))
    .join("");
}
