import fc from "fast-check";
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { blockMap, readBlocks } from "../../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, readBytes, type Source } from "../../../lib/blocks/extent.ts";
import { parseGuid } from "../../../lib/blocks/guid.ts";
import { gptExtents } from "../../../lib/disk/gpt.ts";
import { openGzip } from "../../../lib/formats/gzip/read.ts";
import { encodeGzip } from "../../../lib/formats/gzip/write.ts";
import { verifyImage } from "../../../lib/image/verify.ts";
import { equalBytes, GIB, KIB, MemorySink, MIB, noise, prose } from "../support.ts";
import { failure } from "../../support/failures.ts";
import { buildGoodImage } from "../../support/good_image.ts";

/** Three chunks of the reader and a bit. */
const CONTENT = (() => {
  const bytes = new Uint8Array(900 * KIB + 13);
  bytes.set(noise(500 * KIB));
  bytes.set(prose(300 * KIB), 600 * KIB);
  return bytes;
})();
const MEMBER = new Uint8Array(gzipSync(CONTENT));

async function open(member: Uint8Array): Promise<Source> {
  return await openGzip(bytesSource("x.img.gz", member));
}

Deno.test("gzip: reads forward, again and again the same", async () => {
  const places = fc.array(fc.tuple(fc.nat(CONTENT.length), fc.nat(100 * KIB)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(places, async (list) => {
      const disk = await open(MEMBER);
      assert.equal(disk.sizeBytes, CONTENT.length);
      // Ascending, as whoever reads it can choose, then once more from the beginning.
      const sorted = list.toSorted(([a], [b]) => a - b);
      for (const [at, length] of [...sorted, [0, 100] as const]) {
        const lengthBytes = Math.min(length, CONTENT.length - at);
        const read = await readBytes(disk, at, lengthBytes);
        assert.ok(equalBytes(read, CONTENT.subarray(at, at + lengthBytes)));
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("gzip: going back costs a restart, and is not done without end", async () => {
  const disk = await open(MEMBER);
  const end = CONTENT.length - 10;
  for (let i = 0; i < 5; i++) {
    assert.ok(equalBytes(await readBytes(disk, end, 10), CONTENT.subarray(end)));
    assert.ok(equalBytes(await readBytes(disk, 0, 10), CONTENT.subarray(0, 10)));
  }
  await assert.rejects(async () => {
    for (let i = 0; i < 50; i++) {
      await readBytes(disk, end, 10);
      await readBytes(disk, 0, 10);
    }
  }, failure("not-image", /inflate it first/));
});

/** A disk of any size as a gzip, with a partition table or without. */
async function gzipOf(sizeBytes: number, hasTable: boolean): Promise<Uint8Array> {
  const guid = parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF");
  const extents = hasTable
    ? gptExtents(sizeBytes / 512, guid, [])
    : [bytesExtent(0, new Uint8Array(512).fill(1))];
  const sink = new MemorySink();
  await encodeGzip(blockMap(sizeBytes, extents), sink);
  return await sink.toBytes();
}

Deno.test("gzip: sizes beyond 4 GiB come from the partition table", async () => {
  for (const sizeBytes of [MIB, 3 * GIB, 4 * GIB, 4 * GIB + MIB, 9 * GIB + 512]) {
    assert.equal((await open(await gzipOf(sizeBytes, true))).sizeBytes, sizeBytes);
  }
  assert.equal((await open(await gzipOf(3 * GIB, false))).sizeBytes, 3 * GIB);
  assert.equal((await open(new Uint8Array(gzipSync("tiny")))).sizeBytes, 4);
  assert.equal((await open(new Uint8Array(gzipSync("")))).sizeBytes, 0);
});

Deno.test("gzip: what is cut short or no gzip is refused when it is read", async () => {
  const readAll = async (member: Uint8Array) => {
    const disk = await open(member);
    // Of one that is cut, any four bytes may stand for its size.
    await readBytes(disk, 0, Math.min(disk.sizeBytes, CONTENT.length + 1));
  };
  for (const length of [0, 1, 7, 8, 17, 1000, MEMBER.length >> 1, MEMBER.length - 1]) {
    await assert.rejects(readAll(MEMBER.slice(0, length)), failure("not-image", /damaged or cut/));
  }
  await assert.rejects(readAll(noise(10_000)), failure("not-image"));
  await assert.rejects(readAll(new Uint8Array(10_000)), failure("not-image"));
});

Deno.test("gzip: reading past the end is refused", async () => {
  const disk = await open(MEMBER);
  await assert.rejects(readBytes(disk, CONTENT.length - 5, 6), failure("not-image"));
  await assert.rejects(readBytes(disk, 10 * CONTENT.length, 1), failure("not-image"));
});

Deno.test("gzip: the checksum counts, and so does what lies behind", async () => {
  const readAll = async (member: Uint8Array) => {
    const disk = await open(member);
    const read = await readBytes(disk, 0, CONTENT.length);
    assert.ok(equalBytes(read, CONTENT));
  };
  await readAll(MEMBER);
  const wrong = MEMBER.slice();
  wrong[wrong.length - 8]! ^= 1;
  await assert.rejects(readAll(wrong), failure("not-image", /damaged/));
  // The last four bytes of two members are the second one's size.
  await assert.rejects(readAll(Uint8Array.from([...MEMBER, ...MEMBER])), failure("not-image"));
});

Deno.test("gzip: verify notices a wrong checksum of an image that is right", async () => {
  const good = await buildGoodImage();
  const sink = new MemorySink();
  await encodeGzip(good.map, sink);
  const member = await sink.toBytes();
  const { problems } = await verifyImage(await open(member), good.iso);
  assert.deepEqual(problems, []);
  member[member.length - 8]! ^= 1;
  const disk = await open(member);
  await assert.rejects(verifyImage(disk, good.iso), failure("not-image", /damaged or cut short/));
});

Deno.test("gzip: whatever is changed, it is read or refused", async () => {
  const map = blockMap(3 * MIB, [
    ...gptExtents(3 * MIB / 512, parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF"), []),
    bytesExtent(MIB, prose(100 * KIB)),
    bytesExtent(2 * MIB, noise(1000)),
  ]);
  const sink = new MemorySink();
  await encodeGzip(map, sink);
  const member = await sink.toBytes();
  const original = new Uint8Array(map.sizeBytes);
  await readBlocks(map, original, 0);
  const changes = fc.array(fc.tuple(fc.nat(member.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const copy = member.slice();
      for (const [at, byte] of list) copy[at] = byte;
      try {
        const disk = await open(copy);
        if (disk.sizeBytes !== original.length) return;
        // What is read to its end is what went in: the checksum sees to it.
        assert.ok(equalBytes(await readBytes(disk, 0, original.length), original));
      } catch (error) {
        failure("not-image")(error);
      }
    }),
    { numRuns: 150 },
  );
});
