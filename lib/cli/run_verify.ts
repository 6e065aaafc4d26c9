/**
 * What `esxi-img verify` does.
 *
 * @module
 */

import { Failure } from "../failure.ts";
import { FileSource, readSmall } from "../host/files.ts";
import { writeStderr, writeStdout } from "../host/terminal.ts";
import { openImage } from "../image/open.ts";
import { verifyImage, type VerifyReport } from "../image/verify.ts";
import { parseManifest, verifyManifest } from "../image/verify_manifest.ts";
import { printable } from "./printable.ts";
import { Progress } from "./progress.ts";
import { formatSize } from "./sizes.ts";
import type { VerifyFlags } from "./verify.ts";

/** Far more than a manifest of 10,000 files has. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Verifies an image against its ISO, its manifest, or both. */
export async function runVerify(flags: VerifyFlags, imagePath: string): Promise<void> {
  if (flags.iso === undefined && flags.manifest === undefined) {
    throw new Failure("usage", imagePath, "there is nothing to verify it against", "pass --iso");
  }
  using file = await FileSource.open(imagePath);
  const { format, disk } = await openImage(file);
  const reports: VerifyReport[] = [];
  if (flags.manifest !== undefined) {
    const bytes = await readSmall(flags.manifest, MAX_MANIFEST_BYTES);
    const manifest = parseManifest(new TextDecoder().decode(bytes), flags.manifest);
    reports.push(await withProgress(flags, (update) => verifyManifest(disk, manifest, update)));
  }
  if (flags.iso !== undefined) {
    using iso = await FileSource.open(flags.iso);
    reports.push(await withProgress(flags, (update) => verifyImage(disk, iso, update)));
  }
  report(flags, imagePath, format, reports);
}

function report(
  flags: VerifyFlags,
  imagePath: string,
  format: string,
  reports: readonly VerifyReport[],
): void {
  const problems = [...new Set(reports.flatMap((one) => one.problems))];
  const { comparedFiles, comparedBytes } = reports[reports.length - 1];
  if (flags.json) {
    const { iso, manifest } = flags;
    const ok = problems.length === 0;
    const facts = { image: imagePath, iso, manifest, format, ok, ...reports.at(-1), problems };
    writeStdout(JSON.stringify(facts, null, 2) + "\n");
  } else if (!flags.quiet && problems.length === 0) {
    const edits = flags.iso === undefined ? "" : "edits, ";
    writeStdout(
      `${imagePath}: right: partition table, file system, ${edits}` +
        `and ${formatSize(comparedBytes)} in ${comparedFiles} files\n`,
    );
  }
  if (problems.length === 0) return;
  for (const problem of problems.slice(1)) {
    writeStderr(`esxi-img: ${printable(`${imagePath}: ${problem}`)}\n`);
  }
  throw new Failure("mismatch", imagePath, problems[0], "build it again");
}

async function withProgress<T>(
  flags: VerifyFlags,
  work: (update: Progress["update"]) => Promise<T>,
): Promise<T> {
  using progress = new Progress("verifying", flags.quiet);
  return await work(progress.update);
}
