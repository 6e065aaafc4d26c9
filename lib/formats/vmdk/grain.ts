/**
 * One grain of a streamOptimized VMDK: a marker and a zlib stream, up to a whole sector ("Virtual
 * Disk Format 5.0", Stream-Optimized Compressed Sparse Extents).
 *
 * @module
 */

import { type BlockMap, readBlocks, roundUp } from "../../blocks/block_map.ts";
import type { Gatherer } from "../../blocks/gather.ts";
import { later } from "../../blocks/later.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import type { Adler32 } from "../deflate/adler32.ts";
import type { Deflater } from "../deflate/deflater.ts";
import { isCompressible } from "../deflate/entropy.ts";
import { putStoredHeader, STORED_BYTES, STORED_HEADER_BYTES } from "../deflate/stored_block.ts";
import type { DeflatedUnits, UnitStyle } from "../deflate/units.ts";
import { encodeGrainMarker, GRAIN_BYTES, GRAIN_MARKER_BYTES } from "./format.ts";

/** What does not shrink is stored. */
const STYLE: UnitStyle = { isZlib: true, windowBits: 15, minSavedBytes: 1 };
const NONE: DeflatedUnits = { streams: [], release() {} };
/** How much is deflated at a time: 512 KiB. Twice as much is no faster. */
const BATCH_GRAINS = 8;
/** RFC 1950 §2.2: deflate with a window of 32 KiB, fastest algorithm. */
const ZLIB_HEADER = [0x78, 0x01];
const ZLIB_TRAILER_BYTES = 4;
/** Where the bytes of a stored grain begin. */
const STORED_AT = GRAIN_MARKER_BYTES + ZLIB_HEADER.length + STORED_HEADER_BYTES;
/** Of so many grains one is looked at. */
const GRAINS_FOR_LOOK = 8;

/** The most that a grain takes in the file: stored, in two blocks. */
export const MAX_GRAIN_BYTES = roundUp(
  STORED_AT + GRAIN_BYTES + STORED_HEADER_BYTES + ZLIB_TRAILER_BYTES,
  SECTOR_BYTES,
);

/** Where grains go. */
export interface GrainPlaces {
  /** Makes room for a grain of {@linkcode MAX_GRAIN_BYTES}, and notes where it begins. */
  place(offsetBytes: number): void | Promise<void>;
}

/** A grain that waits for its turn. */
interface Grain {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
  /** Whether it is to be deflated, if that pays. */
  readonly isWorthTrying: boolean;
}

/** Grains that are deflated together, and the answer. */
interface Batch {
  readonly grains: readonly Grain[];
  readonly deflated: DeflatedUnits | Promise<DeflatedUnits>;
  readonly buffer: Uint8Array;
}

/**
 * Writes the grains of a disk, in order: while some are deflated, those behind them are read. As long
 * as nothing shrinks they are read right to where they go.
 */
export class GrainWriter {
  readonly #map: BlockMap;
  readonly #out: Gatherer;
  readonly #adler: Adler32;
  readonly #places: GrainPlaces;
  readonly #deflater: Deflater;
  readonly #pending: Batch[] = [];
  readonly #free: Uint8Array[] = [];
  #grains: Grain[] = [];
  #buffer: Uint8Array | undefined;
  #seen = 0;
  #looksCompressible = false;

  /** @param adler Its arena is where `out` has its pieces. */
  constructor(
    map: BlockMap,
    out: Gatherer,
    adler: Adler32,
    places: GrainPlaces,
    deflater: Deflater,
  ) {
    this.#map = map;
    this.#out = out;
    this.#adler = adler;
    this.#places = places;
    this.#deflater = deflater;
  }

