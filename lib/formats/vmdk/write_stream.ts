/**
 * VMDK, streamOptimized: what OVF packages hold, vSphere imports and Glance takes ("Virtual Disk
 * Format 5.0", Stream-Optimized Compressed Sparse Extents).
 *
 * | sectors                | what                                                       |
 * | ---------------------- | ---------------------------------------------------------- |
 * | 0                      | header; it leaves the grain directory's place to the footer |
 * | 1–20                   | descriptor                                                 |
 * | 21–127                 | zeros, up to the overhead that the header names            |
 * | …                      | grains: marker with LBA and length, a zlib stream of 64 KiB |
 * | … after each 32 MiB    | marker, grain table; none for 32 MiB without data          |
 * | …                      | marker, grain directory                                    |
 * | last 3                 | marker, footer, end of stream                              |
 *
 * Nothing refers forward, so the image can go to a pipe. The format wants every grain as a zlib
 * stream: what does not shrink is stored in one, at nearly the speed of a copy.
 *
 * @module
 */

import { type BlockMap, runs } from "../../blocks/block_map.ts";
import { CHUNK_BYTES, requireWholeSectors } from "../../blocks/chunks.ts";
import { Gatherer } from "../../blocks/gather.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import { Adler32 } from "../deflate/adler32.ts";
import { type Deflater, inlineDeflater } from "../deflate/deflater.ts";
import { encodeDescriptor } from "./descriptor.ts";
import {
  COMPRESSION_DEFLATE,
  DESCRIPTOR_SECTORS,
  encodeHeader,
  encodeMarker,
  ENTRIES_PER_TABLE,
  ENTRY_BYTES,
  FLAG_COMPRESSED,
  FLAG_MARKERS,
  FLAG_NEWLINE_TEST,
  GD_AT_END,
  GRAIN_BYTES,
  GRAIN_SECTORS,
  MARKER,
  TABLE_SECTORS,
  TABLE_SPAN_BYTES,
  type VmdkHeader,
} from "./format.ts";
import { GrainWriter, MAX_GRAIN_BYTES } from "./grain.ts";

/** ESXi refuses to import streams of an older version ("sparse VMDK version too old"). */
const VERSION = 3;
/** Where the grains begin: as in what vSphere exports. */
const OVERHEAD_SECTORS = 128;
/** The file's sectors have numbers of 32 bits. */
export const MAX_FILE_SECTORS = 2 ** 32;

/** How often progress is told: asking the clock ten thousand times takes milliseconds. */
const PROGRESS_BYTES = 16 * GRAIN_BYTES;

/** What {@linkcode encodeVmdkStream} is given. */
export interface VmdkOptions extends EncodeOptions {
  /** Tells the contents of one image from those of another: the content ID derives from it. */
  readonly seed: Uint8Array;
  /** Deflates compressible blocks; without it, this thread does. */
  readonly deflater?: Deflater | undefined;
}

