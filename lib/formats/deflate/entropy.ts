/**
 * Whether deflating bytes is worth the time.
 *
 * @module
 */

/** Deflated or encrypted bytes have 7.97 bits of entropy in a sample of this size, text about 5. */
const MIN_INCOMPRESSIBLE_BITS = 7.5;
/** Smaller samples underestimate the entropy of random bytes, and then deflate what does not shrink. */
const SAMPLE_BYTES = 8 * 1024;
const counts = new Uint32Array(256);
/** What a byte value that occurs n times adds: n·log₂n, looked up instead of computed. */
const terms = Float64Array.from({ length: SAMPLE_BYTES + 1 }, (_, n) => n && n * Math.log2(n));

/** Looks at a sample from the middle of some bytes: false if it looks like compressed data. */
export function isCompressible(bytes: Uint8Array): boolean {
  const start = Math.max((bytes.length - SAMPLE_BYTES) >> 1, 0);
  return entropyBits(bytes.subarray(start, start + SAMPLE_BYTES)) < MIN_INCOMPRESSIBLE_BITS;
}

/** Shannon's entropy of the byte values of at most 8 KiB, in bits per byte. */
export function entropyBits(bytes: Uint8Array): number {
  counts.fill(0);
  // Four times as fast as `for … of`, and this is a tenth of the time of a build.
  for (let i = 0; i < bytes.length; i++) counts[bytes[i]!]!++;
  let sum = 0;
  for (let value = 0; value < counts.length; value++) sum += terms[counts[value]!]!;
  return bytes.length === 0 ? 0 : Math.log2(bytes.length) - sum / bytes.length;
}
