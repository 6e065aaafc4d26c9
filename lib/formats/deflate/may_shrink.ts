/**
 * @module
 */

import { isCompressible } from "./entropy.ts";

/** Where the looks are taken, as parts of the chunk. */
const PLACES = [1 / 4, 3 / 4];
const LOOK_BYTES = 64 * 1024;

/**
 * Takes two looks at a chunk of about 2 MiB: false if both see compressed data. A look at each of
 * its clusters or grains costs more than storing them, and pays only if some may shrink.
 */
export function mayShrink(chunk: Uint8Array): boolean {
  return PLACES.some((place) => {
    const middle = Math.floor(chunk.length * place);
    const start = Math.max(middle - LOOK_BYTES / 2, 0);
    return isCompressible(chunk.subarray(start, start + LOOK_BYTES));
  });
}
