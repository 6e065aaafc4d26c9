import assert from "node:assert/strict";
import { chsGeometry } from "../../../lib/formats/vhd/format.ts";

/** "Appendix: CHS Calculation", each limit of it from both sides. */
const GEOMETRIES: readonly (readonly [sectors: number, chs: readonly number[], why: string])[] = [
  [67, [0, 4, 17], "fewer than 4 heads are not used"],
  [68, [1, 4, 17], "4 heads, 17 sectors"],
  [4 * 1024 * 17 - 1, [1023, 4, 17], "the most that 4 heads cover"],
  // As many tracks as heads times 1,024 are one too many for 17 sectors.
  [4 * 1024 * 17, [140, 16, 31], "1,024 cylinders of 4 heads"],
  [4 * 1024 * 17 + 17, [819, 5, 17], "5 heads"],
  [5 * 1024 * 17 - 1, [1023, 5, 17], "the most that 5 heads cover"],
  [5 * 1024 * 17, [175, 16, 31], "1,024 cylinders of 5 heads"],
  [16 * 1024 * 17 - 1, [1023, 16, 17], "the most that 17 sectors cover"],
  [16 * 1024 * 17, [561, 16, 31], "31 sectors"],
  [16 * 1024 * 17 + 17, [561, 16, 31], "17 heads are one too many"],
  [16 * 1024 * 31 - 1, [1023, 16, 31], "the most that 31 sectors cover"],
  [16 * 1024 * 31, [503, 16, 63], "63 sectors"],
  [65_535 * 16 * 63 - 1, [65_534, 16, 63], "the most that 63 sectors cover"],
  [65_535 * 16 * 63, [16_191, 16, 255], "255 sectors"],
  [65_535 * 16 * 255 - 1, [65_534, 16, 255], "one less than the largest"],
  [65_535 * 16 * 255, [65_535, 16, 255], "the largest"],
  [65_535 * 16 * 255 + 16 * 255, [65_535, 16, 255], "beyond it nothing grows"],
];

for (const [sectors, chs, why] of GEOMETRIES) {
  Deno.test(`VHD: geometry of ${sectors} sectors: ${why}`, () => {
    const { cylinders, heads, sectorsPerTrack } = chsGeometry(sectors);
    assert.deepEqual([cylinders, heads, sectorsPerTrack], chs);
  });
}
