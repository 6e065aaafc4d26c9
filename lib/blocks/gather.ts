/**
 * Many small pieces, written as few large ones.
 *
 * @module
 */

import { CHUNK_BYTES } from "./chunks.ts";
import type { Sink } from "./sink.ts";
import { WriteBehind } from "./write_behind.ts";

/** Collects what is to be written: one buffer is filled while the other is being written. */
export class Gatherer {
  readonly #out: WriteBehind;
  #buffers: [Uint8Array, Uint8Array];
  #filledBytes = 0;
  #flushedBytes = 0;

  /**
   * @param bufferBytes The largest piece that can be reserved.
   * @param memory Twice as much, where the pieces are to lie.
   */
  constructor(
    sink: Sink,
    bufferBytes: number = CHUNK_BYTES,
    memory: Uint8Array = new Uint8Array(2 * bufferBytes),
  ) {
    this.#out = new WriteBehind(sink);
    this.#buffers = [memory.subarray(0, bufferBytes), memory.subarray(bufferBytes)];
  }

  /** Where the next piece will begin in the output. */
  get positionBytes(): number {
    return this.#flushedBytes + this.#filledBytes;
  }

  /**
   * Makes sure that a piece of this size can be reserved; call it before {@linkcode reserve}.
   *
   * @returns A promise only if that has to be waited for.
   * @throws {Failure} `io` from the sink.
   */
  makeRoom(lengthBytes: number): void | Promise<void> {
    if (this.#filledBytes + lengthBytes > this.#buffers[0].length) return this.flush();
  }

  /**
   * The next piece of the output, to be filled by the caller at once. It holds old bytes.
   *
   * @throws {RangeError} if there is no room for it.
   */
  reserve(lengthBytes: number): Uint8Array {
    const endBytes = this.#filledBytes + lengthBytes;
    if (endBytes > this.#buffers[0].length) {
      throw new RangeError(`No room for ${lengthBytes} bytes`);
    }
    const piece = this.#buffers[0].subarray(this.#filledBytes, endBytes);
    this.#filledBytes = endBytes;
    return piece;
  }

  /** Gives back the end of what was reserved last. */
  release(lengthBytes: number): void {
    this.#filledBytes -= lengthBytes;
  }

  /**
   * Appends a copy of some bytes.
   *
   * @throws {Failure} `io` from the sink.
   * @throws {RangeError} if they are more than the buffer holds.
   */
  async append(bytes: Uint8Array): Promise<void> {
    await this.makeRoom(bytes.length);
    this.reserve(bytes.length).set(bytes);
  }

  /**
   * Fills the output with zeros up to a multiple of `unitBytes`, which the buffer's size must be.
   *
   * @throws {Failure} `io` from the sink.
   */
  async pad(unitBytes: number): Promise<void> {
    const restBytes = this.positionBytes % unitBytes;
    if (restBytes === 0) return;
    await this.makeRoom(unitBytes - restBytes);
    this.reserve(unitBytes - restBytes).fill(0);
  }

  /**
   * Begins to write what was collected, as soon as what went before it is written.
   *
   * @throws {Failure} `io` from the sink, maybe of what went before.
   */
  async flush(): Promise<void> {
    if (this.#filledBytes === 0) return;
    await this.#out.write(this.#buffers[0].subarray(0, this.#filledBytes));
    this.#buffers.reverse();
    this.#flushedBytes += this.#filledBytes;
    this.#filledBytes = 0;
  }

  /**
   * Writes what is left, and waits for it.
   *
   * @throws {Failure} `io` from the sink.
   */
  async finish(): Promise<void> {
    await this.flush();
    await this.#out.finish();
  }
}
