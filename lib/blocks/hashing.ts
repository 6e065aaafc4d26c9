/**
 * SHA-256 of what passes by, so that nothing has to be read twice.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Source } from "./extent.ts";
import type { TreeFile } from "./file_tree.ts";
import type { Sink } from "./sink.ts";

/** How much of a gap is read at a time. */
const CHUNK_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(CHUNK_BYTES);

type Hash = ReturnType<typeof createHash>;

/** SHA-256 of bytes in memory, as hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Hashes a file that is read front to back. What is read again after that does not count. */
export class ReadHash implements Source {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #source: Source;
  readonly #hash = createHash("sha256");
  #unreadBytes: number;

  /**
   * @param source Where the file's parts lie.
   * @param fileBytes The size of the file.
   */
  constructor(source: Source, fileBytes: number) {
    this.#source = source;
    this.#unreadBytes = fileBytes;
    this.name = source.name;
    this.sizeBytes = source.sizeBytes;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#source.read(into, offsetBytes);
    this.#hash.update(into.subarray(0, this.#unreadBytes));
    this.#unreadBytes -= Math.min(into.length, this.#unreadBytes);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

/** Hashes files while all of the source that they lie in is read, front to back. */
export class FilesHash implements Source {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #source: Source;
  /** By what tells files apart that share no bytes: hard links are hashed once. */
  readonly #hashes = new Map<string, Hash>();
  /** In order. */
  readonly #parts: { readonly start: number; readonly end: number; readonly hash: Hash }[];
  #firstPart = 0;

  /** @param files Files of one volume, whose parts lie one after the other. */
  constructor(source: Source, files: readonly TreeFile[]) {
    this.#source = source;
    this.name = source.name;
    this.sizeBytes = source.sizeBytes;
    this.#parts = files.flatMap((file) => {
      if (this.#hashes.has(keyOf(file))) return [];
      const hash = createHash("sha256");
      this.#hashes.set(keyOf(file), hash);
      return file.parts.map(({ offsetBytes, lengthBytes }) => (
        { start: offsetBytes, end: offsetBytes + lengthBytes, hash }
      ));
    }).sort((a, b) => a.start - b.start);
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#source.read(into, offsetBytes);
    const end = offsetBytes + into.length;
    for (let i = this.#firstPart; i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      if (part.start >= end) break;
      const [from, to] = [Math.max(part.start, offsetBytes), Math.min(part.end, end)];
      if (from < to) part.hash.update(into.subarray(from - offsetBytes, to - offsetBytes));
      if (part.end <= end && i === this.#firstPart) this.#firstPart++;
    }
  }

  /** SHA-256 of one of the files, when everything is read. */
  digest(file: TreeFile): string {
    const hash = this.#hashes.get(keyOf(file));
    return hash === undefined ? sha256("") : hash.copy().digest("hex");
  }
}

function keyOf({ parts }: TreeFile): string {
  return parts.map(({ offsetBytes, lengthBytes }) => `${offsetBytes}+${lengthBytes}`).join();
}

/**
 * Hashes all of a source while parts of it are read front to back: what the reader skips is read
 * for the hash alone.
 */
export class WholeHash implements Source {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #source: Source;
  readonly #hash = createHash("sha256");
  /** Everything below is hashed; undefined until {@linkcode start}. */
  #hashedBytes: number | undefined;
  #digest: string | undefined;

  constructor(source: Source) {
    this.#source = source;
    this.name = source.name;
    this.sizeBytes = source.sizeBytes;
  }

  /** Begins: what was read before, like directories, was read out of order. */
  start(): void {
    this.#hashedBytes = 0;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#hashUpTo(offsetBytes);
    await this.#source.read(into, offsetBytes);
    if (this.#hashedBytes === undefined) return;
    const endBytes = offsetBytes + into.length;
    if (endBytes > this.#hashedBytes) {
      this.#hash.update(into.subarray(this.#hashedBytes - offsetBytes));
      this.#hashedBytes = endBytes;
    }
  }

  /**
   * Reads what is left, and returns the hash as hexadecimal digits.
   *
   * @param onProgress Called with how much of what was left is hashed, and how much that was.
   * @throws {Failure} `truncated` or `io` from the source.
   */
  async digest(onProgress?: (doneBytes: number, totalBytes: number) => void): Promise<string> {
    const startBytes = this.#hashedBytes ??= 0;
    await this.#hashUpTo(this.sizeBytes, (hashedBytes) => {
      onProgress?.(hashedBytes - startBytes, this.sizeBytes - startBytes);
    });
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }

  async #hashUpTo(offsetBytes: number, onProgress?: (hashedBytes: number) => void): Promise<void> {
    while (this.#hashedBytes !== undefined && this.#hashedBytes < offsetBytes) {
      const lengthBytes = Math.min(CHUNK_BYTES, offsetBytes - this.#hashedBytes);
      const gap = new Uint8Array(lengthBytes);
      await this.#source.read(gap, this.#hashedBytes);
      this.#hash.update(gap);
      this.#hashedBytes += lengthBytes;
      onProgress?.(this.#hashedBytes);
    }
  }
}

/** Hashes what is written. */
export class WriteHash implements Sink {
  readonly #sink: Sink;
  readonly #hash = createHash("sha256");

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#sink.write(bytes);
  }

  async hole(lengthBytes: number): Promise<void> {
    for (let done = 0; done < lengthBytes; done += ZEROS.length) {
      this.#hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - done)));
    }
    await this.#sink.hole(lengthBytes);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
