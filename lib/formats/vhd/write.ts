/**
 * VHD: the disk of Hyper-V and Azure (Microsoft's "Virtual Hard Disk Image Format Specification" 1.0).
 *
 * Fixed, the only one that Azure takes:
 *
 * | bytes      | what                                     |
 * | ---------- | ---------------------------------------- |
 * | 0          | the disk as it is                        |
 * | last 512   | footer                                   |
 *
 * Dynamic:
 *
 * | bytes      | what                                                                      |
 * | ---------- | ------------------------------------------------------------------------- |
 * | 0–511      | copy of the footer                                                        |
 * | 512–1535   | dynamic header                                                            |
 * | 1536 …     | block allocation table: the sector of each block's bitmap; up to a sector |
 * | …          | blocks with data: a sector of bitmap, all bits set, and 2 MiB             |
 * | last 512   | footer                                                                    |
 *
 * The table is known from the block map, so both can go to a pipe.
 *
 * @module
 */

import { type BlockMap, readBlocks, roundUp } from "../../blocks/block_map.ts";
import { pieces, requireWholeSectors } from "../../blocks/chunks.ts";
import { deriveGuid } from "../../blocks/guid.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import { WriteBehind } from "../../blocks/write_behind.ts";
import { mappedTables } from "../mapped_tables.ts";
import { encodeRaw } from "../raw/write.ts";
import {
  BAT_ENTRY_BYTES,
  BLOCK_BYTES,
  DISK_TYPE,
  DYNAMIC_HEADER_BYTES,
  encodeDynamicHeader,
  encodeFooter,
  FOOTER_BYTES,
  MAX_DISK_BYTES,
} from "./format.ts";

/** "Block Allocation Table and Data Blocks": one bit for each sector of 2 MiB, set for data. */
const BITMAP_BYTES = BLOCK_BYTES / SECTOR_BYTES / 8;
const BITMAP_SECTORS = BITMAP_BYTES / SECTOR_BYTES;
const TABLE_OFFSET_BYTES = FOOTER_BYTES + DYNAMIC_HEADER_BYTES;

/** What the encoders of VHD images are given. */
export interface VhdOptions extends EncodeOptions {
  /** The image's unique ID derives from it. */
  readonly seed: Uint8Array;
  /** When the image counts as made, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Writes a disk as a fixed VHD.
 *
 * @throws {RangeError} if the disk's size is no multiple of 512 or above 2,040 GiB.
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeVhdFixed(
  map: BlockMap,
  sink: Sink,
  options: VhdOptions,
): Promise<void> {
  requireVhdSize(map);
  await encodeRaw(map, sink, options);
  const footer = {
    diskType: DISK_TYPE.fixed,
    sizeBytes: map.sizeBytes,
    headerOffsetBytes: null,
  };
  await sink.write(encodeFooter(footer, uniqueId(options), options.timeSeconds));
}

/**
 * Writes a disk as a dynamic VHD.
 *
 * @throws {RangeError} if the disk's size is no multiple of 512 or above 2,040 GiB.
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeVhdDynamic(
  map: BlockMap,
  sink: Sink,
  options: VhdOptions,
): Promise<void> {
  requireVhdSize(map);
  const footer = encodeFooter(
    {
      diskType: DISK_TYPE.dynamic,
      sizeBytes: map.sizeBytes,
      headerOffsetBytes: FOOTER_BYTES,
    },
    uniqueId(options),
    options.timeSeconds,
  );
  const tableEntries = Math.ceil(map.sizeBytes / BLOCK_BYTES);
  await sink.write(footer);
  await sink.write(encodeDynamicHeader({
    tableOffsetBytes: TABLE_OFFSET_BYTES,
    tableEntries,
    blockBytes: BLOCK_BYTES,
  }));
  await sink.write(blockAllocationTable(map, tableEntries));
  const out = new WriteBehind(sink);
  // A bitmap is written with its block: each write is a way to another thread and back.
  let [block, other] = [emptyBlock(), emptyBlock()];
  for (const { kind, offsetBytes, lengthBytes } of pieces(map, BLOCK_BYTES, BLOCK_BYTES)) {
    if (kind === "data") {
      [block, other] = [other, block];
      await readBlocks(map, block.subarray(BITMAP_BYTES), offsetBytes);
      await out.write(block);
    }
    options.onProgress?.(offsetBytes + lengthBytes);
  }
  await out.write(footer);
  await out.finish();
}

/** A bitmap, and room for the block that it speaks of. */
function emptyBlock(): Uint8Array {
  return new Uint8Array(BITMAP_BYTES + BLOCK_BYTES).fill(0xff, 0, BITMAP_BYTES);
}

function blockAllocationTable(map: BlockMap, tableEntries: number): Uint8Array {
  const table = new Uint8Array(roundUp(tableEntries * BAT_ENTRY_BYTES, SECTOR_BYTES)).fill(0xff);
  const view = new DataView(table.buffer);
  let sector = (TABLE_OFFSET_BYTES + table.length) / SECTOR_BYTES;
  for (const { mapped } of mappedTables(map, BLOCK_BYTES, tableEntries)) {
    for (const block of mapped) {
      view.setUint32(block * BAT_ENTRY_BYTES, sector);
      sector += BITMAP_SECTORS + BLOCK_BYTES / SECTOR_BYTES;
    }
  }
  return table;
}

function requireVhdSize(map: BlockMap): void {
  requireWholeSectors(map);
  if (map.sizeBytes > MAX_DISK_BYTES) {
    throw new RangeError(`Cannot write a VHD of ${map.sizeBytes} bytes, more than 2,040 GiB`);
  }
}

function uniqueId(options: VhdOptions): Uint8Array {
  return deriveGuid(options.seed, "vhd");
}
