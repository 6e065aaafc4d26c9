/**
 * The volume descriptors of an ISO 9660 image (ECMA-119 §8).
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import {
  DESCRIPTOR,
  DESCRIPTOR_TYPE,
  FIRST_DESCRIPTOR_SECTOR,
  SECTOR_BYTES,
  STANDARD_IDENTIFIER,
} from "./format.ts";

/** No real image has more; it bounds the search for the terminator. */
const MAX_DESCRIPTORS = 64;

/** A volume descriptor, and where it lies. */
export interface VolumeDescriptor {
  readonly sector: number;
  /** See {@linkcode DESCRIPTOR_TYPE}. */
  readonly type: number;
  /** As it stands. */
  readonly bytes: Uint8Array;
}

/** Reads the volume descriptors, in order, the terminator left out. */
export async function readDescriptors(source: Source): Promise<VolumeDescriptor[]> {
  const found: VolumeDescriptor[] = [];
  for (let i = 0; i < MAX_DESCRIPTORS; i++) {
    const sector = FIRST_DESCRIPTOR_SECTOR + i;
    const offsetBytes = sector * SECTOR_BYTES;
    if (offsetBytes + SECTOR_BYTES > source.sizeBytes) break;
    const bytes = await readBytes(source, offsetBytes, SECTOR_BYTES);
    const descriptor = structureAt(bytes);
    const identifier = decodeLatin1(DESCRIPTOR.standardIdentifier.of(descriptor));
    const type = DESCRIPTOR.type.get(descriptor);
    if (identifier !== STANDARD_IDENTIFIER || type === DESCRIPTOR_TYPE.terminator) break;
    found.push({ sector, type, bytes });
  }
  return found;
}

/** Joliet specification §3.1: UCS-2 levels 1 to 3 announce themselves by these escape sequences. */
export function isJoliet({ type, bytes }: VolumeDescriptor): boolean {
  const escape = decodeLatin1(DESCRIPTOR.escapeSequences.of(structureAt(bytes)).subarray(0, 3));
  return type === DESCRIPTOR_TYPE.supplementary && ["%/@", "%/C", "%/E"].includes(escape);
}
