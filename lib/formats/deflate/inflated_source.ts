/**
 * Deflated bytes, read as if they were not: front to back in one pass, and from the beginning again
 * whenever something lies behind. Readers that go forward pay once.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";

/** How much of the file is read at a time: inflated at once, it has up to a thousand times as much. */
const CHUNK_BYTES = 64 * 1024;

/** What is inflated, and what is said when it cannot be. */
export interface Inflation {
  /** With a gzip header and trailer around the data (RFC 1952), or without (RFC 1951). */
  readonly kind: "gzip" | "deflate-raw";
  /** The failure for data that is damaged or cut short. */
  damaged(cause?: unknown): Failure;
  /** The failure for a reader that goes back too often, and how often that is; else it may. */
  readonly restarts?: { readonly max: number; failure(): Failure } | undefined;
}

/** See the module. Its reads must not overlap. */
export class InflatedSource implements Source {
  /** How much there is; who makes it for a size that is not known yet sets it later. */
  sizeBytes: number;
  readonly name: string;
  readonly #file: Source;
  readonly #inflation: Inflation;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** The latest inflated bytes and where they lie. */
  #chunk = new Uint8Array(0);
  #chunkOffsetBytes = 0;
  #restarts = 0;
  /** Whether the stream has been read to its end. */
  #isFinished = false;

  /**
   * @param file Exactly the deflated bytes.
   * @param sizeBytes Of what is inflated.
   */
  constructor(file: Source, inflation: Inflation, sizeBytes = 0, name = file.name) {
    this.#file = file;
    this.#inflation = inflation;
    this.sizeBytes = sizeBytes;
    this.name = name;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    if (this.#reader === undefined || offsetBytes < this.#chunkOffsetBytes) await this.#restart();
    for (let done = 0; done < into.length;) {
      const skipBytes = offsetBytes + done - this.#chunkOffsetBytes;
      if (skipBytes >= this.#chunk.length) {
        await this.#next();
        continue;
      }
      const part = this.#chunk.subarray(skipBytes, skipBytes + into.length - done);
      into.set(part, done);
      done += part.length;
    }
    if (offsetBytes + into.length === this.sizeBytes) await this.#finish();
  }

  /** Goes to the end of the stream, where a member's checksum is compared. */
  async #finish(): Promise<void> {
    if (this.#chunkOffsetBytes + this.#chunk.length < this.sizeBytes || this.#isFinished) return;
    try {
      this.#isFinished = true;
      const { done } = await this.#reader!.read();
      if (!done) throw this.#inflation.damaged();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async #restart(): Promise<void> {
    const { restarts } = this.#inflation;
    if (restarts !== undefined && this.#restarts++ > restarts.max) throw restarts.failure();
    await this.#reader?.cancel();
    this.#reader = inflatedStream(this.#file, this.#inflation.kind).getReader();
    this.#chunk = new Uint8Array(0);
    this.#chunkOffsetBytes = 0;
    this.#isFinished = false;
  }

  async #next(): Promise<void> {
    try {
      const { value, done } = await this.#reader!.read();
      if (done) throw this.#inflation.damaged();
      this.#chunkOffsetBytes += this.#chunk.length;
      this.#chunk = new Uint8Array(value);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): Failure {
    return error instanceof Failure ? error : this.#inflation.damaged(error);
  }
}

/** What a source inflates to. Its reads fail with errors of their own where the data is damaged. */
export function inflatedStream(
  source: Source,
  kind: Inflation["kind"],
): ReadableStream<Uint8Array> {
  let at = 0;
  const stored = new ReadableStream<BufferSource>({
    async pull(controller) {
      const bytes = await readBytes(source, at, Math.min(CHUNK_BYTES, source.sizeBytes - at));
      at += bytes.length;
      if (bytes.length > 0) controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      if (at >= source.sizeBytes) controller.close();
    },
  }, { highWaterMark: 0 });
  return stored.pipeThrough(new DecompressionStream(kind));
}
