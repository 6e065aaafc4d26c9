/**
 * One grain of a streamOptimized VMDK: a marker and a zlib stream, up to a whole sector ("Virtual
 * Disk Format 5.0", Stream-Optimized Compressed Sparse Extents).
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { type BlockMap, readBlocks, roundUp } from "../../blocks/block_map.ts";
import type { Gatherer } from "../../blocks/gather.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import type { Adler32 } from "../deflate/adler32.ts";
import { inOneBuffer, release, upTo } from "../deflate/deflate.ts";
import { isCompressible } from "../deflate/entropy.ts";
import { putStoredHeader, STORED_BYTES, STORED_HEADER_BYTES } from "../deflate/stored_block.ts";
import { encodeGrainMarker, GRAIN_BYTES, GRAIN_MARKER_BYTES } from "./format.ts";

/** zlib's default. */
const LEVEL = 6;
/** RFC 1950 §2.2: deflate with a window of 32 KiB, fastest algorithm. */
const ZLIB_HEADER = [0x78, 0x01];
const ZLIB_TRAILER_BYTES = 4;
/** Where the bytes of a stored grain begin. */
const STORED_AT = GRAIN_MARKER_BYTES + ZLIB_HEADER.length + STORED_HEADER_BYTES;
/** Of so many grains one is looked at; the others only while what came before them shrank. */
const GRAINS_FOR_LOOK = 8;

/** The most that a grain takes in the file: stored, in two blocks. */
export const MAX_GRAIN_BYTES = roundUp(
  STORED_AT + GRAIN_BYTES + STORED_HEADER_BYTES + ZLIB_TRAILER_BYTES,
  SECTOR_BYTES,
);

/** Writes the grains of a disk. */
export class GrainWriter {
  readonly #map: BlockMap;
  readonly #out: Gatherer;
  readonly #adler: Adler32;
  #written = 0;
  #hasShrunk = false;

  /** @param adler Its arena is where `out` has its pieces. */
  constructor(map: BlockMap, out: Gatherer, adler: Adler32) {
    this.#map = map;
    this.#out = out;
    this.#adler = adler;
  }

  /**
   * Reads a grain right to where it goes as it is, and deflates it if that pays. There must be room
   * for {@linkcode MAX_GRAIN_BYTES}.
   *
   * @param lengthBytes Less than {@linkcode GRAIN_BYTES} at the end of the disk only.
   * @throws {Failure} `truncated` or `io` from the disk's sources.
   * @throws {RangeError} if there is no room.
   */
  async append(offsetBytes: number, lengthBytes: number): Promise<void> {
    const piece = this.#out.reserve(MAX_GRAIN_BYTES);
    const grain = piece.subarray(STORED_AT, STORED_AT + lengthBytes);
    const reading = readBlocks(this.#map, grain, offsetBytes);
    if (reading) await reading;
    const isWorthTrying = this.#hasShrunk || this.#written % GRAINS_FOR_LOOK === 0;
    const deflated = isWorthTrying ? deflate(grain) : null;
    const streamBytes = deflated === null
      ? store(piece, lengthBytes, this.#adler.of(grain))
      : deflated.length;
    if (deflated !== null) {
      piece.set(deflated, GRAIN_MARKER_BYTES);
      release(deflated);
    }
    encodeGrainMarker(piece, offsetBytes / SECTOR_BYTES, streamBytes);
    const usedBytes = GRAIN_MARKER_BYTES + streamBytes;
    const keptBytes = roundUp(usedBytes, SECTOR_BYTES);
    piece.fill(0, usedBytes, keptBytes);
    this.#out.release(MAX_GRAIN_BYTES - keptBytes);
    this.#hasShrunk = deflated !== null;
    this.#written++;
  }
}

/** The grain as a zlib stream, or `null` if it does not shrink. */
function deflate(grain: Uint8Array): Uint8Array | null {
  if (!isCompressible(grain)) return null;
  return upTo(grain.length - 1, deflateSync(grain, inOneBuffer(grain, { level: LEVEL })));
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
