/**
 * The protective MBR of a GPT disk (UEFI 2.10 §5.2.3, tables 5-3 and 5-4).
 *
 * | offset | bytes | field                                                            |
 * | ------ | ----- | ---------------------------------------------------------------- |
 * | 0      | 446   | boot code and disk signature, zero                               |
 * | 446    | 16    | the one record                                                   |
 * | 462    | 48    | three records that are not used, zero                            |
 * | 510    | 2     | signature, AA55                                                  |
 *
 * | offset | bytes | field of a record                                                |
 * | ------ | ----- | ---------------------------------------------------------------- |
 * | 0      | 1     | boot indicator, 0                                                |
 * | 1      | 3     | CHS address of the first sector                                  |
 * | 4      | 1     | type                                                             |
 * | 5      | 3     | CHS address of the last sector                                   |
 * | 8      | 4     | first LBA                                                        |
 * | 12     | 4     | how many sectors                                                 |
 *
 * @module
 */

import { bytesField, structureAt, uint16, uint32, uint8 } from "../blocks/fields.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";

const MBR = {
  record: bytesField(446, 16),
  otherRecords: bytesField(462, 48),
  signature: uint16(510),
} as const;
const RECORD = {
  firstChs: bytesField(1, 3),
  type: uint8(4),
  lastChs: bytesField(5, 3),
  firstLba: uint32(8),
  sectors: uint32(12),
} as const;

const SIGNATURE = 0xaa55;
const GPT_PROTECTIVE = 0xee;
/** The CHS address of LBA 1: head 0, sector 2, cylinder 0. */
const CHS_OF_LBA_1 = [0x00, 0x02, 0x00];
/** What stands for a sector beyond those that CHS can address. */
const CHS_BEYOND = [0xff, 0xff, 0xff];
const MAX_SECTORS = 0xffffffff;

/** One record of type 0xEE that covers the disk. */
export function protectiveMbr(diskSectors: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const mbr = structureAt(bytes);
  const record = structureAt(MBR.record.of(mbr));
  RECORD.firstChs.of(record).set(CHS_OF_LBA_1);
  RECORD.type.set(record, GPT_PROTECTIVE);
  RECORD.lastChs.of(record).set(CHS_BEYOND);
  RECORD.firstLba.set(record, 1);
  RECORD.sectors.set(record, Math.min(diskSectors - 1, MAX_SECTORS));
  MBR.signature.set(mbr, SIGNATURE);
  return bytes;
}

/**
 * Whether a sector is a protective MBR with one record, from LBA 1 to the disk's end, and no other.
 *
 * @param lastLba The disk's.
 * @throws {RangeError} if it is less than a sector.
 */
export function isProtectiveMbr(sector: Uint8Array, lastLba: number): boolean {
  const mbr = structureAt(sector);
  const record = structureAt(MBR.record.of(mbr));
  return MBR.signature.get(mbr) === SIGNATURE && RECORD.type.get(record) === GPT_PROTECTIVE &&
    RECORD.firstLba.get(record) === 1 &&
    RECORD.sectors.get(record) === Math.min(lastLba, MAX_SECTORS) &&
    MBR.otherRecords.of(mbr).every((byte) => byte === 0);
}
