/**
 * Reads VHD images, fixed and dynamic: see the tables in `write.ts`.
 *
 * @module
 */

import { blockMap } from "../../blocks/block_map.ts";
import { DisjointParts, notImage, readPart, requireInside } from "../../blocks/damage.ts";
import type { Source } from "../../blocks/extent.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import {
  BAT_ENTRY_BYTES,
  BAT_UNUSED,
  decodeDynamicHeader,
  decodeFooter,
  DISK_TYPE,
  DYNAMIC_HEADER_BYTES,
  type DynamicHeader,
  FOOTER_BYTES,
  hasVhdCookie,
  MAX_DISK_BYTES,
  type VhdFooter,
} from "./format.ts";
import { ExtentList, type VirtualDisk, virtualDisk } from "../virtual_disk.ts";

/** "Dynamic Disk Header Format", Block Size: a power of 2; 2 MiB is the default. */
const MIN_BLOCK_BYTES = 4096;
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;

/**
 * Whether a file ends like a VHD. A fixed one begins like the disk that it holds, so this is asked
 * before the file is taken for a raw image.
 *
 * @throws {Failure} `truncated` or `io` from the file.
 */
export async function isVhd(file: Source): Promise<boolean> {
  if (file.sizeBytes < FOOTER_BYTES) return false;
  return hasVhdCookie(await readFooter(file));
}

/**
 * Opens a VHD image.
 *
 * @throws {Failure} `not-image` if it is damaged or needs a parent, `truncated` or `io` from the
 * file.
 */
export async function openVhd(file: Source): Promise<VirtualDisk> {
  const footer = decodeFooter(await readFooter(file));
  if (typeof footer === "string") throw notImage(file, footer);
  const { diskType, sizeBytes } = footer;
  if (sizeBytes > MAX_DISK_BYTES || sizeBytes % SECTOR_BYTES !== 0) {
    throw notImage(file, `its disk has ${sizeBytes} bytes, which no VHD can have`);
  }
  if (diskType === DISK_TYPE.fixed) {
    requireInside(file, "data", 0, sizeBytes + FOOTER_BYTES);
    const all = { offsetBytes: 0, lengthBytes: sizeBytes, source: file, sourceOffsetBytes: 0 };
    const map = blockMap(sizeBytes, [all]);
    return virtualDisk({ format: "vhd", variant: "fixed", name: file.name }, map);
  }
  if (diskType !== DISK_TYPE.dynamic) {
    throw notImage(file, `its disk is of type ${diskType}: neither fixed nor dynamic`);
  }
  return await openDynamic(file, footer);
}

async function readFooter(file: Source): Promise<Uint8Array> {
  return await readPart(file, "footer", file.sizeBytes - FOOTER_BYTES, FOOTER_BYTES);
}

async function openDynamic(file: Source, footer: VhdFooter): Promise<VirtualDisk> {
  const { sizeBytes } = footer;
  const header = await readDynamicHeader(file, footer);
  const { blockBytes } = header;
  const bitmapBytes = Math.ceil(blockBytes / SECTOR_BYTES / 8 / SECTOR_BYTES) * SECTOR_BYTES;
  const blocks = Math.ceil(sizeBytes / blockBytes);
  const table = await readPart(
    file,
    "block allocation table",
    header.tableOffsetBytes,
    blocks * BAT_ENTRY_BYTES,
  );
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const extents = new ExtentList(sizeBytes);
  const used = new DisjointParts(file);
  for (let block = 0; block < blocks; block++) {
    const sector = view.getUint32(block * BAT_ENTRY_BYTES);
    if (sector === BAT_UNUSED) continue;
    const offsetBytes = sector * SECTOR_BYTES;
    const usedBytes = bitmapBytes + Math.min(blockBytes, sizeBytes - block * blockBytes);
    requireInside(file, "data", offsetBytes, usedBytes);
    used.add(offsetBytes, usedBytes);
    const bitmap = await readPart(file, "bitmap", offsetBytes, bitmapBytes);
    for (const run of setRuns(bitmap, blockBytes / SECTOR_BYTES)) {
      const atBytes = run.first * SECTOR_BYTES;
      extents.add(
        block * blockBytes + atBytes,
        run.count * SECTOR_BYTES,
        file,
        offsetBytes + bitmapBytes + atBytes,
      );
    }
  }
  return virtualDisk({ format: "vhd", variant: "dynamic", name: file.name }, extents.toMap());
}

async function readDynamicHeader(file: Source, footer: VhdFooter): Promise<DynamicHeader> {
  const offsetBytes = footer.headerOffsetBytes ?? NaN;
  const bytes = await readPart(file, "dynamic header", offsetBytes, DYNAMIC_HEADER_BYTES);
  const header = decodeDynamicHeader(bytes);
  if (typeof header === "string") throw notImage(file, header);
  const { blockBytes, tableEntries } = header;
  const isPowerOf2 = Number.isInteger(Math.log2(blockBytes));
  if (!isPowerOf2 || blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_BLOCK_BYTES) {
    throw notImage(file, `its blocks have ${blockBytes} bytes`);
  }
  if (tableEntries < Math.ceil(footer.sizeBytes / blockBytes)) {
    throw notImage(file, "its block allocation table is too short");
  }
  return header;
}

/**
 * "Block Allocation Table and Data Blocks": runs of sectors that hold data. The highest bit of a
 * byte stands for its first sector.
 */
function* setRuns(
  bitmap: Uint8Array,
  sectors: number,
): Generator<{ first: number; count: number }> {
  const isSet = (sector: number) => (bitmap[sector >> 3]! & (0x80 >> (sector & 7))) !== 0;
  let first = 0;
  while (first < sectors) {
    if (!isSet(first)) {
      first++;
      continue;
    }
    let end = first + 1;
    while (end < sectors && isSet(end)) end++;
    yield { first, count: end - first };
    first = end;
  }
}
