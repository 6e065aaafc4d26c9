/**
 * A medium as a bar of characters, with what they stand for.
 *
 * @module
 */

import type { Share } from "../../image/shares.ts";
import { formatSize } from "../sizes.ts";

/** A letter for each part. */
const MARKS: Readonly<Record<Share["name"], string>> = {
  "partition table": "#",
  "file system": "=",
  "kernel": "k",
  "modules": "m",
  "payload": "P",
  "other files": "o",
  "free": ".",
};
/** How many characters the bar has. */
const WIDTH = 64;

/**
 * Gives each part its number of cells, in proportion, none of them none: the largest remainders get
 * what rounding leaves.
 *
 * @param sizes All more than 0, and not more of them than cells.
 */
export function allotCells(sizes: readonly number[], cells: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => size / total * cells);
  const allotted = shares.map((share) => Math.max(1, Math.floor(share)));
  let left = cells - allotted.reduce((sum, count) => sum + count, 0);
  const byRemainder = shares.map((share, i) => ({ i, remainder: share - allotted[i]! }))
    .toSorted((a, b) => b.remainder - a.remainder || a.i - b.i).map(({ i }) => i);
  for (const i of byRemainder) if (left > 0 && left-- > 0) allotted[i]!++;
  // What small parts were given too much, the widest ones have too little.
  for (; left < 0; left++) {
    const widest = allotted.indexOf(Math.max(...allotted));
    allotted[widest]!--;
  }
  return allotted;
}

/** Lines of a bar and a legend: mark, name, size and share of each part. */
export function drawBar(shares: readonly Share[], width: number = WIDTH): string[] {
  const cells = allotCells(shares.map(({ sizeBytes }) => sizeBytes), width);
  const total = shares.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bar = shares.map(({ name }, i) => MARKS[name].repeat(cells[i]!)).join("");
  return [
    `|${bar}|`,
    ...shares.map(({ name, sizeBytes }) => {
      const size = formatSize(sizeBytes).padStart(10);
      return `${MARKS[name]} ${name.padEnd(16)}${size}  ${percent(sizeBytes, total).padStart(6)}`;
    }),
  ];
}

/** A share as people read it: `12 %`, or `<1 %`. */
export function percent(part: number, total: number): string {
  const value = Math.round(part / total * 100);
  return value === 0 && part > 0 ? "<1 %" : `${value} %`;
}
