/**
 * Files that are mostly zeros, as ISOs and images are where nothing but their structures matters:
 * small enough to be copied and changed a thousand times a second.
 *
 * @module
 */

import { changeInPlace, join, someNumber } from "./mutators.ts";
import type { Random } from "./random.ts";

const SECTOR_BYTES = 512;
const NUMBER_BYTES = 8;

/** A file of which only the sectors exist that are not zero. */
export class SparseFile {
  sizeBytes: number;
  readonly #sectors: Map<number, Uint8Array>;

  private constructor(sizeBytes: number, sectors: Map<number, Uint8Array>) {
    this.sizeBytes = sizeBytes;
    this.#sectors = sectors;
  }

  static of(bytes: Uint8Array): SparseFile {
    const file = new SparseFile(bytes.length, new Map());
    for (let lba = 0; lba * SECTOR_BYTES < bytes.length; lba++) {
      const sector = new Uint8Array(SECTOR_BYTES);
      sector.set(bytes.subarray(lba * SECTOR_BYTES, (lba + 1) * SECTOR_BYTES));
      if (sector.some((byte) => byte !== 0)) file.#sectors.set(lba, sector);
    }
    return file;
  }

  /** A copy that can be changed alone. Sectors are copied when they are changed. */
  clone(): SparseFile {
    return new SparseFile(this.sizeBytes, new Map(this.#sectors));
  }

  /** The numbers of the sectors that are not zero. */
  get lbas(): readonly number[] {
    return [...this.#sectors.keys()];
  }

  /** Changes a sector; its bytes belong to the caller until the next call. */
  change(lba: number, change: (sector: Uint8Array) => void): void {
    const sector = this.#sectors.get(lba)?.slice() ?? new Uint8Array(SECTOR_BYTES);
    change(sector);
    this.#sectors.set(lba, sector);
  }

  /** Fills `into`; what lies beyond the end is zero. */
  read(into: Uint8Array, offsetBytes: number): void {
    into.fill(0);
    const endBytes = offsetBytes + into.length;
    for (let lba = Math.floor(offsetBytes / SECTOR_BYTES); lba * SECTOR_BYTES < endBytes; lba++) {
      const sector = this.#sectors.get(lba);
      if (sector === undefined) continue;
      const fromBytes = Math.max(offsetBytes - lba * SECTOR_BYTES, 0);
      const part = sector.subarray(
        fromBytes,
        Math.min(endBytes - lba * SECTOR_BYTES, SECTOR_BYTES),
      );
      into.set(part, lba * SECTOR_BYTES + fromBytes - offsetBytes);
    }
  }

  /** A range of it. */
  slice(offsetBytes: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    this.read(bytes, offsetBytes);
    return bytes;
  }

  /** Writes over a range of it. */
  write(bytes: Uint8Array, offsetBytes: number): void {
    for (let done = 0; done < bytes.length;) {
      const at = (offsetBytes + done) % SECTOR_BYTES;
      const part = bytes.subarray(done, done + SECTOR_BYTES - at);
      this.change(
        Math.floor((offsetBytes + done) / SECTOR_BYTES),
        (sector) => sector.set(part, at),
      );
      done += part.length;
    }
  }

  /** Changes that know nothing of what the file holds. */
  mutate(random: Random): void {
    const lbas = this.lbas;
    const lba = random.pick(lbas);
    const choice = random.below(24);
    if (choice === 0) this.sizeBytes = random.below(this.sizeBytes + 1);
    else if (choice === 1) this.#sectors.delete(lba);
    else if (choice === 2) this.#sectors.set(random.pick(lbas), this.#sectors.get(lba)!);
    else if (choice === 3) {
      this.#sectors.set(
        someNumber(random, lba) % Math.ceil(this.sizeBytes / SECTOR_BYTES + 1),
        this.#sectors.get(lba)!,
      );
    } else this.change(lba, (sector) => changeInPlace(sector, random));
    if (this.#sectors.size === 0) this.#sectors.set(0, new Uint8Array(SECTOR_BYTES));
  }

  /** The file as few bytes, to be kept. */
  pack(): Uint8Array {
    const number = (value: number) => {
      const bytes = new Uint8Array(NUMBER_BYTES);
      new DataView(bytes.buffer).setFloat64(0, value);
      return bytes;
    };
    const sectors = [...this.#sectors].flatMap(([lba, sector]) => [number(lba), sector]);
    return join(number(this.sizeBytes), ...sectors);
  }

  static unpack(bytes: Uint8Array): SparseFile {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const file = new SparseFile(view.getFloat64(0), new Map());
    for (let at = NUMBER_BYTES; at < bytes.length; at += NUMBER_BYTES + SECTOR_BYTES) {
      const sector = bytes.slice(at + NUMBER_BYTES, at + NUMBER_BYTES + SECTOR_BYTES);
      file.#sectors.set(view.getFloat64(at), sector);
    }
    return file;
  }
}
