/**
 * What `esxi-img check` does: all that a build with the same options would refuse or warn about, and
 * what it would do. Nothing is written.
 *
 * @module
 */

import { type ImagePlan, type IsoPlan, planMedium } from "../build.ts";
import { Failure } from "../blocks/failure.ts";
import type { Finding } from "../blocks/finding.ts";
import { WholeHash } from "../blocks/hashing.ts";
import { checkInputs } from "../checks/checks.ts";
import { failureOf, findingOf } from "../checks/codes.ts";
import { FileSource, FileSources } from "../host/files.ts";
import { checkOutput } from "../host/open_output.ts";
import { checkDiskSize } from "../formats/formats.ts";
import { findOutputPlace, type OutputPlace } from "../host/output_place.ts";
import { writeStdout } from "../host/terminal.ts";
import { type Attempt, readBatchInputs } from "./batch_inputs.ts";
import {
  type BuildFlags,
  type BuildPlaces,
  checkIsoSha256,
  findPlaces,
  hashIso,
  readBuildInputs,
  readOptions,
} from "./build_options.ts";
import { contentPaths, modulePaths } from "./content_options.ts";
import { stopFor, tell } from "./findings.ts";
import { payloadOptions } from "./payload_options.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";
import { checkTarget } from "./target.ts";

/** What a build would do, as far as it is known. */
interface Prospect {
  /** A file, or the folder of a batch. */
  readonly output?: string | undefined;
  readonly format?: string | undefined;
  /** The images of a batch. */
  readonly images?: readonly string[];
  readonly plan?: ImagePlan | IsoPlan | undefined;
}

/**
 * Checks what a build with the same options would do.
 *
 * @throws {Failure} that of the first error, after everything was told.
 */
export async function runCheck(flags: BuildFlags, isoPath: string): Promise<void> {
  const findings: Finding[] = [];
  const attempt: Attempt = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      findings.push(findingOf(error));
      return undefined;
    }
  };
  const check = flags.batch ? checkBatch : checkOne;
  const prospect = await check(flags, isoPath, findings, attempt);
  const distinct = sortFindings(findings);
  if (flags.json) printFacts(flags, isoPath, prospect, distinct);
  else {
    const [first, ...others] = distinct.filter(({ severity }) => severity === "error");
    tell([...others, ...distinct.filter((finding) => finding.severity !== "error")], flags);
    if (first === undefined && !flags.quiet) writeStdout(describe(isoPath, prospect));
  }
  stopFor(distinct, flags);
}

async function checkOne(
  flags: BuildFlags,
  isoPath: string,
  findings: Finding[],
  attempt: Attempt,
): Promise<Prospect> {
  const places = await attempt(() => findPlaces(flags, isoPath));
  const plan = await attempt(() => checkPlan(flags, isoPath, places, findings, attempt));
  return { output: places?.place.path, format: places?.format.name, plan };
}

async function checkBatch(
  flags: BuildFlags,
  isoPath: string,
  findings: Finding[],
  attempt: Attempt,
): Promise<Prospect> {
  using modules = FileSources.open(modulePaths(flags));
  const files = modules.files;
  const batch = await attempt(() => readBatchInputs(flags, files, attempt));
  for (const { inputs } of batch?.hosts ?? []) findings.push(...await checkInputs(inputs));
  const others = contentPaths(flags, isoPath);
  const checkPlace = async (path: string, check: (place: OutputPlace) => void) => {
    await attempt(() => check(findOutputPlace(path)));
  };
  const { force, manifest } = flags;
  if (manifest !== undefined) {
    await checkPlace(manifest, (place) => checkOutput(place, { force, others }));
  }
  using iso = await attempt(() => openIso(flags, isoPath, attempt)) ?? null;
  if (batch === undefined || iso === null) return { output: flags.output };
  const { output, format, hosts, shared } = batch;
  const common = await attempt(() => readOptions(flags, shared, files));
  let plan: Prospect["plan"];
  for (const { file, inputs } of common === undefined ? [] : hosts) {
    const options = { ...common!, ...payloadOptions(inputs) };
    const one = await attempt(() => planMedium(iso, format.medium, options));
    if (one === undefined) continue;
    plan = one;
    findings.push(
      ...await checkInputs({ ...inputs, mediumBytes: one.map.sizeBytes }, one.installer),
    );
    await checkPlace(`${output}/${file}`, (place) => {
      checkDiskSize(format, one.map.sizeBytes, place.path);
      checkOutput(place, { force, others });
    });
  }
  return { output, format: format.name, images: hosts.map(({ file }) => file), plan };
}

