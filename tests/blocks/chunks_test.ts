import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { chunks } from "../../lib/blocks/chunks.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { Gatherer } from "../../lib/blocks/gather.ts";
import { WriteBehind } from "../../lib/blocks/write_behind.ts";
import {
  arbitraryMap,
  contentOf,
  equalBytes,
  KIB,
  MemorySink,
  MIB,
  noise,
} from "../formats/support.ts";

Deno.test("chunks put together are the disk, in whole units", async () => {
  const unit = fc.constantFrom(512, 4096, 64 * KIB);
  await fc.assert(
    fc.asyncProperty(arbitraryMap(4 * MIB, 300 * KIB), unit, async (map, unitBytes) => {
      const content = new Uint8Array(map.sizeBytes + unitBytes);
      let endBytes = 0;
      for await (const chunk of chunks(map, unitBytes, 4 * unitBytes)) {
        assert.equal(chunk.offsetBytes, endBytes);
        assert.ok(chunk.lengthBytes > 0);
        endBytes += chunk.lengthBytes;
        if (chunk.bytes === null) continue;
        assert.equal(chunk.bytes.length % unitBytes, 0);
        assert.ok(chunk.bytes.length - chunk.lengthBytes < unitBytes);
        assert.ok(chunk.bytes.subarray(chunk.lengthBytes).every((byte) => byte === 0));
        content.set(chunk.bytes, chunk.offsetBytes);
      }
      assert.equal(endBytes, map.sizeBytes);
      assert.ok(equalBytes(content.subarray(0, endBytes), await contentOf(map)));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a chunk is written while the next one is read, and no two writes overlap", async () => {
  const events: string[] = [];
  let pending = 0;
  const out = new WriteBehind({
    async write(bytes) {
      assert.equal(++pending, 1);
      events.push(`begin ${bytes[0]}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      events.push(`end ${bytes[0]}`);
      pending--;
    },
    hole(lengthBytes) {
      assert.equal(pending, 0);
      events.push(`hole ${lengthBytes}`);
      return Promise.resolve();
    },
  });
  for (const byte of [1, 2]) {
    events.push(`read ${byte}`);
    await out.write(Uint8Array.of(byte));
  }
  await out.hole(3);
  await out.write(Uint8Array.of(4));
  await out.finish();
  const expected = "read 1,begin 1,read 2,end 1,begin 2,end 2,hole 3,begin 4,end 4";
  assert.equal(events.join(","), expected);
});

Deno.test("a write that fails is told by what comes next, even if nobody waits", async () => {
  const failing = () => Promise.reject(new RangeError("full"));
  const out = new WriteBehind({ write: failing, hole: failing });
  await out.write(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 1));
  await assert.rejects(out.finish(), RangeError);
  await assert.rejects(out.write(new Uint8Array(1)), RangeError);
});

Deno.test("a chunk stays as it is while the next one is asked for", async () => {
  const content = noise(8 * MIB);
  const map = blockMap(content.length, [bytesExtent(0, content)]);
  let before: { readonly offsetBytes: number; readonly bytes: Uint8Array | null } | undefined;
  for await (const chunk of chunks(map, 64 * KIB)) {
    if (before?.bytes) {
      const expected = content.subarray(
        before.offsetBytes,
        before.offsetBytes + before.bytes.length,
      );
      assert.ok(equalBytes(before.bytes, expected));
    }
    before = chunk;
  }
});

Deno.test("gathered pieces come out in order, in large writes", async () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(pieces, fc.boolean(), async (lengths, doesPad) => {
    const sink = new MemorySink();
    let writes = 0;
    const out = new Gatherer({
      write: (bytes) => (writes++, sink.write(bytes)),
      hole: (lengthBytes) => sink.hole(lengthBytes),
    }, 4096);
    const expected: number[] = [];
    for (const [i, length] of lengths.entries()) {
      const piece = noise(length, i);
      await out.append(piece);
      expected.push(...piece);
      if (doesPad) {
        await out.pad(512);
        while (expected.length % 512 !== 0) expected.push(0);
      }
      assert.equal(out.positionBytes, expected.length);
    }
    await out.finish();
    assert.ok(equalBytes(await sink.toBytes(), Uint8Array.from(expected)));
    assert.ok(writes <= Math.ceil(expected.length / (4096 - 1024)) + 1);
  }));
});

Deno.test("no more can be reserved than there is room for", async () => {
  const out = new Gatherer(new MemorySink(), 4096);
  out.reserve(4000);
  assert.throws(() => out.reserve(97), RangeError);
  await out.makeRoom(97);
  assert.equal(out.reserve(97).length, 97);
});