  /**
   * Reads a grain and writes it, as it is or deflated if that pays, as soon as all before it are
   * written.
   *
   * @param lengthBytes Less than {@linkcode GRAIN_BYTES} at the end of the disk only.
   * @returns A promise only if something has to be waited for.
   * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
   */
  append(offsetBytes: number, lengthBytes: number): void | Promise<void> {
    if (this.#buffer !== undefined || this.#pending.length > 0) {
      return this.#appendLater(offsetBytes, lengthBytes);
    }
    const placing = this.#places.place(offsetBytes);
    if (placing) return placing.then(() => this.#appendPlaced(offsetBytes, lengthBytes));
    return this.#appendPlaced(offsetBytes, lengthBytes);
  }

  /** Reads a grain to where it goes, unless it should be deflated. */
  #appendPlaced(offsetBytes: number, lengthBytes: number): void | Promise<void> {
    const piece = this.#out.reserve(MAX_GRAIN_BYTES);
    const grain = piece.subarray(STORED_AT, STORED_AT + lengthBytes);
    const complete = () => {
      if (this.#isWorthTrying(grain)) {
        this.#out.release(MAX_GRAIN_BYTES);
        const copy = this.#slot(lengthBytes);
        copy.set(grain);
        this.#grains.push({ offsetBytes, bytes: copy, isWorthTrying: true });
      } else {
        this.#complete(piece, offsetBytes, store(piece, lengthBytes, this.#adler.of(grain)));
      }
    };
    const reading = readBlocks(this.#map, grain, offsetBytes);
    return reading ? reading.then(complete) : complete();
  }

  /** Reads a grain that has to wait for those before it. */
  async #appendLater(offsetBytes: number, lengthBytes: number): Promise<void> {
    const bytes = this.#slot(lengthBytes);
    const reading = readBlocks(this.#map, bytes, offsetBytes);
    if (reading) await reading;
    this.#grains.push({ offsetBytes, bytes, isWorthTrying: this.#isWorthTrying(bytes) });
    if (this.#grains.length === BATCH_GRAINS) await this.#deflate();
  }

  /**
   * Writes what is left.
   *
   * @throws {Failure} `io` from the sink.
   */
  async finish(): Promise<void> {
    if (this.#grains.length > 0) await this.#deflate();
    while (this.#pending.length > 0) await this.#write(this.#pending.shift()!);
  }

  /** Looks at one grain of some; at the others only while those before them look compressible. */
  #isWorthTrying(grain: Uint8Array): boolean {
    const isLookedAt = this.#looksCompressible || this.#seen % GRAINS_FOR_LOOK === 0;
    this.#seen++;
    this.#looksCompressible = isLookedAt && isCompressible(grain);
    return this.#looksCompressible;
  }

  /** Memory for the next grain of the batch. */
  #slot(lengthBytes: number): Uint8Array {
    this.#buffer ??= this.#free.pop() ?? new Uint8Array(BATCH_GRAINS * GRAIN_BYTES);
    const at = this.#grains.length * GRAIN_BYTES;
    return this.#buffer.subarray(at, at + lengthBytes);
  }

  /** Has the batch deflated, and writes those before it that need not be waited for. */
  async #deflate(): Promise<void> {
    const grains = this.#grains;
    const units = grains.filter((grain) => grain.isWorthTrying).map((grain) => grain.bytes);
    const deflated = units.length === 0 ? NONE : this.#deflater.deflateUnits(units, STYLE);
    this.#pending.push({
      grains,
      deflated: deflated instanceof Promise ? later(deflated) : deflated,
      buffer: this.#buffer!,
    });
    this.#grains = [];
    this.#buffer = undefined;
    const isWaiting = this.#pending.some((batch) => batch.deflated instanceof Promise);
    const mayWait = isWaiting ? this.#deflater.depth : 0;
    while (this.#pending.length > mayWait) await this.#write(this.#pending.shift()!);
  }

  async #write({ grains, deflated, buffer }: Batch): Promise<void> {
    const { streams, release } = deflated instanceof Promise ? await deflated : deflated;
    let tried = 0;
    for (const { offsetBytes, bytes, isWorthTrying } of grains) {
      const placing = this.#places.place(offsetBytes);
      if (placing) await placing;
      const piece = this.#out.reserve(MAX_GRAIN_BYTES);
      const stream = isWorthTrying ? streams[tried++] : null;
      if (stream) {
        piece.set(stream, GRAIN_MARKER_BYTES);
        this.#complete(piece, offsetBytes, stream.length);
      } else {
        const grain = piece.subarray(STORED_AT, STORED_AT + bytes.length);
        grain.set(bytes);
        this.#complete(piece, offsetBytes, store(piece, bytes.length, this.#adler.of(grain)));
      }
    }
    release();
    this.#free.push(buffer);
  }

  /** Writes what is around a stream, and gives back what it did not take. */
  #complete(piece: Uint8Array, offsetBytes: number, streamBytes: number): void {
    encodeGrainMarker(piece, offsetBytes / SECTOR_BYTES, streamBytes);
    const usedBytes = GRAIN_MARKER_BYTES + streamBytes;
    const keptBytes = roundUp(usedBytes, SECTOR_BYTES);
    piece.fill(0, usedBytes, keptBytes);
    this.#out.release(MAX_GRAIN_BYTES - keptBytes);
  }
}

/**
 * Completes the zlib stream around a grain that lies at {@linkcode STORED_AT}. Its last byte is one
 * more than fits into a stored block, and moves into one of its own.
 *
 * @param checksum The grain's Adler-32.
 * @returns The length of the stream.
 */
function store(piece: Uint8Array, lengthBytes: number, checksum: number): number {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
  piece.set(ZLIB_HEADER, GRAIN_MARKER_BYTES);
  const firstBytes = Math.min(lengthBytes, STORED_BYTES);
  const restBytes = lengthBytes - firstBytes;
  putStoredHeader(view, STORED_AT - STORED_HEADER_BYTES, firstBytes, restBytes === 0);
  let end = STORED_AT + firstBytes;
  if (restBytes > 0) {
    piece.copyWithin(end + STORED_HEADER_BYTES, end, end + restBytes);
    putStoredHeader(view, end, restBytes, true);
    end += STORED_HEADER_BYTES + restBytes;
  }
  view.setUint32(end, checksum);
  return end + ZLIB_TRAILER_BYTES - GRAIN_MARKER_BYTES;
}
