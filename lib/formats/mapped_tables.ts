/**
 * @module
 */

import { type BlockMap, runs } from "../blocks/block_map.ts";

/** A table that maps a fixed number of units of the disk. */
export interface MappedTable {
  /** Its number, counted from the beginning of the disk. */
  readonly index: number;
  /** Which of its entries stand for units with data, in order. */
  readonly mapped: readonly number[];
}

/** The tables that have an entry to fill, in order. The units are runs' clusters or grains. */
export function* mappedTables(
  map: BlockMap,
  unitBytes: number,
  entriesPerTable: number,
): Generator<MappedTable> {
  let index = -1;
  let mapped: number[] = [];
  for (const run of runs(map, unitBytes)) {
    if (run.kind === "hole") continue;
    const first = run.offsetBytes / unitBytes;
    const end = first + Math.ceil(run.lengthBytes / unitBytes);
    for (let unit = first; unit < end; unit++) {
      if (Math.floor(unit / entriesPerTable) !== index) {
        if (mapped.length > 0) yield { index, mapped };
        index = Math.floor(unit / entriesPerTable);
        mapped = [];
      }
      mapped.push(unit % entriesPerTable);
    }
  }
  if (mapped.length > 0) yield { index, mapped };
}
