/**
 * Opens an image of any format we write, as the disk that it stands for.
 *
 * @module
 */

import { readBytes, type Source } from "../disk/extent.ts";
import { isGzip, openGzip } from "./gzip_reader.ts";

/** Enough to tell every format by. */
const HEAD_BYTES = 512;

/** An image, opened. */
export interface OpenImage {
  readonly format: string;
  /** The disk, to be read from front to back where that can be chosen. */
  readonly disk: Source;
}

/**
 * Opens an image by what it begins with; its name does not matter.
 *
 * @throws {Failure} `not-image` if it is damaged.
 */
export async function openImage(file: Source): Promise<OpenImage> {
  const head = await readBytes(file, 0, Math.min(HEAD_BYTES, file.sizeBytes));
  if (isGzip(head)) return { format: "gz", disk: await openGzip(file) };
  return { format: "raw", disk: file };
}
