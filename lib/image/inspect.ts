/**
 * What is in an ISO or an image, as plain data.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { type Inspection, inspectTree } from "./inspection.ts";
import { isIso, readIso } from "../iso/volume.ts";

/**
 * Looks into an ISO or an image.
 *
 * @throws {Failure} `not-image`, `not-iso`, `damaged-iso` or `truncated` if it is neither, or
 * damaged beyond reading; `io` from the file.
 */
export async function inspect(file: Source): Promise<Inspection> {
  if (file.sizeBytes === 0) {
    throw new Failure("not-image", file.name, "the file is empty", "pass an ISO or an image");
  }
  return await isIso(file)
    ? await inspectIso(file)
    : await (await import("./inspect_image.ts")).inspectImage(file);
}

async function inspectIso(file: Source): Promise<Inspection> {
  const volume = await readIso(file);
  return {
    path: file.name,
    format: "iso",
    fileBytes: file.sizeBytes,
    fileSystem: { type: `ISO 9660, names by ${volume.names}`, label: volume.label },
    ...await inspectTree(volume, true),
    problems: [],
  };
}
