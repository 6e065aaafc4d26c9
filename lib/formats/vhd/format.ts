/**
 * What the writer and the reader of VHD images both know. Numbers are big-endian; sections are those
 * of Microsoft's "Virtual Hard Disk Image Format Specification" 1.0.
 *
 * @module
 */

import { decodeLatin1 } from "../../blocks/latin1.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";

/** "Hard Disk Footer Format": one sector. */
export const FOOTER_BYTES = 512;
/** "Dynamic Disk Header Format". */
export const DYNAMIC_HEADER_BYTES = 1024;
/** "Dynamic Disk Header Format", Block Size: its default, which Hyper-V and Azure expect. */
export const BLOCK_BYTES = 2 * 1024 * 1024;
/** "Block Allocation Table and Data Blocks". */
export const BAT_ENTRY_BYTES = 4;
export const BAT_UNUSED = 0xffff_ffff;
/** "Hard Disk Footer Format", Data Offset of a fixed disk. All 64 bits, as Microsoft's tools write. */
const NO_OFFSET = 0xffff_ffff_ffff_ffffn;
/** The limit of Hyper-V, Azure and QEMU, 2,040 GiB: a BAT cannot name sectors beyond 2 TiB. */
export const MAX_DISK_BYTES = 2040 * 1024 ** 3;

/** "Hard Disk Footer Format", Disk Type. */
export const DISK_TYPE = { fixed: 2, dynamic: 3 } as const;

const FOOTER_COOKIE = "conectix";
const HEADER_COOKIE = "cxsparse";
const FORMAT_VERSION = 0x0001_0000;
/** "Hard Disk Footer Format", Features: the bit that is always set. */
const FEATURES_RESERVED = 2;
/**
 * "Hard Disk Footer Format", Creator Application. Virtual PC ("vpc ") takes the size from the
 * geometry, which few sizes fit; for Hyper-V ("win ") the field Current Size counts, and QEMU and
 * Azure take it at its word.
 */
const CREATOR_APPLICATION = "win ";
const CREATOR_VERSION = 0x000a_0000;
/** "Hard Disk Footer Format", Creator Host OS: Windows. */
const CREATOR_HOST = "Wi2k";
/** "Hard Disk Footer Format", Time Stamp: 2000-01-01T00:00:00Z, in seconds since 1970. */
const EPOCH_SECONDS = 946_684_800;

/** "Hard Disk Footer Format": where each field lies. */
const FOOTER = {
  cookie: 0,
  features: 8,
  formatVersion: 12,
  dataOffset: 16,
  timeStamp: 24,
  creatorApplication: 28,
  creatorVersion: 32,
  creatorHost: 36,
  originalSize: 40,
  currentSize: 48,
  cylinders: 56,
  heads: 58,
  sectorsPerTrack: 59,
  diskType: 60,
  checksum: 64,
  uniqueId: 68,
} as const;

/** "Dynamic Disk Header Format": where each field lies. */
const DYNAMIC_HEADER = {
  cookie: 0,
  dataOffset: 8,
  tableOffset: 16,
  headerVersion: 24,
  maxTableEntries: 28,
  blockSize: 32,
  checksum: 36,
} as const;

/** The fields of the footer. */
export interface VhdFooter {
  readonly diskType: number;
  readonly sizeBytes: number;
  /** Where the dynamic header lies; `null` on a fixed disk. */
  readonly headerOffsetBytes: number | null;
}

/** The fields of the dynamic header. */
export interface DynamicHeader {
  readonly tableOffsetBytes: number;
  readonly tableEntries: number;
  readonly blockBytes: number;
}

/** Cylinders, heads, sectors per track. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/**
 * A footer.
 *
 * @param uniqueId 16 bytes.
 * @param timeSeconds Since 1970; the format begins in 2000.
 */
export function encodeFooter(
  footer: VhdFooter,
  uniqueId: Uint8Array,
  timeSeconds: number,
): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  const geometry = chsGeometry(footer.sizeBytes / SECTOR_BYTES);
  const { headerOffsetBytes } = footer;
  setText(bytes, FOOTER.cookie, FOOTER_COOKIE);
  view.setUint32(FOOTER.features, FEATURES_RESERVED);
  view.setUint32(FOOTER.formatVersion, FORMAT_VERSION);
  view.setBigUint64(
    FOOTER.dataOffset,
    headerOffsetBytes === null ? NO_OFFSET : BigInt(headerOffsetBytes),
  );
  view.setUint32(FOOTER.timeStamp, Math.max(Math.floor(timeSeconds) - EPOCH_SECONDS, 0));
  setText(bytes, FOOTER.creatorApplication, CREATOR_APPLICATION);
  view.setUint32(FOOTER.creatorVersion, CREATOR_VERSION);
  setText(bytes, FOOTER.creatorHost, CREATOR_HOST);
  view.setBigUint64(FOOTER.originalSize, BigInt(footer.sizeBytes));
  view.setBigUint64(FOOTER.currentSize, BigInt(footer.sizeBytes));
  view.setUint16(FOOTER.cylinders, geometry.cylinders);
  view.setUint8(FOOTER.heads, geometry.heads);
  view.setUint8(FOOTER.sectorsPerTrack, geometry.sectorsPerTrack);
  view.setUint32(FOOTER.diskType, footer.diskType);
  bytes.set(uniqueId, FOOTER.uniqueId);
  view.setUint32(FOOTER.checksum, checksum(bytes)); // last, over everything else
  return bytes;
}