/**
 * Writes a disk as a streamOptimized VMDK.
 *
 * @throws {RangeError} if the disk's size is no multiple of 512, or its data have 2 TiB or more.
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeVmdkStream(
  map: BlockMap,
  sink: Sink,
  options: VmdkOptions,
): Promise<void> {
  requireWholeSectors(map);
  const adler = new Adler32(2 * CHUNK_BYTES);
  const out = new Gatherer(sink, CHUNK_BYTES, adler.arena);
  const header: VmdkHeader = {
    version: VERSION,
    flags: FLAG_NEWLINE_TEST | FLAG_COMPRESSED | FLAG_MARKERS,
    capacity: map.sizeBytes / SECTOR_BYTES,
    grainSize: GRAIN_SECTORS,
    descriptorOffset: 1,
    descriptorSize: DESCRIPTOR_SECTORS,
    entriesPerTable: ENTRIES_PER_TABLE,
    redundantDirectoryOffset: 0,
    directoryOffset: GD_AT_END,
    overhead: OVERHEAD_SECTORS,
    compressAlgorithm: COMPRESSION_DEFLATE,
  };
  await out.append(encodeHeader(header));
  await out.append(encodeDescriptor("streamOptimized", header.capacity, options.seed));
  await out.pad(OVERHEAD_SECTORS * SECTOR_BYTES);

  const tables = new GrainTables(map.sizeBytes);
  // No promise for each of ten thousand grains: few have to wait.
  const place = (at: number): void | Promise<void> => {
    if (tables.mustFinishBefore(at)) return tables.finish(out).then(() => place(at));
    const flushing = out.makeRoom(MAX_GRAIN_BYTES);
    if (flushing) return flushing.then(() => tables.set(at, sectorOf(out)));
    tables.set(at, sectorOf(out));
  };
  const { deflater = inlineDeflater() } = options;
  const grains = new GrainWriter(map, out, adler, { place }, deflater);
  for (const run of runs(map, GRAIN_BYTES)) {
    const endBytes = run.offsetBytes + run.lengthBytes;
    for (let at = run.offsetBytes; run.kind === "data" && at < endBytes; at += GRAIN_BYTES) {
      // The last grain ends with the disk.
      const appending = grains.append(at, Math.min(GRAIN_BYTES, endBytes - at));
      if (appending) await appending;
      if (at % PROGRESS_BYTES === 0) options.onProgress?.(at);
    }
  }
  await grains.finish();
  options.onProgress?.(map.sizeBytes);
  const directoryOffset = await tables.finishAll(out);

  await out.append(encodeMarker(MARKER.footer, 1));
  await out.append(encodeHeader({ ...header, directoryOffset: BigInt(directoryOffset) }));
  await out.append(encodeMarker(MARKER.endOfStream, 0));
  await out.finish();
}

/** The grain table that is being filled, and the directory of those before it. */
class GrainTables {
  readonly #directory: Uint32Array;
  readonly #table = new Uint32Array(ENTRIES_PER_TABLE);
  #index: number | null = null;

  constructor(sizeBytes: number) {
    this.#directory = new Uint32Array(Math.ceil(sizeBytes / TABLE_SPAN_BYTES));
  }

  /** Notes where a grain begins in the file. */
  set(offsetBytes: number, sector: number): void {
    this.#index = Math.floor(offsetBytes / TABLE_SPAN_BYTES);
    this.#table[offsetBytes % TABLE_SPAN_BYTES / GRAIN_BYTES] = sector;
  }

  /** Whether the grain at `offsetBytes` belongs to a later table. */
  mustFinishBefore(offsetBytes: number): boolean {
    return this.#index !== null && offsetBytes >= (this.#index + 1) * TABLE_SPAN_BYTES;
  }

  /** Writes the table, if it holds anything. */
  async finish(out: Gatherer): Promise<void> {
    if (this.#index === null) return;
    await out.append(encodeMarker(MARKER.grainTable, TABLE_SECTORS));
    this.#directory[this.#index] = sectorOf(out);
    await appendEntries(out, this.#table);
    this.#table.fill(0);
    this.#index = null;
  }

  /**
   * Writes the last table and the directory.
   *
   * @returns The directory's sector.
   */
  async finishAll(out: Gatherer): Promise<number> {
    await this.finish(out);
    const directoryBytes = this.#directory.length * ENTRY_BYTES;
    await out.append(
      encodeMarker(MARKER.grainDirectory, Math.ceil(directoryBytes / SECTOR_BYTES)),
    );
    const sector = sectorOf(out);
    await appendEntries(out, this.#directory);
    await out.pad(SECTOR_BYTES);
    return sector;
  }
}

/** Appends a table, or the directory, as long as that may be. */
async function appendEntries(out: Gatherer, entries: Uint32Array): Promise<void> {
  for (let start = 0; start < entries.length; start += ENTRIES_PER_TABLE) {
    const part = entries.subarray(start, start + ENTRIES_PER_TABLE);
    const bytes = new Uint8Array(part.length * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    part.forEach((entry, i) => view.setUint32(i * ENTRY_BYTES, entry, true));
    await out.append(bytes);
  }
}

function sectorOf(out: Gatherer): number {
  const sector = out.positionBytes / SECTOR_BYTES;
  if (sector >= MAX_FILE_SECTORS) throw new RangeError("Cannot write a VMDK of 2 TiB or more");
  return sector;
}
