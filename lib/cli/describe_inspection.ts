/**
 * What `esxi-img inspect` says, a line each.
 *
 * @module
 */

import type { PciClaim } from "../esxi/drivers/pci_scan.ts";
import type { InspectedDriverFile } from "../image/drivers.ts";
import type { Inspection } from "../image/inspection.ts";
import { divideMedium, largestModules } from "../image/shares.ts";
import { drawBar } from "./picture/bar.ts";
import { formatSize } from "./sizes.ts";

/** As much as most terminals show of a list. */
const LINE_CHARACTERS = 64;
/** How many modules are named by their size. */
export const LARGEST = 5;

/** What is in a file of VIBs, a line each. */
export function describeDriverFile(
  { path, format, fileBytes, ...file }: InspectedDriverFile,
): string[] {
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
    for (const line of describeClaims(vib.pciClaims)) field("  PCI", line);
  }
  return lines;
}

/** Devices, some on a line; those of single subsystems with these behind them. */
function describeClaims(claims: readonly PciClaim[]): string[] {
  const words = [...Map.groupBy(claims, ({ id }) => id)].map(([id, group]) => {
    const only = group.map(({ subsystem }) => subsystem);
    return only.includes(undefined) ? id : `${id} (only ${only.join(", ")})`;
  });
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > LINE_CHARACTERS) lines.push(word);
    else lines[lines.length - 1] = `${last}, ${word}`;
  }
  return lines;
}

/** What is in an ISO or an image, a line each. */
export function describeInspection(inspection: Inspection): string[] {
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
  for (const { name, version, vendor, origin, pciClaims = [] } of inspection.drivers) {
    const devices = new Set(pciClaims.map(({ id }) => id)).size;
    field(
      "driver",
      `${name} ${version}, ${vendor}${origin === "added" ? ", added" : ""}` +
        (devices === 0 ? "" : `, ${devices} PCI ${devices === 1 ? "device" : "devices"}`),
    );
  }
  for (const problem of inspection.problems) field("problem", problem);
  lines.push("", ...drawBar(divideMedium(inspection)).map((line) => `  ${line}`), "");
  const largest = largestModules(inspection, LARGEST);
  if (largest.length > 0) lines.push("  the largest modules");
  for (const { path, sizeBytes } of largest) {
    lines.push(`    ${path.padEnd(16)}${formatSize(sizeBytes).padStart(10)}`);
  }
  lines.push(`  ${inspection.files.length} files`);
  for (const { path, sizeBytes } of inspection.files) {
    lines.push(`${String(sizeBytes).padStart(14)}  /${path}`);
  }
  return lines;
}
