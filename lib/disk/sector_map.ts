/**
 * A disk in memory of which only the sectors exist that are not zero.
 *
 * @module
 */

import { type BytesExtent, bytesExtent } from "./extent.ts";
import { SECTOR_BYTES } from "./gpt.ts";

/** Sectors are kept in pages, which cost less memory than one object for each. */
const PAGE_SECTORS = 8;
const PAGE_BYTES = PAGE_SECTORS * SECTOR_BYTES;

/** Keeps what is written to a disk, sector by sector. */
export class SectorMap {
  readonly #pages = new Map<number, Uint8Array>();

  /** Fills `into`, whole sectors long, with what was written from `lba` on. */
  read(lba: number, into: Uint8Array): void {
    for (let at = 0; at < into.length; at += SECTOR_BYTES) {
      const sector = this.#sector(lba + at / SECTOR_BYTES);
      if (sector === undefined) into.fill(0, at, at + SECTOR_BYTES);
      else into.set(sector, at);
    }
  }

  /** Keeps `bytes`, whole sectors long, from `lba` on. */
  write(lba: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      const sectorLba = lba + at / SECTOR_BYTES;
      const sector = bytes.subarray(at, at + SECTOR_BYTES);
      const page = Math.floor(sectorLba / PAGE_SECTORS);
      if (!this.#pages.has(page)) {
        if (isZero(sector)) continue; // formatting writes megabytes of zeros
        this.#pages.set(page, new Uint8Array(PAGE_BYTES));
      }
      this.#sector(sectorLba)?.set(sector);
    }
  }

  /** What is not zero, as extents in no particular order. */
  extents(): BytesExtent[] {
    const extents: BytesExtent[] = [];
    for (const [page, bytes] of this.#pages) {
      let start = 0;
      for (let end = 0; end <= PAGE_BYTES; end += SECTOR_BYTES) {
        const isHole = end === PAGE_BYTES || isZero(bytes.subarray(end, end + SECTOR_BYTES));
        if (!isHole) continue;
        if (end > start) {
          extents.push(bytesExtent(page * PAGE_BYTES + start, bytes.subarray(start, end)));
        }
        start = end + SECTOR_BYTES;
      }
    }
    return extents;
  }

  #sector(lba: number): Uint8Array | undefined {
    const at = lba % PAGE_SECTORS * SECTOR_BYTES;
    return this.#pages.get(Math.floor(lba / PAGE_SECTORS))?.subarray(at, at + SECTOR_BYTES);
  }
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