/** Opens the ISO and compares its hash with the one that is wanted. */
async function openIso(flags: BuildFlags, isoPath: string, attempt: Attempt): Promise<FileSource> {
  const iso = FileSource.open(isoPath);
  const wanted = flags.isoSha256;
  if (wanted !== undefined) {
    const hash = new WholeHash(iso);
    await attempt(async () => checkIsoSha256(wanted, await hashIso(hash, flags), isoPath));
  }
  return iso;
}

async function checkPlan(
  flags: BuildFlags,
  isoPath: string,
  places: BuildPlaces | undefined,
  findings: Finding[],
  attempt: Attempt,
): Promise<ImagePlan | IsoPlan | undefined> {
  const format = places?.format;
  using modules = FileSources.open(modulePaths(flags));
  const files = modules.files;
  const inputs = await attempt(() => readBuildInputs(flags, format ?? { name: "gz" }, files));
  if (inputs !== undefined) findings.push(...await checkInputs(inputs));
  const others = contentPaths(flags, isoPath);
  if (places?.manifestPlace !== undefined) {
    const { manifestPlace, place } = places;
    const reserved = { force: flags.force, others: [...others, place.path] };
    await attempt(() => checkOutput(manifestPlace, reserved));
  }
  using iso = await openIso(flags, isoPath, attempt);
  const options = inputs && await attempt(() => readOptions(flags, inputs, files));
  if (inputs === undefined || options === undefined) return undefined;
  // Options that contradict each other are told already; what can be planned without them is.
  const usable = places === undefined ? { ...options, label: "ESXI" } : options;
  const plan = await planMedium(iso, format?.medium, usable);
  findings.push(
    ...await checkInputs({ ...inputs, mediumBytes: plan.map.sizeBytes }, plan.installer),
  );
  if (places !== undefined) {
    const { place, format } = places;
    await attempt(() => checkTarget(place, format, plan.map, { force: flags.force, others }));
  }
  return plan;
}

/** Each finding once: errors, warnings, notes. */
function sortFindings(findings: readonly Finding[]): Finding[] {
  const distinct = new Map<string, Finding>();
  for (const finding of findings) {
    const { message } = failureOf(finding);
    // What stops a build may have been found before, as a kind of its own.
    if (!distinct.has(message)) distinct.set(message, finding);
  }
  const of = (severity: Finding["severity"]) =>
    [...distinct.values()].filter((finding) => finding.severity === severity);
  return [...of("error"), ...of("warning"), ...of("note")];
}

function describe(isoPath: string, { output, format, images, plan }: Prospect): string {
  if (output === undefined || format === undefined || plan === undefined) return "";
  const { version, build, architecture } = plan.installer;
  const edited = [...plan.origins].filter(([, origin]) => origin === "edited").map(([path]) =>
    path
  );
  const added = [...plan.origins].filter(([, origin]) => origin === "added").length;
  const what = images === undefined
    ? `${output} as ${format}, `
    : `${images.length} images into ${output} as ${format}, each of `;
  return `${isoPath}: ESXi ${version ?? "of unknown version"}${build ? ` build ${build}` : ""}, ` +
    `for ${architecture}\n` +
    `would write ${what}${plan.files.length} files, ${formatSize(plan.map.sizeBytes)}; ` +
    `edits /${edited.join(" and /")}, adds ${added} files\n`;
}

function printFacts(
  flags: BuildFlags,
  isoPath: string,
  { output, format, images, plan }: Prospect,
  findings: readonly Finding[],
): void {
  const isBad = ({ severity }: Finding) =>
    severity === "error" || (flags.strict && severity === "warning");
  const facts = {
    iso: isoPath,
    ok: !findings.some(isBad),
    version: plan?.installer.version,
    build: plan?.installer.build,
    architecture: plan?.installer.architecture,
    output,
    format,
    images,
    mediumBytes: plan?.map.sizeBytes,
    files: plan?.files.length,
    changes: plan && Object.fromEntries(plan.origins),
    findings,
  };
  printResult(facts);
}
