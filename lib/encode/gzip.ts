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
import { constants, crc32, deflateRawSync } from "node:zlib";
import { type BlockMap, readBlocks, runs } from "../disk/block_map.ts";
import { crc32WithZeros } from "./crc32.ts";
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
/** zlib's default, and what `gzip -6` does. */
const LEVEL = 6;
/** Blocks of zeros that are written at a time. */
const ZERO_BATCH = 64;

/**
 * Writes a disk as one gzip member.
 *
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeGzip(
  map: BlockMap,
  sink: Sink,
  options: EncodeOptions = {},
): Promise<void> {
  let crc = 0;
  await sink.write(HEADER);
  // While one frame is written, the other is filled.
  const frames = [new StoredFrame(), new StoredFrame()];
  let written = Promise.resolve();
  for (const run of runs(map, BLOCK_BYTES)) {
    const endBytes = run.offsetBytes + run.lengthBytes;
    if (run.kind === "hole") {
      await written;
      await writeZeros(sink, run.lengthBytes);
      crc = crc32WithZeros(crc, run.lengthBytes);
      options.onProgress?.(endBytes);
      continue;
    }
    for (let at = run.offsetBytes; at < endBytes; at += BLOCK_BYTES) {
      frames.reverse();
      const [frame] = frames;
      await frame.fill(map, at, Math.min(BLOCK_BYTES, endBytes - at));
      for (const piece of frame.pieces) crc = crc32(piece, crc);
      const encoded = frame.encode();
      await written;
      written = later(sink.write(encoded));
      options.onProgress?.(Math.min(at + BLOCK_BYTES, endBytes));
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

  /** The block as deflate data: as it stands, or what of it pays deflated. */
  encode(): Uint8Array {
    const [quarter, half] = [this.pieces.length >> 2, this.pieces.length >> 1];
    if (![quarter, quarter + half].some((i) => isCompressible(this.pieces[i]))) {
      return this.#stored(0, this.pieces.length);
    }
    // Deflating costs a hundred times as much as storing, so a closer look at each piece pays.
    const kinds = this.pieces.map(isCompressible);
    const parts: Uint8Array[] = [];
    for (let start = 0, end = 0; start < kinds.length; start = end) {
      while (end < kinds.length && kinds[end] === kinds[start]) end++;
      parts.push(
        kinds[start]
          ? deflate(Buffer.concat(this.pieces.slice(start, end)))
          : this.#stored(start, end),
      );
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
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

/** Deflates into blocks that end on a byte boundary and are not the last ones. */
function deflate(block: Uint8Array): Uint8Array {
  return deflateRawSync(block, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
}

async function writeZeros(sink: Sink, lengthBytes: number): Promise<void> {
  const blocks = Math.floor(lengthBytes / BLOCK_BYTES);
  if (blocks > 0) {
    const one = deflate(new Uint8Array(BLOCK_BYTES));
    const batch = new Uint8Array(one.length * Math.min(blocks, ZERO_BATCH));
    for (let at = 0; at < batch.length; at += one.length) batch.set(one, at);
    for (let done = 0; done < blocks; done += ZERO_BATCH) {
      await sink.write(batch.subarray(0, one.length * Math.min(blocks - done, ZERO_BATCH)));
    }
  }
  const restBytes = lengthBytes % BLOCK_BYTES;
  if (restBytes > 0) await sink.write(deflate(new Uint8Array(restBytes)));
}

/** RFC 1952 §2.3.1: CRC32, and the size modulo 2^32. */
function trailer(crc: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, sizeBytes % 2 ** 32, true);
  return bytes;
}
