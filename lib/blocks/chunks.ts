/**
 * A disk read front to back in large pieces.
 *
 * @module
 */

import { type BlockMap, readBlocks, roundUp, type Run, runs } from "./block_map.ts";
import { SECTOR_BYTES } from "./sector.ts";

/**
 * How much is read and written at a time: smaller pieces cost more calls. Pieces of 2 MiB and more
 * can take far longer, for then the kernel looks for huge pages to keep them in.
 */
export const CHUNK_BYTES = 30 * 64 * 1024;

/** A piece of the disk. */
export interface Chunk {
  /** Where it begins on the disk. */
  readonly offsetBytes: number;
  /** How much of the disk it covers; a hole is one chunk, however long. */
  readonly lengthBytes: number;
  /**
   * What it holds, `null` for a hole. At the disk's end it is filled up with zeros to a whole unit.
   * It stays valid until the chunk after the next one is asked for, so that it can be written
   * meanwhile.
   */
  readonly bytes: Uint8Array | null;
}

/**
 * Reads a disk as runs of whole units, see {@linkcode runs}.
 *
 * @param unitBytes What a format maps at a time: a cluster, a grain, a block.
 * @param chunkBytes A multiple of `unitBytes`.
 * @throws {Failure} `truncated` or `io` from the disk's sources.
 */
export async function* chunks(
  map: BlockMap,
  unitBytes: number,
  chunkBytes: number = CHUNK_BYTES,
): AsyncGenerator<Chunk> {
  let [buffer, other] = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)];
  for (const { kind, ...place } of pieces(map, unitBytes, chunkBytes)) {
    if (kind === "hole") yield { ...place, bytes: null };
    else {
      [buffer, other] = [other, buffer];
      const bytes = buffer.subarray(0, roundUp(place.lengthBytes, unitBytes));
      await readBlocks(map, bytes, place.offsetBytes);
      yield { ...place, bytes };
    }
  }
}

/** The places of {@linkcode chunks}, unread: a hole is one of them, however long. */
export function* pieces(map: BlockMap, unitBytes: number, chunkBytes: number): Generator<Run> {
  for (const run of runs(map, unitBytes)) {
    if (run.kind === "hole") yield run;
    else {
      const endBytes = run.offsetBytes + run.lengthBytes;
      for (let at = run.offsetBytes; at < endBytes; at += chunkBytes) {
        yield { ...run, offsetBytes: at, lengthBytes: Math.min(chunkBytes, endBytes - at) };
      }
    }
  }
}

/**
 * @throws {RangeError} if a disk is empty or does not end with a sector.
 */
export function requireWholeSectors(map: BlockMap): void {
  if (map.sizeBytes <= 0 || map.sizeBytes % SECTOR_BYTES !== 0) {
    throw new RangeError(`Cannot store ${map.sizeBytes} bytes as sectors of ${SECTOR_BYTES}`);
  }
}
