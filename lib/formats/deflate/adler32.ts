/**
 * The checksum that ends a zlib stream (RFC 1950 §8.2).
 *
 * @module
 */

import {
  BLOCK_BYTES,
  type ByteSummer,
  byteSummer,
  PIECE_BYTES,
} from "../../../wasm/adler32_simd.ts";

/** RFC 1950 §8.2: the largest prime below 2^16. */
const BASE = 65_521;

/**
 * Computes Adler-32.
 *
 * Measured on 64 KiB: 6 GB/s, and half as much again in the arena, against 1 GB/s byte by byte,
 * 2.9 GB/s four bytes at a time, and 0.6 GB/s through `deflateSync` without compression.
 */
export class Adler32 {
  /** Memory whose bytes need not be copied to be summed. */
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly #summer: ByteSummer | null;

  constructor(arenaBytes: number) {
    this.#summer = byteSummer(arenaBytes);
    this.arena = this.#summer?.arena ?? new Uint8Array(arenaBytes);
  }

  /** The Adler-32 of some bytes, in the arena or elsewhere. */
  of(bytes: Uint8Array): number {
    let a = 1;
    let b = 0;
    let at = 0;
    const blocksEnd = this.#summer === null ? 0 : bytes.length - bytes.length % BLOCK_BYTES;
    while (this.#summer !== null && at < blocksEnd) {
      const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, blocksEnd));
      const { plain, weighted } = this.#summer.sum(piece);
      b = (b + piece.length * a + weighted) % BASE;
      a = (a + plain) % BASE;
      at += piece.length;
    }
    for (; at < bytes.length; at++) {
      a = (a + bytes[at]!) % BASE;
      b = (b + a) % BASE;
    }
    return b * 0x10000 + a;
  }
}

let shared: Adler32 | undefined;

/** The Adler-32 of some bytes. */
export function adler32(bytes: Uint8Array): number {
  return (shared ??= new Adler32(0)).of(bytes);
}
