/**
 * What FatFs asks of the machine that it runs on: a drive, here a sparse map of sectors, and the
 * time. Function names are those of http://elm-chan.org/fsw/ff/.
 *
 * @module
 */

import { SECTOR_BYTES } from "../lib/blocks/sector.ts";
import type { SectorMap } from "../lib/blocks/sector_map.ts";

/** `disk_ioctl` commands and results. */
const [CTRL_SYNC, GET_SECTOR_COUNT, GET_SECTOR_SIZE, GET_BLOCK_SIZE] = [0, 1, 2, 3];
const RES_PARERR = 4;
/** What a drive answers that does what it is asked. */
export const RES_OK = 0;

/** FatFs' drive 0. */
export class Disk {
  lastReadLba = 0;
  readonly #memory: WebAssembly.Memory;
  #view: Uint8Array = new Uint8Array(0);
  readonly #map: SectorMap;
  readonly #sectors: number;

  constructor(memory: WebAssembly.Memory, map: SectorMap, sectors: number) {
    this.#memory = memory;
    this.#map = map;
    this.#sectors = sectors;
  }

  // LBAs fit into their lower halves: FAT32 counts sectors in 32 bits.
  readonly read = (_drive: number, buffer: number, lba: number, _high: number, count: number) => {
    this.lastReadLba = lba >>> 0;
    // A directory is read for every name: no view is made for it.
    this.#map.read(this.lastReadLba, this.#bytes(), buffer, buffer + count * SECTOR_BYTES);
    return RES_OK;
  };

  readonly write = (_drive: number, buffer: number, lba: number, _high: number, count: number) => {
    this.#map.write(lba >>> 0, this.#bytes().subarray(buffer, buffer + count * SECTOR_BYTES));
    return RES_OK;
  };

  readonly control = (_drive: number, command: number, buffer: number) => {
    const view = new DataView(this.#memory.buffer);
    if (command === GET_SECTOR_COUNT) view.setUint32(buffer, this.#sectors, true);
    else if (command === GET_SECTOR_SIZE) view.setUint16(buffer, SECTOR_BYTES, true);
    else if (command === GET_BLOCK_SIZE) view.setUint32(buffer, 1, true);
    else if (command !== CTRL_SYNC) return RES_PARERR;
    return RES_OK;
  };

  #bytes(): Uint8Array {
    // A view is gone when the memory has grown.
    if (this.#view.length === 0) this.#view = new Uint8Array(this.#memory.buffer);
    return this.#view;
  }
}

/** Packs a time as FAT stores it: date in the upper half, time of day in units of 2 s in the lower. */
export function fatTime(timeMs: number): number {
  const time = new Date(timeMs);
  const years = Math.min(Math.max(time.getUTCFullYear() - 1980, 0), 127);
  return ((years << 25) | ((time.getUTCMonth() + 1) << 21) | (time.getUTCDate() << 16) |
    (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1)) >>> 0;
}
