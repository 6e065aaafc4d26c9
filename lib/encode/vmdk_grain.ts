/**
 * One grain of a streamOptimized VMDK: a marker and a zlib stream, up to a whole sector ("Virtual
 * Disk Format 5.0", Stream-Optimized Compressed Sparse Extents).
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { roundUp } from "../disk/block_map.ts";
import { adler32 } from "./adler32.ts";
import { SECTOR_BYTES } from "./chunks.ts";
import { isCompressible } from "./entropy.ts";
import type { Gatherer } from "./gather.ts";
import { encodeGrainMarker, GRAIN_BYTES, GRAIN_MARKER_BYTES } from "./vmdk_format.ts";

/** zlib's default. */
const LEVEL = 6;
/** RFC 1950 §2.2: deflate with a window of 32 KiB, fastest algorithm. */
const ZLIB_HEADER = [0x78, 0x01];
const ZLIB_TRAILER_BYTES = 4;
/** RFC 1951 §3.2.4: LEN has 16 bits. */
const STORED_BYTES = 65_535;
const STORED_HEADER_BYTES = 5;
const MAX_STORED_GRAIN_BYTES = roundUp(
  GRAIN_MARKER_BYTES + ZLIB_HEADER.length + GRAIN_BYTES + ZLIB_TRAILER_BYTES +
    Math.ceil(GRAIN_BYTES / STORED_BYTES) * STORED_HEADER_BYTES,
  SECTOR_BYTES,
);

/**
 * Appends a grain.
 *
 * @param lba Where it begins on the disk.
 * @param isWorthTrying Whether it may shrink; if not, it is stored without a further look.
 */
export async function appendGrain(
  out: Gatherer,
  lba: number,
  grain: Uint8Array,
  isWorthTrying: boolean,
): Promise<void> {
  const deflated = isWorthTrying ? deflate(grain) : null;
  await out.makeRoom(MAX_STORED_GRAIN_BYTES);
  if (deflated === null) storeGrain(out, lba, grain);
  else putStream(out, lba, deflated);
}

/** The grain as a zlib stream, or `null` if it does not shrink. */
function deflate(grain: Uint8Array): Uint8Array | null {
  if (!isCompressible(grain)) return null;
  const deflated = deflateSync(grain, { level: LEVEL });
  return deflated.length < grain.length ? deflated : null;
}

function putStream(out: Gatherer, lba: number, stream: Uint8Array): void {
  const lengthBytes = GRAIN_MARKER_BYTES + stream.length;
  const piece = out.reserve(roundUp(lengthBytes, SECTOR_BYTES));
  encodeGrainMarker(piece, lba, stream.length);
  piece.set(stream, GRAIN_MARKER_BYTES);
  piece.fill(0, lengthBytes);
}

/** Appends a grain as a zlib stream of stored blocks, without copying it on the way. */
function storeGrain(out: Gatherer, lba: number, grain: Uint8Array): void {
  const blocks = Math.ceil(grain.length / STORED_BYTES);
  const streamBytes = ZLIB_HEADER.length + blocks * STORED_HEADER_BYTES + grain.length +
    ZLIB_TRAILER_BYTES;
  const lengthBytes = GRAIN_MARKER_BYTES + streamBytes;
  const piece = out.reserve(roundUp(lengthBytes, SECTOR_BYTES));
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
  encodeGrainMarker(piece, lba, streamBytes);
  piece.set(ZLIB_HEADER, GRAIN_MARKER_BYTES);
  let end = GRAIN_MARKER_BYTES + ZLIB_HEADER.length;
  for (let at = 0; at < grain.length; at += STORED_BYTES) {
    const blockBytes = Math.min(STORED_BYTES, grain.length - at);
    view.setUint8(end, at + blockBytes === grain.length ? 1 : 0); // BFINAL; BTYPE 00
    view.setUint16(end + 1, blockBytes, true);
    view.setUint16(end + 3, blockBytes ^ 0xffff, true);
    piece.set(grain.subarray(at, at + blockBytes), end + STORED_HEADER_BYTES);
    end += STORED_HEADER_BYTES + blockBytes;
  }
  view.setUint32(end, adler32(grain));
  piece.fill(0, lengthBytes);
}
