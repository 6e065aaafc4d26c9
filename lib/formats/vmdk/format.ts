/**
 * What the writers and the reader of VMDK images both know. Numbers are little-endian; sections are
 * those of VMware's "Virtual Disk Format 5.0".
 *
 * @module
 */

import { SECTOR_BYTES } from "../../blocks/sector.ts";

/** "Hosted Sparse Extent Header", magicNumber: `KDMV` in the file. */
export const VMDK_MAGIC = 0x564d444b;
/** "Hosted Sparse Extents", grainSize: what every product of VMware's uses. */
export const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR_BYTES;
/** "Grain Directory and Grain Tables", numGTEsPerGT: always 512. */
export const ENTRIES_PER_TABLE = 512;
/** "Grain Directory and Grain Tables": an entry is the number of a sector of the file. */
export const ENTRY_BYTES = 4;
export const TABLE_SECTORS = ENTRIES_PER_TABLE * ENTRY_BYTES / SECTOR_BYTES;
/** What one grain table maps: 32 MiB. */
export const TABLE_SPAN_BYTES = ENTRIES_PER_TABLE * GRAIN_BYTES;
/** Room for the embedded descriptor, as VMware's products leave it. */
export const DESCRIPTOR_SECTORS = 20;
/** "Hosted Sparse Extent Header", GD_AT_END: the footer says where the grain directory is. */
export const GD_AT_END = 0xffff_ffff_ffff_ffffn;

/** "Hosted Sparse Extent Header": where each field lies. */
const HEADER = {
  magic: 0,
  version: 4,
  flags: 8,
  capacity: 12,
  grainSize: 20,
  descriptorOffset: 28,
  descriptorSize: 36,
  entriesPerTable: 44,
  redundantDirectoryOffset: 48,
  directoryOffset: 56,
  overhead: 64,
  newlineTest: 73,
  compressAlgorithm: 77,
} as const;

/** "Hosted Sparse Extent Header", flags. */
export const FLAG_NEWLINE_TEST = 1 << 0;
export const FLAG_REDUNDANT_TABLES = 1 << 1;
export const FLAG_ZEROED_GRAINS = 1 << 2;
export const FLAG_COMPRESSED = 1 << 16;
export const FLAG_MARKERS = 1 << 17;

/** "Hosted Sparse Extent Header", compressAlgorithm. */
export const COMPRESSION_NONE = 0;
export const COMPRESSION_DEFLATE = 1;

/** "Hosted Sparse Extent Header": bytes that a transfer as text would spoil. */
const NEWLINE_TEST = new TextEncoder().encode("\n \r\n");

/** "Stream-Optimized Compressed Sparse Extents": types of markers. */
export const MARKER = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;
/** "Markers": where each field lies. A grain's data follow the first two at once. */
const MARKER_FIELDS = { value: 0, size: 8, type: 12 } as const;
export const GRAIN_MARKER_BYTES = MARKER_FIELDS.type;

/** The fields of the header; places and sizes are counted in sectors. */
export interface VmdkHeader {
  readonly version: number;
  readonly flags: number;
  readonly capacity: number;
  readonly grainSize: number;
  readonly descriptorOffset: number;
  readonly descriptorSize: number;
  readonly entriesPerTable: number;
  readonly redundantDirectoryOffset: number;
  /** {@linkcode GD_AT_END} or a sector. */
  readonly directoryOffset: bigint;
  readonly overhead: number;
  readonly compressAlgorithm: number;
}

/** A header, or a footer: one sector. */
export function encodeHeader(header: VmdkHeader): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  const set64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  view.setUint32(HEADER.magic, VMDK_MAGIC, true);
  view.setUint32(HEADER.version, header.version, true);
  view.setUint32(HEADER.flags, header.flags, true);
  set64(HEADER.capacity, header.capacity);
  set64(HEADER.grainSize, header.grainSize);
  set64(HEADER.descriptorOffset, header.descriptorOffset);
  set64(HEADER.descriptorSize, header.descriptorSize);
  view.setUint32(HEADER.entriesPerTable, header.entriesPerTable, true);
  set64(HEADER.redundantDirectoryOffset, header.redundantDirectoryOffset);
  view.setBigUint64(HEADER.directoryOffset, header.directoryOffset, true);
  set64(HEADER.overhead, header.overhead);
  bytes.set(NEWLINE_TEST, HEADER.newlineTest);
  view.setUint16(HEADER.compressAlgorithm, header.compressAlgorithm, true);
  return bytes;
}

/** Whether a file begins like a sparse VMDK extent. */
export function hasVmdkMagic(head: Uint8Array): boolean {
  return head.length >= 4 && dataView(head).getUint32(HEADER.magic, true) === VMDK_MAGIC;
}

/** Takes a header or a footer apart. */
export function decodeHeader(bytes: Uint8Array): VmdkHeader {
  const view = dataView(bytes);
  const get64 = (at: number) => Number(view.getBigUint64(at, true));
  return {
    version: view.getUint32(HEADER.version, true),
    flags: view.getUint32(HEADER.flags, true),
    capacity: get64(HEADER.capacity),
    grainSize: get64(HEADER.grainSize),
    descriptorOffset: get64(HEADER.descriptorOffset),
    descriptorSize: get64(HEADER.descriptorSize),
    entriesPerTable: view.getUint32(HEADER.entriesPerTable, true),
    redundantDirectoryOffset: get64(HEADER.redundantDirectoryOffset),
    directoryOffset: view.getBigUint64(HEADER.directoryOffset, true),
    overhead: get64(HEADER.overhead),
    compressAlgorithm: view.getUint16(HEADER.compressAlgorithm, true),
  };
}

/** A marker of one sector, followed by `sectors` of what it announces. */
export function encodeMarker(type: number, sectors: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(MARKER_FIELDS.value, BigInt(sectors), true);
  view.setUint32(MARKER_FIELDS.type, type, true);
  return bytes;
}

/** Writes the marker that begins a grain. */
export function encodeGrainMarker(into: Uint8Array, lba: number, lengthBytes: number): void {
  const view = dataView(into);
  view.setBigUint64(MARKER_FIELDS.value, BigInt(lba), true);
  view.setUint32(MARKER_FIELDS.size, lengthBytes, true);
}

/** Takes the marker that begins a grain apart. */
export function decodeGrainMarker(bytes: Uint8Array): { lba: number; lengthBytes: number } {
  const view = dataView(bytes);
  return {
    lba: Number(view.getBigUint64(MARKER_FIELDS.value, true)),
    lengthBytes: view.getUint32(MARKER_FIELDS.size, true),
  };
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
