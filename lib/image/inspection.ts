/**
 * What `inspect` shows of an ISO or an image.
 *
 * @module
 */

import { type Installer, recognizeInstaller } from "../esxi/installer.ts";
import { Failure } from "../blocks/failure.ts";
import type { FileTree } from "../blocks/file_tree.ts";

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

/** The parts that come from the files of an ISO or a partition. */
export async function inspectTree(
  tree: FileTree,
): Promise<Pick<Inspection, "installer" | "files">> {
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
