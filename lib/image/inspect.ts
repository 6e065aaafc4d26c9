/**
 * What is in an ISO or an image, as plain data.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { readIso } from "../iso/volume.ts";
import { SECTOR_BYTES as ISO_SECTOR_BYTES } from "../iso/records.ts";
import { type Inspection, inspectTree } from "./inspection.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";

/**
 * Looks into an ISO or an image.
 *
 * @throws {Failure} if it is neither, or damaged beyond reading.
 */
export async function inspect(file: Source): Promise<Inspection> {
  if (file.sizeBytes === 0) {
    throw new Failure("not-image", file.name, "the file is empty", "pass an ISO or an image");
  }
  return await isIso(file)
    ? await inspectIso(file)
    : await (await import("./inspect_image.ts")).inspectImage(file);
}

/** ECMA-119 §8.1: the first volume descriptor begins at sector 16. */
async function isIso(file: Source): Promise<boolean> {
  const offsetBytes = 16 * ISO_SECTOR_BYTES;
  if (file.sizeBytes < offsetBytes + 6) return false;
  const head = await readBytes(file, offsetBytes, 6);
  return decodeLatin1(head.subarray(1)) === "CD001";
}

async function inspectIso(file: Source): Promise<Inspection> {
  const volume = await readIso(file);
  return {
    path: file.name,
    format: "iso",
    fileBytes: file.sizeBytes,
    fileSystem: { type: `ISO 9660, names by ${volume.names}`, label: volume.label },
    ...await inspectTree(volume),
    problems: [],
  };
}
