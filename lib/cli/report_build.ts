/**
 * What `esxi-img build` says at its end.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { formatGuid } from "../blocks/guid.ts";
import type { ImagePlan } from "../build.ts";
import { formatSize } from "./sizes.ts";
import type { Format } from "../formats/format.ts";
import type { Output } from "../host/output.ts";
import { writeStderr, writeStdout } from "../host/terminal.ts";

/** What came out of a build, and how to tell it. */
export interface BuildResult {
  readonly format: Format;
  readonly image: Output;
  /** Whether the image is a file that can be given to MAAS. */
  readonly isFile: boolean;
  readonly verify: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** What the checks found. */
  readonly findings: readonly Finding[];
}

/**
 * Tells what came out of a build: JSON is a result, sentences are not.
 *
 * @throws {Failure} `io` if standard output cannot be written.
 */
export function reportBuild(plan: ImagePlan, result: BuildResult): void {
  const { version, build } = plan.installer;
  const { format, image } = result;
  const facts = {
    output: image.name,
    format: format.name,
    outputBytes: image.writtenBytes,
    diskBytes: plan.disk.map.sizeBytes,
    version,
    build,
    files: plan.files.length,
    diskGuid: formatGuid(plan.diskGuid),
    partitionGuid: formatGuid(plan.partitionGuid),
    verified: result.verify,
    findings: result.findings,
  };
  if (result.json) writeStdout(JSON.stringify(facts, null, 2) + "\n");
  else if (!result.quiet) {
    writeStderr(
      `${image.name}: ESXi ${version ?? "of unknown version"}${build ? ` build ${build}` : ""}, ` +
        `${facts.files} files, ${formatSize(image.writtenBytes)} as ${format.name}, ` +
        `a disk of ${formatSize(facts.diskBytes)}${result.verify ? ", verified" : ""}\n`,
    );
    if (format.name === "gz" && result.isFile) {
      writeStderr(`for MAAS: ${maasCommand(image.name, version)}\n`);
    }
  }
}

/** The command that gives an image to MAAS. */
function maasCommand(path: string, version: string | undefined): string {
  const release = version?.split(".").slice(0, 2).join(".") ?? "custom";
  return `maas $PROFILE boot-resources create name='esxi/${release}' ` +
    `title='VMware ESXi ${version ?? release}' architecture='amd64/generic' ` +
    `filetype='ddgz' content@=${quoteForShell(path)}`;
}

/** A path as one word of a shell's command line. */
function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
