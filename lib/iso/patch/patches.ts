/**
 * Sectors of an image that are to be different.
 *
 * @module
 */

import { bytesExtent, type Extent, readBytes, type Source } from "../../blocks/extent.ts";
import { SECTOR_BYTES } from "../format.ts";
import { damaged } from "../records.ts";

/** Collects the sectors of a source that are to be different. */
export class Patches {
  readonly #source: Source;
  readonly #sectors = new Map<number, Uint8Array>();

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * A sector as it will be, to be edited in place. Past the source's end there are zeros.
   *
   * @throws {Failure} `damaged-iso` if all of it lies there.
   */
  async sector(number: number): Promise<Uint8Array> {
    const known = this.#sectors.get(number);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(SECTOR_BYTES);
    const offsetBytes = number * SECTOR_BYTES;
    const lengthBytes = Math.min(SECTOR_BYTES, this.#source.sizeBytes - offsetBytes);
    if (lengthBytes <= 0) throw damaged(this.#source, "a structure lies past the end of the image");
    bytes.set(await readBytes(this.#source, offsetBytes, lengthBytes));
    this.#sectors.set(number, bytes);
    return bytes;
  }

  /** A sector as it will be, only to be looked at; undefined past the source's end. */
  async peek(number: number): Promise<Uint8Array | undefined> {
    const known = this.#sectors.get(number);
    if (known !== undefined || (number + 1) * SECTOR_BYTES > this.#source.sizeBytes) return known;
    return await readBytes(this.#source, number * SECTOR_BYTES, SECTOR_BYTES);
  }

  /**
   * Bytes as they will be.
   *
   * @throws {Failure} `damaged-iso` if they do not lie in the source.
   */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(lengthBytes);
    await this.#each(offsetBytes, lengthBytes, (part, at) => bytes.set(part, at));
    return bytes;
  }

  /**
   * Replaces bytes.
   *
   * @throws {Failure} `damaged-iso` if they do not lie in the source.
   */
  async write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    await this.#each(offsetBytes, bytes.length, (part, at) => {
      part.set(bytes.subarray(at, at + part.length));
    });
  }

  /** Goes through the sectors that a range lies in: their part of it, and where it is in the range. */
  async #each(
    offsetBytes: number,
    lengthBytes: number,
    use: (part: Uint8Array, at: number) => void,
  ): Promise<void> {
    if (offsetBytes + lengthBytes > this.#source.sizeBytes) {
      throw damaged(this.#source, "a structure lies past the end of the image");
    }
    for (let at = 0; at < lengthBytes;) {
      const inSector = (offsetBytes + at) % SECTOR_BYTES;
      const sector = await this.sector((offsetBytes + at - inSector) / SECTOR_BYTES);
      const part = sector.subarray(inSector, Math.min(SECTOR_BYTES, inSector + lengthBytes - at));
      use(part, at);
      at += part.length;
    }
  }

  /** The whole source with its patches: few large ranges of it, and the sectors between them. */
  extents(source: Source): Extent[] {
    const extents: Extent[] = [];
    let done = 0;
    const keepUntil = (endBytes: number) => {
      if (endBytes <= done) return;
      const place = { offsetBytes: done, lengthBytes: endBytes - done };
      extents.push({ ...place, source, sourceOffsetBytes: done });
    };
    for (const [number, bytes] of [...this.#sectors].toSorted(([a], [b]) => a - b)) {
      const offsetBytes = number * SECTOR_BYTES;
      keepUntil(offsetBytes);
      extents.push(bytesExtent(offsetBytes, bytes));
      done = offsetBytes + SECTOR_BYTES;
    }
    keepUntil(source.sizeBytes);
    return extents;
  }
}
