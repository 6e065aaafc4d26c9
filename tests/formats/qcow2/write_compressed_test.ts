import assert from "node:assert/strict";
import { type BlockMap, blockMap } from "../../../lib/blocks/block_map.ts";
import type { Source } from "../../../lib/blocks/extent.ts";
import { encodeQcow2 } from "../../../lib/formats/qcow2/write.ts";
import { failure } from "../../support/failures.ts";
import { contentOf, equalBytes, KIB, MemorySink, MIB, noise, prose } from "../support.ts";

const CLUSTER = 64 * KIB;

/** A disk whose content is another when it is read for the second time. */
function changingDisk(first: Uint8Array, second: Uint8Array): BlockMap {
  let content = first;
  const source: Source = {
    name: "changing",
    sizeBytes: first.length,
    read(into, offsetBytes) {
      into.set(content.subarray(offsetBytes, offsetBytes + into.length));
      if (offsetBytes + into.length === first.length) content = second;
    },
  };
  const extent = { offsetBytes: 0, lengthBytes: first.length, source, sourceOffsetBytes: 0 };
  return blockMap(first.length, [extent]);
}

async function encode(map: BlockMap): Promise<MemorySink> {
  const sink = new MemorySink();
  await encodeQcow2(map, sink, { compress: true });
  return sink;
}

/** Two MiB of text, with some clusters replaced. */
function withClusters(clusters: Readonly<Record<number, Uint8Array>>): Uint8Array {
  const bytes = prose(2 * MIB);
  for (const [index, content] of Object.entries(clusters)) {
    bytes.set(content, Number(index) * CLUSTER);
  }
  return bytes;
}

Deno.test("qcow2: a disk that is the same in both passes is written", async () => {
  const content = withClusters({ 3: noise(CLUSTER) });
  const sink = await encode(changingDisk(content, content));
  assert.ok(sink.sizeBytes < content.length);
});

Deno.test("qcow2: a cluster that lies elsewhere in the second pass is noticed", async () => {
  const random = withClusters({ 3: noise(CLUSTER, 1) });
  const changes: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ["it shrinks less", withClusters({}), withClusters({ 5: prose(CLUSTER).fill(7, 0, 32 * KIB) })],
    ["it does not shrink any more", withClusters({}), random],
    ["it shrinks now", random, withClusters({})],
    ["another one does not shrink", random, withClusters({ 4: noise(CLUSTER, 1) })],
    ["the last one", random, withClusters({ 3: noise(CLUSTER, 1), 31: noise(CLUSTER, 2) })],
  ];
  for (const [why, first, second] of changes) {
    await assert.rejects(encode(changingDisk(first, second)), (error) => {
      assert.ok(failure("io", /changed while they were read/)(error), why);
      return true;
    });
  }
});

Deno.test("qcow2: plain clusters begin with a host cluster, deflated ones need not", async () => {
  const content = withClusters({ 1: noise(CLUSTER, 1), 20: noise(CLUSTER, 2) });
  const bytes = await contentOf((await encode(changingDisk(content, content))).map);
  const view = new DataView(bytes.buffer);
  const l2At = Number(view.getBigUint64(Number(view.getBigUint64(40))) & ~(1n << 63n));
  const entries = Array.from({ length: 32 }, (_, i) => view.getBigUint64(l2At + 8 * i));
  const isCompressed = (entry: bigint) => (entry >> 62n & 1n) === 1n;
  const plain = entries.flatMap((entry, i) => isCompressed(entry) ? [] : [i]);
  assert.deepEqual(plain, [1, 20]);
  for (const index of plain) {
    const at = Number(entries[index]! & ((1n << 62n) - 1n));
    assert.equal(at % CLUSTER, 0);
    assert.ok(equalBytes(
      bytes.subarray(at, at + CLUSTER),
      content.subarray(index * CLUSTER, (index + 1) * CLUSTER),
    ));
  }
  // Back to back: what follows in the same MiB begins where the one before it ends, in its sector.
  const at = (index: number) => Number(entries[index]! & ((1n << 54n) - 1n));
  const sectors = (index: number) => Number(entries[index]! >> 54n & 0xffn);
  assert.ok(at(2) > at(0) && at(2) <= (Math.floor(at(0) / 512) + sectors(0) + 1) * 512);
});

Deno.test("qcow2: each of the two passes is half of the progress", async () => {
  const content = withClusters({ 3: noise(CLUSTER) });
  const seen: number[] = [];
  await encodeQcow2(changingDisk(content, content), new MemorySink(), {
    compress: true,
    onProgress: (doneBytes) => seen.push(doneBytes),
  });
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  const [first, second] = [
    seen.filter((bytes) => bytes <= MIB),
    seen.filter((bytes) => bytes > MIB),
  ];
  assert.equal(first.at(-1), MIB, "half, when the first pass is done");
  assert.deepEqual([...new Set(second)], first.map((bytes) => bytes + MIB));
  assert.equal(seen.at(-1), 2 * MIB);
});
