/**
 * The plain image: the disk's bytes as they are.
 *
 * @module
 */

import type { BlockMap } from "../../blocks/block_map.ts";
import { chunks } from "../../blocks/chunks.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import { WriteBehind } from "../../blocks/write_behind.ts";

/** The block size of every file system in use: a smaller hole saves nothing. */
export const HOLE_BYTES = 4096;

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
  const out = new WriteBehind(sink);
  const unitBytes = sink.minHoleBytes ?? HOLE_BYTES;
  for await (const { offsetBytes, lengthBytes, bytes } of chunks(map, unitBytes)) {
    if (bytes === null) await out.hole(lengthBytes);
    else await out.write(bytes.subarray(0, lengthBytes));
    options.onProgress?.(offsetBytes + lengthBytes);
  }
  await out.finish();
  options.onProgress?.(map.sizeBytes);
}
