/**
 * gzip at the speed of a copy. Installers are compressed already, so each block is looked at before
 * it is worked on.
 *
 * | block            | becomes                                          | RFC 1951 |
 * | ---------------- | ------------------------------------------------ | -------- |
 * | hole             | one deflated run of zeros, written again and again | §3.2.5 |
 * | incompressible   | stored blocks                                    | §3.2.4   |
 * | else             | deflated, ending on a byte boundary              | §3.2.3   |
 *
 * All of it is one member (RFC 1952 §2.2), as `zcat`, `gzip -t`, pigz and MAAS expect.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { type BlockMap, readBlocks, runs } from "../../blocks/block_map.ts";
import { later } from "../../blocks/later.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import { isZero } from "../../blocks/zeros.ts";
import { crc32WithZeros } from "../deflate/crc32.ts";
import { deflatePiece, release, totalBytes } from "../deflate/deflate.ts";
import { type Deflater, inlineDeflater } from "../deflate/deflater.ts";
import { isCompressible } from "../deflate/entropy.ts";
import { putStoredHeader, STORED_BYTES, STORED_HEADER_BYTES } from "../deflate/stored_block.ts";
import { GZIP_TRAILER, GZIP_TRAILER_BYTES, PLAIN_GZIP_HEADER } from "./format.ts";

const STORED_BLOCKS = 32;
/** How much is deflated at a time: nearly 1 MiB. More takes memory, and leaves threads waiting. */
const DEFLATED_BLOCKS = 16;
/** Samples that decide whether to look closer at a block: modules have many MiB. */
const SAMPLES = 2;
/**
 * How much is looked at, deflated and written at a time: nearly 2 MiB, in full stored blocks. Half
 * of it costs more calls; twice as much leaves the caches.
 */
const BLOCK_BYTES = STORED_BLOCKS * STORED_BYTES;
/** RFC 1951 §3.2.4: an empty stored block with BFINAL set. */
const FINAL_BLOCK = Uint8Array.of(1, 0, 0, 0xff, 0xff);
/** By length: a full block, and whatever a disk or a run ends with. */
const zeroBlocks = new Map<number, Uint8Array>();
/** Blocks of zeros that are written at a time. */
const ZERO_BATCH = 64;

/** What the gzip encoder may be given. */
export interface GzipOptions extends EncodeOptions {
  /** Deflates compressible blocks; without it, this thread does. */
  readonly deflater?: Deflater | undefined;
}

/**
 * Writes a disk as one gzip member. Its bytes do not depend on who deflates.
 *
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeGzip(
  map: BlockMap,
  sink: Sink,
  options: GzipOptions = {},
): Promise<void> {
  const { deflater = inlineDeflater(), onProgress } = options;
  const writer = new BlockWriter(sink, deflater);
  let crc = 0;
  await sink.write(PLAIN_GZIP_HEADER);
  for (const run of runs(map, BLOCK_BYTES)) {
    const endBytes = run.offsetBytes + run.lengthBytes;
    if (run.kind === "hole") {
      await writer.finish();
      await writeZeros(sink, run.lengthBytes);
      crc = crc32WithZeros(crc, run.lengthBytes);
      onProgress?.(endBytes);
      continue;
    }
    for (let at = run.offsetBytes; at < endBytes; at += BLOCK_BYTES) {
      const block = await writer.next();
      crc = await block.fill(map, at, Math.min(BLOCK_BYTES, endBytes - at), crc);
      writer.write(block);
      onProgress?.(Math.min(at + BLOCK_BYTES, endBytes));
    }
  }
  await writer.finish();
  await sink.write(FINAL_BLOCK);
  await sink.write(trailer(crc, map.sizeBytes));
}

/** Writes blocks in order: while one is written, and others are deflated, one more is filled. */
class BlockWriter {
  readonly #sink: Sink;
  readonly #deflater: Deflater;
  /** Blocks to be filled, the one that was used last at the end: it is in the caches still. */
  readonly #free: StoredBlock[] = [];
  /** What is being written or deflated, in order. */
  readonly #pending: { readonly written: Promise<void>; readonly isDeflating: boolean }[] = [];

  constructor(sink: Sink, deflater: Deflater) {
    this.#sink = sink;
    this.#deflater = deflater;
  }

