import assert from "node:assert/strict";
import fc from "fast-check";
import { blockMap } from "../../lib/disk/block_map.ts";
import { chunks } from "../../lib/encode/chunks.ts";
import { Gatherer } from "../../lib/encode/gather.ts";
import { arbitraryMap, contentOf, equalBytes, KIB, MemorySink, MIB, noise } from "./support.ts";

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

Deno.test("the next chunk is read meanwhile, and whoever stops waits for it", async () => {
  const events: string[] = [];
  const source = {
    name: "slow",
    sizeBytes: 4 * MIB,
    async read(_into: Uint8Array, offsetBytes: number) {
      events.push(`begin ${offsetBytes / MIB}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      events.push(`end ${offsetBytes / MIB}`);
    },
  };
  const all = { offsetBytes: 0, lengthBytes: 4 * MIB, source, sourceOffsetBytes: 0 };
  for await (const chunk of chunks(blockMap(4 * MIB, [all]), 64 * KIB)) {
    events.push(`use ${chunk.offsetBytes / MIB}`);
    if (chunk.offsetBytes === MIB) break;
  }
  events.push("stopped");
  const expected = "begin 0,end 0,begin 1,use 0,end 1,begin 2,use 1,end 2,stopped";
  assert.equal(events.join(","), expected);
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
