/**
 * An image in memory.
 *
 * @module
 */

import { type BlockMap, blockMap, readBlocks } from "./block_map.ts";
import { bytesExtent, type Extent, type Source } from "./extent.ts";
import type { Sink } from "./sink.ts";

/** Keeps what is written in memory. Holes take none. */
export class MemorySink implements Sink {
  readonly #extents: Extent[] = [];
  #sizeBytes = 0;

  /** How much was written, holes included. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What was written, as extents. */
  get map(): BlockMap {
    return blockMap(this.#sizeBytes, this.#extents);
  }

  /** Appends a copy of some bytes. */
  write(bytes: Uint8Array): Promise<void> {
    this.#extents.push(bytesExtent(this.#sizeBytes, bytes.slice()));
    this.#sizeBytes += bytes.length;
    return Promise.resolve();
  }

  /** Appends zeros. */
  hole(lengthBytes: number): Promise<void> {
    this.#sizeBytes += lengthBytes;
    return Promise.resolve();
  }

  /**
   * What was written, to be read back.
   *
   * @param name What messages call it.
   * @throws {Failure} from its reads: `truncated` or `io` from the sources of what was written.
   */
  toSource(name: string): Source {
    const map = this.map;
    return {
      name,
      sizeBytes: map.sizeBytes,
      read: (into, offsetBytes) => readBlocks(map, into, offsetBytes),
    };
  }
}
