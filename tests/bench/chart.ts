/**
 * Draws the results: bars for how many times as long as a plain copy each program takes.
 *
 * | from the top | what                                         |
 * | ------------ | -------------------------------------------- |
 * | title        | what a bar's length means                    |
 * | panels       | a heading, then a bar for each program       |
 *
 * @module
 */

import {
  findProgram,
  type ProgramResult,
  type Results,
  summarize,
  type WorkloadResult,
} from "./results.ts";
import { formatNumber, formatSeconds } from "./tables.ts";

/** What all others are compared with. */
const REFERENCE = "cat";
const WIDTH = 820;
const MARGIN = 24;
const LABELS_WIDTH = 300;
/** To the right of the longest bar: room for its value. */
const VALUES_WIDTH = 130;
const BARS_AT = MARGIN + LABELS_WIDTH;
const BARS_WIDTH = WIDTH - BARS_AT - VALUES_WIDTH - MARGIN;
const TITLE_HEIGHT = 82;
const HEADING_HEIGHT = 40;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 16;
/** Above the foot of a bar's row to the foot of its text. */
const BASELINE = 7;

/** The card brings its own background, so that it is readable on any page. */
const STYLE = `
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; }
  .heading { font-size: 14px; font-weight: 600; }
  .note, .value { fill: #59636e; }
  .card { fill: #ffffff; stroke: #d1d9e0; }
  .ours { fill: #0f7b6c; }
  .peer { fill: #afb8c1; }
  .reference { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note, .value { fill: #a3adb8; }
    .card { fill: #0d1117; stroke: #3d444d; }
    .ours { fill: #2fbfa8; }
    .peer { fill: #59636e; }
    .reference { fill: #a3adb8; }
  }
`;

interface Panel {
  readonly heading: string;
  readonly workload: WorkloadResult;
  readonly programs: readonly ProgramResult[];
}

/**
 * Draws a chart.
 *
 * @returns An SVG document.
 */
export function drawChart(results: Results): string {
  const panels = panelsOf(results);
  let y = TITLE_HEIGHT;
  const parts = panels.map((panel) => {
    const part = drawPanel(panel, y);
    y += HEADING_HEIGHT + panel.programs.length * ROW_HEIGHT;
    return part;
  });
  const height = y + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}"` +
    ` height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">Times as long as a copy of the ISO</title>`,
    `<desc id="desc">${escapeXml(describe(panels))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    text("title", MARGIN, 34, "How many times as long as cat ISO > file"),
    text("note", MARGIN, 54, "Shorter is better. gzip, pigz and qemu-img start from a raw image."),
    text("note", MARGIN, 72, machineNote(results)),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Gzip images first, then the other formats; for the other ISOs gzip images alone. */
function panelsOf({ workloads }: Results): Panel[] {
  const compared = workloads.filter(({ reference }) => reference === REFERENCE);
  const main = compared.find(({ name }) => name === "700MB") ?? compared[0];
  if (main === undefined) return [];
  const others = compared.filter((workload) =>
    workload !== main && workload.name !== "100MB" && findProgram(workload, "gzip")
  );
  const isGz = ({ name }: ProgramResult) => /gz|gzip|pigz/.test(name);
  return [
    panel(main, "to .gz", isGz),
    panel(main, "other formats", (program) => !isGz(program)),
    ...others.map((workload) => panel(workload, "to .gz", isGz)),
  ].filter(({ programs }) => programs.length > 1);
}

/** The reference and those that `takes` says, the fastest first. */
function panel(
  workload: WorkloadResult,
  what: string,
  takes: (program: ProgramResult) => boolean,
): Panel {
  const ratio = (program: ProgramResult) => summarize(workload, program).ratio?.median ?? 0;
  const programs = workload.programs.filter((program) =>
    program.name === REFERENCE || takes(program)
  );
  return {
    heading: `${workload.title}, ${what}`,
    workload,
    programs: programs.toSorted((a, b) => ratio(a) - ratio(b)),
  };
}

function drawPanel({ heading, workload, programs }: Panel, top: number): string {
  const ratios = programs.map((program) => summarize(workload, program).ratio?.median ?? 0);
  const scale = BARS_WIDTH / Math.max(1, ...ratios);
  const bars = top + HEADING_HEIGHT - 6;
  const rows = programs.map((program, i) => {
    const { wallSeconds } = summarize(workload, program);
    const y = bars + i * ROW_HEIGHT;
    const length = Math.max(ratios[i]! * scale, 1);
    const value = `${formatNumber(ratios[i]!)} × · ${formatSeconds(wallSeconds)} s`;
    return [
      text("name", MARGIN, y + ROW_HEIGHT - BASELINE, program.title),
      `<rect class="${kindOf(program)}" x="${BARS_AT}" y="${y + 4}"` +
      ` width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
      text("value", BARS_AT + length + 8, y + ROW_HEIGHT - BASELINE, value),
    ].join("\n");
  });
  return [text("heading", MARGIN, top + 24, heading), ...rows].join("\n");
}

function kindOf({ isOurs, name }: ProgramResult): string {
  return isOurs ? "ours" : name === REFERENCE ? "reference" : "peer";
}

function machineNote({ machine, date }: Results): string {
  return `${machine.cpu}, ${machine.cores} cores, ${date}.`;
}

function describe(panels: readonly Panel[]): string {
  return panels.map(({ heading, workload, programs }) => {
    const values = programs.map((program) =>
      `${program.title} ${formatNumber(summarize(workload, program).ratio?.median ?? 0)}`
    );
    return `${heading}: ${values.join(", ")}.`;
  }).join(" ");
}

function text(kind: string, x: number, y: number, content: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
