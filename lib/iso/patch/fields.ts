/**
 * The system use fields of directory records (SUSP 1.12, RRIP 1.12), to be edited in place.
 *
 * @module
 */

import { structureAt } from "../../blocks/fields.ts";
import { decodeLatin1, encodeLatin1 } from "../../blocks/latin1.ts";
import {
  CE,
  CE_BYTES,
  NM_NAME_OFFSET_BYTES,
  SYSTEM_USE,
  SYSTEM_USE_HEADER_BYTES,
} from "../format.ts";

/** The fields of one area, up to the one that ends them (SUSP §5.4). */
export function areaFields(area: Uint8Array): Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let at = 0; at + SYSTEM_USE_HEADER_BYTES <= area.length;) {
    const lengthBytes = SYSTEM_USE.fieldBytes.get(structureAt(area, at));
    const field = area.subarray(at, at + lengthBytes);
    const isWhole = lengthBytes >= SYSTEM_USE_HEADER_BYTES && field.length === lengthBytes;
    if (!isWhole || signatureOf(field) === "ST") break;
    fields.push(field);
    at += lengthBytes;
  }
  return fields;
}

/** The two letters that a field begins with. */
export function signatureOf(field: Uint8Array): string {
  return decodeLatin1(SYSTEM_USE.signature.of(structureAt(field)));
}

/** Where the fields of an area go on, if they do. */
export function continuationOf(fields: readonly Uint8Array[]) {
  const field = fields.find((one) => signatureOf(one) === "CE" && one.length >= CE_BYTES);
  if (field === undefined) return undefined;
  const structure = structureAt(field);
  return {
    sector: CE.sector.get(structure),
    offsetBytes: CE.offsetBytes.get(structure),
    lengthBytes: CE.lengthBytes.get(structure),
  };
}

/** Makes an NM field. */
export function nameField(name: string): Uint8Array {
  const bytes = new Uint8Array(NM_NAME_OFFSET_BYTES + name.length);
  const field = structureAt(bytes);
  SYSTEM_USE.signature.of(field).set(encodeLatin1("NM"));
  SYSTEM_USE.fieldBytes.set(field, bytes.length);
  SYSTEM_USE.version.set(field, 1);
  bytes.set(encodeLatin1(name), NM_NAME_OFFSET_BYTES);
  return bytes;
}
