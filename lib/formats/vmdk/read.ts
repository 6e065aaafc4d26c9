/**
 * Reads VMDK images that consist of one file: see the tables in `write_stream.ts` and
 * `write_sparse.ts`. Besides our own, it takes those of qemu-img and of VMware's products.
 *
 * @module
 */

import { inflateSync } from "node:zlib";
import { DisjointParts, notImage, readPart, requireInside } from "../../blocks/damage.ts";
import type { Source } from "../../blocks/extent.ts";
import { decodeLatin1 } from "../../blocks/latin1.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import { compressedSource } from "../compressed_source.ts";
import { copyStored } from "../deflate/stored_zlib.ts";
import { ExtentList, type VirtualDisk, virtualDisk } from "../virtual_disk.ts";
import {
  COMPRESSION_DEFLATE,
  decodeGrainMarker,
  decodeHeader,
  ENTRIES_PER_TABLE,
  ENTRY_BYTES,
  FLAG_COMPRESSED,
  FLAG_MARKERS,
  FLAG_ZEROED_GRAINS,
  GD_AT_END,
  GRAIN_MARKER_BYTES,
  hasVmdkMagic,
  TABLE_SECTORS,
  type VmdkHeader,
} from "./format.ts";

const NEWEST_VERSION = 3;
/** "Hosted Sparse Extents", grainSize: a power of 2, more than 8 sectors; 2048 are 1 MiB. */
const MIN_GRAIN_SECTORS = 8;
const MAX_GRAIN_SECTORS = 2048;
/** The layouts that are one file, which carries its descriptor. */
const VARIANTS = ["streamOptimized", "monolithicSparse"];
const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
/** The footer lies before the marker that ends the stream. */
const FOOTER_FROM_END_BYTES = 2 * SECTOR_BYTES;
/** "Grain Directory and Grain Tables": with the flag, this entry means a grain of zeros. */
const ZEROED_GRAIN = 1;
/** What zlib adds to bytes that do not shrink, generously. */
const ZLIB_OVERHEAD_BYTES = 1024;

/** "The Descriptor File": how every product begins it. */
function isDescriptor(head: Uint8Array): boolean {
  return decodeLatin1(head.subarray(0, 21)) === "# Disk DescriptorFile";
}

/**
 * Opens a VMDK image.
 *
 * @throws {Failure} `not-image` if it is damaged, is one of several files, or needs a parent;
 * `truncated` or `io` from the file.
 */
export async function openVmdk(file: Source): Promise<VirtualDisk> {
  const header = await readHeader(file);
  const variant = await readVariant(file, header);
  const sizeBytes = header.capacity * SECTOR_BYTES;
  const grainBytes = header.grainSize * SECTOR_BYTES;
  const tableSpanBytes = ENTRIES_PER_TABLE * grainBytes;
  const isCompressed = (header.flags & FLAG_COMPRESSED) !== 0;

  const tables = new Map<number, Uint32Array>();
  const inflated = compressedSource(file, sizeBytes, {
    blockBytes: grainBytes,
    locate(grain) {
      const table = tables.get(Math.floor(grain / ENTRIES_PER_TABLE))!;
      const offsetBytes = table[grain % ENTRIES_PER_TABLE]! * SECTOR_BYTES;
      // How long it is, its marker will tell.
      const restBytes = Math.max(file.sizeBytes - offsetBytes, 0);
      const maxBytes = GRAIN_MARKER_BYTES + grainBytes + ZLIB_OVERHEAD_BYTES;
      return { offsetBytes, lengthBytes: Math.min(maxBytes, restBytes) };
    },
    inflate: (stored, grain, into) => inflateGrain(file, stored, grain * header.grainSize, into),
  });

  const extents = new ExtentList(sizeBytes);
  const used = new DisjointParts(file);
  const directory = await readEntries(
    file,
    "grain directory",
    Number(header.directoryOffset),
    Math.ceil(sizeBytes / tableSpanBytes),
  );
  for (const [index, tableSector] of directory.entries()) {
    if (tableSector === 0) continue;
    used.add(tableSector * SECTOR_BYTES, TABLE_SECTORS * SECTOR_BYTES);
    const table = await readEntries(file, "grain table", tableSector, ENTRIES_PER_TABLE);
    if (isCompressed) tables.set(index, table);
    for (const [i, sector] of table.entries()) {
      const offsetBytes = index * tableSpanBytes + i * grainBytes;
      const isZeroed = sector === ZEROED_GRAIN && (header.flags & FLAG_ZEROED_GRAINS) !== 0;
      if (sector === 0 || isZeroed || offsetBytes >= sizeBytes) continue;
      if (isCompressed) extents.add(offsetBytes, grainBytes, inflated, offsetBytes);
      else {
        const usedBytes = Math.min(grainBytes, sizeBytes - offsetBytes);
        requireInside(file, "data", sector * SECTOR_BYTES, usedBytes);
        used.add(sector * SECTOR_BYTES, usedBytes);
        extents.add(offsetBytes, grainBytes, file, sector * SECTOR_BYTES);
      }
    }
  }
  return virtualDisk({ format: "vmdk", variant, name: file.name }, extents.toMap());
}

