/**
 * The end of the pipeline: plan → image, in one pass over the ISO.
 *
 * @module
 */

import type { BlockMap } from "./blocks/block_map.ts";
import type { EncodeOptions, Sink } from "./blocks/sink.ts";
import type { ImagePlan } from "./build.ts";
import type { Deflater } from "./formats/deflate/deflate.ts";
import type { Format } from "./formats/format.ts";
import { checkDiskSize, formatFor } from "./formats/formats.ts";

/** How to encode an image. */
export interface ImageEncodeOptions extends EncodeOptions {
  /** The format, or its name as in {@linkcode FORMATS}; without it, `gz`. */
  readonly format?: string | Format;
  /** Deflate what shrinks by it, where the format leaves the choice. */
  readonly compress?: boolean;
  /** Deflates in other threads; without it, in this one. */
  readonly deflater?: Deflater;
  /** The disk to write instead of the plan's: the same one, moved or made larger. */
  readonly map?: BlockMap;
}

/**
 * Encodes a planned image, front to back. The same plan gives the same bytes.
 *
 * @throws {Failure} `usage` if there is no such format, `too-small` if it cannot hold the disk,
 * `truncated` or `io` from the ISO or the sink.
 */
export async function encodeImage(
  plan: ImagePlan,
  sink: Sink,
  options: ImageEncodeOptions = {},
): Promise<void> {
  const { map = plan.disk.map, ...rest } = options;
  const format = typeof options.format === "object"
    ? options.format
    : formatFor(options.format, undefined);
  checkDiskSize(format, map.sizeBytes, plan.volume.source.name);
  await format.encode(map, sink, {
    ...rest,
    seed: plan.diskGuid,
    timeSeconds: Math.floor(plan.timeMs / 1000),
  });
}
