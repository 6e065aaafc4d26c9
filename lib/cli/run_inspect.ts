/**
 * What `esxi-img inspect` does.
 *
 * @module
 */

import type { CommonFlags } from "./flags.ts";
import { printable } from "./printable.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";
import { FileSource } from "../host/files.ts";
import { writeStdout } from "../host/terminal.ts";
import { inspect } from "../image/inspect.ts";
import { inspectDriverFile, type InspectedDriverFile } from "../image/drivers.ts";
import type { Inspection } from "../image/inspection.ts";

/** The options of inspect. */
export type InspectFlags = CommonFlags;

/**
 * Shows what is in a file.
 *
 * @throws {Failure} as {@linkcode inspect}, and `io` if the file cannot be opened.
 */
export async function runInspect(flags: InspectFlags, path: string): Promise<void> {
  using file = FileSource.open(path);
  const driver = await inspectDriverFile(file);
  const inspection = driver ?? await inspect(file);
  const show = (lines: readonly string[]) => lines.map(printable).join("\n");
  if (flags.json) return printResult(inspection);
  if (flags.quiet) return;
  writeStdout(
    show("vibs" in inspection ? describeDriverFile(inspection) : describe(inspection)) + "\n",
  );
}

function describeDriverFile({ path, format, fileBytes, ...file }: InspectedDriverFile): string[] {
  const lines = [`${path}: ${format}, ${formatSize(fileBytes)}`];
  const field = (name: string, value: string) => lines.push(`  ${name.padEnd(12)}${value}`);
  for (const { productLine, version } of file.platforms) {
    field("for", `${productLine} ${version}`.trimEnd());
  }
  for (const { id, ...vib } of file.vibs) {
    lines.push(`  ${id}`);
    field("  summary", vib.summary);
    const signed = vib.isSigned ? "signed" : "not signed";
    field("  level", `${vib.acceptanceLevel}, ${signed}${vib.isDriver ? "" : ", no driver"}`);
    if (vib.depends.length > 0) field("  depends on", vib.depends.join(", "));
    for (const { name, type, sizeBytes } of vib.payloads) {
      field("  payload", `${name}, ${type}, ${formatSize(sizeBytes)}`);
    }
  }
  return lines;
}

function describe(inspection: Inspection): string[] {
  const { installer, fileSystem } = inspection;
  const lines = [`${inspection.path}: ${inspection.format}, ${formatSize(inspection.fileBytes)}`];
  const field = (name: string, value: string) => lines.push(`  ${name.padEnd(12)}${value}`);
  if ("problem" in installer) field("installer", installer.problem);
  else {
    field(
      "ESXi",
      `${installer.version ?? "unknown version"}, build ${installer.build ?? "unknown"}, ` +
        `for ${installer.architecture}`,
    );
  }
  if (inspection.diskBytes !== undefined) {
    field("disk", `${formatSize(inspection.diskBytes)}, GUID ${inspection.diskGuid}`);
  }
  for (const { name, guid, firstLba, lastLba, sizeBytes } of inspection.partitions ?? []) {
    field(
      "partition",
      `${name}, ${formatSize(sizeBytes)}, LBA ${firstLba}–${lastLba}, GUID ${guid}`,
    );
  }
  const { type, label, clusterBytes, freeBytes } = fileSystem;
  const free = freeBytes === undefined
    ? ""
    : `, clusters of ${clusterBytes} bytes, ${formatSize(freeBytes)} free`;
  field("file system", `${type}, label ${label === "" ? "(none)" : label}${free}`);
  if (!("problem" in installer)) {
    for (const bootCfg of installer.bootCfgs) {
      lines.push(`  /${bootCfg.path}`);
      field("  title", bootCfg.title);
      field("  kernel", bootCfg.kernel);
      field("  kernelopt", bootCfg.kernelOptions);
      field("  modules", `${bootCfg.modules.length}, the last is ${bootCfg.modules.at(-1)}`);
    }
  }
  for (const { name, version, vendor, origin } of inspection.drivers) {
    field("driver", `${name} ${version}, ${vendor}${origin === "added" ? ", added" : ""}`);
  }
  for (const problem of inspection.problems) field("problem", problem);
  lines.push(`  ${inspection.files.length} files`);
  for (const { path, sizeBytes } of inspection.files) {
    lines.push(`${String(sizeBytes).padStart(14)}  /${path}`);
  }
  return lines;
}
