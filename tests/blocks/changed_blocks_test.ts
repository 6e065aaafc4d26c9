import assert from "node:assert/strict";
import { type BlockMap, blockMap, readBlocks, runs } from "../../lib/blocks/block_map.ts";
import { changedBlocks } from "../../lib/blocks/changed_blocks.ts";
import { bytesExtent, bytesSource, type Extent } from "../../lib/blocks/extent.ts";
import { Random } from "../fuzz/random.ts";

const BLOCK_BYTES = 16;
const DISK_BYTES = 64 * BLOCK_BYTES;
const ISO = bytesSource("iso", new Random(1).bytes(4096).map((byte) => byte | 1));

/** A disk of runs that lie at places, and come from places, where those of another one do. */
function someDisk(random: Random): BlockMap {
  const extents: Extent[] = [];
  for (let at = random.below(40); at < DISK_BYTES;) {
    const lengthBytes = Math.min(random.pick([7, 16, 33, 64]), DISK_BYTES - at);
    const place = { offsetBytes: at, lengthBytes };
    if (random.chance(1, 3)) {
      const bytes = new Uint8Array(lengthBytes).fill(random.pick([1, 2]));
      extents.push(bytesExtent(at, bytes));
    } else extents.push({ ...place, source: ISO, sourceOffsetBytes: random.pick([at, at, 9]) });
    at += lengthBytes + random.pick([0, 0, 9, 32]);
  }
  return blockMap(DISK_BYTES, extents);
}

function bytesOf(map: BlockMap): Uint8Array {
  const bytes = new Uint8Array(DISK_BYTES);
  readBlocks(map, bytes, 0);
  return bytes;
}

Deno.test("changed blocks: written over a copy of one disk they make the other", () => {
  const random = new Random(7);
  for (let round = 0; round < 3000; round++) {
    const before = someDisk(random);
    const now = random.chance(1, 2) ? someDisk(random) : changeOne(before, random);
    const keptBytes = random.pick([DISK_BYTES, DISK_BYTES / 2, 0]);
    const copy = new Uint8Array(DISK_BYTES);
    copy.set(bytesOf(before).subarray(0, keptBytes));
    const changed = changedBlocks(before, now, BLOCK_BYTES, keptBytes);
    for (const { kind, offsetBytes, lengthBytes } of runs(changed, BLOCK_BYTES)) {
      if (kind === "data") readBlocks(changed, sub(copy, offsetBytes, lengthBytes), offsetBytes);
    }
    assert.deepEqual(copy, bytesOf(now), `round ${round}`);
  }
});

/** The same disk with one byte of one run changed, or without the run. */
function changeOne(map: BlockMap, random: Random): BlockMap {
  const index = random.below(map.extents.length);
  const { offsetBytes, lengthBytes } = map.extents[index]!;
  const bytes = sub(bytesOf(map), offsetBytes, lengthBytes);
  bytes[random.below(lengthBytes)]! ^= 0xff;
  const changed = random.chance(1, 4) ? [] : [bytesExtent(offsetBytes, bytes)];
  return blockMap(map.sizeBytes, map.extents.toSpliced(index, 1, ...changed));
}

function sub(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): Uint8Array {
  return bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
}

Deno.test("changed blocks: what is the same is left, however it is made", () => {
  const make = (byte: number) =>
    blockMap(DISK_BYTES, [
      bytesExtent(0, new Uint8Array(40).fill(1)),
      bytesExtent(64, new Uint8Array(10).fill(byte)),
      { offsetBytes: 128, lengthBytes: 500, source: ISO, sourceOffsetBytes: 3 },
    ]);
  assert.deepEqual(changedBlocks(make(1), make(1), BLOCK_BYTES, DISK_BYTES).extents, []);
  const changed = changedBlocks(make(1), make(2), BLOCK_BYTES, DISK_BYTES).extents;
  assert.deepEqual(
    changed.map(({ offsetBytes, lengthBytes }) => [offsetBytes, lengthBytes]),
    [[64, 10], [74, 6]],
    "the run, and the zeros behind it in its block",
  );
});
