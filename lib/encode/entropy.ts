/**
 * Whether deflating a block is worth the time.
 *
 * @module
 */

/** Deflated or encrypted bytes have 7.98 bits of entropy in a sample of this size, text about 5. */
const MIN_INCOMPRESSIBLE_BITS = 7.5;
/** Smaller samples underestimate the entropy of random bytes, and then deflate what does not shrink. */
const SAMPLE_BYTES = 16 * 1024;
/** Where the samples lie, as parts of the block. */
const SAMPLE_PLACES = [1 / 4, 3 / 4];

/** Looks at samples of a block: false if each looks like compressed data. */
export function isCompressible(block: Uint8Array): boolean {
  return SAMPLE_PLACES.some((place) => {
    const start = Math.max(Math.floor(block.length * place) - SAMPLE_BYTES / 2, 0);
    return entropyBits(block.subarray(start, start + SAMPLE_BYTES)) < MIN_INCOMPRESSIBLE_BITS;
  });
}

/** Shannon's entropy of the byte values, in bits per byte. */
export function entropyBits(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= count / bytes.length * Math.log2(count / bytes.length);
  }
  return bits;
}
