import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { SectorMap } from "../../lib/blocks/sector_map.ts";

const SECTOR = 512;
const SECTORS = 64;

const write = fc.record({
  lba: fc.nat(SECTORS - 1),
  count: fc.integer({ min: 1, max: 20 }),
  byte: fc.constantFrom(0, 0, 1, 255),
});

Deno.test("sector map: reads what was written last, and zeros elsewhere", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(write, { maxLength: 20 }),
    fc.nat(SECTORS - 1),
    fc.integer({ min: 1, max: 20 }),
    async (writes, lba, count) => {
      const expected = new Uint8Array((SECTORS + 20) * SECTOR);
      const map = new SectorMap();
      for (const { lba, count, byte } of writes) {
        const bytes = new Uint8Array(count * SECTOR).fill(byte);
        map.write(lba, bytes);
        expected.set(bytes, lba * SECTOR);
        bytes.fill(99); // what was written is a copy
      }
      const into = new Uint8Array(count * SECTOR).fill(77);
      map.read(lba, into);
      assert.deepEqual(into, expected.subarray(lba * SECTOR, (lba + count) * SECTOR));

      // As extents it is the same disk, without a sector of zeros.
      const extents = map.extents();
      const disk = new Uint8Array(expected.length);
      await readBlocks(blockMap(disk.length, extents), disk, 0);
      assert.deepEqual(disk, expected);
      for (const { bytes, offsetBytes } of extents) {
        assert.equal(offsetBytes % SECTOR, 0);
        for (let at = 0; at < bytes.length; at += SECTOR) {
          assert.ok(bytes.subarray(at, at + SECTOR).some((byte) => byte !== 0));
        }
      }
    },
  ));
});

Deno.test("sector map: gigabytes of zeros take no memory", () => {
  const map = new SectorMap();
  const zeros = new Uint8Array(1024 * SECTOR);
  for (let lba = 0; lba < 2 ** 31; lba += 2 ** 22) map.write(lba, zeros);
  assert.deepEqual(map.extents(), []);
  map.write(2 ** 32 - 1, new Uint8Array(SECTOR).fill(1));
  assert.deepEqual(map.extents().map((extent) => extent.offsetBytes), [(2 ** 32 - 1) * SECTOR]);
});

Deno.test("sector map: one byte that is not zero counts, wherever it is", () => {
  for (const at of [0, 1, 255, 510, 511]) {
    const map = new SectorMap();
    const sector = new Uint8Array(SECTOR);
    sector[at] = 1;
    map.write(7, sector);
    assert.equal(map.extents().length, 1, `byte ${at}`);
    const read = new Uint8Array(SECTOR);
    map.read(7, read);
    assert.deepEqual(read, sector);
  }
});

Deno.test("sector map: what is overwritten with zeros is gone", () => {
  const map = new SectorMap();
  map.write(3, new Uint8Array(SECTOR).fill(1));
  map.write(3, new Uint8Array(SECTOR));
  assert.deepEqual(map.extents(), []);
});
