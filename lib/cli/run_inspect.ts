/**
 * What `esxi-img inspect` does.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { writeAndCommit } from "../host/commit.ts";
import { FileSource } from "../host/files.ts";
import { openOutput } from "../host/open_output.ts";
import { writeStdout } from "../host/terminal.ts";
import { inspectDriverFile } from "../image/drivers.ts";
import { inspect } from "../image/inspect.ts";
import type { Inspection } from "../image/inspection.ts";
import { divideMedium, largestModules } from "../image/shares.ts";
import { describeDriverFile, describeInspection, LARGEST } from "./describe_inspection.ts";
import type { CommonFlags } from "./flags.ts";
import { printable } from "./printable.ts";
import { watched, withProgress } from "./progress.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";

/** The options of inspect. */
export interface InspectFlags extends CommonFlags {
  /** Where to draw it to. */
  readonly svg?: string | undefined;
  readonly force: boolean;
}

/**
 * Shows what is in a file.
 *
 * @throws {Failure} as {@linkcode inspect}, `io` if the file cannot be opened, `usage` if there is
 * nothing to draw, and as {@linkcode openOutput} for the picture.
 */
export async function runInspect(flags: InspectFlags, path: string): Promise<void> {
  using file = FileSource.open(path);
  const inspection = await withProgress("reading", flags, async (update) => {
    const source = watched(file, update);
    return await inspectDriverFile(source) ?? await inspect(source);
  });
  if (flags.svg !== undefined) {
    if ("vibs" in inspection) {
      throw new Failure("usage", "--svg", `${path} is no medium`, "pass an ISO or an image");
    }
    await writePicture(inspection, flags.svg, flags, path);
    if (flags.svg === "-") return;
  }
  if (flags.json) return printResult(inspection);
  if (flags.quiet) return;
  const lines = "vibs" in inspection
    ? describeDriverFile(inspection)
    : describeInspection(inspection);
  writeStdout(lines.map(printable).join("\n") + "\n");
}

async function writePicture(
  inspection: Inspection,
  target: string,
  { force, json }: InspectFlags,
  source: string,
): Promise<void> {
  if (json && target === "-") {
    throw new Failure("usage", "--json", "standard output carries the picture", "pass --svg FILE");
  }
  const { drawSvg } = await import("./picture/svg.ts");
  const svg = drawSvg({
    title: titleOf(inspection),
    shares: divideMedium(inspection),
    modules: largestModules(inspection, LARGEST),
  });
  await writeAndCommit(async (add) => {
    const output = add(await openOutput(target, { force, others: [source] }));
    await output.write(new TextEncoder().encode(svg));
    await output.finish();
  });
}

/** As in `ESXi 8.0.3 build 24280767: a disk of 111 MB`. */
function titleOf({ installer, diskBytes, fileBytes }: Inspection): string {
  const medium = diskBytes === undefined
    ? `an ISO of ${formatSize(fileBytes)}`
    : `a disk of ${formatSize(diskBytes)}`;
  if ("problem" in installer) return medium;
  const { version, build } = installer;
  return `ESXi ${version ?? "of unknown version"}${build ? ` build ${build}` : ""}: ${medium}`;
}
