/**
 * Deflate by the runtime's zlib. A gzip encoder needs pieces of one stream that can be made apart from
 * each other.
 *
 * @module
 */

import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";

/** zlib's default, and what `gzip -6` does. */
export const LEVEL = 6;
/** Smaller buffers may share memory with others (`Buffer.poolSize`). */
const MIN_BUFFER_BYTES = 64 * 1024;

/**
 * Deflates bytes into blocks that end on a byte boundary and are not the last ones (RFC 1951
 * §3.2.3): what follows them begins a stream of its own.
 */
export function deflatePiece(bytes: Uint8Array): Uint8Array {
  const options = inOneBuffer(bytes, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
  const { buffer, byteOffset, length } = deflateRawSync(bytes, options);
  return new Uint8Array(buffer, byteOffset, length); // a Buffer's slice() would be no copy
}

/**
 * Options with which zlib puts what it makes of some bytes into one buffer, a tenth faster than into
 * many that are joined. It is to be given to {@linkcode release} after use.
 */
export function inOneBuffer(bytes: Uint8Array, options: ZlibOptions): ZlibOptions {
  return { ...options, chunkSize: Math.max(bytes.length, MIN_BUFFER_BYTES) };
}

/**
 * Frees the buffer of what was deflated. Without it, dozens of megabytes gather in each thread before
 * they are collected.
 */
export function release(deflated: Uint8Array): void {
  (deflated.buffer as ArrayBuffer).transfer(0);
}

/** What was deflated, or `null` if it is longer than pays; its buffer is freed then. */
export function upTo(maxBytes: number, deflated: Uint8Array): Uint8Array | null {
  if (deflated.length <= maxBytes) return deflated;
  release(deflated);
  return null;
}

/** How many bytes some pieces have together. */
export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** Copies pieces behind each other to the beginning of a buffer. */
export function gather(pieces: readonly Uint8Array[], into: Uint8Array): Uint8Array {
  let at = 0;
  for (const piece of pieces) {
    into.set(piece, at);
    at += piece.length;
  }
  return into.subarray(0, at);
}
