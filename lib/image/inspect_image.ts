/**
 * What is in an image, as plain data.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { formatGuid } from "../blocks/guid.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { openImage } from "../formats/formats.ts";
import { readImage } from "./image.ts";
import { type Inspection, inspectTree } from "./inspection.ts";

/**
 * Looks into an image.
 *
 * @throws {Failure} `not-image` if it is none, or damaged beyond reading; `truncated` or `io` from
 * the file.
 */
export async function inspectImage(file: Source): Promise<Inspection> {
  const { format, disk } = await openImage(file);
  const { table, volume } = await readImage(disk);
  return {
    path: file.name,
    format,
    fileBytes: file.sizeBytes,
    diskBytes: disk.sizeBytes,
    diskGuid: formatGuid(table.diskGuid),
    partitions: table.partitions.map(({ name, guid, firstLba, lastLba }) => ({
      name,
      guid: formatGuid(guid),
      firstLba,
      lastLba,
      sizeBytes: (lastLba - firstLba + 1) * SECTOR_BYTES,
    })),
    fileSystem: {
      type: "FAT32",
      label: volume.label,
      clusterBytes: volume.geometry.clusterBytes,
      freeBytes: volume.freeBytes,
    },
    // A compressed image would be unpacked once more for them.
    ...await inspectTree(volume, false),
    problems: volume.problems,
  };
}
