/**
 * Checks that keep a damaged or hostile image from doing harm: every place is looked up in the file
 * before it is used, and nothing is used twice, so that no table takes more memory than the file
 * has bytes for it.
 *
 * @module
 */

import { readBytes, type Source } from "../disk/extent.ts";
import { Failure } from "../failure.ts";

/** The failure for an image that cannot be read. */
export function notImage(file: Source, what: string): Failure {
  return new Failure("not-image", file.name, what, "use a complete image made by this program");
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
 * @throws {Failure} `not-image` if it does not lie inside the file.
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

/** Notes which parts of the file are in use, all of one length. */
export class DisjointParts {
  readonly #file: Source;
  readonly #lengthBytes: number;
  readonly #offsets: number[] = [];

  constructor(file: Source, lengthBytes: number) {
    this.#file = file;
    this.#lengthBytes = lengthBytes;
  }
}
