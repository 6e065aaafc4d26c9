/**
 * The checksum that ends a zlib stream (RFC 1950 §8.2).
 *
 * @module
 */

import { loadByteSums, PIECE_BYTES, VECTOR_BYTES } from "../../wasm/adler32_simd.ts";

/** RFC 1950 §8.2: the largest prime below 2^16. */
const BASE = 65_521;

const sumBytes = loadByteSums();

/**
 * The Adler-32 of some bytes.
 *
 * Measured on 64 KiB: 6 to 7 GB/s, against 1 GB/s byte by byte, 2.9 GB/s four bytes at a time, and
 * 0.6 GB/s through `deflateSync` without compression. At that speed a VMDK of incompressible data
 * takes twice as long as without its checksums; now a fifth more.
 */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  let at = 0;
  const vectorsEnd = sumBytes === null ? 0 : bytes.length - bytes.length % VECTOR_BYTES;
  while (sumBytes !== null && at < vectorsEnd) {
    const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, vectorsEnd));
    const { plain, weighted } = sumBytes(piece);
    b = (b + piece.length * a + weighted) % BASE;
    a = (a + plain) % BASE;
    at += piece.length;
  }
  for (; at < bytes.length; at++) {
    a = (a + bytes[at]) % BASE;
    b = (b + a) % BASE;
  }
  return b * 0x10000 + a;
}
