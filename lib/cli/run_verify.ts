/**
 * What `esxi-img verify` does.
 *
 * @module
 */

import { Failure } from "../failure.ts";
import { FileSource } from "../host/files.ts";
import { writeStderr, writeStdout } from "../host/terminal.ts";
import { openImage } from "../image/open.ts";
import { verifyImage } from "../image/verify.ts";
import { printable } from "./printable.ts";
import { Progress } from "./progress.ts";
import { formatSize } from "./sizes.ts";
import type { VerifyFlags } from "./verify.ts";

/** Verifies an image. */
export async function runVerify(flags: VerifyFlags, imagePath: string): Promise<void> {
  using iso = await FileSource.open(flags.iso);
  using file = await FileSource.open(imagePath);
  const { format, disk } = await openImage(file);
  const report = await withProgress(flags, (update) => verifyImage(disk, iso, update));
  const { problems, comparedFiles, comparedBytes } = report;
  if (flags.json) {
    const result = {
      image: imagePath,
      iso: flags.iso,
      format,
      ok: problems.length === 0,
      ...report,
    };
    writeStdout(JSON.stringify(result, null, 2) + "\n");
  } else if (!flags.quiet && problems.length === 0) {
    writeStdout(
      `${imagePath}: right: partition table, file system, edits, ` +
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
