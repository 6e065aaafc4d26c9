/**
 * Checks that keep a damaged or hostile image from doing harm: every place is looked up in the file
 * before it is used, and nothing is used twice, so that no table takes more memory than the file
 * has bytes for it.
 *
 * @module
 */

import { readBytes, type Source } from "./extent.ts";
import { Failure } from "./failure.ts";

/** Entering a part moves those behind it, of which a section has at most some thousands. */
const SECTION_BYTES = 4 * 1024 * 1024;

/** The failure for an image that cannot be read. */
export function notImage(file: Source, what: string, cause?: unknown): Failure {
  const remedy = "use a complete image, as this program makes them";
  return new Failure("not-image", file.name, what, remedy, cause);
}

/** @throws {Failure} `not-image` if a part does not lie inside the file. */
export function requireInside(
  file: Source,
  what: string,
  offsetBytes: number,
  lengthBytes: number,
): void {
  const isInside = Number.isSafeInteger(offsetBytes) && offsetBytes >= 0 && lengthBytes >= 0 &&
    offsetBytes + lengthBytes <= file.sizeBytes;
  if (!isInside) {
    throw notImage(file, `its ${what} lies beyond its end, so it is damaged or incomplete`);
  }
}

/**
 * Reads a part of the file.
 *
 * @throws {Failure} `not-image` if it does not lie inside the file, `truncated` or `io` from the
 * file.
 */
export async function readPart(
  file: Source,
  what: string,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  requireInside(file, what, offsetBytes, lengthBytes);
  return await readBytes(file, offsetBytes, lengthBytes);
}

/**
 * Parts of a file that must not overlap. They are kept by section of the file, in order, and those
 * that touch each other as one: in whatever order they come, none takes long to enter.
 */
export class DisjointParts {
  readonly #file: Source;
  readonly #sections = new Map<number, SortedParts>();

  /** @param file Whose parts they are, for messages. */
  constructor(file: Source) {
    this.#file = file;
  }

  /** @throws {Failure} `not-image` if the part overlaps one that was added before. */
  add(offsetBytes: number, lengthBytes: number): void {
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes;) {
      const section = Math.floor(at / SECTION_BYTES);
      const partEndBytes = Math.min((section + 1) * SECTION_BYTES, endBytes);
      const parts = this.#sections.get(section) ?? new SortedParts();
      this.#sections.set(section, parts);
      if (!parts.add(at, partEndBytes)) {
        throw notImage(this.#file, `its byte ${offsetBytes} is in use twice, so it is damaged`);
      }
      at = partEndBytes;
    }
  }
}

/** Parts that do not touch each other, in the order of the file. */
class SortedParts {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Returns whether the part overlaps none that was added before. */
  add(offsetBytes: number, endBytes: number): boolean {
    const next = this.#firstEndingAfter(offsetBytes);
    if (next < this.#starts.length && this.#starts[next]! < endBytes) return false;
    const joinsLast = next > 0 && this.#ends[next - 1] === offsetBytes;
    const joinsNext = next < this.#starts.length && this.#starts[next] === endBytes;
    if (joinsLast && joinsNext) {
      this.#starts.splice(next, 1);
      this.#ends.splice(next - 1, 1);
    } else if (joinsLast) this.#ends[next - 1] = endBytes;
    else if (joinsNext) this.#starts[next] = offsetBytes;
    else {
      this.#starts.splice(next, 0, offsetBytes);
      this.#ends.splice(next, 0, endBytes);
    }
    return true;
  }

  /** Mostly the last one: images are written in order. */
  #firstEndingAfter(offsetBytes: number): number {
    let low = 0;
    let high = this.#ends.length;
    if (high === 0 || this.#ends[high - 1]! <= offsetBytes) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! <= offsetBytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
