import assert from "node:assert/strict";
import { inflateRawSync } from "node:zlib";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, readBytes, type Source } from "../../../lib/blocks/extent.ts";
import {
  decodeClusterEntry,
  decodeHeader,
  decodeTableOffset,
  encodeCompressedEntry,
  hasQcow2Magic,
} from "../../../lib/formats/qcow2/format.ts";
import { openQcow2 } from "../../../lib/formats/qcow2/read.ts";
import { encodeQcow2 } from "../../../lib/formats/qcow2/write.ts";
import { failure } from "../../support/failures.ts";
import { contentOf, equalBytes, KIB, MemorySink, MIB, noise, prose } from "../support.ts";

const CLUSTER = 64 * KIB;
/** "Header": where its fields lie. */
const FIELD = {
  version: 4,
  backingFile: 8,
  clusterBits: 20,
  size: 24,
  crypt: 32,
  l1Size: 36,
  incompatible: 72,
};

async function imageOf(data: Uint8Array): Promise<Uint8Array> {
  const sink = new MemorySink();
  await encodeQcow2(blockMap(MIB, data.length === 0 ? [] : [bytesExtent(0, data)]), sink);
  return await contentOf(sink.map);
}

const EMPTY = await imageOf(new Uint8Array(0));

/** The image with numbers of its header changed. */
function changed(...changes: readonly (readonly [at: number, value: number | bigint])[]): Source {
  const bytes = EMPTY.slice();
  const view = new DataView(bytes.buffer);
  for (const [at, value] of changes) {
    if (typeof value === "number") view.setUint32(at, value);
    else view.setBigUint64(at, value);
  }
  return bytesSource("changed.qcow2", bytes);
}

const refused = (file: Source, why: RegExp) =>
  assert.rejects(openQcow2(file), failure("not-image", why));

Deno.test("qcow2: versions 2 and 3", async () => {
  for (const version of [2, 3]) {
    assert.equal((await openQcow2(changed([FIELD.version, version]))).variant, "plain");
  }
  for (const version of [1, 4]) await refused(changed([FIELD.version, version]), /of version/);
});

Deno.test("qcow2: clusters from 512 bytes to 2 MiB", async () => {
  // With clusters of 512 bytes, an L1 entry stands for 32 KiB.
  for (const bits of [9, 16, 21]) {
    await openQcow2(changed([FIELD.clusterBits, bits], [FIELD.size, 32n * 1024n]));
  }
  for (const bits of [0, 8, 22, 63]) {
    await refused(changed([FIELD.clusterBits, bits]), new RegExp(`2\\^${bits} bytes`));
  }
});

Deno.test("qcow2: the L1 table covers the disk, which is one that can be", async () => {
  const perEntry = 512n * 1024n * 1024n;
  assert.equal((await openQcow2(changed([FIELD.size, perEntry]))).sizeBytes, Number(perEntry));
  await refused(changed([FIELD.size, perEntry + 512n]), /L1 table is too short/);
  await refused(changed([FIELD.l1Size, 0]), /L1 table is too short/);
  await refused(changed([FIELD.size, 2n ** 53n - 1n]), /L1 table is too short/);
  await refused(changed([FIELD.size, 2n ** 53n]), /impossibly large/);
});

Deno.test("qcow2: no backing file, no encryption, no unknown features", async () => {
  await refused(changed([FIELD.backingFile, 1n]), /backing file/);
  await refused(changed([FIELD.crypt, 1]), /encrypted/);
  await openQcow2(changed([FIELD.incompatible, 1n])); // dirty: reference counts may be wrong
  for (const feature of [2n, 4n, 2n ** 63n]) {
    await refused(changed([FIELD.incompatible, feature]), /features/);
    // Version 2 has no such field.
    await openQcow2(changed([FIELD.version, 2], [FIELD.incompatible, feature]));
  }
});

Deno.test("qcow2: a header has 72 bytes in version 2", async () => {
  const source = (lengthBytes: number) => bytesSource("cut", EMPTY.slice(0, lengthBytes));
  assert.equal(hasQcow2Magic(EMPTY.subarray(0, 4)), true);
  assert.equal(hasQcow2Magic(EMPTY.subarray(0, 3)), false);
  await refused(source(71), /header is cut short/);
  await refused(source(72), /L1 table lies beyond its end/);
  const { version, clusterBits, sizeBytes, l1Entries } = decodeHeader(EMPTY);
  assert.deepEqual([version, clusterBits, sizeBytes, l1Entries], [3, 16, MIB, 1]);
});

