/**
 * Everything that is fuzzed.
 *
 * @module
 */

import { driverTarget } from "./driver_target.ts";
import { driveTarget } from "./drive_target.ts";
import type { Target } from "./fuzzer.ts";
import { bootCfgLoaderTarget } from "./boot_cfg_target.ts";
import { imageTarget } from "./image_target.ts";
import { isoTarget } from "./iso_target.ts";
import { metadataTarget } from "./metadata_target.ts";
import { payloadTarget } from "./payload_target.ts";
import { planTarget } from "./plan_target.ts";
import { argumentsTarget, bootCfgTarget, manifestTarget } from "./text_targets.ts";

// deno-lint-ignore no-explicit-any -- each target has inputs of its own type
export const TARGETS: readonly Target<any>[] = [
  isoTarget,
  planTarget,
  imageTarget,
  bootCfgTarget,
  bootCfgLoaderTarget,
  payloadTarget,
  argumentsTarget,
  manifestTarget,
  metadataTarget,
  driveTarget,
  driverTarget,
];
