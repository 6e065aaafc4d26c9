/**
 * Which parts of a disk hold data, for an image that does not say.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { BlockMap } from "../disk/block_map.ts";
import type { Source } from "../disk/extent.ts";
import { CHUNK_BYTES } from "../encode/chunks.ts";
import { ExtentList, type VirtualDisk } from "./virtual_disk.ts";

/** The block size of every file system in use, and the unit in which raw images have holes. */
const UNIT_BYTES = 4096;
const ZEROS = new Uint8Array(CHUNK_BYTES);

/**
 * The parts of a disk that hold data: as its image says, else by reading all of it and leaving out
 * what is zero.
 *
 * @param onProgress Called with the number of bytes read so far; not if none need be.
 * @throws {Failure} `truncated`, `not-image` or `io` from the disk.
 */
export async function findData(
  disk: Source | VirtualDisk,
  onProgress?: (doneBytes: number) => void,
): Promise<BlockMap> {
  // A fixed VHD is a raw image with a footer.
  if ("map" in disk && disk.variant !== "fixed") return disk.map;
  const extents = new ExtentList(disk.sizeBytes);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let offsetBytes = 0; offsetBytes < disk.sizeBytes; offsetBytes += CHUNK_BYTES) {
    const chunk = buffer.subarray(0, Math.min(CHUNK_BYTES, disk.sizeBytes - offsetBytes));
    await disk.read(chunk, offsetBytes);
    for (let at = 0; at < chunk.length; at += UNIT_BYTES) {
      const unit = chunk.subarray(at, at + UNIT_BYTES);
      if (isZero(unit)) continue;
      extents.add(offsetBytes + at, unit.length, disk, offsetBytes + at);
    }
    onProgress?.(offsetBytes + chunk.length);
  }
  return extents.toMap();
}

/** Most data differ from zero in their first bytes; the comparison is the machine's own. */
function isZero(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}
