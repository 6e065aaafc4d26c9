/**
 * The file allocation table of a FAT32 volume, and which of its clusters something uses (Microsoft
 * FAT specification 1.03, §4).
 *
 * Only the pages that are not zero stay in memory: a disk of terabytes may come in a file of
 * kilobytes, and its table must not take more memory than the file has bytes for it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readBytes, type Source } from "../blocks/extent.ts";
import { isZero } from "../blocks/zeros.ts";
import { BAD_CLUSTER, FAT_ENTRY_BYTES, FAT_ENTRY_MASK, FIRST_CLUSTER } from "../disk/fat_format.ts";
import type { Fat32Geometry } from "./fat32_geometry.ts";

const PAGE_BYTES = 256 * 1024;
const PAGE_ENTRIES = PAGE_BYTES / FAT_ENTRY_BYTES;

/** The first FAT of a volume. */
export class FatTable {
  readonly #pages = new Map<number, DataView>();
  /** By page, one byte for each cluster that something uses. */
  readonly #used = new Map<number, Uint8Array>();

  private constructor() {}

  /**
   * Reads the first FAT and compares the others with it, in the order in which they lie on the disk.
   *
   * @param offsetBytes Where the volume begins.
   * @returns The table, and which copies differ from it, counted from 2.
   * @throws {Failure} `truncated` or `io` from the source.
   */
  static async read(
    source: Source,
    offsetBytes: number,
    { fatBytes, fatCount, fatOffsetBytes }: Fat32Geometry,
  ): Promise<{ table: FatTable; differing: number[] }> {
    const table = new FatTable();
    const differing: number[] = [];
    for (let copy = 1; copy <= fatCount; copy++) {
      const copyOffsetBytes = offsetBytes + fatOffsetBytes + (copy - 1) * fatBytes;
      let isSame = true;
      for (let page = 0; page * PAGE_BYTES < fatBytes && isSame; page++) {
        const lengthBytes = Math.min(PAGE_BYTES, fatBytes - page * PAGE_BYTES);
        const bytes = await readBytes(source, copyOffsetBytes + page * PAGE_BYTES, lengthBytes);
        if (copy === 1) table.#keep(page, bytes);
        else isSame = table.#holds(page, bytes);
      }
      if (!isSame) differing.push(copy);
    }
    return { table, differing };
  }

  #keep(page: number, bytes: Uint8Array): void {
    if (isZero(bytes)) return;
    const whole = new Uint8Array(PAGE_BYTES);
    whole.set(bytes);
    this.#pages.set(page, new DataView(whole.buffer));
  }

  #holds(page: number, bytes: Uint8Array): boolean {
    const kept = this.#pages.get(page);
    if (kept === undefined) return isZero(bytes);
    return Buffer.compare(new Uint8Array(kept.buffer, 0, bytes.length), bytes) === 0;
  }

  /** What follows a cluster in its chain; 0 for one that is free. */
  next(cluster: number): number {
    const page = this.#pages.get(Math.floor(cluster / PAGE_ENTRIES));
    return entryOf(page, cluster % PAGE_ENTRIES);
  }

  /**
   * Marks a cluster as used.
   *
   * @returns Whether nothing used it before.
   */
  take(cluster: number): boolean {
    const page = Math.floor(cluster / PAGE_ENTRIES);
    const used = this.#used.get(page) ?? new Uint8Array(PAGE_ENTRIES);
    this.#used.set(page, used);
    const wasFree = used[cluster % PAGE_ENTRIES] === 0;
    used[cluster % PAGE_ENTRIES] = 1;
    return wasFree;
  }

  /** Counts the clusters that are free, and those that are neither free nor used. */
  count(clusters: number): { freeClusters: number; lostClusters: number } {
    const end = FIRST_CLUSTER + clusters;
    let freeClusters = clusters;
    let lostClusters = 0;
    for (const [page, view] of this.#pages) {
      const used = this.#used.get(page);
      const first = page * PAGE_ENTRIES;
      for (let i = 0; i < PAGE_ENTRIES && first + i < end; i++) {
        const entry = entryOf(view, i);
        if (entry === 0 || first + i < FIRST_CLUSTER) continue;
        freeClusters--;
        if (used?.[i] !== 1 && entry !== BAD_CLUSTER) lostClusters++;
      }
    }
    return { freeClusters, lostClusters };
  }
}

function entryOf(page: DataView | undefined, index: number): number {
  return page === undefined ? 0 : page.getUint32(index * FAT_ENTRY_BYTES, true) & FAT_ENTRY_MASK;
}
