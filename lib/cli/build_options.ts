/**
 * The options of `esxi-img build`, which `check` shares: what they say about each other, and what is
 * read for them.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { WholeHash } from "../blocks/hashing.ts";
import type { ImageOptions } from "../build.ts";
import type { Inputs } from "../checks/inputs.ts";
import type { Format } from "../formats/format.ts";
import { readFatfsWasm } from "../host/assets.ts";
import { findOutputPlace, type OutputPlace } from "../host/output_place.ts";
import { baseName } from "../host/paths.ts";
import {
  checkPayloadFlags,
  type ContentFlags,
  readContentInputs,
  readContentOptions,
} from "./content_options.ts";
import type { CommonFlags } from "./flags.ts";
import type { CompatFlags, PayloadFlags } from "./payload_options.ts";
import { withProgress } from "./progress.ts";
import { checkStays, formatForPlace } from "./target.ts";

/** The options of build. */
export interface BuildFlags extends CommonFlags, PayloadFlags, ContentFlags {
  readonly output?: string | undefined;
  readonly format?: string | undefined;
  readonly maas: boolean;
  readonly free?: number | undefined;
  readonly size?: number | undefined;
  readonly label?: string | undefined;
  readonly manifest?: string | undefined;
  readonly isoSha256?: string | undefined;
  /** An image for each host folder of the metadata, see `run_batch.ts`. */
  readonly batch?: boolean | undefined;
  readonly compress: boolean;
  readonly verify: boolean;
  readonly force: boolean;
  readonly sync: boolean;
}

const DEFAULT_FREE_BYTES = 64 * 1024 * 1024;
const DEFAULT_LABEL = "ESXI";
/** Microsoft FAT specification 1.03 §3: a label has 11 characters of the short name's kind. */
const LABEL = /^[A-Z0-9_-]{1,11}$/;
/** Options of a disk's layout. */
const DISK_OPTIONS = ["label", "free", "size"] as const;

/** Where a build writes to, and in which format. */
export interface BuildPlaces {
  readonly format: Format;
  readonly place: OutputPlace;
  readonly manifestPlace: OutputPlace | undefined;
}

/**
 * Finds out where a build writes to, and whether its options go together.
 *
 * @throws {Failure} `usage` if they do not; as {@linkcode findOutputPlace}.
 */
export function findPlaces(flags: BuildFlags, isoPath: string): BuildPlaces {
  const given = flags.output === undefined ? undefined : findOutputPlace(flags.output);
  const format = formatForPlace(flags.format, given);
  const place = given ?? findOutputPlace(defaultOutput(isoPath, format));
  const manifestPlace = flags.manifest === undefined ? undefined : findOutputPlace(flags.manifest);
  checkUsage(flags, format);
  checkPlaces(flags, place, manifestPlace);
  return { format, place, manifestPlace };
}

/** The options that decide about the image and hold no secret. */
export function plainOptions(flags: BuildFlags): Record<string, unknown> {
  const {
    kernelopt,
    bootOption,
    installDisk,
    requireMetadata,
    allowEd25519,
    free,
    size,
    label,
    seed,
  } = flags;
  const { allowSecureBoot, maasPortGroup, vcenterInsecure } = flags;
  const modules = flags.module?.map((path) => baseName(path));
  const drivers = flags.driver?.map((path) => baseName(path));
  return {
    kernelopt,
    bootOption,
    maas: flags.maas ? undefined : false,
    installDisk,
    requireMetadata: requireMetadata || undefined,
    allowEd25519: allowEd25519 || undefined,
    allowSecureBoot: allowSecureBoot || undefined,
    vcenterInsecure: vcenterInsecure || undefined,
    maasPortGroup: maasPortGroup || undefined,
    freeBytes: free,
    sizeBytes: size,
    label,
    seed,
    modules,
    drivers,
    allowCommunityDrivers: flags.allowCommunityDrivers || undefined,
  };
}

