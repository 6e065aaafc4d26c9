import assert from "node:assert/strict";
import { inflateRawSync, inflateSync } from "node:zlib";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { encodeCompressedEntry, encodeEntry } from "../../lib/formats/qcow2/format.ts";
import { chsGeometry } from "../../lib/formats/vhd/format.ts";
import { encodeVhdFixed } from "../../lib/formats/vhd/write.ts";
import { contentId } from "../../lib/formats/vmdk/descriptor.ts";
import { encodeVmdkStream } from "../../lib/formats/vmdk/write_stream.ts";
import { qemuImg } from "./qemu_img.ts";
import { testWith } from "../support/programs.ts";
import {
  encodeToMemory,
  equalBytes,
  farRepeats,
  GIB,
  KIB,
  MemorySink,
  MIB,
  noise,
  prose,
  SECTOR,
  VARIANTS,
} from "./support.ts";

async function imageOf(name: string, map = DISK): Promise<Uint8Array> {
  const variant = VARIANTS.find((candidate) => candidate.name === name)!;
  return await (await encodeToMemory(variant, map)).toBytes();
}

/** 1 GiB with three clusters, of which the last two touch. */
const DISK = blockMap(GIB, [
  bytesExtent(100, noise(10, 1)),
  bytesExtent(700 * MIB, noise(64 * KIB + 1, 2)),
]);

