/**
 * The whole disk as sorted extents. It is the one thing that encoders know: what no extent covers
 * is a hole and reads as zero.
 *
 * @module
 */

import type { Extent } from "./extent.ts";

/** A disk of `sizeBytes`: sorted extents that neither overlap nor reach past its end. */
export interface BlockMap {
  /** The size of the disk. */
  readonly sizeBytes: number;
  /** In the order of the disk; what lies between them is zero. */
  readonly extents: readonly Extent[];
}

/**
 * Sorts extents into a disk.
 *
 * @throws {RangeError} if two extents overlap or one reaches past the end.
 */
export function blockMap(sizeBytes: number, extents: readonly Extent[]): BlockMap {
  const sorted = extents.filter((extent) => extent.lengthBytes > 0)
    .toSorted((a, b) => a.offsetBytes - b.offsetBytes);
  let endBytes = 0;
  for (const extent of sorted) {
    if (extent.offsetBytes < endBytes) {
      throw new RangeError(`Cannot map two extents to byte ${extent.offsetBytes}`);
    }
    endBytes = extent.offsetBytes + extent.lengthBytes;
  }
  if (endBytes > sizeBytes) {
    throw new RangeError(`Cannot map byte ${endBytes} on a disk of ${sizeBytes} bytes`);
  }
  return { sizeBytes, extents: sorted };
}

/** A run of whole blocks that either holds data somewhere (`data`) or reads as zero throughout. */
export interface Run {
  /** A hole reads as zero throughout. */
  readonly kind: "data" | "hole";
  /** Where it begins on the disk. */
  readonly offsetBytes: number;
  /** How long it is. */
  readonly lengthBytes: number;
}

/**
 * Cuts the disk into alternating runs of data and holes, on multiples of `blockBytes`; only the
 * last run may end elsewhere, at the end of the disk.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { blockMap, runs } from "./block_map.ts";
 * import { bytesExtent } from "./extent.ts";
 *
 * const map = blockMap(20_000, [bytesExtent(5_000, new Uint8Array(10))]);
 * assert.deepEqual([...runs(map, 4096)].map((run) => run.kind), ["hole", "data", "hole"]);
 * ```
 */
export function* runs(map: BlockMap, blockBytes: number): Generator<Run> {
  let doneBytes = 0; // everything below has been yielded
  let dataEndBytes = 0; // end of the data run that begins at doneBytes, if it is beyond it
  for (const extent of map.extents) {
    const startBytes = extent.offsetBytes - extent.offsetBytes % blockBytes;
    const endBytes = roundUp(extent.offsetBytes + extent.lengthBytes, blockBytes);
    if (startBytes > dataEndBytes) {
      if (dataEndBytes > doneBytes) yield run("data", doneBytes, dataEndBytes);
      yield run("hole", dataEndBytes, startBytes);
      doneBytes = startBytes;
    }
    dataEndBytes = Math.max(dataEndBytes, endBytes);
  }
  dataEndBytes = Math.min(dataEndBytes, map.sizeBytes);
  if (dataEndBytes > doneBytes) yield run("data", doneBytes, dataEndBytes);
  if (map.sizeBytes > dataEndBytes) yield run("hole", dataEndBytes, map.sizeBytes);
}

function run(kind: Run["kind"], offsetBytes: number, endBytes: number): Run {
  return { kind, offsetBytes, lengthBytes: endBytes - offsetBytes };
}

/** The smallest multiple of `unit` that is not below `value`. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/**
 * Fills `into` with the disk's bytes from `offsetBytes` on; what lies past the disk's end is zero.
 *
 * @returns A promise only if one of the sources needs one, see {@linkcode Source}.
 * @throws {Failure} `truncated` or `io` from the disk's sources.
 */
export function readBlocks(
  map: BlockMap,
  into: Uint8Array,
  offsetBytes: number,
): void | Promise<void> {
  return readFrom(map, firstEndingAfter(map.extents, offsetBytes), into, offsetBytes, 0);
}

/** Goes on with an extent, when `into` is filled up to its beginning or the gap before it. */
function readFrom(
  map: BlockMap,
  firstExtent: number,
  into: Uint8Array,
  offsetBytes: number,
  filledBytes: number,
): void | Promise<void> {
  const endBytes = offsetBytes + into.length;
  for (let i = firstExtent; i < map.extents.length; i++) {
    const extent = map.extents[i]!;
    if (extent.offsetBytes >= endBytes) break;
    const skipBytes = Math.max(offsetBytes - extent.offsetBytes, 0);
    const atBytes = extent.offsetBytes + skipBytes - offsetBytes;
    const lengthBytes = Math.min(extent.lengthBytes - skipBytes, into.length - atBytes);
    if (atBytes > filledBytes) into.fill(0, filledBytes, atBytes);
    filledBytes = atBytes + lengthBytes;
    const part = into.subarray(atBytes, filledBytes);
    if ("bytes" in extent) part.set(extent.bytes.subarray(skipBytes, skipBytes + lengthBytes));
    else {
      const pending = extent.source.read(part, extent.sourceOffsetBytes + skipBytes);
      if (pending) {
        return pending.then(() => readFrom(map, i + 1, into, offsetBytes, atBytes + lengthBytes));
      }
    }
  }
  if (filledBytes < into.length) into.fill(0, filledBytes);
}

/** Binary search: the index of the first extent that ends after `offsetBytes`. */
function firstEndingAfter(extents: readonly Extent[], offsetBytes: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const extent = extents[middle]!;
    if (extent.offsetBytes + extent.lengthBytes <= offsetBytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
