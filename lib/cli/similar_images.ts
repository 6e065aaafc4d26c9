/**
 * Writes images that differ in little: the first is encoded, each other begins as a copy of it. The
 * system copies faster than a program reads and writes, and some file systems need not copy at all.
 *
 * @module
 */

import { type BlockMap, runs } from "../blocks/block_map.ts";
import { changedBlocks } from "../blocks/changed_blocks.ts";
import { shiftExtent } from "../blocks/extent.ts";
import { encodeRaw, HOLE_BYTES } from "../formats/raw/write.ts";
import type { Output } from "../host/output.ts";

/** A copy has no holes. It is made before the longest one, if that is worth it. */
const MIN_HOLE_BYTES = 1024 * 1024;

/** An image that is written up to its longest hole, and copied so. */
export interface Template {
  /** Where it is written. */
  readonly output: Output;
  /** The medium that it holds. */
  readonly map: BlockMap;
  /** Where the hole begins. */
  readonly keptBytes: number;
}

/** Writes images whose bytes are those of the medium: raw ones and ISOs. To be finished. */
export class SimilarImages {
  #template: Template | undefined;

  /**
   * Begins to copy what is there to copy. That needs no medium yet: it can be planned meanwhile.
   *
   * @returns What {@linkcode write} is to be given.
   */
  async begin(output: Output): Promise<Template | undefined> {
    const template = this.#template;
    if (template === undefined || output.beginAs === undefined) return undefined;
    return await output.beginAs(template.output) ? template : undefined;
  }

  /**
   * Writes an image, maybe not yet to its end.
   *
   * @throws {Failure} `truncated` or `io` from the medium's sources or the output.
   */
  async write(
    map: BlockMap,
    output: Output,
    copied: Template | undefined,
    onProgress: (doneBytes: number) => void,
  ): Promise<void> {
    const changed = copied && changedSince(copied, map);
    if (changed !== undefined) {
      await encodeRaw(changed, output);
      return onProgress(map.sizeBytes);
    }
    if (copied !== undefined) output.beginAnew?.();
    await this.finish();
    const keptBytes = beginningOfLongestHole(map);
    await encodeRaw(before(map, keptBytes), output, { onProgress });
    this.#template = { output, map, keptBytes };
  }

  /**
   * Writes what is missing of the images.
   *
   * @throws {Failure} as {@linkcode write}.
   */
  async finish(): Promise<void> {
    if (this.#template === undefined) return;
    const { map, output, keptBytes } = this.#template;
    this.#template = undefined;
    await encodeRaw(from(map, keptBytes), output);
  }
}

/** What goes over the copy, unless it is so much that a copy was of no use. */
function changedSince(template: Template, map: BlockMap): BlockMap | undefined {
  if (template.map.sizeBytes !== map.sizeBytes) return undefined;
  const changed = changedBlocks(template.map, map, HOLE_BYTES, template.keptBytes);
  return dataBytes(changed) * 2 > template.keptBytes ? undefined : changed;
}

/** The end of the disk, if it has no hole that is worth it. */
function beginningOfLongestHole(map: BlockMap): number {
  let longest = { offsetBytes: map.sizeBytes, lengthBytes: MIN_HOLE_BYTES };
  for (const run of runs(map, HOLE_BYTES)) {
    if (run.kind === "hole" && run.lengthBytes > longest.lengthBytes) longest = run;
  }
  return longest.offsetBytes;
}

function before({ extents }: BlockMap, sizeBytes: number): BlockMap {
  return { sizeBytes, extents: extents.filter(({ offsetBytes }) => offsetBytes < sizeBytes) };
}

function from({ sizeBytes, extents }: BlockMap, startBytes: number): BlockMap {
  return {
    sizeBytes: sizeBytes - startBytes,
    extents: extents.filter(({ offsetBytes }) => offsetBytes >= startBytes)
      .map((extent) => shiftExtent(extent, -startBytes)),
  };
}

function dataBytes({ extents }: BlockMap): number {
  return extents.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}
