/**
 * Boot modules as VMware's boot loader takes them, read in pieces: drivers may be large.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { crc32, createInflateRaw, type InflateRaw, inflateRawSync } from "node:zlib";
import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { later } from "../blocks/later.ts";
import {
  GZIP_FLAG,
  GZIP_HEADER,
  GZIP_HEADER_BYTES,
  GZIP_TRAILER,
  GZIP_TRAILER_BYTES,
  isGzip,
} from "../formats/gzip/format.ts";

/** RFC 1952 §2.3.1: where the method stands, the only one there is, and the flags without meaning. */
const GZIP_METHOD_AT = 2;
const GZIP_DEFLATE = 8;
const GZIP_RESERVED_FLAGS = 0xe0;
/** Holds all of any gzip header but absurd ones. */
const HEAD_BYTES = 256 * 1024;
/**
 * How much is read, and how much is inflated at a time. Larger pieces gather in memory before they are
 * collected: 256 KiB of both take 50 MB more for a module of 400 MB, in the same time.
 */
const PIECE_BYTES = 32 * 1024;
const INFLATED_BYTES = 4 * 1024;
/** More than this no installer has memory for; it also bounds what a hostile module takes of ours. */
const MAX_CONTENT_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a module to its end. What begins like gzip must be exactly one member, because mboot reads
 * size and CRC from the last 8 bytes of the file.
 *
 * @returns SHA-256 of the file, as hexadecimal digits.
 * @throws {Failure} `boot-cfg` if the boot loader cannot read it, `truncated` or `io` from the source.
 */
export async function examineBootModule(module: Source): Promise<string> {
  const hash = createHash("sha256");
  const member = await openMember(module);
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, module.sizeBytes));
  for (let at = 0; at < module.sizeBytes; at += PIECE_BYTES) {
    const piece = buffer.subarray(0, module.sizeBytes - at);
    await module.read(piece, at);
    hash.update(piece);
    await member?.take(piece, at);
  }
  await member?.finish();
  return hash.digest("hex");
}

/**
 * Reads a module that is known to be small, with the same demands as {@linkcode examineBootModule}.
 *
 * @param path Which file it is, for messages.
 * @returns What the installer finds.
 * @throws {Failure} `boot-cfg` if the boot loader cannot read it.
 */
