/**
 * What `esxi-img build` does: read the options' files, plan, encode, verify, say what came out.
 * What few builds need is loaded when it is needed.
 *
 * @module
 */

import { type ImageOptions, type ImagePlan, type IsoPlan, planImage, planIso } from "../build.ts";
import { encodeImage } from "../encode.ts";
import type { BlockMap } from "../blocks/block_map.ts";
import type { Source } from "../blocks/extent.ts";
import type { Format } from "../formats/format.ts";
import { openImage } from "../formats/formats.ts";
import type { Sink } from "../blocks/sink.ts";
import { Failure } from "../blocks/failure.ts";
import { readFatfsWasm } from "../host/assets.ts";
import { writeAndCommit } from "../host/commit.ts";
import { DeflatePool } from "../host/deflate_pool.ts";
import { FileSource, FileSources } from "../host/files.ts";
import { openOutput } from "../host/open_output.ts";
import { findOutputPlace, type OutputPlace } from "../host/output_place.ts";
import { baseName } from "../host/paths.ts";
import type { Recorder } from "../manifest/make.ts";
import { checkPayloadFlags, type ContentFlags, readContentOptions } from "./content_options.ts";
import type { CommonFlags } from "./flags.ts";
import { checkInputs } from "../checks/checks.ts";
import type { Inputs } from "../checks/inputs.ts";
import { stopFor, tell } from "./findings.ts";
import { type CompatFlags, inputPaths, type PayloadFlags, readInputs } from "./payload_options.ts";
import { Progress } from "./progress.ts";
import { reportBuild } from "./report_build.ts";
import { checkStays, formatForPlace, openTarget } from "./target.ts";

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
  readonly quiet: boolean;
  readonly json: boolean;
  readonly color: boolean;
}

const DEFAULT_FREE_BYTES = 64 * 1024 * 1024;
const DEFAULT_LABEL = "ESXI";
/** Microsoft FAT specification 1.03 §3: a label has 11 characters of the short name's kind. */
const LABEL = /^[A-Z0-9_-]{1,11}$/;
/** Options of a disk's layout. */
const DISK_OPTIONS = ["label", "free", "size"] as const;

/**
 * Builds an image.
 *
 * @throws {Failure} `usage` if options contradict each other, as {@linkcode stopFor}, `mismatch` if the ISO or what was
 * written is not as it should be; else as {@linkcode planImage}, {@linkcode openTarget}, and
 * `truncated` or `io` from either.
 */
export async function runBuild(flags: BuildFlags & CompatFlags, isoPath: string): Promise<void> {
  const given = flags.output === undefined ? undefined : await findOutputPlace(flags.output);
  const format = formatForPlace(flags.format, given);
  const place = given ?? await findOutputPlace(defaultOutput(isoPath, format));
  const manifestPlace = flags.manifest === undefined
    ? undefined
    : await findOutputPlace(flags.manifest);
  checkUsage(flags, format, place, manifestPlace);
  using file = FileSource.open(isoPath);
  const recorder = flags.isoSha256 ?? flags.manifest
    ? new (await import("../manifest/make.ts")).Recorder(file, baseName(isoPath))
    : undefined;
  const hasPayload = flags.payload !== undefined;
  const inputs = { ...await readInputs(flags), hasPayload, medium: format.medium };
  stopFor(checkInputs(inputs), { strict: false });
  using modules = FileSources.open(flags.module ?? []);
  const options = await readOptions(flags, inputs, modules.files);
  const taps = flags.manifest === undefined ? undefined : recorder;
  const plan = format.medium === "iso"
    ? await planIso(recorder?.iso ?? file, { ...options, tapFiles: taps?.tapFiles })
    : await planImage(recorder?.iso ?? file, { ...options, tapFile: taps?.tapFile });
  const mediumBytes = plan.map.sizeBytes;
  const findings = checkInputs({ ...inputs, mediumBytes }, plan.installer);
  stopFor(findings, flags);
  const { image, isFile } = await writeAndCommit(async (add) => {
    // Opened before the work, so that one that cannot be written is told at once.
    const others = [isoPath, ...inputPaths(flags), ...flags.module ?? []];
    if (flags.payload !== undefined) others.push(flags.payload);
    const { force, sync } = flags;
    const { output: image, map } = await openTarget(place, format, plan.map, {
      force,
      sync,
      isSecret: hasSecret(flags),
      others,
    });
    add(image);
    const manifest = manifestPlace === undefined
      ? undefined
      : add(await openOutput(manifestPlace, { force, sync, others: [...others, place.path] }));

    recorder?.iso.start();
    const sink = manifest && recorder ? recorder.tapOutput(image) : image;
    await encode(plan, map, format, sink, flags);
    await checkIsoHash(flags, isoPath, recorder);
    file.checkUnchanged();
    modules.checkUnchanged();
    const writtenPath = await image.finish();
    if (flags.verify && writtenPath !== undefined) {
      await verifyOutput(writtenPath, image.name, file, flags.quiet);
    }
    if (manifest !== undefined && recorder !== undefined) {
      const result = { format: format.name, sizeBytes: image.writtenBytes };
      const written = { ...plan, map }; // a disk may be larger
      const content = await recorder.manifest(written, plainOptions(flags), result);
      await manifest.write(new TextEncoder().encode(JSON.stringify(content, null, 2) + "\n"));
      await manifest.finish();
    }
    return { image, isFile: writtenPath !== undefined };
  });
  tell(findings, flags); // beside the result, where they are seen; a failure stands alone
  reportBuild(plan, { ...flags, format, image, isFile, findings });
}

