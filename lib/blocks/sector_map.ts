/**
 * A disk in memory of which only the parts exist that are not zero.
 *
 * @module
 */

import { type BytesExtent, bytesExtent } from "./extent.ts";
import { SECTOR_BYTES } from "./sector.ts";
import { isZero } from "./zeros.ts";

/** What is kept at a time: fewer buffers, and hardly a byte more, as a file system's parts are long. */
const SLAB_SECTORS = 32;
const SLAB_BYTES = SLAB_SECTORS * SECTOR_BYTES;

/** A part of the disk. */
class Slab {
  readonly bytes = new Uint8Array(SLAB_BYTES);
  readonly #sectors: Uint8Array[] = [];

  /** One of its sectors. Directories are read for every name in them: each gets one view. */
  sector(index: number): Uint8Array {
    return this.#sectors[index] ??= this.bytes.subarray(
      index * SECTOR_BYTES,
      (index + 1) * SECTOR_BYTES,
    );
  }
}

/** Keeps what is written to a disk. */
export class SectorMap {
  /** By number. */
  readonly #slabs = new Map<number, Slab>();

  /** Fills `into` from `start` to `end`, whole sectors, with what was written from `lba` on. */
  read(lba: number, into: Uint8Array, start = 0, end = into.length): void {
    for (let at = start; at < end; at += SECTOR_BYTES) {
      const slab = this.#slabs.get(Math.floor(lba / SLAB_SECTORS));
      if (slab === undefined) into.fill(0, at, at + SECTOR_BYTES);
      else into.set(slab.sector(lba % SLAB_SECTORS), at);
      lba++;
    }
  }

  /** Keeps `bytes`, whole sectors long, from `lba` on. */
  write(lba: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const number = Math.floor(lba / SLAB_SECTORS);
      const from = lba % SLAB_SECTORS * SECTOR_BYTES;
      const part = bytes.subarray(at, at + SLAB_BYTES - from);
      let slab = this.#slabs.get(number);
      // Formatting writes megabytes of zeros.
      if (slab === undefined && !isZero(part)) {
        slab = new Slab();
        this.#slabs.set(number, slab);
      }
      slab?.bytes.set(part, from);
      at += part.length;
      lba += part.length / SECTOR_BYTES;
    }
  }

  /** The sectors that are not zero, in order. Their bytes are those that are kept, not a copy. */
  extents(): BytesExtent[] {
    const extents: BytesExtent[] = [];
    for (const number of Float64Array.from(this.#slabs.keys()).sort()) {
      const { bytes } = this.#slabs.get(number)!;
      const isEmpty = (at: number) => isZero(bytes.subarray(at, at + SECTOR_BYTES));
      for (let start = 0, end = 0; start < SLAB_BYTES; start = end) {
        end = start + SECTOR_BYTES;
        if (isEmpty(start)) continue;
        while (end < SLAB_BYTES && !isEmpty(end)) end += SECTOR_BYTES;
        extents.push(bytesExtent(number * SLAB_BYTES + start, bytes.subarray(start, end)));
      }
    }
    return extents;
  }
}
