/**
 * What `esxi-img netboot` does.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { Finding } from "../blocks/finding.ts";
import type { Sink } from "../blocks/sink.ts";
import { type NetbootPlan, planNetboot } from "../build.ts";
import { checkInputs } from "../checks/checks.ts";
import type { Inputs } from "../checks/inputs.ts";
import { encodeRaw } from "../formats/raw/write.ts";
import { writeAndCommit } from "../host/commit.ts";
import { FileSource, FileSources } from "../host/files.ts";
import { createFolderOutput } from "../host/folder_output.ts";
import { openOutput } from "../host/open_output.ts";
import { checkHoldsNone } from "../host/same_file.ts";
import { writeStderr } from "../host/terminal.ts";
import { joinFiles, packTar } from "../netboot/pack.ts";
import {
  checkPayloadFlags,
  type ContentFlags,
  contentPaths,
  modulePaths,
  readContentInputs,
  readContentOptions,
} from "./content_options.ts";
import { stopFor, tell } from "./findings.ts";
import type { CommonFlags } from "./flags.ts";
import type { PayloadFlags } from "./payload_options.ts";
import { Progress, TO_THE_DISK, withWaiting } from "./progress.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";

/** The options of netboot. */
export interface NetbootFlags extends CommonFlags, PayloadFlags, ContentFlags {
  readonly output: string;
  readonly prefix?: string | undefined;
  readonly force: boolean;
  readonly sync: boolean;
}

/** What every folder of ours holds. */
const MARKS = ["mboot.efi", "boot.cfg", "autoexec.ipxe", "esxiimg.tgz"];

/**
 * Makes a tree for network boot.
 *
 * @throws {Failure} `usage` if options contradict each other, as {@linkcode stopFor},
 * {@linkcode planNetboot} and {@linkcode createFolderOutput}; `truncated` or `io` from the ISO.
 */
export async function runNetboot(flags: NetbootFlags, isoPath: string): Promise<void> {
  checkUsage(flags);
  using file = FileSource.open(isoPath);
  using modules = FileSources.open(modulePaths(flags));
  const inputs: Inputs = {
    ...await readContentInputs(flags, modules.files),
    medium: "net",
  };
  stopFor(await checkInputs(inputs), { strict: false });
  // The server's root is where paths begin without a prefix, too.
  const prefix = flags.prefix?.replace(/\/+$/, "") || undefined;
  const options = await readContentOptions(flags, inputs, modules.files);
  const plan = await planNetboot(file, { ...options, prefix });
  const findings = await checkInputs(inputs, plan.installer);
  stopFor(findings, flags);
  const isTar = flags.output === "-";
  const map = isTar ? packTar(plan.tree, Math.floor(plan.timeMs / 1000)) : joinFiles(plan.tree);
  const output = await writeAndCommit(async (add) => {
    const write = async (sink: Sink) => {
      using progress = new Progress("writing", flags);
      await encodeRaw(map, sink, {
        onProgress: (doneBytes) => progress.update(doneBytes, map.sizeBytes),
      });
      file.checkUnchanged();
      modules.checkUnchanged();
    };
    const others = contentPaths(flags, isoPath);
    if (isTar) {
      const stream = add(await openOutput(flags.output, { others }));
      await write(stream);
      await stream.finish();
      return stream;
    }
    const { force, sync } = flags;
    checkHoldsNone(flags.output, others);
    const folder = add(
      await createFolderOutput(flags.output, plan.tree, { force, sync, marks: MARKS }),
    );
    await write(folder);
    await withWaiting(TO_THE_DISK, flags, () => folder.finish());
    return folder;
  });
  tell(findings, flags);
  report(plan, flags, { name: output.name, bytes: output.writtenBytes }, findings);
}

function checkUsage(flags: NetbootFlags): void {
  const { prefix, json, output, sync } = flags;
  checkPayloadFlags(flags);
  if (prefix !== undefined) checkPrefix(prefix);
  if (output !== "-") return;
  if (json) {
    const what = "standard output carries the archive";
    throw new Failure("usage", "--json", what, "pass -o DIR");
  }
  if (sync) {
    throw new Failure("usage", "--sync", "standard output cannot be made durable", "pass -o DIR");
  }
}

/** Names of files are put behind it, and boot.cfg separates its modules by `---`. */
function checkPrefix(prefix: string): void {
  const usage = (what: string, remedy: string) =>
    new Failure("usage", "--prefix", `${JSON.stringify(prefix)} ${what}`, remedy);
  if (!/^[!-~]+$/.test(prefix) || prefix.includes("---")) {
    throw usage("is neither a path nor a URL in ASCII", "pass one without blanks");
  }
  if (prefix.includes("\\")) {
    throw usage("has backslashes", "pass the path as the server knows it, with slashes");
  }
  if (prefix.includes("://") && /[?#]/.test(prefix)) {
    const what = "has a query or a fragment, behind which no name of a file can stand";
    throw usage(what, "pass the URL of a folder");
  }
}

function report(
  { installer, tree }: NetbootPlan,
  flags: NetbootFlags,
  output: { readonly name: string; readonly bytes: number },
  findings: readonly Finding[],
): void {
  const { version, build } = installer;
  const { prefix, json, quiet } = flags;
  const files = tree.files.length;
  if (json) {
    const facts = {
      output: output.name,
      version,
      build,
      files,
      bytes: output.bytes,
      prefix,
      findings,
    };
    printResult(facts);
  } else if (!quiet) {
    writeStderr(
      `${output.name}: ESXi ${version ?? "of unknown version"}${build ? ` build ${build}` : ""}, ` +
        `${files} files, ${formatSize(output.bytes)} for network boot\n`,
    );
  }
}
