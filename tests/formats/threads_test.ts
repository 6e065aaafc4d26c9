import fc from "fast-check";
import assert from "node:assert/strict";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import type { Sink } from "../../lib/blocks/sink.ts";
import { deflatePiece } from "../../lib/formats/deflate/deflate.ts";
import type { Deflater } from "../../lib/formats/deflate/deflater.ts";
import { FORMATS } from "../../lib/formats/formats.ts";
import { DeflatePool } from "../../lib/host/deflate_pool.ts";
import { SlowDeflater } from "./slow_deflater.ts";
import {
  arbitraryMap,
  brokenDisk,
  equalBytes,
  IDENTITY,
  KIB,
  MemorySink,
  MIB,
  noise,
  prose,
  slowSink,
} from "./support.ts";

/** The formats whose data are deflated. */
const DEFLATING = FORMATS.filter(({ name }) => ["gz", "qcow2", "vmdk"].includes(name));

async function encode(
  { encode }: (typeof DEFLATING)[number],
  map: BlockMap,
  deflater?: Deflater,
  sink: Sink = new MemorySink(),
): Promise<Uint8Array> {
  await encode(map, sink, { ...IDENTITY, compress: true, deflater });
  return sink instanceof MemorySink ? await sink.toBytes() : new Uint8Array(0);
}

/** Text and random bytes in runs of many lengths, with holes, ending within a cluster. */
const MIXED = blockMap(
  52 * MIB + 512,
  [
    [3 * KIB, prose(9 * MIB)],
    [10 * MIB, noise(3 * MIB, 1)],
    [14 * MIB, prose(MIB)],
    ...Array.from({ length: 64 }, (_, i) =>
      [
        (16 * 16 + i) * 64 * KIB,
        i % 3 === 0 ? noise(64 * KIB, i) : prose(64 * KIB),
      ] as const),
    [24 * MIB, prose(20 * MIB)],
    [50 * MIB, noise(MIB, 2)],
    [52 * MIB, prose(512)],
  ].map(([at, bytes]) => bytesExtent(at as number, bytes as Uint8Array)),
);

/** They start once a pool has enough to do. */
async function startThreads(pool: DeflatePool): Promise<void> {
  while (!pool.isThreaded) {
    await pool.deflate([new Uint8Array(MIB)]);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test("threads get to work for somebody who does nothing but deflate", async () => {
  using pool = new DeflatePool(2);
  const zeros = [new Uint8Array(MIB)];
  for (let i = 0; i < 3000 && !pool.isThreaded; i++) await pool.deflate(zeros);
  assert.ok(pool.isThreaded);
});

for (const format of DEFLATING) {
  const { name } = format;

  Deno.test(`${name}: whoever deflates, the bytes are the same`, async () => {
    const expected = await encode(format, MIXED);
    const slow = new SlowDeflater();
    assert.ok(equalBytes(await encode(format, MIXED, slow), expected));
    assert.equal(slow.pending, 0);
    assert.ok(slow.most > 1, "units are deflated beside each other");
    using pool = new DeflatePool(2);
    assert.ok(equalBytes(await encode(format, MIXED, pool), expected));
    await startThreads(pool);
    assert.ok(equalBytes(await encode(format, MIXED, pool), expected));
  });

  Deno.test(`${name}: whoever deflates, the bytes are the same, for any disk`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMap(3 * MIB, 200 * KIB), async (map) => {
        const expected = await encode(format, map);
        assert.ok(equalBytes(await encode(format, map, new SlowDeflater()), expected));
      }),
      { numRuns: 60 },
    );
  });

  Deno.test(`${name}: a buffer is not touched while the sink has it, nor too many wait`, async () => {
    const slow = new SlowDeflater();
    await encode(format, MIXED, slow, slowSink());
    assert.ok(slow.most <= 3 * slow.depth, `${slow.most} wait`);
  });

  Deno.test(`${name}: a source, sink or deflater that fails fails the encoder`, async () => {
    for (const deflater of [undefined, new SlowDeflater()]) {
      await assert.rejects(encode(format, brokenDisk(3 * MIB), deflater), /bad sector/);
      for (const fine of [0, 1, 2, 5]) {
        let writes = 0;
        const full = {
          write: () => writes++ < fine ? Promise.resolve() : Promise.reject(new Error("disk full")),
          hole: () => Promise.resolve(),
        };
        await assert.rejects(encode(format, MIXED, deflater, full), /disk full/);
      }
    }
    const fail = () => Promise.reject(new Error("no thread"));
    const broken = { depth: 3, deflate: fail, deflateUnits: fail };
    await assert.rejects(encode(format, MIXED, broken), /no thread/);
    await new Promise((resolve) => setTimeout(resolve, 20)); // nothing is left unhandled
  });
}

Deno.test("threads deflate pieces and units as this one does", async () => {
  using pool = new DeflatePool(2);
  const piece = prose(MIB);
  await startThreads(pool);
  const expected = deflatePiece(piece);
  const pieces = await Promise.all([1, 2, 3, 4].map(() => pool.deflate([piece])));
  assert.ok(pieces.every((bytes) => equalBytes(bytes, expected)));
});
