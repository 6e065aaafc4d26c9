/**
 * What `esxi-img build` does: read the options' files, plan, encode, verify, say what came out.
 * What few builds need is loaded when it is needed.
 *
 * @module
 */

import { type ImagePlan, type IsoPlan, planMedium } from "../build.ts";
import { encodeImage, type ImageEncodeOptions } from "../encode.ts";
import type { BlockMap } from "../blocks/block_map.ts";
import type { Format } from "../formats/format.ts";
import { openImage } from "../formats/formats.ts";
import type { Sink } from "../blocks/sink.ts";
import { Failure } from "../blocks/failure.ts";
import { writeAndCommit } from "../host/commit.ts";
import { DeflatePool } from "../host/deflate_pool.ts";
import { FileSource, FileSources } from "../host/files.ts";
import { openOutput } from "../host/open_output.ts";
import { baseName } from "../host/paths.ts";
import { checkInputs } from "../checks/checks.ts";
import {
  type BuildFlags,
  checkIsoSha256,
  findPlaces,
  hashIso,
  plainOptions,
  readBuildInputs,
  readOptions,
} from "./build_options.ts";
import { contentPaths, modulePaths } from "./content_options.ts";
import type { CommonFlags } from "./flags.ts";
import { stopFor, tell } from "./findings.ts";
import { type CompatFlags, hasSecret } from "./payload_options.ts";
import { Progress, TO_THE_DISK, withProgress, withWaiting } from "./progress.ts";
import { reportBuild } from "./report_build.ts";
import { openTarget } from "./target.ts";

/**
 * Builds an image.
 *
 * @throws {Failure} `usage` if options contradict each other, as {@linkcode stopFor}, `mismatch` if the ISO or what was
 * written is not as it should be; else as {@linkcode planImage}, {@linkcode openTarget}, and
 * `truncated` or `io` from either.
 */
export async function runBuild(flags: BuildFlags & CompatFlags, isoPath: string): Promise<void> {
  const { format, place, manifestPlace } = findPlaces(flags, isoPath);
  using file = FileSource.open(isoPath);
  const recorder = flags.isoSha256 ?? flags.manifest
    ? new (await import("../manifest/make.ts")).Recorder(file, baseName(isoPath))
    : undefined;
  using modules = FileSources.open(modulePaths(flags));
  const inputs = await readBuildInputs(flags, format, modules.files);
  stopFor(await checkInputs(inputs), { strict: false });
  const options = await readOptions(flags, inputs, modules.files);
  const taps = flags.manifest === undefined ? undefined : recorder;
  const tapped = { ...options, tapFile: taps?.tapFile, tapFiles: taps?.tapFiles };
  const plan = await planMedium(recorder?.iso ?? file, format.medium, tapped);
  const mediumBytes = plan.map.sizeBytes;
  const findings = await checkInputs({ ...inputs, mediumBytes }, plan.installer);
  stopFor(findings, flags);
  const { image, isFile } = await writeAndCommit(async (add) => {
    // Opened before the work, so that one that cannot be written is told at once.
    const others = contentPaths(flags, isoPath);
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
    await withProgress("building", flags, async (update) => {
      const onProgress = (doneBytes: number) => update(doneBytes, map.sizeBytes);
      await encode(plan, map, format, sink, { compress: flags.compress, onProgress });
    });
    if (recorder !== undefined) {
      // What the build had no use for is hashed now.
      checkIsoSha256(flags.isoSha256, await hashIso(recorder.iso, flags), isoPath);
    }
    file.checkUnchanged();
    modules.checkUnchanged();
    const writtenPath = await withWaiting(TO_THE_DISK, flags, () => image.finish());
    if (flags.verify && writtenPath !== undefined) {
      await verifyOutput(writtenPath, image.name, file, flags);
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
  { compress, onProgress }: Required<Pick<ImageEncodeOptions, "compress" | "onProgress">>,
): Promise<void> {
  using deflater = new DeflatePool();
  await encodeImage(plan, sink, { format, map, compress, deflater, onProgress });
}

/**
 * Reads an image back before it gets its name: one that is wrong is not left behind.
 *
 * @param phase What progress calls it.
 * @throws {Failure} `mismatch` if it is not right.
 */
export async function verifyOutput(
  path: string,
  name: string,
  iso: FileSource,
  flags: CommonFlags,
  phase: string = "verifying",
): Promise<void> {
  using file = FileSource.open(path);
  using progress = new Progress(phase, flags);
  const { verifyImage } = await import("../image/verify.ts");
  const { disk } = await openImage(file);
  const { problems: [problem] } = await verifyImage(disk, iso, progress.update);
  if (problem !== undefined) {
    throw new Failure("mismatch", name, problem, "check the disk it was written to");
  }
}