Deno.test("qcow2: entries, bit by bit", () => {
  const header = decodeHeader(EMPTY);
  // Two sectors more than the first, of which 488 bytes are before the data.
  const entry = encodeCompressedEntry(1000, 600, 16);
  assert.equal(entry, 1n << 62n | 2n << 54n | 1000n);
  assert.deepEqual(decodeClusterEntry(entry, header), {
    kind: "compressed",
    offsetBytes: 1000,
    maxLengthBytes: 3 * 512 - 488,
  });
  assert.equal(encodeCompressedEntry(1024, 512, 16), 1n << 62n | 1024n, "one whole sector");
  assert.equal(encodeCompressedEntry(1024, 513, 16), 1n << 62n | 1n << 54n | 1024n);
  // In clusters of 512 bytes there is a bit for it.
  assert.equal(encodeCompressedEntry(1000, 100, 9), 1n << 62n | 1n << 61n | 1000n);
  const small = { ...header, clusterBits: 9 };
  assert.deepEqual(decodeClusterEntry(1n << 62n | 1n << 61n | 1000n, small), {
    kind: "compressed",
    offsetBytes: 1000,
    maxLengthBytes: 2 * 512 - 488,
  });
  const place = decodeClusterEntry(1n << 63n | 0x00ff_ffff_ffff_fe00n, header);
  assert.deepEqual(place, { kind: "plain", offsetBytes: 0x00ff_ffff_ffff_fe00 });
  assert.deepEqual(decodeClusterEntry(1n << 63n | 0x1fen, header), { kind: "hole" });
  // Bit 0: zeros, from version 3 on.
  assert.deepEqual(decodeClusterEntry(0x10001n, header), { kind: "hole" });
  assert.deepEqual(decodeClusterEntry(0x10001n, { ...header, version: 2 }), {
    kind: "plain",
    offsetBytes: 0x10000,
  });
  assert.equal(decodeTableOffset(0xff00_0000_0003_01ffn), 0x30000);
});

Deno.test("qcow2: the last cluster need not be longer than the disk", async () => {
  const data = noise(CLUSTER);
  const whole = await imageOf(data);
  const view = new DataView(whole.buffer);
  view.setBigUint64(FIELD.size, 1024n);
  const dataAt = whole.length - CLUSTER;
  const cut = (bytes: number) => bytesSource("cut.qcow2", whole.slice(0, dataAt + bytes));
  const disk = await openQcow2(cut(1024));
  assert.ok(equalBytes(await readBytes(disk, 0, 1024), data.subarray(0, 1024)));
  await refused(cut(1023), /data lies beyond its end/);
});

Deno.test("qcow2: a file may end with the last byte that is deflated", async () => {
  const text = prose(CLUSTER);
  const sink = new MemorySink();
  await encodeQcow2(blockMap(CLUSTER, [bytesExtent(0, text)]), sink, { compress: true });
  const whole = await contentOf(sink.map);
  const view = new DataView(whole.buffer);
  const l2At = Number(view.getBigUint64(Number(view.getBigUint64(40))) & ~(1n << 63n));
  const place = decodeClusterEntry(view.getBigUint64(l2At), decodeHeader(whole));
  assert.ok(place.kind === "compressed");
  const stored = whole.subarray(place.offsetBytes, place.offsetBytes + place.maxLengthBytes);
  const { engine } = inflateRawSync(stored, { info: true }) as unknown as {
    engine: { bytesWritten: number };
  };
  assert.ok(engine.bytesWritten < place.maxLengthBytes, "its last sector is not full");
  const end = place.offsetBytes + engine.bytesWritten;
  const disk = await openQcow2(bytesSource("cut.qcow2", whole.slice(0, end)));
  assert.equal(disk.variant, "compressed");
  assert.ok(equalBytes(await readBytes(disk, 0, CLUSTER), text));
  const cut = await openQcow2(bytesSource("cut.qcow2", whole.slice(0, end - 1)));
  await assert.rejects(async () => await readBytes(cut, 0, CLUSTER), failure("not-image"));
});

Deno.test("qcow2: entries beyond the disk count for nothing", async () => {
  const bytes = await imageOf(noise(CLUSTER));
  const view = new DataView(bytes.buffer);
  const l2At = Number(view.getBigUint64(Number(view.getBigUint64(40))) & ~(1n << 63n));
  view.setBigUint64(FIELD.size, BigInt(CLUSTER));
  view.setBigUint64(l2At + 8, 1n << 40n); // far behind the file's end
  assert.equal((await openQcow2(bytesSource("x.qcow2", bytes))).sizeBytes, CLUSTER);
  view.setBigUint64(FIELD.size, BigInt(CLUSTER) + 512n);
  await refused(bytesSource("x.qcow2", bytes), /data lies beyond its end/);
});