/** A dynamic header. */
export function encodeDynamicHeader(header: DynamicHeader): Uint8Array {
  const bytes = new Uint8Array(DYNAMIC_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  setText(bytes, DYNAMIC_HEADER.cookie, HEADER_COOKIE);
  view.setBigUint64(DYNAMIC_HEADER.dataOffset, NO_OFFSET);
  view.setBigUint64(DYNAMIC_HEADER.tableOffset, BigInt(header.tableOffsetBytes));
  view.setUint32(DYNAMIC_HEADER.headerVersion, FORMAT_VERSION);
  view.setUint32(DYNAMIC_HEADER.maxTableEntries, header.tableEntries);
  view.setUint32(DYNAMIC_HEADER.blockSize, header.blockBytes);
  view.setUint32(DYNAMIC_HEADER.checksum, checksum(bytes)); // last, over everything else
  return bytes;
}

/** Whether a sector begins like a footer. */
export function hasVhdCookie(sector: Uint8Array): boolean {
  return getText(sector, FOOTER.cookie, FOOTER_COOKIE.length) === FOOTER_COOKIE;
}

/**
 * Takes a footer apart.
 *
 * @returns Its fields, or what is wrong with it.
 */
export function decodeFooter(bytes: Uint8Array): VhdFooter | string {
  if (!hasVhdCookie(bytes)) return "it has no footer";
  const view = new DataView(bytes.buffer, bytes.byteOffset, FOOTER_BYTES);
  if (!isChecksumRight(bytes, FOOTER.checksum)) return "its footer's checksum is wrong";
  const headerOffset = view.getBigUint64(FOOTER.dataOffset);
  return {
    diskType: view.getUint32(FOOTER.diskType),
    sizeBytes: Number(view.getBigUint64(FOOTER.currentSize)),
    headerOffsetBytes: headerOffset === NO_OFFSET ? null : Number(headerOffset),
  };
}

/**
 * Takes a dynamic header apart.
 *
 * @returns Its fields, or what is wrong with it.
 */
export function decodeDynamicHeader(bytes: Uint8Array): DynamicHeader | string {
  const cookie = getText(bytes, DYNAMIC_HEADER.cookie, HEADER_COOKIE.length);
  if (cookie !== HEADER_COOKIE) return "it has no dynamic header";
  if (!isChecksumRight(bytes, DYNAMIC_HEADER.checksum)) return "its header's checksum is wrong";
  const view = new DataView(bytes.buffer, bytes.byteOffset, DYNAMIC_HEADER_BYTES);
  return {
    tableOffsetBytes: Number(view.getBigUint64(DYNAMIC_HEADER.tableOffset)),
    tableEntries: view.getUint32(DYNAMIC_HEADER.maxTableEntries),
    blockBytes: view.getUint32(DYNAMIC_HEADER.blockSize),
  };
}

/**
 * "Appendix: CHS Calculation": a geometry that covers a disk as far as it can.
 *
 * @param diskSectors Beyond 65535 × 16 × 255 the geometry stays what it is there.
 */
export function chsGeometry(diskSectors: number): Geometry {
  const maxCylinders = 65_535;
  const sectors = Math.min(diskSectors, maxCylinders * 16 * 255);
  const geometry = (heads: number, sectorsPerTrack: number) => {
    const cylinders = Math.floor(Math.floor(sectors / sectorsPerTrack) / heads);
    return { cylinders, heads, sectorsPerTrack };
  };
  if (sectors >= maxCylinders * 16 * 63) return geometry(16, 255);
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(Math.ceil(tracks / 1024), 4);
  if (heads <= 16 && tracks < heads * 1024) return geometry(heads, 17);
  if (Math.floor(sectors / 31) < 16 * 1024) return geometry(16, 31);
  return geometry(16, 63);
}

/** Checksum: the ones' complement of the sum of all bytes, with a zero in its own place. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return ~sum >>> 0;
}

function isChecksumRight(bytes: Uint8Array, at: number): boolean {
  const summed = bytes.slice();
  const view = new DataView(summed.buffer);
  const claimed = view.getUint32(at);
  view.setUint32(at, 0);
  return checksum(summed) === claimed;
}

function setText(bytes: Uint8Array, at: number, text: string): void {
  bytes.set(new TextEncoder().encode(text), at);
}

function getText(bytes: Uint8Array, at: number, length: number): string {
  return decodeLatin1(bytes.subarray(at, at + length));
}
