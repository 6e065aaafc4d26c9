/**
 * Opens an image of any format we write, as the disk that it stands for.
 *
 * @module
 */

import type { BlockMap } from "../disk/block_map.ts";
import { readBytes, type Source } from "../disk/extent.ts";
import { isGzip, openGzip } from "./gzip_reader.ts";
import { isQcow2, openQcow2 } from "./qcow2_reader.ts";
import { isVhd, openVhd } from "./vhd_reader.ts";
import { isVmdk, openVmdk } from "./vmdk_reader.ts";

/** Enough to tell every format by but a fixed VHD, which ends with its mark. */
const HEAD_BYTES = 512;

/** An image, opened. */
export interface OpenImage {
  /** As in `vmdk (streamOptimized)`. */
  readonly format: string;
  /** The disk, to be read from front to back where that can be chosen. */
  readonly disk: Source;
  /** Which parts of the disk the image holds, if the format tells. */
  readonly map?: BlockMap;
}

/**
 * Opens an image by what is in it; its name does not matter.
 *
 * @throws {Failure} `not-image` if it is damaged.
 */
export async function openImage(file: Source): Promise<OpenImage> {
  const head = await readBytes(file, 0, Math.min(HEAD_BYTES, file.sizeBytes));
  if (isGzip(head)) return { format: "gz", disk: await openGzip(file) };
  const disk = isQcow2(head)
    ? await openQcow2(file)
    : isVmdk(head)
    ? await openVmdk(file)
    : await isVhd(file)
    ? await openVhd(file)
    : undefined;
  if (disk === undefined) return { format: "raw", disk: file };
  const format = `${disk.format} (${disk.variant})`;
  return disk.variant === "fixed" ? { format, disk } : { format, disk, map: disk.map };
}
