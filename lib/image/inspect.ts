/**
 * What is in an ISO or an image, as plain data.
 *
 * @module
 */

import { readBytes, type Source } from "../disk/extent.ts";
import { SECTOR_BYTES } from "../disk/gpt.ts";
import { formatGuid } from "../disk/guid.ts";
import { type Installer, recognizeInstaller } from "../esxi/installer.ts";
import { Failure } from "../failure.ts";
import type { FileTree } from "../file_tree.ts";
import { readIso, SECTOR_BYTES as ISO_SECTOR_BYTES } from "../iso9660.ts";
import { readImage } from "./image.ts";
import { openImage } from "./open.ts";

/** A partition, as it is shown. */
export interface InspectedPartition {
  readonly name: string;
  readonly guid: string;
  readonly firstLba: number;
  readonly lastLba: number;
  readonly sizeBytes: number;
}

/** What is in an ISO or an image. Its property names are part of `inspect --json`. */
export interface Inspection {
  readonly path: string;
  readonly format: string;
  readonly fileBytes: number;
  /** The size of the disk that an image stands for. */
  readonly diskBytes?: number;
  readonly diskGuid?: string;
  readonly partitions?: readonly InspectedPartition[];
  readonly fileSystem: {
    readonly type: string;
    readonly label: string;
    readonly clusterBytes?: number;
    readonly freeBytes?: number;
  };
  readonly installer: {
    readonly version: string | undefined;
    readonly build: string | undefined;
    readonly bootCfgs: readonly {
      readonly path: string;
      readonly title: string;
      readonly kernel: string;
      readonly kernelOptions: string;
      readonly modules: readonly string[];
    }[];
  } | { readonly problem: string };
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** What is wrong with the file system, one clause each. */
  readonly problems: readonly string[];
}

/**
 * Looks into an ISO or an image.
 *
 * @throws {Failure} if it is neither, or damaged beyond reading.
 */
export async function inspect(file: Source): Promise<Inspection> {
  if (file.sizeBytes === 0) {
    throw new Failure("not-image", file.name, "the file is empty", "pass an ISO or an image");
  }
  return await isIso(file) ? await inspectIso(file) : await inspectImage(file);
}

/** ECMA-119 §8.1: the first volume descriptor begins at sector 16. */
async function isIso(file: Source): Promise<boolean> {
  const offsetBytes = 16 * ISO_SECTOR_BYTES;
  if (file.sizeBytes < offsetBytes + 6) return false;
  const head = await readBytes(file, offsetBytes, 6);
  return new TextDecoder("latin1").decode(head.subarray(1)) === "CD001";
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

async function inspectImage(file: Source): Promise<Inspection> {
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
    ...await inspectTree(volume),
    problems: volume.problems,
  };
}

async function inspectTree(tree: FileTree): Promise<Pick<Inspection, "installer" | "files">> {
  const files = tree.files.map(({ path, sizeBytes }) => ({ path, sizeBytes }));
  try {
    return { installer: describe(await recognizeInstaller(tree)), files };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { installer: { problem: error.message }, files };
  }
}

function describe({ version, build, bootCfgs }: Installer): Inspection["installer"] {
  return {
    version,
    build,
    bootCfgs: bootCfgs.map(({ file, cfg }) => ({
      path: file.path,
      title: cfg.title,
      kernel: cfg.kernel,
      kernelOptions: cfg.kernelOptions,
      modules: cfg.modules.map((module) => `${module.path} ${module.options}`.trimEnd()),
    })),
  };
}
