/**
 * What `esxi-img build --batch` does: an image for each host folder of the metadata, all from one
 * ISO. They get their names together, or not at all.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { formatGuid } from "../blocks/guid.ts";
import { WholeHash, WriteHash } from "../blocks/hashing.ts";
import { planMedium } from "../build.ts";
import { checkInputs } from "../checks/checks.ts";
import type { Format } from "../formats/format.ts";
import { checkDiskSize } from "../formats/formats.ts";
import { writeAndCommit } from "../host/commit.ts";
import { FileSource, FileSources } from "../host/files.ts";
import { openOutput } from "../host/open_output.ts";
import { baseName } from "../host/paths.ts";
import { writeStderr } from "../host/terminal.ts";
import { VERSION } from "../version.ts";
import { stopFor, tell } from "./findings.ts";
import { payloadOptions } from "./payload_options.ts";
import { readBatchInputs } from "./batch_inputs.ts";
import {
  type BuildFlags,
  checkIsoSha256,
  hashIso,
  plainOptions,
  readOptions,
} from "./build_options.ts";
import { contentPaths, modulePaths } from "./content_options.ts";
import { TO_THE_DISK, withProgress, withWaiting } from "./progress.ts";
import { printResult } from "./results.ts";
import { encode, verifyOutput } from "./run_build.ts";
import { formatSize } from "./sizes.ts";
import { SimilarImages } from "./similar_images.ts";

/** An image of a batch, as the manifest lists it. */
interface BatchImage {
  readonly host: string;
  /** Its name in the folder. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string | undefined;
  readonly diskGuid: string | null;
}

/**
 * Builds an image for each host.
 *
 * @throws {Failure} as {@linkcode readBatchInputs} and {@linkcode runBuild}.
 */
export async function runBatch(flags: BuildFlags, isoPath: string): Promise<void> {
  using file = FileSource.open(isoPath);
  using modules = FileSources.open(modulePaths(flags));
  const { output: folder, format, shared, hosts } = await readBatchInputs(flags, modules.files);
  const medium = format.medium;
  for (const { inputs } of hosts) stopFor(await checkInputs(inputs), { strict: false });
  const isoSha256 = flags.isoSha256 ?? flags.manifest
    ? await hashIso(new WholeHash(file), flags)
    : undefined;
  if (isoSha256 !== undefined) checkIsoSha256(flags.isoSha256, isoSha256, file.name);
  const common = await readOptions(flags, shared, modules.files);
  const findings: Finding[] = [];
  let esxi:
    | { readonly version: string | undefined; readonly build: string | undefined }
    | undefined;
  const images = await writeAndCommit(async (add) => {
    const { force, sync } = flags;
    const outputOptions = { force, sync, others: contentPaths(flags, isoPath), isSecret: true };
    const similar = canCopy(format, flags) ? new SimilarImages() : undefined;
    const begun = await withProgress(`building ${hosts.length} images`, flags, async (update) => {
      const begun = [];
      for (const [i, { host, file: name, inputs }] of hosts.entries()) {
        const output = add(await openOutput(`${folder}/${name}`, outputOptions));
        const copying = similar?.begin(output);
        const options = { ...common, ...payloadOptions(inputs) };
        const plan = await planMedium(file, medium, options).finally(() => copying);
        esxi = plan.installer;
        const { map, map: { sizeBytes } } = plan;
        const all = await checkInputs({ ...inputs, mediumBytes: sizeBytes }, plan.installer);
        const found = all.filter((one) => !findings.some((known) => isSame(known, one)));
        stopFor(found, flags);
        findings.push(...found);
        checkDiskSize(format, sizeBytes, output.name);
        const hash = flags.manifest === undefined ? undefined : new WriteHash(output);
        const onProgress = (doneBytes: number) =>
          update(i * sizeBytes + doneBytes, hosts.length * sizeBytes);
        if (similar === undefined) {
          const { compress } = flags;
          await encode(plan, map, format, hash ?? output, { compress, onProgress });
        } else await similar.write(map, output, await copying, onProgress);
        const diskGuid = plan.medium === "disk" ? formatGuid(plan.diskGuid) : null;
        begun.push({ host, file: name, output, hash, diskGuid });
      }
      await similar?.finish();
      return begun;
    });
    const written: BatchImage[] = [];
    for (const [i, { host, file: name, output, hash, diskGuid }] of begun.entries()) {
      const path = await withWaiting(TO_THE_DISK, flags, () => output.finish());
      if (flags.verify && path !== undefined) {
        const phase = `verifying ${host} (${i + 1} of ${hosts.length})`;
        await verifyOutput(path, output.name, file, flags, phase);
      }
      const { writtenBytes: sizeBytes } = output;
      written.push({ host, file: name, sizeBytes, sha256: hash?.digest(), diskGuid });
    }
    file.checkUnchanged();
    modules.checkUnchanged();
    if (flags.manifest !== undefined) {
      const manifest = add(await openOutput(flags.manifest, { ...outputOptions, isSecret: false }));
      const content = {
        format: 1,
        tool: { name: "esxi-img", version: VERSION },
        iso: { name: baseName(isoPath), sizeBytes: file.sizeBytes, sha256: isoSha256 },
        esxi: { version: esxi?.version ?? null, build: esxi?.build ?? null },
        options: plainOptions(flags),
        images: written.map((image) => ({ ...image, format: format.name })),
      };
      await manifest.write(new TextEncoder().encode(JSON.stringify(content, null, 2) + "\n"));
      await manifest.finish();
    }
    return written;
  });
  tell(findings, flags);
  if (flags.json) {
    printResult({ output: folder, format: format.name, images, findings });
  } else if (!flags.quiet) {
    const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    writeStderr(
      `${folder}: ESXi ${esxi?.version ?? "of unknown version"}, ${images.length} images, ` +
        `${formatSize(bytes)} as ${format.name}\n`,
    );
  }
}

/** A hash needs all bytes: then a copy saves nothing. */
function canCopy({ name }: Format, { manifest }: BuildFlags): boolean {
  return manifest === undefined && (name === "raw" || name === "iso");
}

function isSame(a: Finding, b: Finding): boolean {
  return a.code === b.code && a.where === b.where && a.what === b.what;
}
