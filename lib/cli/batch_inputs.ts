/**
 * What `--batch` reads before it reads the ISO: the hosts, and what is embedded for each.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { Inputs } from "../checks/inputs.ts";
import type { Format } from "../formats/format.ts";
import { isFolder, listFolders } from "../host/files.ts";
import { type BuildFlags, checkUsage, readBuildInputs } from "./build_options.ts";
import { readMetadata } from "./payload_options.ts";
import { formatForPlace } from "./target.ts";

/** A host of a batch. */
export interface BatchHost {
  readonly host: string;
  /** Its image, in the folder of all. */
  readonly file: string;
  readonly inputs: Inputs;
}

/** The hosts of a batch, and what all of them share. */
export interface BatchInputs {
  /** The folder that the images go into. */
  readonly output: string;
  readonly format: Format;
  readonly shared: Inputs;
  readonly hosts: readonly BatchHost[];
}

/** Runs a part of the work; what stops it is thrown, or told, and then there is no result. */
export type Attempt = <T>(work: () => T | Promise<T>) => Promise<T | undefined>;

/**
 * Reads the inputs of a batch.
 *
 * @param attempt Reads a host's metadata; without a result the host is left out.
 * @throws {Failure} `usage` if there are no hosts or an option does not fit many images; else as
 * {@linkcode readBuildInputs}.
 */
export async function readBatchInputs(
  flags: BuildFlags,
  modules: readonly Source[],
  attempt: Attempt = async (work) => await work(),
): Promise<BatchInputs> {
  const { folder, output, names } = findHosts(flags);
  const format = formatForPlace(flags.format, undefined);
  checkUsage(flags, format);
  const shared = await readBuildInputs({ ...flags, metadata: undefined }, format, modules);
  const hosts: BatchHost[] = [];
  for (const host of names) {
    const metadata = await attempt(() => readMetadata(`${folder}/hosts/${host}`));
    if (metadata === undefined) continue;
    hosts.push({ host, file: `${host}${format.suffix}`, inputs: { ...shared, metadata } });
  }
  return { output, format, shared, hosts };
}

/** The hosts, the folder of the metadata that they are in, and the one of the images. */
function findHosts({ metadata, output, payload }: BuildFlags) {
  const usage = (option: string, what: string, remedy: string) =>
    new Failure("usage", option, what, remedy);
  if (metadata === undefined) {
    throw usage("--batch", "there is no metadata", "pass --metadata DIR with hosts/NAME folders");
  }
  if (output === undefined || output === "-") {
    throw usage("--batch", "many images need a folder", "pass -o DIR");
  }
  if (payload !== undefined) {
    throw usage("--payload", "each image of a batch has its own", "leave it out");
  }
  for (const folder of [metadata, output]) {
    if (isFolder(folder)) continue;
    throw usage(folder, "there is no such folder", "make it first, or check the path");
  }
  const names = listFolders(`${metadata}/hosts`);
  if (names.length === 0) {
    throw usage(metadata, "it holds no hosts/NAME folders", "make one for each host");
  }
  return { folder: metadata, output, names };
}
