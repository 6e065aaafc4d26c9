/**
 * Reads a gzipped image as if it were not.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import { parseHeader } from "../../disk/gpt.ts";
import { InflatedSource } from "../deflate/inflated_source.ts";
import { GZIP_TRAILER, GZIP_TRAILER_BYTES } from "./format.ts";

const SIZE_MODULUS = 2 ** 32;
/** Our images are read in one pass. One that needs more is scattered, maybe so that this takes ages. */
const MAX_RESTARTS = 16;

/**
 * Opens a gzipped disk image.
 *
 * @throws {Failure} `not-image` if it cannot be inflated, `truncated` or `io` from the file.
 */
export async function openGzip(file: Source): Promise<Source> {
  if (file.sizeBytes < GZIP_TRAILER_BYTES) throw damaged(file.name);
  const trailer = await readBytes(file, file.sizeBytes - GZIP_TRAILER_BYTES, GZIP_TRAILER_BYTES);
  const remainder = new DataView(trailer.buffer).getUint32(GZIP_TRAILER.size, true);
  const disk = new InflatedSource(file, {
    kind: "gzip",
    damaged: (cause) => damaged(file.name, cause),
    restarts: { max: MAX_RESTARTS, failure: () => scattered(file.name) },
  });
  // The trailer tells the size modulo 4 GiB, the partition table the rest.
  const table = new Uint8Array(2 * SECTOR_BYTES);
  if (remainder >= table.length || file.sizeBytes > SIZE_MODULUS / 2000) {
    await disk.read(table, 0).catch(() => {});
  }
  const header = parseHeader(table.subarray(SECTOR_BYTES), 1);
  const diskBytes = typeof header === "string" ? 0 : (header.alternateLba + 1) * SECTOR_BYTES;
  const isWhole = Number.isSafeInteger(diskBytes) && diskBytes % SIZE_MODULUS === remainder;
  disk.sizeBytes = isWhole ? diskBytes : remainder;
  return disk;
}

function scattered(path: string): Failure {
  return new Failure(
    "not-image",
    path,
    "its files are so scattered that it would have to be inflated again and again",
    "inflate it first, with gunzip",
  );
}

function damaged(path: string, cause?: unknown): Failure {
  return new Failure(
    "not-image",
    path,
    "the gzip data is damaged or cut short",
    "build it again",
    cause,
  );
}
