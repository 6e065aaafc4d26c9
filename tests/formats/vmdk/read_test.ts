import assert from "node:assert/strict";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, type Source } from "../../../lib/blocks/extent.ts";
import {
  decodeGrainMarker,
  encodeGrainMarker,
  GRAIN_MARKER_BYTES,
  hasVmdkMagic,
} from "../../../lib/formats/vmdk/format.ts";
import { openVmdk } from "../../../lib/formats/vmdk/read.ts";
import { encodeVmdkStream } from "../../../lib/formats/vmdk/write_stream.ts";
import { failure } from "../../support/failures.ts";
import { contentOf, GIB, MemorySink, MIB, noise, SECTOR } from "../support.ts";

const SEED = { seed: new Uint8Array(32) };
/** "Hosted Sparse Extents": where fields of the header lie. */
const FIELD = {
  version: 4,
  flags: 8,
  capacity: 12,
  grainSize: 20,
  descriptorSize: 36,
  tableEntries: 44,
  algorithm: 77,
};

async function imageOf(sizeBytes: number, data?: Uint8Array): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encodeVmdkStream(blockMap(sizeBytes, data ? [bytesExtent(0, data)] : []), sink, SEED);
  return await contentOf(sink.map);
}

const EMPTY = await imageOf(MIB);

/** The image with a number changed in its header and its footer. */
function withNumber(at: number, value: number, lengthBytes: 4 | 8 = 8): Source {
  const bytes = EMPTY.slice();
  const view = new DataView(bytes.buffer);
  for (const header of [0, bytes.length - 2 * SECTOR]) {
    if (lengthBytes === 4) view.setUint32(header + at, value, true);
    else view.setBigUint64(header + at, BigInt(value), true);
  }
  return bytesSource("changed.vmdk", bytes);
}

Deno.test("VMDK: versions 1 to 3", async () => {
  for (const version of [1, 2, 3]) await openVmdk(withNumber(FIELD.version, version, 4));
  for (const version of [0, 4]) {
    const file = withNumber(FIELD.version, version, 4);
    await assert.rejects(openVmdk(file), failure("not-image", /of version/));
  }
});

Deno.test("VMDK: grains are powers of 2 from 8 to 2,048 sectors", async () => {
  for (const sectors of [8, 16, 2048]) await openVmdk(withNumber(FIELD.grainSize, sectors));
  for (const sectors of [0, 1, 4, 7, 9, 24, 4096]) {
    const file = withNumber(FIELD.grainSize, sectors);
    await assert.rejects(openVmdk(file), failure("not-image", /its grains have/));
  }
});

Deno.test("VMDK: tables of 512 entries, a descriptor of at most 1 MiB, a disk that can be", async () => {
  for (const entries of [511, 513]) {
    const file = withNumber(FIELD.tableEntries, entries, 4);
    await assert.rejects(openVmdk(file), failure("not-image", /its grain tables have/));
  }
  const descriptor = (sectors: number, why: RegExp) =>
    assert.rejects(openVmdk(withNumber(FIELD.descriptorSize, sectors)), failure("not-image", why));
  await descriptor(2048, /descriptor lies beyond its end/);
  await descriptor(2049, /descriptor is too long/);
  const capacity = (sectors: number, why: RegExp) =>
    assert.rejects(openVmdk(withNumber(FIELD.capacity, sectors)), failure("not-image", why));
  await capacity(2 ** 44 - 1, /lies beyond its end/);
  await capacity(2 ** 44, /impossibly large/);
});

Deno.test("VMDK: a grain's marker is LBA and length, lowest byte first", () => {
  const marker = new Uint8Array(GRAIN_MARKER_BYTES);
  encodeGrainMarker(marker, 0x0102_0304_0506, 0x0708_090a);
  assert.deepEqual([...marker], [6, 5, 4, 3, 2, 1, 0, 0, 10, 9, 8, 7]);
  assert.deepEqual(decodeGrainMarker(marker), { lba: 0x0102_0304_0506, lengthBytes: 0x0708_090a });
});

Deno.test("VMDK: compressed grains are deflated, and have markers", async () => {
  const [newlines, compressed, markers] = [1, 0x10000, 0x20000];
  await openVmdk(withNumber(FIELD.flags, newlines | compressed | markers, 4));
  await openVmdk(withNumber(FIELD.flags, newlines, 4));
  const unknown = failure("not-image", /compressed in an unknown way/);
  await assert.rejects(openVmdk(withNumber(FIELD.flags, newlines | compressed, 4)), unknown);
  // compressAlgorithm: 0 is none, 1 is deflate. The bytes behind it are zeros.
  for (const algorithm of [0, 2]) {
    await assert.rejects(openVmdk(withNumber(FIELD.algorithm, algorithm, 4)), unknown);
  }
});

Deno.test("VMDK: four bytes mark it, 21 a descriptor without a disk", async () => {
  const bytes = new TextEncoder().encode("KDMV# Disk DescriptorFile\n");
  assert.equal(hasVmdkMagic(bytes.subarray(0, 4)), true);
  assert.equal(hasVmdkMagic(bytes.subarray(0, 3)), false);
  const open = (text: Uint8Array) => openVmdk(bytesSource("text.vmdk", text));
  for (const length of [21, 22]) {
    const text = bytes.subarray(4, 4 + length);
    await assert.rejects(open(text), failure("not-image", /a descriptor alone/));
  }
  await assert.rejects(open(bytes.subarray(4, 24)), failure("not-image", /no VMDK header/));
  await assert.rejects(open(EMPTY.subarray(0, 511)), failure("not-image", /no VMDK header/));
});

Deno.test("VMDK: markers say how many sectors follow", async () => {
  // 32 MiB have a table; a sector of the directory names 128 of them.
  for (const [sizeBytes, directorySectors] of [[4 * GIB, 1], [4 * GIB + MIB, 2]] as const) {
    const bytes = await imageOf(sizeBytes, noise(SECTOR));
    const view = new DataView(bytes.buffer);
    const marker = (sector: number) => [
      Number(view.getBigUint64(sector * SECTOR, true)),
      view.getUint32(sector * SECTOR + 8, true),
      view.getUint32(sector * SECTOR + 12, true),
    ];
    const footer = bytes.length / SECTOR - 2;
    const directory = Number(view.getBigUint64(footer * SECTOR + 56, true));
    const table = view.getUint32(directory * SECTOR, true);
    assert.deepEqual(marker(table - 1), [4, 0, 1]);
    assert.deepEqual(marker(directory - 1), [directorySectors, 0, 2]);
    assert.equal(directory - 1, table + 4);
    assert.deepEqual(marker(footer - 1), [1, 0, 3]);
    assert.equal(footer - 1, directory + directorySectors);
    assert.deepEqual(marker(footer + 1), [0, 0, 0]);
  }
});
