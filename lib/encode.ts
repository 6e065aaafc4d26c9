/**
 * The end of the pipeline: plan → image, in one pass over the ISO.
 *
 * @module
 */

import type { BlockMap } from "./blocks/block_map.ts";
import { Failure } from "./blocks/failure.ts";
import type { EncodeOptions, Sink } from "./blocks/sink.ts";
import type { ImagePlan, IsoPlan } from "./build.ts";
import type { Deflater } from "./formats/deflate/deflater.ts";
import type { Format } from "./formats/format.ts";
import { checkDiskSize, formatFor } from "./formats/formats.ts";

/** How to encode an image. */
export interface ImageEncodeOptions extends EncodeOptions {
  /** The format, or its name as in {@linkcode FORMATS}; without it, `gz`, or `iso` for an ISO. */
  readonly format?: string | Format;
  /** Deflate what shrinks by it, where the format leaves the choice. */
  readonly compress?: boolean;
  /** Deflates in other threads; without it, in this one. */
  readonly deflater?: Deflater;
  /** The medium to write instead of the plan's: the same one, moved or made larger. */
  readonly map?: BlockMap;
}

/**
 * Encodes a planned medium, front to back. The same plan gives the same bytes.
 *
 * @throws {Failure} `usage` if there is no such format for the medium, `too-small` if it cannot hold the disk,
 * `truncated` or `io` from the ISO or the sink.
 */
export async function encodeImage(
  plan: ImagePlan | IsoPlan,
  sink: Sink,
  options: ImageEncodeOptions = {},
): Promise<void> {
  const { map = plan.map, ...rest } = options;
  const isIso = plan.medium === "iso";
  const named = options.format ?? (isIso ? "iso" : "gz");
  const format = typeof named === "object" ? named : formatFor(named, undefined);
  if ((format.medium === "iso") !== isIso) {
    const what = `${format.name} does not hold ${isIso ? "an ISO" : "a disk"}`;
    throw new Failure("usage", "--format", what, "plan the medium for it");
  }
  checkDiskSize(format, map.sizeBytes, plan.volume.source.name);
  await format.encode(map, sink, {
    ...rest,
    seed: isIso ? plan.identity : plan.diskGuid,
    timeSeconds: Math.floor(plan.timeMs / 1000),
  });
}
