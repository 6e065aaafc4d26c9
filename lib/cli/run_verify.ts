/**
 * What `esxi-img verify` does.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { WholeHash } from "../blocks/hashing.ts";
import type { CommonFlags } from "./flags.ts";
import { printable } from "./printable.ts";
import { withProgress } from "./progress.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";
import { openImage } from "../formats/formats.ts";
import { FileSource, readSmall } from "../host/files.ts";
import { writeStderr, writeStdout } from "../host/terminal.ts";
import { verifyImage } from "../image/verify.ts";
import type { VerifyReport } from "../image/verify_tree.ts";
import type { Manifest } from "../manifest/make.ts";
import { parseManifest } from "../manifest/read.ts";
import { checkIso, verifyManifest } from "../manifest/verify.ts";

/** The options of verify. */
export interface VerifyFlags extends CommonFlags {
  readonly iso?: string | undefined;
  readonly manifest?: string | undefined;
}

/** Far more than a manifest of 10,000 files has. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** What is said of an image. */
interface Verdict extends VerifyReport {
  /** Whether the file is exactly the one in the manifest, or the same disk in another file. */
  readonly isSameFile?: boolean | undefined;
}

/**
 * Verifies an image against its ISO, its manifest, or both.
 *
 * @throws {Failure} `usage` if there is nothing to verify it against, `mismatch` if something is
 * wrong with it, `not-manifest` if the manifest is none; else as {@linkcode verifyImage}.
 */
export async function runVerify(flags: VerifyFlags, imagePath: string): Promise<void> {
  if (flags.iso === undefined && flags.manifest === undefined) {
    const remedy = "pass --iso, --manifest or both";
    throw new Failure("usage", imagePath, "there is nothing to verify it against", remedy);
  }
  const manifest = flags.manifest === undefined ? undefined : await readManifest(flags.manifest);
  using file = FileSource.open(imagePath);
  const hashed = manifest === undefined ? undefined : new WholeHash(file);
  const { format, disk } = await openImage(hashed ?? file);
  hashed?.start(); // opening reads the file's end first, where a format has something there
  let verdict: Verdict | undefined;
  if (manifest !== undefined) {
    const report = await withProgress(
      "verifying",
      flags,
      (update) => verifyManifest(disk, manifest, update),
    );
    const { sizeBytes, sha256 } = manifest.output;
    const isSameFile = file.sizeBytes === sizeBytes && sha256 === await withProgress(
          "hashing",
          flags,
          (update) => hashed!.digest(update),
        );
    verdict = { ...report, isSameFile };
  }
  if (flags.iso !== undefined) {
    using iso = FileSource.open(flags.iso);
    const report = await withProgress(
      "verifying",
      flags,
      (update) => verifyImage(disk, iso, update),
    );
    const problems = manifest === undefined || report.isOtherIso ? [] : [
      ...verdict?.problems ?? [],
      ...await withProgress(
        "hashing the ISO",
        flags,
        (update) => checkIso(iso, manifest, report.addedFiles, update),
      ),
    ];
    verdict = {
      ...report,
      isSameFile: verdict?.isSameFile,
      problems: [...new Set([...problems, ...report.problems])],
    };
  }
  if (verdict !== undefined) report(flags, imagePath, format, verdict);
}

async function readManifest(path: string): Promise<Manifest> {
  const bytes = await readSmall(path, MAX_MANIFEST_BYTES);
  return parseManifest(new TextDecoder().decode(bytes), path);
}

function report(flags: VerifyFlags, imagePath: string, format: string, verdict: Verdict): void {
  const { problems, comparedFiles, comparedBytes, isSameFile } = verdict;
  if (flags.json) {
    const { iso, manifest } = flags;
    const facts = { image: imagePath, iso, manifest, format, ok: problems.length === 0 };
    printResult({ ...facts, ...verdict });
  } else if (!flags.quiet && problems.length === 0) {
    const edits = flags.iso === undefined ? "" : "edits, ";
    const same = isSameFile === undefined
      ? ""
      : isSameFile
      ? "; it is the very file of the manifest"
      : "; the manifest describes another file with the same content";
    writeStdout(
      `${imagePath}: verified: ${
        format === "iso" ? "" : "partition table, "
      }file system, ${edits}` +
        `and ${formatSize(comparedBytes)} in ${comparedFiles} files${same}\n`,
    );
  }
  const [first, ...rest] = problems;
  if (first === undefined) return;
  for (const problem of rest) {
    writeStderr(`esxi-img: ${printable(`${imagePath}: ${problem}`)}\n`);
  }
  const remedy = verdict.isOtherIso ? "pass the ISO that it was made from" : "build it again";
  throw new Failure("mismatch", imagePath, first, remedy);
}
