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

import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { type BlockMap, readBlocks, runs } from "../disk/block_map.ts";
import { crc32WithZeros } from "./crc32.ts";
import { deflatePiece, type Deflater, inlineDeflater } from "./deflate.ts";
import { isCompressible } from "./entropy.ts";
import { later } from "./later.ts";
import type { EncodeOptions, Sink } from "./sink.ts";

/** RFC 1951 §3.2.4: LEN has 16 bits. */
const STORED_BYTES = 65_535;
const STORED_HEADER_BYTES = 5;
const STORED_BLOCKS = 16;
/** How much is looked at, and deflated, at a time: nearly 1 MiB, in full stored blocks. */
const BLOCK_BYTES = STORED_BLOCKS * STORED_BYTES;
/**
 * RFC 1952 §2.3.1: magic, deflate, no flags, no time (determinism), no extra flags, unknown system.
 */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** RFC 1951 §3.2.4: an empty stored block with BFINAL set. */
const FINAL_BLOCK = Uint8Array.of(1, 0, 0, 0xff, 0xff);
const ZERO_PIECE = new Uint8Array(STORED_BYTES);
/** By length: a full block, and whatever a disk or a run ends with. */
const zeroBlocks = new Map<number, Uint8Array>();
/** Blocks of zeros that are written at a time. */
const ZERO_BATCH = 64;

/** What the gzip encoder may be given. */
export interface GzipOptions extends EncodeOptions {
  /** Deflates what pays; without it, this thread does. */
  readonly deflater?: Deflater;
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
  let crc = 0;
  await sink.write(HEADER);
  // While one frame is written, and others are deflated, one more is filled.
  const frames = Array.from({ length: 2 + deflater.depth }, () => new StoredFrame());
  let written = Promise.resolve();
  for (const run of runs(map, BLOCK_BYTES)) {
    const endBytes = run.offsetBytes + run.lengthBytes;
    if (run.kind === "hole") {
      await written;
      await writeZeros(sink, run.lengthBytes);
      crc = crc32WithZeros(crc, run.lengthBytes);
      onProgress?.(endBytes);
      continue;
    }
    for (let at = run.offsetBytes; at < endBytes; at += BLOCK_BYTES) {
      const frame = frames.shift()!;
      frames.push(frame);
      await frame.written;
      await frame.fill(map, at, Math.min(BLOCK_BYTES, endBytes - at));
      for (const piece of frame.pieces) crc = crc32(piece, crc);
      written = frame.write(sink, deflater, written);
      onProgress?.(Math.min(at + BLOCK_BYTES, endBytes));
    }
  }
  await written;
  await sink.write(FINAL_BLOCK);
  await sink.write(trailer(crc, map.sizeBytes));
}

/**
 * A block of the disk as stored blocks. The disk is read right into its place between the headers,
 * which spares a copy of everything.
 */
class StoredFrame {
  /** The parts of the block, without headers. */
  pieces: Uint8Array[] = [];
  /** Fulfilled when the frame can be filled again. */
  written = Promise.resolve();
  readonly #buffer = new Uint8Array(STORED_BLOCKS * (STORED_HEADER_BYTES + STORED_BYTES));

  /** Reads a block of at most {@linkcode BLOCK_BYTES}. */
  async fill(map: BlockMap, offsetBytes: number, lengthBytes: number): Promise<void> {
    const view = new DataView(this.#buffer.buffer);
    this.pieces = [];
    let end = 0;
    for (let at = 0; at < lengthBytes; at += STORED_BYTES) {
      const pieceBytes = Math.min(STORED_BYTES, lengthBytes - at);
      view.setUint8(end, 0); // BFINAL and BTYPE
      view.setUint16(end + 1, pieceBytes, true); // LEN
      view.setUint16(end + 3, pieceBytes ^ 0xffff, true); // NLEN
      end += STORED_HEADER_BYTES;
      const piece = this.#buffer.subarray(end, end + pieceBytes);
      await readBlocks(map, piece, offsetBytes + at);
      this.pieces.push(piece);
      end += pieceBytes;
    }
  }

  /** Writes the block as it stands, or deflated what pays, as soon as all before is written. */
  write(sink: Sink, deflater: Deflater, before: Promise<void>): Promise<void> {
    const parts = this.#encode(deflater);
    const write = async () => {
      await before;
      for (const part of parts) await sink.write(await part);
    };
    this.written = later(write());
    return this.written;
  }

  #encode(deflater: Deflater): (Uint8Array | Promise<Uint8Array>)[] {
    const [quarter, half] = [this.pieces.length >> 2, this.pieces.length >> 1];
    if (![quarter, quarter + half].some((i) => isCompressible(this.pieces[i]))) {
      return [this.#stored(0, this.pieces.length)];
    }
    if (this.pieces.every(isZero)) return [zeroBlock(this.pieces)];
    // Deflating costs a hundred times as much as storing, so a closer look at each piece pays.
    const kinds = this.pieces.map(isCompressible);
    const parts: (Uint8Array | Promise<Uint8Array>)[] = [];
    for (let start = 0, end = 0; start < kinds.length; start = end) {
      while (end < kinds.length && kinds[end] === kinds[start]) end++;
      const deflated = kinds[start] && deflater.deflate(this.pieces.slice(start, end));
      if (deflated instanceof Promise) later(deflated);
      parts.push(deflated || this.#stored(start, end));
    }
    return parts;
  }

  /** Pieces with their headers. */
  #stored(startPiece: number, endPiece: number): Uint8Array {
    const first = this.pieces[startPiece];
    const last = this.pieces[endPiece - 1];
    return this.#buffer.subarray(
      first.byteOffset - STORED_HEADER_BYTES,
      last.byteOffset + last.length,
    );
  }
}

/** Zeros that a source holds as data, as sparse files do: deflated once for each length. */
function zeroBlock(pieces: readonly Uint8Array[]): Uint8Array {
  const lengthBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let block = zeroBlocks.get(lengthBytes);
  if (block === undefined) {
    block = deflatePiece(new Uint8Array(lengthBytes));
    zeroBlocks.set(lengthBytes, block);
  }
  return block;
}

function isZero(piece: Uint8Array): boolean {
  return Buffer.compare(piece, ZERO_PIECE.subarray(0, piece.length)) === 0;
}

async function writeZeros(sink: Sink, lengthBytes: number): Promise<void> {
  const blocks = Math.floor(lengthBytes / BLOCK_BYTES);
  if (blocks > 0) {
    const one = deflatePiece(new Uint8Array(BLOCK_BYTES));
    const batch = new Uint8Array(one.length * Math.min(blocks, ZERO_BATCH));
    for (let at = 0; at < batch.length; at += one.length) batch.set(one, at);
    for (let done = 0; done < blocks; done += ZERO_BATCH) {
      await sink.write(batch.subarray(0, one.length * Math.min(blocks - done, ZERO_BATCH)));
    }
  }
  const restBytes = lengthBytes % BLOCK_BYTES;
  if (restBytes > 0) await sink.write(deflatePiece(new Uint8Array(restBytes)));
}

/** RFC 1952 §2.3.1: CRC32, and the size modulo 2^32. */
function trailer(crc: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, sizeBytes % 2 ** 32, true);
  return bytes;
}
