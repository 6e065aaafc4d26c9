/**
 * Deflate as gzip encoders need it: pieces of one stream that can be made apart from each other.
 *
 * @module
 */

import { constants, deflateRawSync } from "node:zlib";

/** zlib's default, and what `gzip -6` does. */
const LEVEL = 6;

/** Something that deflates, here or in other threads. */
export interface Deflater {
  /**
   * Deflates bytes as {@linkcode deflatePiece} does.
   *
   * @param bytes Are read before the call returns.
   */
  deflate(bytes: readonly Uint8Array[]): Uint8Array | Promise<Uint8Array>;
  /** How many calls may be waited for at a time without anything standing still. */
  readonly depth: number;
}

/**
 * Deflates bytes into blocks that end on a byte boundary and are not the last ones (RFC 1951
 * §3.2.3): what follows them begins a stream of its own.
 */
export function deflatePiece(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
}

/** Deflates at once, in this thread. */
export function inlineDeflater(): Deflater {
  let scratch = new Uint8Array(0);
  return {
    depth: 0,
    deflate(bytes) {
      const lengthBytes = bytes.reduce((sum, piece) => sum + piece.length, 0);
      if (scratch.length < lengthBytes) scratch = new Uint8Array(lengthBytes);
      return deflatePiece(gather(bytes, scratch));
    },
  };
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
