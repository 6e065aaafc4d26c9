/**
 * VMDK, monolithicSparse: what VMware Workstation and Fusion use in place ("Virtual Disk Format
 * 5.0", Hosted Sparse Extents).
 *
 * | sectors  | what                                                                        |
 * | -------- | --------------------------------------------------------------------------- |
 * | 0        | header                                                                      |
 * | 1–20     | descriptor                                                                  |
 * | 21 …     | redundant grain directory, then its grain tables of 4 sectors for each 32 MiB |
 * | …        | grain directory, then its grain tables                                      |
 * | …        | zeros, up to a whole grain: the overhead that the header names              |
 * | …        | grains with data in the order of the disk                                   |
 *
 * @module
 */

import { type BlockMap, roundUp } from "../../blocks/block_map.ts";
import { chunks, requireWholeSectors } from "../../blocks/chunks.ts";
import { Gatherer } from "../../blocks/gather.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import type { Sink } from "../../blocks/sink.ts";
import { WriteBehind } from "../../blocks/write_behind.ts";
import { mappedTables } from "../mapped_tables.ts";
import { encodeDescriptor } from "./descriptor.ts";
import {
  COMPRESSION_NONE,
  DESCRIPTOR_SECTORS,
  encodeHeader,
  ENTRIES_PER_TABLE,
  ENTRY_BYTES,
  FLAG_NEWLINE_TEST,
  FLAG_REDUNDANT_TABLES,
  GRAIN_BYTES,
  GRAIN_SECTORS,
  TABLE_SECTORS,
  TABLE_SPAN_BYTES,
} from "./format.ts";
import { MAX_FILE_SECTORS, type VmdkOptions } from "./write_stream.ts";

const VERSION = 1;

/**
 * Writes a disk as a monolithicSparse VMDK.
 *
 * @throws {RangeError} if the disk's size is no multiple of 512, or its data have 2 TiB or more.
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeVmdkSparse(
  map: BlockMap,
  sink: Sink,
  options: VmdkOptions,
): Promise<void> {
  requireWholeSectors(map);
  const tables = Math.ceil(map.sizeBytes / TABLE_SPAN_BYTES);
  const directorySectors = Math.ceil(tables * ENTRY_BYTES / SECTOR_BYTES);
  const redundantDirectoryOffset = 1 + DESCRIPTOR_SECTORS;
  const directoryOffset = redundantDirectoryOffset + directorySectors + tables * TABLE_SECTORS;
  const overhead = roundUp(
    directoryOffset + directorySectors + tables * TABLE_SECTORS,
    GRAIN_SECTORS,
  );

  const out = new Gatherer(sink);
  const capacity = map.sizeBytes / SECTOR_BYTES;
  await out.append(encodeHeader({
    version: VERSION,
    flags: FLAG_NEWLINE_TEST | FLAG_REDUNDANT_TABLES,
    capacity,
    grainSize: GRAIN_SECTORS,
    descriptorOffset: 1,
    descriptorSize: DESCRIPTOR_SECTORS,
    entriesPerTable: ENTRIES_PER_TABLE,
    redundantDirectoryOffset,
    directoryOffset: BigInt(directoryOffset),
    overhead,
    compressAlgorithm: COMPRESSION_NONE,
  }));
  await out.append(encodeDescriptor("monolithicSparse", capacity, options.seed));
  for (const directory of [redundantDirectoryOffset, directoryOffset]) {
    await appendDirectory(out, directory + directorySectors, tables);
    await appendTables(out, map, tables, overhead);
  }
  await out.pad(GRAIN_BYTES);
  await out.finish();

  const grains = new WriteBehind(sink);
  for await (const chunk of chunks(map, GRAIN_BYTES)) {
    if (chunk.bytes !== null) await grains.write(chunk.bytes);
    options.onProgress?.(chunk.offsetBytes + chunk.lengthBytes);
  }
  await grains.finish();
}

/** The tables lie one behind the other. */
async function appendDirectory(out: Gatherer, sector: number, tables: number): Promise<void> {
  for (let i = 0; i < tables; i++) {
    const entry = new Uint32Array([sector + i * TABLE_SECTORS]);
    await out.append(new Uint8Array(entry.buffer));
  }
  await out.pad(SECTOR_BYTES);
}

/** The format wants every table, also where nothing is mapped. */
async function appendTables(
  out: Gatherer,
  map: BlockMap,
  tables: number,
  firstGrainSector: number,
): Promise<void> {
  const mapped = mappedTables(map, GRAIN_BYTES, ENTRIES_PER_TABLE);
  let next = mapped.next();
  let sector = firstGrainSector;
  for (let index = 0; index < tables; index++) {
    const entries = new Uint32Array(ENTRIES_PER_TABLE);
    if (!next.done && next.value.index === index) {
      for (const entry of next.value.mapped) {
        if (sector >= MAX_FILE_SECTORS) {
          throw new RangeError("Cannot write a VMDK of 2 TiB or more");
        }
        entries[entry] = sector;
        sector += GRAIN_SECTORS;
      }
      next = mapped.next();
    }
    await out.append(new Uint8Array(entries.buffer));
  }
}
