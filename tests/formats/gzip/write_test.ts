import fc from "fast-check";
import assert from "node:assert/strict";
import { crc32, gunzipSync, inflateRawSync } from "node:zlib";
import { type BlockMap, blockMap } from "../../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../../lib/blocks/extent.ts";
import { crc32WithZeros } from "../../../lib/formats/deflate/crc32.ts";
import { encodeGzip, type GzipOptions } from "../../../lib/formats/gzip/write.ts";
import {
  arbitraryMap,
  contentOf,
  equalBytes,
  GIB,
  KIB,
  MemorySink,
  MIB,
  noise,
  prose,
} from "../support.ts";
import { Folder } from "../../support/folder.ts";
import { mustRun, testWith } from "../../support/programs.ts";

/** RFC 1951 §3.2.4: what a stored block holds at most. */
const STORED_BYTES = 65_535;

async function encode(map: BlockMap, options?: GzipOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encodeGzip(map, sink, options);
  return await sink.toBytes();
}

function diskWith(...pieces: readonly (readonly [offsetBytes: number, Uint8Array])[]): BlockMap {
  const endBytes = Math.max(...pieces.map(([offset, bytes]) => offset + bytes.length));
  return blockMap(endBytes, pieces.map(([offset, bytes]) => bytesExtent(offset, bytes)));
}

/** Data that shrinks, data that does not, both in one block, and holes. */
const MIXED = diskWith(
  [0, prose(700 * KIB)],
  [2 * MIB + 5, noise(3 * MIB)],
  [6 * MIB, prose(100 * KIB)],
  [6 * MIB + 100 * KIB, noise(500 * KIB)],
  [70 * MIB + 1, noise(3)],
);

Deno.test("gzip: decode(encode(disk)) is the disk", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMap(6 * MIB, 400 * KIB), async (map) => {
      assert.ok(equalBytes(gunzipSync(await encode(map)), await contentOf(map)));
    }),
    { numRuns: 40 },
  );
});

Deno.test("gzip: sizes around stored blocks, blocks and their ends", async () => {
  const sizes = [0, 1, 2, STORED_BYTES, 16 * STORED_BYTES].flatMap((size) => [
    Math.max(size - 1, 0),
    size,
    size + 1,
  ]);
  for (const size of sizes) {
    for (const bytes of [noise(size), prose(size), new Uint8Array(size)]) {
      const map = blockMap(size, [bytesExtent(0, bytes)]);
      assert.ok(equalBytes(gunzipSync(await encode(map)), bytes), `${size} bytes`);
    }
    const hole = await encode(blockMap(size, []));
    assert.ok(equalBytes(gunzipSync(hole), new Uint8Array(size)), `${size} bytes of hole`);
  }
});

Deno.test("gzip: a header without name or time, and one member", async () => {
  const member = await encode(MIXED);
  // RFC 1952 §2.3: magic, deflate, no flags, no time, no extra flags, unknown system.
  assert.deepEqual([...member.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const { engine } = inflateRawSync(member.subarray(10), { info: true }) as unknown as {
    engine: { bytesWritten: number };
  };
  assert.equal(10 + engine.bytesWritten + 8, member.length);
});

const PYTHON = `
import sys, zlib, hashlib
data = open(sys.argv[1], "rb").read()
member = zlib.decompressobj(wbits=31)
print(hashlib.sha256(member.decompress(data) + member.flush()).hexdigest(),
      hashlib.sha256(open(sys.argv[2], "rb").read()).hexdigest(), member.eof, len(member.unused_data))
`;

testWith(["gzip", "zcat", "pigz", "cmp", "sh"], "gzip: gzip, zcat and pigz agree", async () => {
  using folder = new Folder();
  folder.write("disk.gz", await encode(MIXED));
  folder.write("disk", await contentOf(MIXED));
  const options = { cwd: folder.path };
  for (const program of ["gzip", "pigz"]) {
    const { stderr } = await mustRun(program, ["-t", "disk.gz"], options);
    assert.equal(stderr, "");
  }
  await mustRun("sh", ["-c", "zcat disk.gz | cmp - disk"], options);
  const { stdout } = await mustRun("gzip", ["-l", "disk.gz"], options);
  assert.match(stdout, new RegExp(`\\b${MIXED.sizeBytes}\\b`));
});

testWith(["python3"], "gzip: Python's zlib finds one member and nothing behind", async () => {
  using folder = new Folder();
  const paths = [
    folder.write("disk.gz", await encode(MIXED)),
    folder.write("disk", await contentOf(MIXED)),
  ];
  const { stdout } = await mustRun("python3", ["-c", PYTHON, ...paths]);
  const [inflated, original, eof, behind] = stdout.trim().split(" ");
  assert.equal(inflated, original);
  assert.deepEqual([eof, behind], ["True", "0"]);
});

Deno.test("gzip: more than 4 GiB of holes, in kilobytes and no time", async () => {
  const [first, last] = [noise(100), noise(200)];
  const sizeBytes = 4 * GIB + MIB;
  const map = blockMap(sizeBytes, [bytesExtent(5, first), bytesExtent(sizeBytes - 200, last)]);
  const member = await encode(map);
  assert.ok(member.length < 5 * MIB, `${member.length} bytes`);
  const trailer = new DataView(member.buffer, member.length - 8);
  assert.equal(trailer.getUint32(4, true), MIB, "the size modulo 4 GiB");
  let crc = crc32WithZeros(0, 5);
  crc = crc32WithZeros(crc32(first, crc), sizeBytes - 5 - 100 - 200);
  assert.equal(trailer.getUint32(0, true), crc32(last, crc));
});

testWith(["gzip"], "gzip: as small as gzip -6 where it pays, hardly larger where not", async () => {
  using folder = new Folder();
  for (const [name, bytes] of Object.entries({ text: prose(3 * MIB), noise: noise(3 * MIB) })) {
    const map = blockMap(bytes.length, [bytesExtent(0, bytes)]);
    const path = folder.write(name, bytes);
    await mustRun("gzip", ["-6", "-k", path]);
    const gzipBytes = Deno.statSync(`${path}.gz`).size;
    const ours = (await encode(map)).length;
    assert.ok(ours <= gzipBytes * 1.01, `${name}: ${ours} bytes, gzip ${gzipBytes}`);
  }
});

Deno.test("gzip: what does not shrink costs 5 bytes for each 65,535", async () => {
  const bytes = noise(10 * 16 * STORED_BYTES);
  const member = await encode(blockMap(bytes.length, [bytesExtent(0, bytes)]));
  assert.equal(member.length, bytes.length + 160 * 5 + 10 + 5 + 8);
});

Deno.test("gzip: progress rises to the disk's size", async () => {
  for (const map of [MIXED, blockMap(3 * GIB, []), blockMap(MIB, [bytesExtent(0, noise(1))])]) {
    const seen: number[] = [];
    const sink = { write: () => Promise.resolve(), hole: () => Promise.resolve() };
    await encodeGzip(map, sink, { onProgress: (done) => seen.push(done) });
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(seen.at(-1), map.sizeBytes);
  }
});