/**
 * Hashes an ISO, or what of it is not hashed yet, and shows how far that is.
 *
 * @throws {Failure} `truncated` or `io` from the ISO.
 */
export async function hashIso(iso: WholeHash, flags: CommonFlags): Promise<string> {
  return await withProgress("hashing the ISO", flags, (update) => iso.digest(update));
}

/**
 * Checks an ISO's SHA-256 against the one that is wanted, if one is.
 *
 * @throws {Failure} `mismatch` if it is another.
 */
export function checkIsoSha256(wanted: string | undefined, found: string, isoPath: string): void {
  if (wanted === undefined || wanted.toLowerCase() === found) return;
  const what = `its SHA-256 is ${found}, not ${wanted.toLowerCase()}`;
  throw new Failure("mismatch", isoPath, what, "download it again, or correct --iso-sha256");
}

const usage = (path: string, what: string, remedy: string) =>
  new Failure("usage", path, what, remedy);

/**
 * Checks that options go together, wherever the output is.
 *
 * @throws {Failure} `usage` if they do not.
 */
export function checkUsage(flags: BuildFlags, format: Format): void {
  const label = flags.label ?? DEFAULT_LABEL;
  if (!LABEL.test(label)) {
    throw usage("--label", `${label} is not a label`, "use up to 11 of A-Z, 0-9, - and _");
  }
  for (const option of format.medium === "iso" ? DISK_OPTIONS : []) {
    if (flags[option] === undefined) continue;
    throw usage(`--${option}`, "an ISO keeps its size and its label", "leave it out");
  }
  if (flags.isoSha256 !== undefined && !/^[0-9a-f]{64}$/i.test(flags.isoSha256)) {
    throw usage(
      "--iso-sha256",
      `${flags.isoSha256} is not a SHA-256`,
      "pass 64 hexadecimal digits",
    );
  }
  checkPayloadFlags(flags);
}

/** Checks that the options can be done with the outputs. */
function checkPlaces(
  flags: BuildFlags,
  output: OutputPlace,
  manifest: OutputPlace | undefined,
): void {
  if (flags.json && output.kind === "stdout") {
    throw usage("--json", "standard output carries the image", "pass -o FILE");
  }
  if (manifest?.kind === "stdout" && (flags.json || output.kind === "stdout")) {
    throw usage("--manifest", "standard output carries something else", "pass --manifest FILE");
  }
  checkStays("--verify", flags.verify, "read back", output);
  checkStays("--sync", flags.sync, "made durable", output);
}

/** The ISO's name, in the current folder, with the format's suffix. */
function defaultOutput(isoPath: string, format: Format): string {
  return baseName(isoPath).replace(/\.iso$/i, "") + format.suffix;
}

/**
 * Reads what a build checks before it reads the ISO.
 *
 * @throws {Failure} as {@linkcode readContentInputs}.
 */
export async function readBuildInputs(
  flags: BuildFlags & CompatFlags,
  { name, medium }: Pick<Format, "name" | "medium">,
  modules: readonly Source[],
): Promise<Inputs> {
  return {
    ...await readContentInputs(flags, modules),
    medium,
    options: {
      format: name,
      compress: flags.compress,
      maas: flags.maas,
      hasKernelOptions: flags.kernelopt !== undefined,
    },
  };
}

/**
 * Reads what else an image is planned with.
 *
 * @throws {Failure} `usage`, `kickstart` or `boot-cfg` if a payload or an option cannot be used.
 */
export async function readOptions(
  flags: BuildFlags,
  inputs: Inputs,
  modules: readonly Source[],
): Promise<ImageOptions> {
  return {
    ...await readContentOptions(flags, inputs, modules),
    fatfsWasm: await readFatfsWasm(),
    withoutMaasHook: !flags.maas,
    label: flags.label ?? DEFAULT_LABEL,
    freeBytes: flags.free ?? (flags.size === undefined ? DEFAULT_FREE_BYTES : 0),
    diskBytes: flags.size,
  };
}