export function readBootModule(module: Uint8Array, path: string): Uint8Array<ArrayBuffer> {
  if (!isGzip(module)) return new Uint8Array(module);
  checkGzipHeader(module, path);
  try {
    const headerBytes = gzipHeaderBytes(module);
    const trailerAt = module.length - GZIP_TRAILER_BYTES;
    const trailer = new DataView(module.buffer, module.byteOffset + trailerAt, GZIP_TRAILER_BYTES);
    const { buffer: content, engine } = inflateRawSync(module.subarray(headerBytes), {
      info: true,
      maxOutputLength: MAX_CONTENT_BYTES,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    if (
      headerBytes + engine.bytesWritten === trailerAt &&
      trailer.getUint32(GZIP_TRAILER.crc32, true) === crc32(content) &&
      trailer.getUint32(GZIP_TRAILER.size, true) === content.length
    ) return new Uint8Array(content);
  } catch {
    // said below
  }
  throw notOneMember(path);
}

/**
 * Checks the parts of a gzip header that mboot refuses: it stops with error 4 at another method, and
 * with error 37 at a flag that is reserved.
 *
 * @throws {Failure} `boot-cfg` if it would.
 */
export function checkGzipHeader(head: Uint8Array, path: string): void {
  const refused = (what: string) =>
    new Failure("boot-cfg", path, what, "compress it again with gzip");
  if (head[GZIP_METHOD_AT] !== undefined && head[GZIP_METHOD_AT] !== GZIP_DEFLATE) {
    throw refused("the boot loader knows no other method of gzip than deflate");
  }
  if (((head[GZIP_HEADER.flags] ?? 0) & GZIP_RESERVED_FLAGS) !== 0) {
    throw refused("it has a flag in its gzip header that the boot loader refuses");
  }
}

/** The failure for a gzipped module that is more or less than one member. */
function notOneMember(path: string): Failure {
  const what = "the boot loader needs exactly one gzip member with nothing behind it";
  return new Failure("boot-cfg", path, what, "compress it again with gzip");
}

/** RFC 1952 §2.3: where a member's deflate data begins. */
function gzipHeaderBytes(member: Uint8Array): number {
  const flags = member[GZIP_HEADER.flags] ?? 0;
  let at = GZIP_HEADER_BYTES;
  if ((flags & GZIP_FLAG.extra) !== 0) at += 2 + (member[at] ?? 0) + (member[at + 1] ?? 0) * 256;
  for (const flag of [GZIP_FLAG.name, GZIP_FLAG.comment]) {
    if ((flags & flag) !== 0) at = member.indexOf(0, at) + 1;
  }
  return (flags & GZIP_FLAG.headerCrc) !== 0 ? at + 2 : at;
}

async function openMember(module: Source): Promise<Member | undefined> {
  const head = await readBytes(module, 0, Math.min(HEAD_BYTES, module.sizeBytes));
  if (!isGzip(head)) return undefined;
  checkGzipHeader(head, module.name);
  const startBytes = gzipHeaderBytes(head);
  const endBytes = module.sizeBytes - GZIP_TRAILER_BYTES;
  if (startBytes < GZIP_HEADER_BYTES || startBytes > Math.min(endBytes, head.length)) {
    throw notOneMember(module.name);
  }
  const trailer = await readBytes(module, endBytes, GZIP_TRAILER_BYTES);
  return new Member(module.name, startBytes, endBytes, trailer);
}

/** A gzip member that is inflated for its length and checksum alone. */
class Member {
  readonly #name: string;
  readonly #startBytes: number;
  readonly #endBytes: number;
  readonly #trailer: DataView;
  readonly #inflater: InflateRaw = createInflateRaw({ chunkSize: INFLATED_BYTES });
  readonly #ended: Promise<void>;
  #crc = 0;
  #sizeBytes = 0;

  constructor(name: string, startBytes: number, endBytes: number, trailer: Uint8Array) {
    this.#name = name;
    this.#startBytes = startBytes;
    this.#endBytes = endBytes;
    this.#trailer = new DataView(trailer.buffer, trailer.byteOffset, trailer.length);
    this.#inflater.on("data", (content: Uint8Array) => {
      this.#crc = crc32(content, this.#crc);
      this.#sizeBytes += content.length;
      if (this.#sizeBytes > MAX_CONTENT_BYTES) this.#inflater.destroy(new Error("too large"));
    });
    this.#ended = later(
      new Promise<void>((resolve, reject) => {
        this.#inflater.on("end", resolve);
        this.#inflater.on("error", reject);
      }),
    );
  }

  /** Takes a piece of the file that begins at `offsetBytes`. */
  async take(piece: Uint8Array, offsetBytes: number): Promise<void> {
    const from = Math.max(this.#startBytes - offsetBytes, 0);
    const to = Math.min(this.#endBytes - offsetBytes, piece.length);
    if (from >= to) return;
    const written = new Promise<void>((resolve) => {
      this.#inflater.write(piece.subarray(from, to), () => resolve());
    });
    await this.#orFail(Promise.race([written, this.#ended]));
  }

  async finish(): Promise<void> {
    this.#inflater.end();
    await this.#orFail(this.#ended);
    const isWhole = this.#inflater.bytesWritten === this.#endBytes - this.#startBytes &&
      this.#trailer.getUint32(GZIP_TRAILER.crc32, true) === this.#crc &&
      this.#trailer.getUint32(GZIP_TRAILER.size, true) === this.#sizeBytes;
    if (!isWhole) throw notOneMember(this.#name);
  }

  async #orFail(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch {
      throw notOneMember(this.#name);
    }
  }
}
