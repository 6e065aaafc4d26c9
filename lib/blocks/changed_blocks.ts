/**
 * What tells one disk from another, so that the one can be made of a copy of the other.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type BlockMap, roundUp } from "./block_map.ts";
import { cutExtent, type Extent } from "./extent.ts";
import { mapSource } from "./slice.ts";

const ZEROS = mapSource({ sizeBytes: Infinity, extents: [] }, "zeros");

/** Where a run of blocks lies on a disk. */
interface Range {
  readonly startBytes: number;
  endBytes: number;
}

/**
 * The blocks of `now` that differ from those of `before`, on a disk of the same size. Runs are the
 * same if they come from the same place of the same source, or are the same bytes in memory; so a
 * block may be listed that does not differ, but none is left out that does.
 *
 * @param blockBytes What is replaced at a time.
 * @param keptBytes How much of `before` there is; what follows is listed whole. A multiple of
 * `blockBytes`.
 * @returns Holes are what stays as it is; a block that only `before` has data in is zeros.
 */
export function changedBlocks(
  before: BlockMap,
  now: BlockMap,
  blockBytes: number,
  keptBytes: number,
): BlockMap {
  const known = new Map(before.extents.map((extent) => [extent.offsetBytes, extent]));
  const ranges: Range[] = [];
  const add = ({ offsetBytes, lengthBytes }: Extent) =>
    ranges.push({
      startBytes: offsetBytes - offsetBytes % blockBytes,
      endBytes: Math.min(roundUp(offsetBytes + lengthBytes, blockBytes), now.sizeBytes),
    });
  for (const extent of now.extents) {
    const same = known.get(extent.offsetBytes);
    const isKept = extent.offsetBytes + extent.lengthBytes <= keptBytes;
    if (isKept && same !== undefined && isSame(same, extent)) known.delete(extent.offsetBytes);
    else add(extent);
  }
  // What is left has another successor, or none.
  for (const extent of known.values()) if (extent.offsetBytes < keptBytes) add(extent);
  return { sizeBytes: now.sizeBytes, extents: cut(now.extents, merge(ranges)) };
}

function isSame(a: Extent, b: Extent): boolean {
  if (a.lengthBytes !== b.lengthBytes) return false;
  if ("bytes" in a) return "bytes" in b && Buffer.compare(a.bytes, b.bytes) === 0;
  return "source" in b && a.source === b.source && a.sourceOffsetBytes === b.sourceOffsetBytes;
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.startBytes - b.startBytes)) {
    const last = merged.at(-1);
    if (last === undefined || range.startBytes > last.endBytes) merged.push({ ...range });
    else last.endBytes = Math.max(last.endBytes, range.endBytes);
  }
  return merged;
}

/** What of the extents lies in the ranges; where they have none it is zeros. */
function cut(extents: readonly Extent[], ranges: readonly Range[]): Extent[] {
  const parts: Extent[] = [];
  let i = 0;
  for (const { startBytes, endBytes } of ranges) {
    let doneBytes = startBytes;
    for (; i < extents.length && extents[i]!.offsetBytes < endBytes; i++) {
      for (const part of cutExtent(extents[i]!, startBytes, endBytes)) {
        if (part.offsetBytes > doneBytes) parts.push(zeros(doneBytes, part.offsetBytes));
        parts.push(part);
        doneBytes = part.offsetBytes + part.lengthBytes;
      }
      if (doneBytes === endBytes) break; // it may go on in the next range
    }
    if (endBytes > doneBytes) parts.push(zeros(doneBytes, endBytes));
  }
  return parts;
}

function zeros(fromBytes: number, toBytes: number): Extent {
  return {
    offsetBytes: fromBytes,
    lengthBytes: toBytes - fromBytes,
    source: ZEROS,
    sourceOffsetBytes: 0,
  };
}
