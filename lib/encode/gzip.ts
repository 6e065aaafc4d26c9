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

import { constants, crc32, deflateRawSync } from "node:zlib";
import { type BlockMap, readBlocks, runs } from "../disk/block_map.ts";
import { crc32WithZeros } from "./crc32.ts";
import { isCompressible } from "./entropy.ts";
import { later } from "./later.ts";
import type { EncodeOptions, Sink } from "./sink.ts";

/** How much is looked at, and deflated, at a time. */
const BLOCK_BYTES = 1024 * 1024;
/** RFC 1951 §3.2.4: LEN has 16 bits. */
const STORED_BYTES = 65_535;
const STORED_HEADER_BYTES = 5;
const STORED_BLOCKS = Math.ceil(BLOCK_BYTES / STORED_BYTES);
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
  let written = Promise.resolve();
  const inputs = [new Uint8Array(BLOCK_BYTES), new Uint8Array(BLOCK_BYTES)];
  const frames = [storedFrame(), storedFrame()];
  for (const run of runs(map, BLOCK_BYTES)) {
    if (run.kind === "hole") {
      await written;
      await writeZeros(sink, run.lengthBytes);
      crc = crc32WithZeros(crc, run.lengthBytes);
      options.onProgress?.(run.offsetBytes + run.lengthBytes);
      continue;
    }
    const endBytes = run.offsetBytes + run.lengthBytes;
    const read = async (offsetBytes: number) => {
      inputs.reverse();
      const block = inputs[0].subarray(0, Math.min(BLOCK_BYTES, endBytes - offsetBytes));
      await readBlocks(map, block, offsetBytes);
      return block;
    };
    // While one block is summed and framed, the next is read and the last is written.
    let next = read(run.offsetBytes);
    for (let at = run.offsetBytes; at < endBytes; at += BLOCK_BYTES) {
      const block = await next;
      if (at + BLOCK_BYTES < endBytes) next = later(read(at + BLOCK_BYTES));
      crc = crc32(block, crc);
      frames.reverse();
      const encoded = isCompressible(block) ? deflate(block) : store(block, frames[0]);
      await written;
      written = later(sink.write(encoded));
      options.onProgress?.(at + block.length);
    }
  }
  await written;
  await sink.write(FINAL_BLOCK);
  await sink.write(trailer(crc, map.sizeBytes));
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

/** A buffer for one block in stored blocks, their headers in place for a full block. */
function storedFrame(): Uint8Array {
  return new Uint8Array(BLOCK_BYTES + STORED_BLOCKS * STORED_HEADER_BYTES);
}

/** Frames a block as stored blocks: BFINAL and BTYPE 0, LEN, its complement, the bytes. */
function store(block: Uint8Array, frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer);
  let end = 0;
  for (let at = 0; at < block.length; at += STORED_BYTES) {
    const lengthBytes = Math.min(STORED_BYTES, block.length - at);
    view.setUint8(end, 0);
    view.setUint16(end + 1, lengthBytes, true);
    view.setUint16(end + 3, lengthBytes ^ 0xffff, true);
    frame.set(block.subarray(at, at + lengthBytes), end + STORED_HEADER_BYTES);
    end += STORED_HEADER_BYTES + lengthBytes;
  }
  return frame.subarray(0, end);
}

/** RFC 1952 §2.3.1: CRC32, and the size modulo 2^32. */
function trailer(crc: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, sizeBytes % 2 ** 32, true);
  return bytes;
}
