/**
 * Compares files that may lie in pieces.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Source } from "../blocks/extent.ts";
import type { FilePart, TreeFile } from "../blocks/file_tree.ts";

/** How much is compared at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** Compares files of one source with files of another. */
export class FileComparer {
  readonly #sources: readonly [Source, Source];
  readonly #buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;

  constructor(source: Source, other: Source) {
    this.#sources = [source, other];
  }

  /**
   * Compares two files of the same size.
   *
   * @param onProgress Called with the number of bytes that are the same so far.
   * @returns The first byte that differs, or undefined.
   * @throws {Failure} `truncated` or `io` from either source.
   */
  async compare(
    file: TreeFile,
    copy: TreeFile,
    onProgress?: (bytes: number) => void,
  ): Promise<number | undefined> {
    const [a, b] = [new PartCursor(file), new PartCursor(copy)];
    for (let at = 0; at < copy.sizeBytes;) {
      const lengthBytes = Math.min(a.lengthBytes, b.lengthBytes, CHUNK_BYTES);
      if (lengthBytes === 0) return at; // its chain is too short
      const left = this.#buffers[0].subarray(0, lengthBytes);
      const right = this.#buffers[1].subarray(0, lengthBytes);
      const [source, other] = this.#sources;
      await Promise.all([
        source.read(left, a.advance(lengthBytes)),
        other.read(right, b.advance(lengthBytes)),
      ]);
      if (Buffer.compare(left, right) !== 0) return at + left.findIndex((x, i) => x !== right[i]);
      at += lengthBytes;
      onProgress?.(at);
    }
    return undefined;
  }
}

/** A place in a file, and where it lies. */
class PartCursor {
  readonly #parts: readonly FilePart[];
  #index = 0;
  #skippedBytes = 0;

  constructor(file: TreeFile) {
    this.#parts = file.parts;
  }

  /** How many bytes follow without a gap; 0 at the end. */
  get lengthBytes(): number {
    return (this.#parts[this.#index]?.lengthBytes ?? 0) - this.#skippedBytes;
  }

  /** Goes on, at most to the next gap; returns where it was. */
  advance(byBytes: number): number {
    const offsetBytes = this.#parts[this.#index]!.offsetBytes + this.#skippedBytes;
    this.#skippedBytes += byBytes;
    if (this.lengthBytes === 0) {
      this.#index++;
      this.#skippedBytes = 0;
    }
    return offsetBytes;
  }
}
