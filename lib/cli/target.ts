/**
 * Opens what an image is written to: a file, standard output, or a whole disk.
 *
 * @module
 */

import type { BlockMap } from "../blocks/block_map.ts";
import type { Format } from "../formats/format.ts";
import { checkDiskSize } from "../formats/formats.ts";
import { Failure } from "../blocks/failure.ts";
import { openOutput, type Output, type OutputOptions } from "../host/output.ts";

/** An output, and the disk as it goes there. */
export interface Target {
  readonly output: Output;
  readonly map: BlockMap;
}

/**
 * Opens a target. On a disk that is larger than the image the backup partition table moves to its
 * end.
 *
 * @throws {Failure} as {@linkcode openOutput} and {@linkcode findTargetDevice}; `usage` if a disk
 * is to take another format than raw, `exists` if one is to be written over without --force, `too-
 * small` if the format cannot hold the image.
 */
export async function openTarget(
  path: string,
  format: Format,
  map: BlockMap,
  options: OutputOptions,
): Promise<Target> {
  checkDiskSize(format, map.sizeBytes, path);
  if (!path.startsWith("/dev/")) return { output: await openOutput(path, options), map };
  const { findTargetDevice, isBlockDevice, openDeviceOutput } = await import("../host/device.ts");
  if (!await isBlockDevice(path)) return { output: await openOutput(path, options), map };
  if (format.name !== "raw") {
    throw new Failure("usage", "--format", `a disk takes no ${format.name} image`, "use raw");
  }
  const device = await findTargetDevice(path, map.sizeBytes);
  if (!options.force) {
    const model = device.model === "" ? "a disk" : device.model;
    throw new Failure(
      "exists",
      path,
      `${model} of ${device.sizeBytes} bytes, and all that it holds would be lost`,
      "pass --force to write over it",
    );
  }
  const { moveBackupGpt } = await import("../disk/move_gpt.ts");
  const moved = await moveBackupGpt(map, device.sizeBytes, path);
  return { output: openDeviceOutput(device, map.sizeBytes), map: moved };
}
