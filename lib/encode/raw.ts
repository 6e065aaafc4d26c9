/**
 * The plain image: the disk's bytes as they are.
 *
 * @module
 */

import { type BlockMap, readBlocks, runs } from "../disk/block_map.ts";
import { later } from "./later.ts";
import type { EncodeOptions, Sink } from "./sink.ts";

/** The block size of every file system in use: a smaller hole saves nothing. */
const HOLE_BYTES = 4096;
/** How much is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a disk as it is, its holes as the sink's.
 *
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
 */
export async function encodeRaw(
  map: BlockMap,
  sink: Sink,
  options: EncodeOptions = {},
): Promise<void> {
  // One buffer is filled while the other is written.
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  let written = Promise.resolve();
  for (const run of runs(map, HOLE_BYTES)) {
    if (run.kind === "hole") {
      await written;
      await sink.hole(run.lengthBytes);
      continue;
    }
    const endBytes = run.offsetBytes + run.lengthBytes;
    for (let at = run.offsetBytes; at < endBytes; at += CHUNK_BYTES) {
      buffers.reverse();
      const chunk = buffers[0].subarray(0, Math.min(CHUNK_BYTES, endBytes - at));
      await Promise.all([readBlocks(map, chunk, at), written]);
      written = later(sink.write(chunk));
      options.onProgress?.(at + chunk.length);
    }
  }
  await written;
  options.onProgress?.(map.sizeBytes);
}
