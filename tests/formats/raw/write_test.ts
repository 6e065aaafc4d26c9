import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap, runs } from "../../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../../lib/blocks/extent.ts";
import { encodeRaw } from "../../../lib/formats/raw/write.ts";
import {
  arbitraryMap,
  brokenDisk,
  contentOf,
  equalBytes,
  KIB,
  MemorySink,
  MIB,
  noise,
  slowSink,
} from "../support.ts";

Deno.test("raw: the disk's bytes, its holes as holes unless the sink finds them too small", async () => {
  const sizes = fc.constantFrom(undefined, 4 * KIB, 64 * KIB);
  await fc.assert(
    fc.asyncProperty(arbitraryMap(6 * MIB, 400 * KIB), sizes, async (map, minHoleBytes) => {
      const holes: number[] = [];
      const sink = new MemorySink();
      await encodeRaw(map, {
        minHoleBytes,
        write: (bytes) => sink.write(bytes),
        hole: (lengthBytes) => {
          holes.push(lengthBytes);
          return sink.hole(lengthBytes);
        },
      });
      assert.equal(sink.sizeBytes, map.sizeBytes);
      assert.ok(equalBytes(await sink.toBytes(), await contentOf(map)));
      const expected = [...runs(map, minHoleBytes ?? 4 * KIB)].filter(({ kind }) =>
        kind === "hole"
      );
      assert.deepEqual(holes, expected.map(({ lengthBytes }) => lengthBytes));
    }),
    { numRuns: 40 },
  );
});

Deno.test("raw: terabytes of holes take no time", async () => {
  const sink = new MemorySink();
  await encodeRaw(blockMap(2 ** 43, [bytesExtent(2 ** 42, noise(10))]), sink);
  assert.equal(sink.sizeBytes, 2 ** 43);
});

Deno.test("raw: progress rises to the disk's size", async () => {
  for (const map of [blockMap(6 * MIB, [bytesExtent(MIB, noise(5 * MIB))]), blockMap(0, [])]) {
    const seen: number[] = [];
    await encodeRaw(map, new MemorySink(), { onProgress: (done) => seen.push(done) });
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(seen.at(-1), map.sizeBytes);
    if (map.sizeBytes > 0) assert.ok(seen.length >= 4, `it was told ${seen.length} times`);
  }
});

Deno.test("raw: a buffer is not touched while the sink has it", async () => {
  await encodeRaw(blockMap(9 * MIB, [bytesExtent(0, noise(8 * MIB))]), slowSink());
});

Deno.test("raw: a failing source or sink fails the encoder", async () => {
  await assert.rejects(encodeRaw(brokenDisk(3 * MIB), new MemorySink()), /bad sector/);
  const full = {
    write: () => Promise.reject(new Error("disk full")),
    hole: () => Promise.reject(new Error("disk full")),
  };
  await assert.rejects(encodeRaw(blockMap(MIB, []), full), /disk full/);
  const map = blockMap(8 * MIB, [bytesExtent(0, noise(8 * MIB))]);
  await assert.rejects(encodeRaw(map, full), /disk full/);
});