  /** A block to fill. */
  async next(): Promise<StoredBlock> {
    const isDeflating = this.#pending.some((write) => write.isDeflating);
    const depthBlocks = Math.ceil(this.#deflater.depth * DEFLATED_BLOCKS / STORED_BLOCKS);
    const mayWait = 1 + (isDeflating ? depthBlocks : 0);
    while (this.#pending.length > mayWait) await this.#pending.shift()!.written;
    return this.#free.pop() ?? new StoredBlock();
  }

  /** Writes a block as it stands, or deflated if that saves space, as soon as all before it is written. */
  write(block: StoredBlock): void {
    const parts = block.encode(this.#deflater);
    const before = this.#pending.at(-1)?.written;
    const write = async () => {
      await before;
      for (const { bytes, isDeflated } of parts) {
        const encoded = await bytes;
        await this.#sink.write(encoded);
        if (isDeflated) release(encoded);
      }
      this.#free.push(block);
    };
    const isDeflating = parts.some(({ bytes }) => bytes instanceof Promise);
    this.#pending.push({ written: later(write()), isDeflating });
  }

  /** Waits until everything is written. */
  async finish(): Promise<void> {
    while (this.#pending.length > 0) await this.#pending.shift()!.written;
  }
}

/** What a part of a block becomes. */
interface Encoded {
  readonly bytes: Uint8Array | Promise<Uint8Array>;
  /** Whether the bytes have a buffer of their own. */
  readonly isDeflated: boolean;
}

/**
 * A block of the disk as stored blocks. The disk is read right into its place between the headers,
 * which spares a copy of everything.
 */
class StoredBlock {
  /** The parts of the block, without headers. */
  pieces: Uint8Array[] = [];
  readonly #buffer = new Uint8Array(STORED_BLOCKS * (STORED_HEADER_BYTES + STORED_BYTES));
  readonly #view = new DataView(this.#buffer.buffer);

  /**
   * Reads a block of at most {@linkcode BLOCK_BYTES}.
   *
   * @returns The CRC-32 that `crc` becomes. It is computed while a piece is in the nearest cache,
   * which takes a third of the time that it takes later.
   */
  async fill(
    map: BlockMap,
    offsetBytes: number,
    lengthBytes: number,
    crc: number,
  ): Promise<number> {
    this.pieces = [];
    for (let at = 0; at < lengthBytes; at += STORED_BYTES) {
      const pieceBytes = Math.min(STORED_BYTES, lengthBytes - at);
      const header = this.pieces.length * (STORED_HEADER_BYTES + STORED_BYTES);
      putStoredHeader(this.#view, header, pieceBytes, false);
      const start = header + STORED_HEADER_BYTES;
      const piece = this.#buffer.subarray(start, start + pieceBytes);
      this.pieces.push(piece);
      const reading = readBlocks(map, piece, offsetBytes + at);
      if (reading) await reading;
      crc = crc32(piece, crc);
    }
    return crc;
  }

  /** What to write, in order. */
  encode(deflater: Deflater): Encoded[] {
    if (!this.#mayPay()) return [this.#stored(0, this.pieces.length)];
    if (this.pieces.every(isZero)) {
      return [{ bytes: zeroBlock(totalBytes(this.pieces)), isDeflated: false }];
    }
    // Deflating costs a hundred times as much as storing, so a closer look at each piece pays.
    const kinds = this.pieces.map(isCompressible);
    const parts: Encoded[] = [];
    for (let start = 0, end = 0; start < kinds.length; start = end) {
      const limit = kinds[start] ? start + DEFLATED_BLOCKS : kinds.length;
      while (end < Math.min(limit, kinds.length) && kinds[end] === kinds[start]) end++;
      parts.push(kinds[start] ? this.#deflated(start, end, deflater) : this.#stored(start, end));
    }
    return parts;
  }

  /** Looks at a few pieces, evenly spread. */
  #mayPay(): boolean {
    for (let i = 0; i < SAMPLES; i++) {
      const piece = this.pieces[Math.floor((i + 0.5) / SAMPLES * this.pieces.length)]!;
      if (isCompressible(piece)) return true;
    }
    return false;
  }

  #deflated(startPiece: number, endPiece: number, deflater: Deflater): Encoded {
    const bytes = deflater.deflate(this.pieces.slice(startPiece, endPiece));
    return { bytes: bytes instanceof Promise ? later(bytes) : bytes, isDeflated: true };
  }

  /** Pieces with their headers. */
  #stored(startPiece: number, endPiece: number): Encoded {
    const first = this.pieces[startPiece]!;
    const last = this.pieces[endPiece - 1]!;
    const bytes = this.#buffer.subarray(
      first.byteOffset - STORED_HEADER_BYTES,
      last.byteOffset + last.length,
    );
    return { bytes, isDeflated: false };
  }
}

/** Zeros, of holes or of sources that hold them as data: deflated once for each length. */
function zeroBlock(lengthBytes: number): Uint8Array {
  let block = zeroBlocks.get(lengthBytes);
  if (block === undefined) {
    block = deflatePiece(new Uint8Array(lengthBytes));
    zeroBlocks.set(lengthBytes, block);
  }
  return block;
}

async function writeZeros(sink: Sink, lengthBytes: number): Promise<void> {
  const blocks = Math.floor(lengthBytes / BLOCK_BYTES);
  if (blocks > 0) {
    const one = zeroBlock(BLOCK_BYTES);
    const batch = new Uint8Array(one.length * Math.min(blocks, ZERO_BATCH));
    for (let at = 0; at < batch.length; at += one.length) batch.set(one, at);
    for (let done = 0; done < blocks; done += ZERO_BATCH) {
      await sink.write(batch.subarray(0, one.length * Math.min(blocks - done, ZERO_BATCH)));
    }
  }
  const restBytes = lengthBytes % BLOCK_BYTES;
  if (restBytes > 0) await sink.write(zeroBlock(restBytes));
}

/** RFC 1952 §2.3.1: CRC32, and the size modulo 2^32. */
function trailer(crc: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(GZIP_TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(GZIP_TRAILER.crc32, crc, true);
  view.setUint32(GZIP_TRAILER.size, sizeBytes % 2 ** 32, true);
  return bytes;
}
