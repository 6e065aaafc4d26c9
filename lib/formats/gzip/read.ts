/**
 * Reads a gzipped image as if it were not: front to back in one pass, and from the beginning again
 * whenever something lies behind. Readers that go forward pay once.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import { parseHeader } from "../../disk/gpt.ts";
import { GZIP_TRAILER, GZIP_TRAILER_BYTES } from "./format.ts";

/** How much of the file is read at a time: inflated at once, it has up to a thousand times as much. */
const CHUNK_BYTES = 64 * 1024;
const SIZE_MODULUS = 2 ** 32;
/** Our images are read in one pass. One that needs more is scattered, maybe so that this takes ages. */
const MAX_RESTARTS = 16;

/**
 * Opens a gzipped disk image.
 *
 * @throws {Failure} `not-image` if it cannot be inflated, `truncated` or `io` from the file.
 */
export async function openGzip(file: Source): Promise<Source> {
  if (file.sizeBytes < GZIP_TRAILER_BYTES) throw damaged(file.name);
  const trailer = await readBytes(file, file.sizeBytes - GZIP_TRAILER_BYTES, GZIP_TRAILER_BYTES);
  const remainder = new DataView(trailer.buffer).getUint32(GZIP_TRAILER.size, true);
  const disk = new InflatedSource(file);
  // The trailer tells the size modulo 4 GiB, the partition table the rest.
  const table = new Uint8Array(2 * SECTOR_BYTES);
  if (remainder >= table.length || file.sizeBytes > SIZE_MODULUS / 2000) {
    await disk.read(table, 0).catch(() => {});
  }
  const header = parseHeader(table.subarray(SECTOR_BYTES), 1);
  const diskBytes = typeof header === "string" ? 0 : (header.alternateLba + 1) * SECTOR_BYTES;
  const isWhole = Number.isSafeInteger(diskBytes) && diskBytes % SIZE_MODULUS === remainder;
  disk.sizeBytes = isWhole ? diskBytes : remainder;
  return disk;
}

class InflatedSource implements Source {
  sizeBytes = 0;
  readonly name: string;
  readonly #file: Source;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** The latest inflated bytes and where they lie on the disk. */
  #chunk = new Uint8Array(0);
  #chunkOffsetBytes = 0;
  #restarts = 0;
  /** Whether the stream has been read to its end. */
  #isFinished = false;

  constructor(file: Source) {
    this.#file = file;
    this.name = file.name;
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

  /** Goes to the end of the member, where its checksum is compared. */
  async #finish(): Promise<void> {
    if (this.#chunkOffsetBytes + this.#chunk.length < this.sizeBytes || this.#isFinished) return;
    try {
      this.#isFinished = true;
      const { done } = await this.#reader!.read();
      if (!done) throw damaged(this.name);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw damaged(this.name, error);
    }
  }

  async #restart(): Promise<void> {
    if (this.#restarts++ > MAX_RESTARTS) {
      throw new Failure(
        "not-image",
        this.name,
        "its files are so scattered that it would have to be inflated again and again",
        "inflate it first, with gunzip",
      );
    }
    await this.#reader?.cancel();
    this.#reader = readableOf(this.#file).pipeThrough(new DecompressionStream("gzip")).getReader();
    this.#chunk = new Uint8Array(0);
    this.#chunkOffsetBytes = 0;
    this.#isFinished = false;
  }

  async #next(): Promise<void> {
    try {
      const { value, done } = await this.#reader!.read();
      if (done) throw damaged(this.name);
      this.#chunkOffsetBytes += this.#chunk.length;
      this.#chunk = new Uint8Array(value);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw damaged(this.name, error);
    }
  }
}

/** The bytes of a source as a stream that reads only what is asked for. */
function readableOf(source: Source): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      const bytes = await readBytes(source, at, Math.min(CHUNK_BYTES, source.sizeBytes - at));
      at += bytes.length;
      if (bytes.length > 0) controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      if (at >= source.sizeBytes) controller.close();
    },
  }, { highWaterMark: 0 });
}

function damaged(path: string, cause?: unknown): Failure {
  return new Failure(
    "not-image",
    path,
    "the gzip data is damaged or cut short",
    "build it again",
    cause,
  );
}
