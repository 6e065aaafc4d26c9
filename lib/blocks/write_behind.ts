/**
 * Writing while reading goes on.
 *
 * @module
 */

import { later } from "./later.ts";
import type { Sink } from "./sink.ts";

/**
 * A sink that waits for the write before, not for the one that it begins: two buffers in turn keep
 * the reader and the writer busy. To be finished.
 */
export class WriteBehind implements Sink {
  readonly #sink: Sink;
  #written = Promise.resolve();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /**
   * Begins to write. The bytes belong to the sink until the next call is done.
   *
   * @throws {Failure} `io` from the sink, maybe of an earlier write.
   */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#written;
    this.#written = later(this.#sink.write(bytes));
  }

  async hole(lengthBytes: number): Promise<void> {
    await this.#written;
    await this.#sink.hole(lengthBytes);
  }

  /** Waits until everything is written. */
  async finish(): Promise<void> {
    await this.#written;
  }
}
