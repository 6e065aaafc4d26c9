/**
 * A disk in memory of which only the sectors exist that are not zero.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type BytesExtent, bytesExtent } from "./extent.ts";
import { SECTOR_BYTES } from "./sector.ts";

const ZEROS = new Uint8Array(SECTOR_BYTES);

/** Keeps what is written to a disk, sector by sector. */
export class SectorMap {
  readonly #sectors = new Map<number, Uint8Array>();

  /** Fills `into` from `start` to `end`, whole sectors, with what was written from `lba` on. */
  read(lba: number, into: Uint8Array, start = 0, end = into.length): void {
    for (let at = start; at < end; at += SECTOR_BYTES) {
      const sector = this.#sectors.get(lba++);
      if (sector === undefined) into.fill(0, at, at + SECTOR_BYTES);
      else into.set(sector, at);
    }
  }

  /** Keeps `bytes`, whole sectors long, from `lba` on. */
  write(lba: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      const sectorLba = lba + at / SECTOR_BYTES;
      const bytesOfSector = bytes.subarray(at, at + SECTOR_BYTES);
      const sector = this.#sectors.get(sectorLba);
      if (sector !== undefined) sector.set(bytesOfSector);
      // Formatting writes megabytes of zeros.
      else if (!isZero(bytesOfSector)) this.#sectors.set(sectorLba, bytesOfSector.slice());
    }
  }

  /** What is not zero, in order, each run of sectors as one extent. */
  extents(): BytesExtent[] {
    const lbas = Float64Array.from(this.#sectors.keys()).sort()
      .filter((lba) => !isZero(this.#sectors.get(lba)!));
    const extents: BytesExtent[] = [];
    for (let start = 0, end = 1; start < lbas.length; start = end++) {
      const lba = lbas[start]!;
      while (lbas[end] === lba + end - start) end++;
      const bytes = new Uint8Array((end - start) * SECTOR_BYTES);
      this.read(lba, bytes);
      extents.push(bytesExtent(lba * SECTOR_BYTES, bytes));
    }
    return extents;
  }
}

function isZero(sector: Uint8Array): boolean {
  return Buffer.compare(sector, ZEROS) === 0;
}