/** Whether the image holds what others on the machine should not read. */
function hasSecret(flags: BuildFlags): boolean {
  const { rootPasswordFile, kickstart, kickstartAsIs, payload, metadata } = flags;
  return (rootPasswordFile ?? kickstart ?? kickstartAsIs ?? payload ?? metadata) !== undefined;
}

async function checkIsoHash(
  flags: BuildFlags,
  isoPath: string,
  recorder: Recorder | undefined,
): Promise<void> {
  const wanted = flags.isoSha256?.toLowerCase();
  const found = wanted === undefined ? undefined : await recorder?.iso.digest();
  if (wanted === found) return;
  throw new Failure(
    "mismatch",
    isoPath,
    `its SHA-256 is ${found}, not ${wanted}`,
    "download it again, or correct --iso-sha256",
  );
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
  const { allowSecureBoot, vcenterInsecure } = flags;
  const modules = flags.module?.map((path) => baseName(path));
  return {
    kernelopt,
    bootOption,
    maas: flags.maas ? undefined : false,
    installDisk,
    requireMetadata: requireMetadata || undefined,
    allowEd25519: allowEd25519 || undefined,
    allowSecureBoot: allowSecureBoot || undefined,
    vcenterInsecure: vcenterInsecure || undefined,
    freeBytes: free,
    sizeBytes: size,
    label,
    seed,
    modules,
  };
}

function checkUsage(
  flags: BuildFlags,
  format: Format,
  output: OutputPlace,
  manifest: OutputPlace | undefined,
): void {
  const usage = (path: string, what: string, remedy: string) =>
    new Failure("usage", path, what, remedy);
  const label = flags.label ?? DEFAULT_LABEL;
  if (!LABEL.test(label)) {
    throw usage("--label", `${label} is not a label`, "use up to 11 of A-Z, 0-9, - and _");
  }
  for (const option of format.medium === "iso" ? DISK_OPTIONS : []) {
    if (flags[option] === undefined) continue;
    throw usage(`--${option}`, "an ISO keeps its size and its label", "leave it out");
  }
  if (flags.json && output.kind === "stdout") {
    throw usage("--json", "standard output carries the image", "pass -o FILE");
  }
  if (manifest?.kind === "stdout" && (flags.json || output.kind === "stdout")) {
    throw usage("--manifest", "standard output carries something else", "pass --manifest FILE");
  }
  checkStays("--verify", flags.verify, "read back", output);
  checkStays("--sync", flags.sync, "made durable", output);
  if (flags.isoSha256 !== undefined && !/^[0-9a-f]{64}$/i.test(flags.isoSha256)) {
    throw usage(
      "--iso-sha256",
      `${flags.isoSha256} is not a SHA-256`,
      "pass 64 hexadecimal digits",
    );
  }
  checkPayloadFlags(flags);
}

/** The ISO's name, in the current folder, with the format's suffix. */
function defaultOutput(isoPath: string, format: Format): string {
  return baseName(isoPath).replace(/\.iso$/i, "") + format.suffix;
}

/**
 * Reads what a plan is made of.
 *
 * @throws {Failure} as {@linkcode readContentOptions}.
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

/**
 * Encodes an image.
 *
 * @throws {Failure} as {@linkcode encodeImage}.
 */
export async function encode(
  plan: ImagePlan | IsoPlan,
  map: BlockMap,
  format: Format,
  sink: Sink,
  flags: BuildFlags,
): Promise<void> {
  using deflater = new DeflatePool();
  using progress = new Progress("building", flags.quiet);
  await encodeImage(plan, sink, {
    format,
    map,
    compress: flags.compress,
    deflater,
    onProgress: (doneBytes) => progress.update(doneBytes, map.sizeBytes),
  });
}

/**
 * Reads an image back before it gets its name: one that is wrong is not left behind.
 *
 * @throws {Failure} `mismatch` if it is not right.
 */
export async function verifyOutput(
  path: string,
  name: string,
  iso: FileSource,
  isQuiet: boolean,
): Promise<void> {
  using file = FileSource.open(path);
  using progress = new Progress("verifying", isQuiet);
  const { verifyImage } = await import("../image/verify.ts");
  const { disk } = await openImage(file);
  const { problems: [problem] } = await verifyImage(disk, iso, progress.update);
  if (problem !== undefined) {
    throw new Failure("mismatch", name, problem, "check the disk it was written to");
  }
}
