import assert from "node:assert/strict";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import {
  chsGeometry,
  encodeDynamicHeader,
  encodeFooter,
  MAX_DISK_BYTES,
} from "../../../lib/formats/vhd/format.ts";
import { openVhd } from "../../../lib/formats/vhd/read.ts";
import { encodeVhdDynamic, encodeVhdFixed } from "../../../lib/formats/vhd/write.ts";
import { failure } from "../../support/failures.ts";
import { GIB, IDENTITY, MemorySink, MIB, SECTOR } from "../support.ts";

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

/** Bytes as hexadecimal digits, four of them in a word. */
function hex(bytes: Uint8Array): string {
  return bytes.toHex().replaceAll(/(.{8})(?=.)/g, "$1 ");
}

Deno.test("VHD: the footer, byte by byte", () => {
  const uniqueId = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  const footer = { diskType: 3, sizeBytes: 8 * MIB, headerOffsetBytes: 512 };
  const bytes = encodeFooter(footer, uniqueId, 946_684_800 + 0x123456 + 0.9);
  assert.equal(bytes.length, 512);
  assert.equal(
    hex(bytes.subarray(0, 84)),
    "636f6e65 63746978 " + // cookie
      "00000002 00010000 " + // features, version
      "00000000 00000200 " + // data offset
      "00123456 " + // seconds since 2000, begun ones not counted
      "77696e20 000a0000 5769326b " + // creator, its version, its host
      "00000000 00800000 00000000 00800000 " + // original and current size
      "00f00411 " + // 240 cylinders, 4 heads, 17 sectors
      "00000003 " + // dynamic
      "fffff69c " + // checksum
      "01020304 05060708 090a0b0c 0d0e0f10", // unique ID
  );
  assert.ok(bytes.subarray(84).every((byte) => byte === 0), "no saved state, reserved zeros");
});

Deno.test("VHD: the dynamic header, byte by byte", () => {
  const bytes = encodeDynamicHeader({
    tableOffsetBytes: 1536,
    tableEntries: 4,
    blockBytes: 2 * MIB,
  });
  assert.equal(bytes.length, 1024);
  assert.equal(
    hex(bytes.subarray(0, 40)),
    "63787370 61727365 ffffffff ffffffff " + // cookie, no data offset
      "00000000 00000600 00010000 " + // table offset, version
      "00000004 00200000 fffff473", // entries, block size, checksum
  );
  assert.ok(bytes.subarray(40).every((byte) => byte === 0), "no parent");
});

Deno.test("VHD: 2,040 GiB and no more", async () => {
  assert.equal(MAX_DISK_BYTES, 2040 * GIB);
  const discard = { write: () => Promise.resolve(), hole: () => Promise.resolve() };
  for (const encode of [encodeVhdFixed, encodeVhdDynamic]) {
    const tooLarge = blockMap(MAX_DISK_BYTES + SECTOR, []);
    await assert.rejects(encode(tooLarge, discard, IDENTITY), RangeError);
  }
  const largest = new MemorySink();
  await encodeVhdDynamic(blockMap(MAX_DISK_BYTES, []), largest, IDENTITY);
  const file = largest.toSource();
  assert.equal((await openVhd(file)).sizeBytes, MAX_DISK_BYTES);
  // One that says that it is larger.
  const footer = encodeFooter(
    { diskType: 2, sizeBytes: MAX_DISK_BYTES + SECTOR, headerOffsetBytes: null },
    new Uint8Array(16),
    0,
  );
  const huge = {
    name: "huge",
    sizeBytes: MAX_DISK_BYTES + 2 * SECTOR,
    read: (into: Uint8Array, offsetBytes: number) =>
      offsetBytes < MAX_DISK_BYTES + SECTOR ? void into.fill(0) : into.set(footer),
  };
  await assert.rejects(openVhd(huge), failure("not-image"));
});
