/**
 * The results as tables.
 *
 * @module
 */

import { findProgram, type Results, summarize, type WorkloadResult } from "./results.ts";
import { SCALE } from "./workloads.ts";

/** A table; the first column is text, the others are numbers. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One row for each program: ratios first. Columns that no program fills are left out. */
export function programTable(workload: WorkloadResult): Table {
  const gzip = findProgram(workload, "gzip");
  const gzipBytes = gzip && summarize(workload, gzip).outputBytes;
  const reference = findProgram(workload, workload.reference)?.name;
  const header = [
    "program",
    `× ${reference}`,
    "from–to",
    "seconds",
    "CPU seconds",
    "peak MB",
    "output MB",
    "of gzip -6",
  ];
  const rows = workload.programs.map((program) => {
    const { ratio, wallSeconds, cpuSeconds, peakBytes, outputBytes } = summarize(workload, program);
    const isGz = outputBytes !== null && gzipBytes && /gz|gzip|pigz/.test(program.name);
    return [
      program.title,
      ratio === null ? "" : formatNumber(ratio.median),
      ratio === null ? "" : `${formatNumber(ratio.min)}–${formatNumber(ratio.max)}`,
      formatSeconds(wallSeconds),
      formatSeconds(cpuSeconds),
      formatMegabytes(peakBytes),
      outputBytes === null ? "" : formatMegabytes(outputBytes),
      isGz ? `${(100 * outputBytes / gzipBytes).toFixed(1)} %` : "",
    ];
  });
  const kept = header.map((_, column) => rows.some((row) => row[column] !== ""));
  const keep = (row: readonly string[]) => row.filter((_, column) => kept[column]);
  return { header: keep(header), rows: rows.map(keep) };
}

/** What each further GB of ISO costs, from each size to the next: the same, if cost is linear. */
export function scaleTable(results: Results): Table | undefined {
  const sizes = SCALE.flatMap((name) => results.workloads.find((one) => one.name === name) ?? []);
  if (sizes.length < 2) return undefined;
  const steps = sizes.slice(1).map((large, i) => ({ small: sizes[i], large }));
  const names = sizes[0]!.programs.map(({ name }) => name)
    .filter((name) => sizes.every((size) => findProgram(size, name)));
  return {
    header: ["program", ...steps.map(({ small, large }) => `${small!.name} to ${large.name}`)],
    rows: names.map((name) => [
      findProgram(sizes[0]!, name)!.title,
      ...steps.map(({ small, large }) => {
        const [less, more] = [small, large].map((size) =>
          summarize(size!, findProgram(size!, name)!).wallSeconds
        );
        return formatSeconds((more! - less!) / (large.isoBytes - small!.isoBytes) * 1e9);
      }),
    ]),
  };
}

/** The peak memory of our programs, by ISO. */
export function memoryTable(results: Results): Table | undefined {
  const workloads = results.workloads.filter(({ name }) => name !== "start-up");
  const ours = workloads.flatMap(({ programs }) => programs.filter(({ isOurs }) => isOurs));
  const titles = new Map(ours.map(({ name, title }) => [name, title]));
  if (workloads.length < 2 || titles.size === 0) return undefined;
  return {
    header: ["program", ...workloads.map(({ name }) => name)],
    rows: [...titles].map(([name, title]) => [
      title,
      ...workloads.map((workload) => {
        const program = findProgram(workload, name);
        return program ? formatMegabytes(summarize(workload, program).peakBytes) : "";
      }),
    ]),
  };
}

/** For a terminal: columns under each other. */
export function plainTable({ header, rows }: Table): string {
  const lines = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line) =>
    line.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
      .trimEnd()
  ).join("\n");
}

/** For a document. */
export function markdownTable({ header, rows }: Table): string {
  const rule = header.map((_, i) => i === 0 ? "---" : "---:");
  const escape = (cell: string) => cell.replaceAll("|", "\\|").replaceAll(">", "\\>");
  return [header, rule, ...rows].map((line) => `| ${line.map(escape).join(" | ")} |`).join("\n");
}

/** Three digits or so: 0.98, 1.21, 27.3, 104. */
export function formatNumber(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** Down to milliseconds where these count. */
export function formatSeconds(seconds: number): string {
  return seconds < 0.9995 ? seconds.toFixed(3) : formatNumber(seconds);
}

function formatMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