Deno.test("qcow2: header, tables and data lie where qcow2.txt wants them", async () => {
  const bytes = await imageOf("qcow2");
  const view = new DataView(bytes.buffer);
  const cluster = 64 * KIB;
  assert.deepEqual([...bytes.subarray(0, 8)], [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3]);
  assert.equal(view.getBigUint64(8), 0n, "backing file");
  assert.equal(view.getUint32(20), 16, "cluster_bits");
  assert.equal(view.getBigUint64(24), BigInt(GIB), "size");
  assert.equal(view.getUint32(36), 2, "l1_size");
  assert.equal(view.getBigUint64(40), BigInt(3 * cluster), "l1_table_offset");
  assert.equal(view.getBigUint64(48), BigInt(cluster), "refcount_table_offset");
  assert.equal(view.getUint32(56), 1, "refcount_table_clusters");
  assert.equal(view.getUint32(60), 0, "nb_snapshots");
  assert.equal(view.getUint32(96), 4, "refcount_order");
  assert.equal(view.getUint32(100), 104, "header_length");
  assert.equal(view.getUint32(104), 0, "end of the header extensions");
  // header, refcount table, refcount block, L1, two L2, three data clusters
  assert.equal(bytes.length, 9 * cluster);
  assert.equal(view.getBigUint64(cluster), BigInt(2 * cluster));
  const counts = Array.from({ length: 10 }, (_, i) => view.getUint16(2 * cluster + 2 * i));
  assert.deepEqual(counts, [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  const copied = 1n << 63n;
  assert.equal(view.getBigUint64(3 * cluster), copied | BigInt(4 * cluster));
  assert.equal(view.getBigUint64(3 * cluster + 8), copied | BigInt(5 * cluster));
  assert.equal(view.getBigUint64(4 * cluster), copied | BigInt(6 * cluster));
  const entry = 5 * cluster + (700 - 512) * 16 * 8;
  assert.equal(view.getBigUint64(entry), copied | BigInt(7 * cluster));
  assert.equal(view.getBigUint64(entry + 8), copied | BigInt(8 * cluster));
  assert.ok(equalBytes(bytes.subarray(6 * cluster + 100, 6 * cluster + 110), noise(10, 1)));
});

Deno.test("qcow2: the descriptor of a compressed cluster", () => {
  // cluster_bits 16: 54 bits of offset, then the sectors beyond the first
  assert.equal(encodeEntry(0x50000), 0x8000_0000_0005_0000n);
  assert.equal(encodeCompressedEntry(0x50000, 1, 16), 0x4000_0000_0005_0000n);
  assert.equal(encodeCompressedEntry(0x50000, 512, 16), 0x4000_0000_0005_0000n);
  assert.equal(encodeCompressedEntry(0x50000, 513, 16), 0x4040_0000_0005_0000n);
  assert.equal(encodeCompressedEntry(0x501ff, 2, 16), 0x4040_0000_0005_01ffn);
  assert.equal(encodeCompressedEntry(0x50001, 61_440, 16), 0x5e00_0000_0005_0001n);
});

Deno.test("qcow2: a window of 4 KiB is enough to inflate", async () => {
  const content = farRepeats(64 * KIB);
  const bytes = await imageOf("qcow2 compressed", blockMap(64 * KIB, [bytesExtent(0, content)]));
  const entry = new DataView(bytes.buffer).getBigUint64(4 * 64 * KIB);
  assert.equal(entry >> 62n, 1n, "compressed");
  const stored = bytes.subarray(Number(entry & (2n ** 54n - 1n)));
  // Given little room at a time, zlib looks back into its window and not into its output.
  const inflated = inflateRawSync(stored, { windowBits: 12, chunkSize: 64 });
  assert.ok(equalBytes(inflated.subarray(0, content.length), content));
});

Deno.test("qcow2: deflating shrinks what shrinks and leaves the rest", async () => {
  const text = blockMap(4 * MIB, [bytesExtent(0, prose(4 * MIB))]);
  assert.ok((await imageOf("qcow2 compressed", text)).length < 3 * MIB);
  const random = blockMap(4 * MIB, [bytesExtent(0, noise(4 * MIB))]);
  const plain = await imageOf("qcow2", random);
  assert.ok(equalBytes(await imageOf("qcow2 compressed", random), plain));
});

Deno.test("VMDK: header, grains, tables and footer lie where the specification wants them", async () => {
  const bytes = await imageOf("VMDK streamOptimized");
  const view = new DataView(bytes.buffer);
  const get64 = (at: number) => Number(view.getBigUint64(at, true));
  for (const at of [0, bytes.length - 2 * SECTOR]) {
    assert.equal(new TextDecoder().decode(bytes.subarray(at, at + 4)), "KDMV");
    assert.equal(view.getUint32(at + 4, true), 3, "version");
    assert.equal(view.getUint32(at + 8, true), 0x30001, "flags");
    assert.equal(get64(at + 12), GIB / SECTOR, "capacity");
    assert.equal(get64(at + 20), 128, "grainSize");
    assert.equal(get64(at + 28), 1, "descriptorOffset");
    assert.equal(get64(at + 36), 20, "descriptorSize");
    assert.equal(view.getUint32(at + 44, true), 512, "numGTEsPerGT");
    assert.equal(get64(at + 48), 0, "rgdOffset: there is no second directory");
    assert.equal(get64(at + 64), 128, "overHead");
    assert.deepEqual([...bytes.subarray(at + 73, at + 77)], [0x0a, 0x20, 0x0d, 0x0a]);
    assert.equal(view.getUint16(at + 77, true), 1, "compressAlgorithm");
  }
  assert.equal(view.getBigUint64(56, true), 0xffffffffffffffffn, "gdOffset in the header");
  // Three markers: of the first grain, of the footer, of the end of the stream.
  const grain = 128 * SECTOR;
  assert.equal(get64(grain), 0);
  assert.deepEqual([...bytes.subarray(grain + 12, grain + 14)], [0x78, 0x9c]);
  const footerMarker = bytes.length - 3 * SECTOR;
  assert.deepEqual([get64(footerMarker), view.getUint32(footerMarker + 12, true)], [1, 3]);
  assert.ok(bytes.subarray(bytes.length - SECTOR).every((byte) => byte === 0));
  // The directory, its marker before it.
  const directory = get64(bytes.length - 2 * SECTOR + 56) * SECTOR;
  assert.equal(view.getUint32(directory - SECTOR + 12, true), 2);
  const tables = Array.from({ length: 32 }, (_, i) => view.getUint32(directory + i * 4, true));
  const used = tables.flatMap((sector, i) => sector === 0 ? [] : [i]);
  assert.deepEqual(used, [0, Math.floor(700 / 32)]);
  assert.equal(view.getUint32(tables[0]! * SECTOR - SECTOR + 12, true), 1);
  assert.equal(view.getUint32(tables[0]! * SECTOR, true), 128);
});

Deno.test("VMDK: incompressible grains are stored in 129 sectors", async () => {
  const bytes = await imageOf("VMDK streamOptimized", blockMap(MIB, [bytesExtent(0, noise(MIB))]));
  const view = new DataView(bytes.buffer);
  for (let grain = 0; grain < 16; grain++) {
    const at = (128 + grain * 129) * SECTOR;
    assert.equal(Number(view.getBigUint64(at, true)), grain * 128);
    // zlib header, two stored blocks, Adler-32
    assert.equal(view.getUint32(at + 8, true), 2 + 5 + 65_535 + 5 + 1 + 4);
  }
});

Deno.test("VMDK: the last grain ends with the disk, sectors end with zeros", async () => {
  const size = 9 * MIB + 5 * SECTOR;
  const bytes = await imageOf(
    "VMDK streamOptimized",
    blockMap(size, [bytesExtent(0, prose(size))]),
  );
  const view = new DataView(bytes.buffer);
  let at = 128 * SECTOR;
  for (let grain = 0; grain <= 9 * 16; grain++) {
    const streamBytes = view.getUint32(at + 8, true);
    const content = inflateSync(bytes.subarray(at + 12, at + 12 + streamBytes));
    assert.equal(content.length, grain === 9 * 16 ? 5 * SECTOR : 64 * KIB);
    const end = at + 12 + streamBytes;
    at = Math.ceil(end / SECTOR) * SECTOR;
    assert.ok(bytes.subarray(end, at).every((byte) => byte === 0));
  }
  assert.equal(view.getUint32(at + 12, true), 1, "the grain table's marker");
});

Deno.test("VMDK: the redundant tables of monolithicSparse are there, and the same", async () => {
  const bytes = await imageOf("VMDK monolithicSparse");
  const view = new DataView(bytes.buffer);
  const directories = [48, 56].map((at) => Number(view.getBigUint64(at, true)) * SECTOR);
  assert.notEqual(directories[0], directories[1]);
  const tables = directories.map((directory) =>
    Array.from({ length: GIB / (32 * MIB) }, (_, i) => view.getUint32(directory + i * 4, true))
  );
  assert.equal(new Set(tables.flat()).size, 64, "every table has its own place");
  for (const [i, sector] of tables[0]!.entries()) {
    const tableAt = (at: number) => bytes.subarray(at * SECTOR, (at + 4) * SECTOR);
    assert.ok(equalBytes(tableAt(sector), tableAt(tables[1]![i]!)));
  }
  const overhead = Number(view.getBigUint64(64, true));
  assert.equal(overhead % 128, 0);
  assert.equal(view.getUint32(tables[1]![0]! * SECTOR, true), overhead, "the first grain");
});

Deno.test("VMDK: a content ID is none of those that mean something else", () => {
  const digest = (last: number) => Uint8Array.from({ length: 16 }, (_, i) => i < 15 ? 0xff : last);
  assert.deepEqual(contentId(digest(0x12)), digest(0x12));
  assert.deepEqual(contentId(digest(0xff)), digest(0x7f));
  assert.deepEqual(contentId(digest(0xfe)), digest(0x7e));
});

Deno.test("VMDK: the descriptor", async () => {
  const text = async (seed: Uint8Array) => {
    const sink = new MemorySink();
    await encodeVmdkStream(DISK, sink, { seed });
    return new TextDecoder().decode((await sink.toBytes()).subarray(SECTOR, 21 * SECTOR));
  };
  const descriptor = await text(new Uint8Array(32).fill(1));
  assert.match(descriptor, /^# Disk DescriptorFile\nversion=1\n/);
  assert.match(descriptor, /^RW 2097152 SPARSE "disk.vmdk"$/m);
  assert.match(descriptor, /^createType="streamOptimized"$/m);
  assert.match(descriptor, /^ddb.adapterType = "lsilogic"$/m);
  assert.match(descriptor, /^ddb.geometry.cylinders = "130"$/m);
  assert.match(descriptor, /^ddb.virtualHWVersion = "4"$/m);
  const cid = /^CID=([0-9a-f]{8})$/m.exec(descriptor)![1];
  assert.match(descriptor, new RegExp(`^ddb.longContentID = "[0-9a-f]{24}${cid}"$`, "m"));
  assert.ok(!(await text(new Uint8Array(32).fill(2))).includes(`CID=${cid}`));
});

Deno.test("VHD: footer and header hold what the specification wants", async () => {
  for (const name of ["VHD fixed", "VHD dynamic"]) {
    const bytes = await imageOf(name, blockMap(5 * MIB, [bytesExtent(3 * MIB, noise(10))]));
    const footer = bytes.subarray(-SECTOR);
    const view = new DataView(footer.buffer, footer.byteOffset);
    const isFixed = name === "VHD fixed";
    assert.equal(new TextDecoder().decode(footer.subarray(0, 8)), "conectix");
    assert.equal(view.getUint32(8), 2, "features");
    assert.equal(view.getUint32(12), 0x10000, "file format version");
    assert.equal(view.getBigUint64(16), isFixed ? 0xffffffffffffffffn : 512n, "data offset");
    assert.equal(view.getUint32(24), 1_700_000_000 - Date.UTC(2000) / 1000, "time stamp");
    assert.equal(view.getBigUint64(48), BigInt(5 * MIB), "current size");
    assert.equal(view.getUint32(60), isFixed ? 2 : 3, "disk type");
    let sum = 0;
    footer.forEach((byte, i) => sum += i >= 64 && i < 68 ? 0 : byte);
    assert.equal(view.getUint32(64), ~sum >>> 0, "checksum");
    assert.equal(view.getUint8(84), 0, "saved state");
    if (isFixed) assert.equal(bytes.length, 5 * MIB + SECTOR);
    else {
      assert.ok(equalBytes(bytes.subarray(0, SECTOR), footer));
      const table = new DataView(bytes.buffer, 1536);
      const entries = [table.getUint32(0), table.getUint32(4), table.getUint32(8)];
      assert.deepEqual(entries, [0xffffffff, 4, 0xffffffff]);
      // footer, header, table, one block with its bitmap, footer
      assert.equal(bytes.length, 512 + 1024 + 512 + 512 + 2 * MIB + 512);
    }
  }
});

Deno.test("VHD: a time before 2000 counts as its first second", async () => {
  const sink = new MemorySink();
  await encodeVhdFixed(blockMap(SECTOR, []), sink, { seed: new Uint8Array(16), timeSeconds: 0 });
  assert.equal(new DataView((await sink.toBytes()).buffer).getUint32(SECTOR + 24), 0);
});

testWith(["qemu-img"], "VHD: geometry is what qemu-img computes", async () => {
  const path = await Deno.makeTempFile();
  try {
    const sizesMib = [1, 33, 100, 127, 128, 255, 500, 503, 504, 505, 1000, 8064, 30_000, 60_000];
    for (const sizeMib of sizesMib) {
      // Unless it is forced, it rounds the size up to what its geometry covers.
      await qemuImg("create", "-f", "vpc", path, `${sizeMib}M`);
      const bytes = await Deno.readFile(path);
      const view = new DataView(bytes.buffer);
      const [cylinders, heads, sectorsPerTrack] = [
        view.getUint16(56),
        view.getUint8(58),
        view.getUint8(59),
      ];
      const sectors = Number(view.getBigUint64(48)) / SECTOR;
      assert.deepEqual(chsGeometry(sectors), { cylinders, heads, sectorsPerTrack }, `${sizeMib}`);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("VHD: geometry never covers more than the disk", () => {
  for (const sectors of [1, 68, 69_631, 69_632, 1_048_575, 66_059_279, 66_059_280, 4_000_000_000]) {
    const { cylinders, heads, sectorsPerTrack } = chsGeometry(sectors);
    assert.ok(cylinders * heads * sectorsPerTrack <= sectors);
    assert.ok(cylinders <= 65_535);
  }
  assert.deepEqual(chsGeometry(4_000_000_000), {
    cylinders: 65_535,
    heads: 16,
    sectorsPerTrack: 255,
  });
});
