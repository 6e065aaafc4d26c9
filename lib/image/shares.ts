/**
 * What the bytes of a disk or an ISO are for.
 *
 * @module
 */

import { foldCase } from "../disk/fat_names.ts";
import { PAYLOAD_NAME } from "../esxi/payload.ts";
import type { Inspection } from "./inspection.ts";

/** What a part of a medium is for, in the order of this list. */
export const SHARE_NAMES = [
  "partition table",
  "file system",
  "kernel",
  "modules",
  "payload",
  "other files",
  "free",
] as const;

/** A part of a medium: together they are all of it. */
export interface Share {
  readonly name: (typeof SHARE_NAMES)[number];
  readonly sizeBytes: number;
}

/** A file, and its size. */
export type SizedFile = Inspection["files"][number];

/** What the first boot.cfg loads, sorted out among the files. */
interface LoadedFiles {
  readonly kernel: ReadonlySet<SizedFile>;
  readonly modules: ReadonlySet<SizedFile>;
  readonly payload: ReadonlySet<SizedFile>;
}

/**
 * Divides a medium by what its bytes are for. Files count as long as they are; what their last
 * clusters leave is part of the file system, as are directories. An ISO has no partition table.
 *
 * @returns Those that have a size, in the order of {@linkcode SHARE_NAMES}.
 */
export function divideMedium(inspection: Inspection): Share[] {
  const { files, partitions = [], fileSystem } = inspection;
  const mediumBytes = inspection.diskBytes ?? inspection.fileBytes;
  const partitionBytes = inspection.diskBytes === undefined
    ? mediumBytes
    : sum(partitions.map(({ sizeBytes }) => sizeBytes));
  const { kernel, modules, payload } = sortFiles(inspection);
  const bytesOf = (chosen: Iterable<SizedFile>) => sum([...chosen].map((file) => file.sizeBytes));
  const fileBytes = bytesOf(files);
  const freeBytes = fileSystem.freeBytes ?? 0;
  const loadedBytes = bytesOf(kernel) + bytesOf(modules) + bytesOf(payload);
  const sizes: Record<Share["name"], number> = {
    "partition table": mediumBytes - partitionBytes,
    "file system": partitionBytes - fileBytes - freeBytes,
    "kernel": bytesOf(kernel),
    "modules": bytesOf(modules),
    "payload": bytesOf(payload),
    "other files": fileBytes - loadedBytes,
    "free": freeBytes,
  };
  return SHARE_NAMES.map((name) => ({ name, sizeBytes: sizes[name] }))
    .filter(({ sizeBytes }) => sizeBytes > 0);
}

/** The largest modules that are loaded, the largest first. */
export function largestModules(inspection: Inspection, count: number): SizedFile[] {
  return [...sortFiles(inspection).modules]
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1))
    .slice(0, count);
}

function sortFiles({ installer, files }: Inspection): LoadedFiles {
  const [cfg] = "problem" in installer ? [] : installer.bootCfgs;
  const find = (name: string): SizedFile[] => {
    const folded = foldCase(name.replace(/^\/+/, ""));
    const found = files.find(({ path }) => foldCase(path) === folded) ??
      files.find(({ path }) => foldCase(path).endsWith(`/${folded}`));
    return found === undefined ? [] : [found];
  };
  const kernel = new Set(cfg === undefined ? [] : find(cfg.kernel));
  const payload = new Set(find(PAYLOAD_NAME));
  const modules = new Set(
    (cfg?.modules ?? []).flatMap(find).filter((file) => !kernel.has(file) && !payload.has(file)),
  );
  return { kernel, modules, payload };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