/** The header, or the footer if the header leaves the grain directory's place to it. */
async function readHeader(file: Source): Promise<VmdkHeader> {
  const head = await readPart(file, "header", 0, Math.min(SECTOR_BYTES, file.sizeBytes));
  if (isDescriptor(head)) throw notImage(file, "it is a descriptor alone, its disk is elsewhere");
  if (!hasVmdkMagic(head) || head.length < SECTOR_BYTES) {
    throw notImage(file, "it has no VMDK header");
  }
  let header = decodeHeader(head);
  if (header.directoryOffset === GD_AT_END) {
    const offsetBytes = file.sizeBytes - FOOTER_FROM_END_BYTES;
    const footer = await readPart(file, "footer", offsetBytes, SECTOR_BYTES);
    if (!hasVmdkMagic(footer)) throw notImage(file, "it has no footer, so it is incomplete");
    header = decodeHeader(footer);
  }
  const { version, flags, capacity, grainSize } = header;
  if (version < 1 || version > NEWEST_VERSION) {
    throw notImage(file, `it is VMDK of version ${version}`);
  }
  if (!Number.isSafeInteger(capacity * SECTOR_BYTES)) {
    throw notImage(file, "its disk is impossibly large");
  }
  const isPowerOf2 = Number.isInteger(Math.log2(grainSize));
  if (!isPowerOf2 || grainSize < MIN_GRAIN_SECTORS || grainSize > MAX_GRAIN_SECTORS) {
    throw notImage(file, `its grains have ${grainSize} sectors`);
  }
  if (header.entriesPerTable !== ENTRIES_PER_TABLE) {
    throw notImage(file, `its grain tables have ${header.entriesPerTable} entries`);
  }
  if ((flags & FLAG_COMPRESSED) !== 0) {
    const isKnown = header.compressAlgorithm === COMPRESSION_DEFLATE &&
      (flags & FLAG_MARKERS) !== 0;
    if (!isKnown) throw notImage(file, "its grains are compressed in an unknown way");
  }
  return header;
}

/** What the descriptor says of the layout; it must need no other file. */
async function readVariant(file: Source, header: VmdkHeader): Promise<string> {
  const sizeBytes = header.descriptorSize * SECTOR_BYTES;
  if (!(sizeBytes <= MAX_DESCRIPTOR_BYTES)) throw notImage(file, "its descriptor is too long");
  const offsetBytes = header.descriptorOffset * SECTOR_BYTES;
  const bytes = await readPart(file, "descriptor", offsetBytes, sizeBytes);
  const text = new TextDecoder().decode(bytes);
  const variant = /^createType[ \t]*=[ \t]*"?([A-Za-z0-9]+)/m.exec(text)?.[1];
  if (variant === undefined) {
    throw notImage(file, "it has no descriptor in it, so it is one of several files");
  }
  if (!VARIANTS.includes(variant)) {
    throw notImage(file, `it is laid out as ${variant}, which is not one file`);
  }
  const parent = /^parentCID[ \t]*=[ \t]*([0-9a-f]+)/mi.exec(text)?.[1] ?? "ffffffff";
  if (parent.toLowerCase() !== "ffffffff") throw notImage(file, "it needs a parent");
  return variant;
}

async function readEntries(
  file: Source,
  what: string,
  sector: number,
  count: number,
): Promise<Uint32Array> {
  const bytes = await readPart(file, what, sector * SECTOR_BYTES, count * ENTRY_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(i * ENTRY_BYTES, true));
}

/** @returns How many bytes the grain has. */
function inflateGrain(file: Source, stored: Uint8Array, lba: number, into: Uint8Array): number {
  if (stored.length < GRAIN_MARKER_BYTES) throw notImage(file, "a grain is cut short");
  const marker = decodeGrainMarker(stored);
  if (marker.lba !== lba) {
    throw notImage(file, `the grain for LBA ${lba} says that it is for LBA ${marker.lba}`);
  }
  const stream = stored.subarray(GRAIN_MARKER_BYTES, GRAIN_MARKER_BYTES + marker.lengthBytes);
  const copiedBytes = copyStored(stream, into);
  if (copiedBytes !== null) return copiedBytes;
  const bytes = inflateSync(stream, { maxOutputLength: into.length, chunkSize: into.length });
  into.set(bytes);
  return bytes.length;
}
