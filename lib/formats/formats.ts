/**
 * The formats an image can be written in and read from: one line for each family.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { Format, FormatFamily, OpenImage } from "./format.ts";
import { GZIP } from "./gzip/family.ts";
import { ISO } from "./iso/family.ts";
import { QCOW2 } from "./qcow2/family.ts";
import { RAW } from "./raw/family.ts";
import { VHD } from "./vhd/family.ts";
import { VMDK } from "./vmdk/family.ts";

const FAMILIES: readonly FormatFamily[] = [
  GZIP,
  RAW,
  QCOW2,
  VMDK,
  VHD,
  ISO,
];

/** Every format. */
export const FORMATS: readonly Format[] = FAMILIES.flatMap(({ formats }) => formats);

/** Those that hold a disk. */
export const DISK_FORMATS: readonly Format[] = FORMATS.filter(({ medium }) => medium === undefined);

/** Enough to tell every format by but a fixed VHD, which ends with its mark. */
const HEAD_BYTES = 512;

/**
 * Opens an image by what is in it; its name does not matter. What nothing marks is a raw image.
 *
 * @throws {Failure} `not-image` if it is damaged, `truncated` or `io` from the file.
 */
export async function openImage(file: Source): Promise<OpenImage> {
  const head = await readBytes(file, 0, Math.min(HEAD_BYTES, file.sizeBytes));
  for (const family of FAMILIES) {
    const image = await family.open?.(file, head);
    if (image !== undefined) return image;
  }
  return { format: "raw", disk: file };
}

/**
 * The names of all formats, as in a message.
 *
 * @param medium `disk` leaves out what holds none.
 */
export function formatNames(medium?: "disk"): string {
  return FORMATS.filter((format) => medium === undefined || format.medium !== "iso")
    .map((format) => format.name).join(", ");
}

/** What formats are called besides, in lower case. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  dd: "raw",
  img: "raw",
  gzip: "gz",
  vpc: "vhd",
};

/**
 * Chooses a format: the one that is named, in capitals or not, else by the output's suffix, else gz; raw for a device.
 *
 * @throws {Failure} `usage` if the name or the suffix says nothing.
 */
export function formatFor(name: string | undefined, outputPath: string | undefined): Format {
  if (name !== undefined) {
    const wanted = name.toLowerCase();
    const meant = Object.hasOwn(OTHER_NAMES, wanted) ? OTHER_NAMES[wanted] : wanted;
    const format = FORMATS.find((candidate) => candidate.name === meant);
    if (format !== undefined) return format;
    const known = `use one of ${formatNames()}`;
    throw new Failure("usage", "--format", `there is no format ${name}`, known);
  }
  if (outputPath === undefined || outputPath === "-") return GZIP.formats[0]!;
  const path = outputPath.toLowerCase();
  const format = formatOfSuffix(path);
  const inner = format?.name === "gz" ? formatOfSuffix(path.replace(/\.gz$/, "")) : undefined;
  if (inner !== undefined && inner.name !== "raw") {
    const what = `gzip around ${inner.name} is a format that nothing reads as a disk`;
    throw new Failure("usage", outputPath, what, `write ${inner.name}, or a disk as .img.gz`);
  }
  if (format !== undefined) return format;
  if (path.startsWith("/dev/")) return RAW.formats[0]!;
  const known = `pass -f, one of ${formatNames()}`;
  if (/[/\\]$/.test(outputPath)) {
    throw new Failure(
      "usage",
      outputPath,
      "it is the name of a folder",
      "pass that of a file in it",
    );
  }
  throw new Failure("usage", outputPath, "its suffix names no format", known);
}

/** Whether a path is named after a format. */
export function namesFormat(outputPath: string): boolean {
  return formatOfSuffix(outputPath.toLowerCase()) !== undefined;
}

/** The format that a path in lower case is named after, if it is. */
function formatOfSuffix(path: string): Format | undefined {
  return FORMATS.find(({ suffixes }) => suffixes.some((suffix) => path.endsWith(suffix)));
}

/**
 * Checks that a format can hold a disk.
 *
 * @throws {Failure} `too-small` if it cannot.
 */
export function checkDiskSize(format: Format, diskBytes: number, path: string): void {
  const { name, maxDiskGib } = format;
  if (maxDiskGib === undefined || diskBytes <= maxDiskGib * 1024 ** 3) return;
  const what = `${name} holds at most ${maxDiskGib} GiB`;
  throw new Failure("too-small", path, what, "pass a smaller --size or another --format");
}
