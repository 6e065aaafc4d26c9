import assert from "node:assert/strict";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, readBytes } from "../../../lib/blocks/extent.ts";
import { openVmdk } from "../../../lib/formats/vmdk/read.ts";
import { encodeVmdkSparse } from "../../../lib/formats/vmdk/write_sparse.ts";
import { failure } from "../../support/failures.ts";
import { contentOf, equalBytes, GIB, KIB, MemorySink, MIB, noise, SECTOR } from "../support.ts";

const GRAIN = 64 * KIB;
/** "Hosted Sparse Extent Header", flags: a grain table entry of 1 is a grain of zeros. */
const ZEROED_GRAINS = 4;

async function imageOf(sizeBytes: number, data: Uint8Array, at = 0): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encodeVmdkSparse(blockMap(sizeBytes, [bytesExtent(at, data)]), sink, {
    seed: new Uint8Array(32),
  });
  return await contentOf(sink.map);
}

Deno.test("VMDK sparse: the header, field by field", async () => {
  // 33 tables of 32 MiB: two copies of a directory of one sector and of tables of four.
  const view = new DataView((await imageOf(GIB + SECTOR, noise(SECTOR))).buffer);
  const get64 = (at: number) => Number(view.getBigUint64(at, true));
  assert.equal(view.getUint32(0), 0x4b444d56, "KDMV");
  assert.equal(view.getUint32(4, true), 1, "version");
  assert.equal(view.getUint32(8, true), 0b11, "flags: newline test, redundant tables");
  assert.equal(get64(12), GIB / SECTOR + 1, "capacity");
  assert.equal(get64(20), 128, "grainSize");
  assert.deepEqual([get64(28), get64(36)], [1, 20], "descriptor");
  assert.equal(view.getUint32(44, true), 512, "numGTEsPerGT");
  assert.equal(get64(48), 21, "rgdOffset");
  assert.equal(get64(56), 21 + 1 + 33 * 4, "gdOffset");
  assert.equal(get64(64), 384, "overHead: what precedes the grains, in whole grains");
  assert.equal(view.getUint8(72), 0, "uncleanShutdown");
  assert.equal(view.getUint32(73), 0x0a200d0a, "newlines");
  assert.equal(view.getUint16(77, true), 0, "compressAlgorithm");
  const directory = get64(56);
  for (let table = 0; table < 33; table++) {
    assert.equal(view.getUint32(directory * SECTOR + table * 4, true), directory + 1 + table * 4);
  }
  assert.equal(view.getUint32(directory * SECTOR + 33 * 4, true), 0, "no other table");
  assert.equal(view.getUint32((directory + 1) * SECTOR, true), 384, "the first grain");
});

Deno.test("VMDK sparse: 128 tables fill a sector of the directory", async () => {
  for (const [tables, sectors] of [[128, 1], [129, 2]] as const) {
    const view = new DataView((await imageOf(tables * 32 * MIB, noise(SECTOR))).buffer);
    assert.equal(Number(view.getBigUint64(56, true)), 21 + sectors + tables * 4);
  }
});

Deno.test("VMDK sparse: an entry of 1 is a grain of zeros, if the header says so", async () => {
  const bytes = await imageOf(MIB, noise(3 * GRAIN, 5));
  const view = new DataView(bytes.buffer);
  const table = view.getUint32(Number(view.getBigUint64(56, true)) * SECTOR, true) * SECTOR;
  view.setUint32(table + 4, 1, true);
  const read = async (flags: number, grain: number) => {
    view.setUint32(8, flags, true);
    const disk = await openVmdk(bytesSource("x.vmdk", bytes));
    return await readBytes(disk, grain * GRAIN, GRAIN);
  };
  for (const grain of [0, 2]) {
    const wanted = noise(3 * GRAIN, 5).subarray(grain * GRAIN, (grain + 1) * GRAIN);
    assert.ok(equalBytes(await read(3 | ZEROED_GRAINS, grain), wanted), `grain ${grain}`);
  }
  assert.ok((await read(3 | ZEROED_GRAINS, 1)).every((byte) => byte === 0));
  // Without the flag it is a place like any other: behind the header, and up to the first grain.
  await assert.rejects(read(3, 1), failure("not-image", /in use twice/));
});

Deno.test("VMDK sparse: entries name sectors below 2^32, which is told before any data is read", async () => {
  const discard = { write: () => Promise.resolve(), hole: () => Promise.resolve() };
  const encode = (grains: number) => {
    const sizeBytes = grains * GRAIN;
    const read = () => {
      throw new Error("the data are read");
    };
    const source = { name: "huge", sizeBytes, read };
    const extent = { offsetBytes: 0, lengthBytes: sizeBytes, source, sourceOffsetBytes: 0 };
    return encodeVmdkSparse(blockMap(sizeBytes, [extent]), discard, { seed: new Uint8Array(32) });
  };
  // The last grain is to begin right below 2^32, and then there.
  const tables = 65_528;
  const overhead = Math.ceil((21 + 2 * (Math.ceil(tables / 128) + tables * 4)) / 128);
  const most = 2 ** 25 - overhead;
  assert.equal(Math.ceil(most / 512), tables);
  await assert.rejects(encode(most), /the data are read/);
  await assert.rejects(encode(most + 1), RangeError);
});
