/**
 * A medium as a picture: a bar with what its parts are for, and the largest modules below.
 *
 * @module
 */

import type { Share, SizedFile } from "../../image/shares.ts";
import { formatSize } from "../sizes.ts";
import { percent } from "./bar.ts";

/** Colours that people who see no red, or no green, can tell apart (Okabe and Ito, 2008). */
const COLOURS: Readonly<Record<Share["name"], string>> = {
  "partition table": "#000000",
  "file system": "#999999",
  "kernel": "#d55e00",
  "modules": "#0072b2",
  "payload": "#e69f00",
  "other files": "#56b4e9",
  "free": "#ffffff",
};
const WIDTH = 800;
const MARGIN = 20;
const BAR_HEIGHT = 48;
const LINE_HEIGHT = 22;
const MODULE_BAR_WIDTH = 420;
/** A part that is thinner cannot be seen. */
const MIN_PART_WIDTH = 3;

/** What is drawn. */
export interface Picture {
  /** As in `ESXi 8.0.3, a disk of 111 MB`. */
  readonly title: string;
  readonly shares: readonly Share[];
  /** The largest first. */
  readonly modules: readonly SizedFile[];
}

/** Draws it as SVG 1.1, with a white ground, so that it reads on any page. */
export function drawSvg({ title, shares, modules }: Picture): string {
  const body: string[] = [];
  let y = MARGIN + 18;
  const text = (x: number, line: string, more = "") =>
    body.push(`<text x="${x}" y="${y}"${more}>${escapeXml(line)}</text>`);
  text(MARGIN, title, ' font-weight="bold"');
  y += 12;
  body.push(...drawParts(shares, y));
  y += BAR_HEIGHT + 26;
  const total = shares.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { name, sizeBytes } of shares) {
    body.push(rectangle(MARGIN, y - 12, 14, 14, COLOURS[name]));
    text(MARGIN + 24, name);
    text(300, formatSize(sizeBytes), ' text-anchor="end"');
    text(370, percent(sizeBytes, total), ' text-anchor="end"');
    y += LINE_HEIGHT;
  }
  if (modules.length > 0) {
    y += 14;
    text(MARGIN, "the largest modules", ' font-weight="bold"');
    y += LINE_HEIGHT;
  }
  const largestBytes = Math.max(1, modules[0]?.sizeBytes ?? 1);
  for (const { path, sizeBytes } of modules) {
    const width = round(sizeBytes / largestBytes * MODULE_BAR_WIDTH);
    text(MARGIN, path);
    body.push(rectangle(200, y - 12, width, 14, COLOURS.modules));
    text(200 + MODULE_BAR_WIDTH + 100, formatSize(sizeBytes), ' text-anchor="end"');
    y += LINE_HEIGHT;
  }
  const height = y;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="14">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

/** The parts side by side: the thin ones are widened, at the cost of the wide ones. */
function drawParts(shares: readonly Share[], y: number): string[] {
  const room = WIDTH - 2 * MARGIN;
  const total = shares.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const spread = room - MIN_PART_WIDTH * shares.length;
  let x = MARGIN;
  return shares.map(({ name, sizeBytes }) => {
    const width = MIN_PART_WIDTH + sizeBytes / total * spread;
    const part = rectangle(round(x), y, round(width), BAR_HEIGHT, COLOURS[name]);
    x += width;
    return part;
  });
}

function rectangle(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}" ` +
    `stroke="#000000" stroke-width="0.5"/>`;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

/** Names come from an ISO, which may hold any: what XML does not allow is left out. */
function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot" };
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "")
    .replaceAll(/[&<>"]/g, (character) => `&${names[character]};`);
}
