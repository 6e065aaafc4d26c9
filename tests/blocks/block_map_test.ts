import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap, readBlocks, roundUp, runs } from "../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, type Extent, shiftExtent } from "../../lib/blocks/extent.ts";

/** Bytes that are never zero, to tell data from holes. */
function data(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => 1 + (i * 7 + seed) % 255);
}

/** A small disk, and what it reads as. */
const disk = fc.record({
  sizeBytes: fc.integer({ min: 0, max: 3000 }),
  pieces: fc.array(
    fc.record({
      gap: fc.nat(400),
      length: fc.nat(300),
      inSource: fc.boolean(),
      skip: fc.nat(5),
    }),
    { maxLength: 12 },
  ),
}).map(({ sizeBytes, pieces }) => {
  const expected = new Uint8Array(sizeBytes);
  const extents: Extent[] = [];
  let at = 0;
  pieces.forEach(({ gap, length, inSource, skip }, i) => {
    at += gap;
    const lengthBytes = Math.min(length, sizeBytes - at);
    if (lengthBytes < 0) return;
    const bytes = data(lengthBytes, i * 40);
    expected.set(bytes, at);
    if (inSource) {
      const padded = new Uint8Array(skip + lengthBytes);
      padded.set(bytes, skip);
      const source = bytesSource("part", padded);
      extents.push({ offsetBytes: at, lengthBytes, source, sourceOffsetBytes: skip });
    } else extents.push(bytesExtent(at, bytes));
    at += lengthBytes;
  });
  // In whatever order they are given, they are sorted.
  return { sizeBytes, extents: extents.reverse(), expected };
});

Deno.test("block map: any range reads as the disk does, zeros beyond its end", async () => {
  await fc.assert(
    fc.asyncProperty(disk, fc.nat(3200), fc.nat(1500), async (disk, from, length) => {
      const map = blockMap(disk.sizeBytes, disk.extents);
      const into = data(length, 3); // old bytes, all to be replaced
      await readBlocks(map, into, from);
      const expected = new Uint8Array(length);
      expected.set(disk.expected.subarray(from, from + length));
      assert.deepEqual(into, expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("block map: runs cover the disk once, alternate, and keep to blocks", () => {
  const blocks = fc.constantFrom(1, 3, 16, 64, 512, 4096);
  fc.assert(
    fc.property(disk, blocks, (disk, blockBytes) => {
      const map = blockMap(disk.sizeBytes, disk.extents);
      const all = [...runs(map, blockBytes)];
      let endBytes = 0;
      all.forEach((run, i) => {
        assert.equal(run.offsetBytes, endBytes);
        assert.equal(run.offsetBytes % blockBytes, 0);
        assert.ok(run.lengthBytes > 0);
        if (i > 0) assert.notEqual(run.kind, all[i - 1]!.kind);
        endBytes += run.lengthBytes;
        const bytes = disk.expected.subarray(run.offsetBytes, endBytes);
        // Every block of a data run holds data; a hole holds none.
        if (run.kind === "hole") assert.ok(bytes.every((byte) => byte === 0));
        for (let at = 0; run.kind === "data" && at < bytes.length; at += blockBytes) {
          assert.ok(bytes.subarray(at, at + blockBytes).some((byte) => byte !== 0));
        }
      });
      assert.equal(endBytes, disk.sizeBytes);
    }),
    { numRuns: 500 },
  );
});

Deno.test("block map: extents that overlap or reach past the end are errors", () => {
  const ten = new Uint8Array(10);
  const at = (offsetBytes: number) => bytesExtent(offsetBytes, ten);
  assert.throws(() => blockMap(100, [at(0), at(9)]), RangeError);
  assert.throws(() => blockMap(100, [at(50), at(50)]), RangeError);
  assert.throws(() => blockMap(100, [at(91)]), RangeError);
  assert.deepEqual(blockMap(100, [at(90), at(0), at(10)]).extents, [at(0), at(10), at(90)]);
});

Deno.test("block map: extents without bytes take no place", () => {
  const none = bytesExtent(5, new Uint8Array(0));
  const ten = bytesExtent(0, new Uint8Array(10));
  assert.deepEqual(blockMap(10, [ten, none]).extents, [ten]);
  assert.deepEqual([...runs(blockMap(0, []), 512)], []);
});

Deno.test("block map: beyond 4 GiB and beyond 32 bits of sectors", async () => {
  const TIB = 2 ** 40;
  const map = blockMap(4 * TIB, [bytesExtent(3 * TIB + 5, data(10, 1))]);
  assert.deepEqual([...runs(map, 4096)].map(({ kind, offsetBytes }) => [kind, offsetBytes]), [
    ["hole", 0],
    ["data", 3 * TIB],
    ["hole", 3 * TIB + 4096],
  ]);
  const into = new Uint8Array(20);
  await readBlocks(map, into, 3 * TIB);
  assert.deepEqual(into.subarray(5, 15), data(10, 1));
});

Deno.test("extents: shifted, they keep their bytes", () => {
  const source = bytesSource("x", new Uint8Array(10));
  const extent = { offsetBytes: 5, lengthBytes: 10, source, sourceOffsetBytes: 0 };
  assert.deepEqual(shiftExtent(extent, 100), { ...extent, offsetBytes: 105 });
  assert.equal(extent.offsetBytes, 5);
});

Deno.test("rounding: up to a multiple, exactly at large numbers", () => {
  assert.equal(roundUp(0, 512), 0);
  assert.equal(roundUp(1, 512), 512);
  assert.equal(roundUp(512, 512), 512);
  assert.equal(roundUp(2 ** 50 + 1, 2048), 2 ** 50 + 2048);
});
