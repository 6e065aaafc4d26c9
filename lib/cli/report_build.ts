/**
 * What `esxi-img build` says at its end.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { formatGuid } from "../blocks/guid.ts";
import type { ImagePlan, IsoPlan } from "../build.ts";
import { DEFAULT_INSTALL_DISK } from "../esxi/kickstart/render.ts";
import type { Format } from "../formats/format.ts";
import type { Output } from "../host/output.ts";
import { writeStderr } from "../host/terminal.ts";
import { printResult } from "./results.ts";
import { maasCommand } from "./maas_command.ts";
import { formatSize } from "./sizes.ts";

/** What came out of a build, and how to tell it. */
export interface BuildResult {
  readonly format: Format;
  readonly image: Output;
  /** Whether the image is a file that can be given to MAAS. */
  readonly isFile: boolean;
  readonly installDisk?: string | undefined;
  readonly kickstart?: string | undefined;
  readonly kickstartAsIs?: string | undefined;
  readonly payload?: string | undefined;
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
export function reportBuild(plan: ImagePlan | IsoPlan, result: BuildResult): void {
  const { version, build } = plan.installer;
  const { format, image } = result;
  const facts = {
    output: image.name,
    format: format.name,
    outputBytes: image.writtenBytes,
    ...plan.medium === "disk" ? { diskBytes: plan.map.sizeBytes } : {},
    version,
    build,
    architecture: plan.installer.architecture,
    files: plan.files.length,
    ...plan.medium === "disk"
      ? { diskGuid: formatGuid(plan.diskGuid), partitionGuid: formatGuid(plan.partitionGuid) }
      : {},
    verified: result.verify,
    findings: result.findings,
  };
  if (result.json) printResult(facts);
  else if (!result.quiet) {
    writeStderr(
      `${image.name}: ESXi ${version ?? "of unknown version"}${build ? ` build ${build}` : ""}, ` +
        `${facts.files} files, ${formatSize(image.writtenBytes)} as ${format.name}` +
        (plan.medium === "disk" ? `, a disk of ${formatSize(plan.map.sizeBytes)}` : "") +
        (result.verify ? ", verified\n" : "\n"),
    );
    if (format.name === "gz" && result.isFile) {
      const place = { directory: Deno.cwd(), home: Deno.env.get("HOME") };
      writeStderr(`for MAAS: ${maasCommand(image.name, plan.installer, place)}\n`);
    }
    if (plan.medium === "iso") writeStderr(`${image.name}: ${targetOf(result)}\n`);
  }
}

/** Where a medium installs to that is not on the disk itself. */
function targetOf({ installDisk, kickstart, kickstartAsIs, payload }: BuildResult): string {
  if (installDisk !== undefined) return `it installs with ${installDisk}`;
  return kickstart ?? kickstartAsIs ?? payload
    ? "it installs to the disk that its kickstart names"
    : `it installs with ${DEFAULT_INSTALL_DISK}; choose the disk with --install-disk`;
}
