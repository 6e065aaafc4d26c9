/**
 * Opens what an image is written to: a file, standard output, or a whole disk.
 *
 * @module
 */

import type { BlockMap } from "../blocks/block_map.ts";
import { Failure } from "../blocks/failure.ts";
import type { Format } from "../formats/format.ts";
import { checkDiskSize, formatFor } from "../formats/formats.ts";
import { checkOutput, openOutput } from "../host/open_output.ts";
import type { Output, OutputOptions } from "../host/output.ts";
import type { OutputPlace } from "../host/output_place.ts";
import type { TargetDevice } from "../host/target_device.ts";

/** An output, and the disk as it goes there. */
export interface Target {
  readonly output: Output;
  readonly map: BlockMap;
}

/**
 * Chooses the format for a place: a disk takes a raw image, whatever it is called.
 *
 * @param place Without it, a file whose name is still to be found.
 * @throws {Failure} as {@linkcode formatFor}.
 */
export function formatForPlace(name: string | undefined, place: OutputPlace | undefined): Format {
  return formatFor(name ?? (place?.kind === "disk" ? "raw" : undefined), place?.path);
}

/**
 * Checks that an option can do what it says with an output.
 *
 * @param what As in `read back`.
 * @throws {Failure} `usage` if the output is gone once it is written.
 */
export function checkStays(
  option: string,
  isGiven: boolean | undefined,
  what: string,
  { kind, path }: OutputPlace,
): void {
  if (!isGiven || (kind !== "stdout" && kind !== "stream")) return;
  const name = kind === "stdout" ? "standard output" : path;
  throw new Failure("usage", option, `${name} cannot be ${what}`, "pass -o FILE");
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
  place: OutputPlace,
  format: Format,
  map: BlockMap,
  options: OutputOptions,
): Promise<Target> {
  const device = await checkTarget(place, format, map, options);
  if (device === undefined) return { output: await openOutput(place, options), map };
  const { moveBackupGpt } = await import("../disk/move_gpt.ts");
  const moved = await moveBackupGpt(map, device.sizeBytes, place.path);
  const { openDeviceOutput } = await import("../host/device_output.ts");
  return { output: openDeviceOutput(device, map.sizeBytes), map: moved };
}

/**
 * Checks a target without opening it.
 *
 * @returns The disk, if it is one.
 * @throws {Failure} as {@linkcode openTarget}, as far as can be told beforehand.
 */
export async function checkTarget(
  place: OutputPlace,
  format: Format,
  map: BlockMap,
  options: OutputOptions,
): Promise<TargetDevice | undefined> {
  const { path } = place;
  checkDiskSize(format, map.sizeBytes, path);
  if (place.kind !== "disk") {
    checkOutput(place, options);
    return undefined;
  }
  if (format.name !== "raw") {
    throw new Failure("usage", "--format", `a disk takes no ${format.name} image`, "use raw");
  }
  const { findTargetDevice } = await import("../host/device.ts");
  const device = await findTargetDevice(path, map.sizeBytes, options.others);
  if (!options.force) {
    const model = device.model === "" ? "a disk" : device.model;
    throw new Failure(
      "exists",
      path,
      `${model} of ${device.sizeBytes} bytes, and all that it holds would be lost`,
      "pass --force to write over it",
    );
  }
  return device;
}
