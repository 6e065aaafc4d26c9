/**
 * Writes the results for readers: docs/benchmarks.md, its chart and its numbers.
 *
 * @module
 */

import { drawChart } from "./chart.ts";
import { BUSY_LOAD, type Machine } from "./machine.ts";
import type { Results, WorkloadResult } from "./results.ts";
import {
  markdownTable,
  memoryTable,
  plainTable,
  programTable,
  scaleTable,
  type Table,
} from "./tables.ts";
import { mustRun } from "../support/programs.ts";

const DOCS = `${import.meta.dirname}/../../docs/`;
/** What is written, without the suffixes. */
const PATH = `${DOCS}benchmarks`;

const METHOD = [
  "- In each round every program runs once, in turn; the output of the one before is removed, and what is not yet on" +
  " the disk is written to it, before the clock runs. The ISO is in the page cache.",
  "- A ratio is that of a program to the reference in the same round. The tables show the median of all rounds, and" +
  " the least and the greatest. Seconds are medians.",
  "- The clock runs from just before the program is started until it has ended. esxi-img is the compiled executable," +
  " so its own start is in every number. Nobody waits for the disk at the end, neither cat nor the others.",
  "- CPU seconds are those of all threads and processes. Peak memory is the most that the largest process of a" +
  " program had in any round; less than 10 MB cannot be told apart.",
  "- gzip, pigz and qemu-img start from a finished raw image, which took time to make. The route of pycdlib," +
  " mkfs.vfat, mcopy and gzip starts from the ISO, as esxi-img does.",
  "- The ISOs have the shape of VMware's installers, with pseudo-random modules: gzip members that hardly compress" +
  " further, or text.",
];

/** Writes the document, the chart and the numbers, formatted as the project formats. */
export async function writeDocuments(results: Results): Promise<void> {
  await Deno.mkdir(DOCS, { recursive: true });
  await Deno.writeTextFile(`${PATH}.json`, JSON.stringify(results, null, 2) + "\n");
  await Deno.writeTextFile(`${PATH}.svg`, drawChart(results));
  await Deno.writeTextFile(`${PATH}.md`, renderDocument(results));
  const paths = ["json", "svg", "md"].map((suffix) => `${PATH}.${suffix}`);
  await mustRun(Deno.execPath(), ["fmt", "--quiet", ...paths]);
}

/** The document, in Markdown. */
export function renderDocument(results: Results): string {
  const { machine, workloads } = results;
  return [
    "# Benchmarks",
    "Times say little about another machine; ratios say more. The reference is `cat ISO > file`: whoever turns an ISO" +
    " into an image has to read and write as much.",
    "![How many times as long as cat each program takes](benchmarks.svg)",
    "## How it was measured",
    METHOD.join("\n"),
    "## Where and when",
    machineLines(results).join("\n"),
    ...(machine.load > BUSY_LOAD ? [`**${busyWarning(machine)}**`] : []),
    "`deno task bench` measures again, `deno task bench --write-docs` writes this page. All numbers are in" +
    " [benchmarks.json](benchmarks.json).",
    ...workloads.flatMap((workload) => [
      `## ${workload.title}`,
      markdownTable(programTable(workload)),
    ]),
    ...extraTables(results).flatMap(({ title, note, table }) => [
      `## ${title}`,
      note,
      markdownTable(table),
    ]),
    "",
  ].join("\n\n");
}

/** The same for a terminal. */
export function renderText(results: Results): string {
  return [
    machineLines(results).join("\n"),
    ...results.workloads.map((workload) => `${workloadLine(workload)}\n${plainText(workload)}`),
    ...extraTables(results).map(({ title, table }) => `${title}\n${plainTable(table)}`),
    ...(results.machine.load > BUSY_LOAD ? [busyWarning(results.machine)] : []),
  ].join("\n\n");
}

/** Says that the numbers mean little. */
export function busyWarning({ load }: Machine): string {
  return `Other programs were running (load ${load.toFixed(2)}): the times mean little.`;
}

function plainText(workload: WorkloadResult): string {
  return plainTable(programTable(workload));
}

function workloadLine({ title, isoBytes, programs }: WorkloadResult): string {
  const rounds = programs[0]?.rounds.length ?? 0;
  return `${title} (${(isoBytes / 1e6).toFixed(0)} MB, ${rounds} rounds)`;
}

function extraTables(results: Results): { title: string; note: string; table: Table }[] {
  const scale = scaleTable(results);
  const memory = memoryTable(results);
  return [
    ...(scale === undefined ? [] : [{
      title: "Seconds for each further GB of ISO",
      note: "The same in all columns, if the cost grows as the bytes do.",
      table: scale,
    }]),
    ...(memory === undefined ? [] : [{
      title: "Peak memory in MB, by ISO",
      note: "The same in all columns, if memory does not depend on the ISO.",
      table: memory,
    }]),
  ];
}

function machineLines({ date, isQuick, machine, workloads }: Results): string[] {
  const rounds = workloads[0]?.programs[0]?.rounds.length ?? 0;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- Date: ${date}${isQuick ? ", a quick run" : ""}, ${rounds} rounds`,
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ` +
    `${
      (machine.memoryBytes / 1e9).toFixed(0)
    } GB of memory, ${machine.fileSystem}, ${machine.kernel}`,
    `- Versions: ${versions.join(", ")}`,
  ];
}
