/**
 * What `inspect` shows of an ISO or an image.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { FileTree } from "../blocks/file_tree.ts";
import { type Installer, recognizeInstaller } from "../esxi/installer.ts";
import type { InspectedDriver } from "./drivers.ts";

/** A partition, as it is shown. */
export interface InspectedPartition {
  /** As in `EFI System Partition`. */
  readonly name: string;
  /** In upper case, as all GUIDs here. */
  readonly guid: string;
  /** The first sector of 512 bytes. */
  readonly firstLba: number;
  /** The last sector that belongs to it. */
  readonly lastLba: number;
  /** From the first sector through the last. */
  readonly sizeBytes: number;
}

/** What is in an ISO or an image. Its property names are part of `inspect --json`. */
export interface Inspection {
  /** The name of the file. */
  readonly path: string;
  /** As in `iso`, `raw` or `vmdk (streamOptimized)`. */
  readonly format: string;
  /** The size of the file. */
  readonly fileBytes: number;
  /** The size of the disk that an image stands for. */
  readonly diskBytes?: number;
  /** The GUID of its partition table; an ISO has none. */
  readonly diskGuid?: string;
  /** The partitions of an image; an ISO has none. */
  readonly partitions?: readonly InspectedPartition[];
  /** The file system with the installer. */
  readonly fileSystem: {
    readonly type: string;
    readonly label: string;
    readonly clusterBytes?: number;
    readonly freeBytes?: number;
  };
  /** The installer, or what is missing to one. */
  readonly installer: {
    readonly version: string | undefined;
    /** As in `x86_64` or `arm64`. */
    readonly architecture: string;
    readonly build: string | undefined;
    readonly bootCfgs: readonly {
      readonly path: string;
      readonly title: string;
      readonly kernel: string;
      readonly kernelOptions: string;
      readonly modules: readonly string[];
    }[];
  } | { readonly problem: string };
  /** Drivers of the installer that its image database lists, and those that were added. */
  readonly drivers: readonly InspectedDriver[];
  /** All files, in the order of their directories. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** What is wrong with the file system, one clause each. */
  readonly problems: readonly string[];
}

/**
 * The parts that come from the files of an ISO or a partition.
 *
 * @param hasClaims Whether drivers' modules are read for the devices that they claim.
 * @throws {Error} what is no {@linkcode Failure}: those of the tree are told as its problem.
 */
export async function inspectTree(
  tree: FileTree,
  hasClaims: boolean,
): Promise<Pick<Inspection, "installer" | "drivers" | "files">> {
  const files = tree.files.map(({ path, sizeBytes }) => ({ path, sizeBytes }));
  const { listDrivers } = await import("./drivers.ts");
  const drivers = await listDrivers(tree, hasClaims);
  try {
    return { installer: describe(await recognizeInstaller(tree)), drivers, files };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { installer: { problem: error.message }, drivers, files };
  }
}

function describe({ version, build, architecture, bootCfgs }: Installer): Inspection["installer"] {
  return {
    version,
    build,
    architecture,
    bootCfgs: bootCfgs.map(({ file, cfg }) => ({
      path: file.path,
      title: cfg.title,
      kernel: cfg.kernel,
      kernelOptions: cfg.kernelOptions,
      modules: cfg.modules.map((module) => `${module.path} ${module.options}`.trimEnd()),
    })),
  };
}
