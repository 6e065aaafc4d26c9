import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap, runs } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import {
  arbitraryMap,
  brokenDisk,
  contentOf,
  encodeToMemory,
  equalBytes,
  GIB,
  KIB,
  MIB,
  noise,
  prose,
  readRange,
  SECTOR,
  slowSink,
  VARIANTS,
} from "./support.ts";

for (const variant of VARIANTS) {
  Deno.test(`${variant.name}: decode(encode(disk)) is the disk`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMap(6 * MIB, 400 * KIB), async (map) => {
        const disk = await variant.open((await encodeToMemory(variant, map)).toSource());
        assert.equal(disk.sizeBytes, map.sizeBytes);
        const decoded = new Uint8Array(map.sizeBytes);
        await disk.read(decoded, 0);
        assert.ok(equalBytes(decoded, await contentOf(map)));
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`${variant.name}: any part can be read, across tables of large disks`, async () => {
    const readings = fc.array(
      fc.record({ at: fc.nat(), lengthBytes: fc.integer({ min: 1, max: 200 * KIB }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(arbitraryMap(2 * GIB, 700 * MIB), readings, async (map, places) => {
        const disk = await variant.open((await encodeToMemory(variant, map)).toSource());
        const starts = map.extents.map((extent) => extent.offsetBytes - 1000);
        for (const { at, lengthBytes } of places) {
          const near = starts.length > 0 ? starts[at % starts.length] : at;
          const from = Math.max(0, Math.min(near!, map.sizeBytes - lengthBytes));
          const length = Math.min(lengthBytes, map.sizeBytes - from);
          const part = new Uint8Array(length);
          await disk.read(part, from);
          assert.ok(equalBytes(part, await readRange(map, from, length)));
        }
      }),
      { numRuns: 30 },
    );
  });

  Deno.test(`${variant.name}: the same disk gives the same bytes`, async () => {
    const map = blockMap(5 * MIB, [
      bytesExtent(0, noise(700)),
      bytesExtent(3 * MIB - 5, noise(300 * KIB)),
    ]);
    const [first, second] = await Promise.all([
      encodeToMemory(variant, map).then((sink) => sink.toBytes()),
      encodeToMemory(variant, map).then((sink) => sink.toBytes()),
    ]);
    assert.ok(equalBytes(first, second));
  });

  Deno.test(`${variant.name}: extents cut otherwise give the same bytes`, async () => {
    const bytes = noise(300 * KIB);
    const whole = blockMap(MIB, [bytesExtent(5, bytes)]);
    const parts = blockMap(MIB, [
      bytesExtent(5, bytes.subarray(0, 70_001)),
      bytesExtent(5 + 70_001, bytes.subarray(70_001)),
    ]);
    const [first, second] = await Promise.all([
      encodeToMemory(variant, whole).then((sink) => sink.toBytes()),
      encodeToMemory(variant, parts).then((sink) => sink.toBytes()),
    ]);
    assert.ok(equalBytes(first, second));
  });

  Deno.test(`${variant.name}: refuses what is not whole sectors`, async () => {
    for (const sizeBytes of [0, 1, SECTOR - 1, SECTOR + 1]) {
      await assert.rejects(encodeToMemory(variant, blockMap(sizeBytes, [])), RangeError);
    }
  });

  Deno.test(`${variant.name}: progress rises to the disk's size`, async () => {
    const map = blockMap(9 * MIB, [bytesExtent(100, noise(5 * MIB))]);
    const seen: number[] = [];
    const { write, hole } = nowhere();
    await variant.encode(map, { write, hole }, { onProgress: (done) => seen.push(done) });
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(seen.at(-1), map.sizeBytes);
    assert.ok(seen.length > 3);
  });

  Deno.test(`${variant.name}: a buffer is not touched while the sink has it`, async () => {
    const extents = [bytesExtent(100, noise(9 * MIB)), bytesExtent(12 * MIB, prose(3 * MIB))];
    await variant.encode(blockMap(16 * MIB, extents), slowSink());
  });

  Deno.test(`${variant.name}: a failing source or sink fails the encoder`, async () => {
    await assert.rejects(encodeToMemory(variant, brokenDisk(4 * MIB)), /bad sector/);
    let writes = 0;
    const full = {
      ...nowhere(),
      write: () => ++writes > 2 ? Promise.reject(new Error("disk full")) : Promise.resolve(),
    };
    const good = blockMap(8 * MIB, [bytesExtent(0, noise(8 * MIB))]);
    await assert.rejects(variant.encode(good, full), /disk full/);
  });
}

// A fixed VHD has none: there they are the file system's.
for (const variant of VARIANTS.filter(({ variant }) => variant !== "fixed")) {
  Deno.test(`${variant.name}: holes stay holes`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMap(2 * GIB, 700 * MIB), async (map) => {
        const disk = await variant.open((await encodeToMemory(variant, map)).toSource());
        assert.deepEqual([...runs(disk.map, variant.unitBytes)], [...runs(map, variant.unitBytes)]);
      }),
      { numRuns: 20 },
    );
  });
}

Deno.test("a buffer is not touched while the sink has it", async () => {
  const map = blockMap(40 * MIB, [
    bytesExtent(10, noise(7 * MIB)),
    bytesExtent(30 * MIB, noise(5 * MIB)),
  ]);
  for (const variant of VARIANTS) {
    await variant.encode(map, {
      async write(bytes) {
        const before = bytes.slice();
        await new Promise((resolve) => setTimeout(resolve, 0));
        assert.ok(equalBytes(bytes, before), variant.name);
      },
      hole: () => Promise.resolve(),
    });
  }
});

function nowhere() {
  return { write: () => Promise.resolve(), hole: () => Promise.resolve() };
}
