import fc from "fast-check";
import assert from "node:assert/strict";
import { deflateRawSync, deflateSync } from "node:zlib";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { DisjointParts } from "../../lib/blocks/damage.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import type { VirtualDisk } from "../../lib/formats/virtual_disk.ts";
import {
  encodeToMemory,
  KIB,
  mapSource,
  MIB,
  noise,
  prose,
  type Variant,
  VARIANTS,
} from "../formats/support.ts";

const DISK = blockMap(40 * MIB, [
  bytesExtent(0, noise(70 * KIB)),
  bytesExtent(3 * MIB, prose(200 * KIB)),
  bytesExtent(39 * MIB, noise(10)),
]);
/** Where tables lie, at the beginning and at the end of each variant's file. */
const TABLES_BYTES = 400 * KIB;

/** A fixed VHD is as large as its disk. */
const SMALL_DISK = blockMap(200 * KIB, [bytesExtent(0, noise(70 * KIB))]);

const images = new Map<Variant, Uint8Array>();
for (const variant of VARIANTS) {
  const disk = variant.variant === "fixed" ? SMALL_DISK : DISK;
  images.set(variant, await (await encodeToMemory(variant, disk)).toBytes());
}

for (const variant of VARIANTS) {
  const image = images.get(variant)!;

  Deno.test(`${variant.name}: changed bytes are refused or read, nothing else`, async () => {
    const place = fc.oneof(
      fc.integer({ min: 0, max: Math.min(TABLES_BYTES, image.length) - 1 }),
      fc.integer({ min: 0, max: 1100 }),
      fc.integer({ min: image.length - 1024, max: image.length - 1 }),
    );
    const value = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
    const changes = fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = image.slice();
        for (const [at, byte] of list) changed[at] = byte;
        await readOrRefuse(variant, changed);
      }),
      { numRuns: 150 },
    );
  });

  Deno.test(`${variant.name}: changed 32-bit numbers are refused or read`, async () => {
    const place = fc.integer({ min: 0, max: Math.min(TABLES_BYTES, image.length - 4) / 4 - 1 });
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x00010000),
      fc.nat(1000),
    );
    const changes = fc.array(fc.tuple(place, value, fc.boolean()), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = image.slice();
        const view = new DataView(changed.buffer);
        for (const [at, number, little] of list) view.setUint32(at * 4, number, little);
        await readOrRefuse(variant, changed);
      }),
      { numRuns: 150 },
    );
  });

  Deno.test(`${variant.name}: what is cut short is refused`, async () => {
    // Nobody misses the zeros that fill up the last cluster; qemu-img does not write them.
    const paddingBytes = variant.qemuFormat === "qcow2" ? 64 * KIB : 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: image.length - paddingBytes - 1 }),
        async (length) => {
          const cut = image.slice(0, length);
          await assert.rejects(readAll(variant, cut), isNotImage);
        },
      ),
      { numRuns: 100 },
    );
  });

  Deno.test(`${variant.name}: what is something else is refused`, async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(4096), noise(4096), prose(100)]) {
      await assert.rejects(readAll(variant, bytes), isNotImage);
    }
  });
}

/** The variant's image with some of it changed. */
function changed(name: string, change: (view: DataView, bytes: Uint8Array) => void): {
  readonly variant: Variant;
  readonly bytes: Uint8Array;
} {
  const variant = VARIANTS.find((candidate) => candidate.name === name)!;
  const bytes = images.get(variant)!.slice();
  change(new DataView(bytes.buffer), bytes);
  return { variant, bytes };
}

const CLUSTER = 64 * KIB;
/** Refcount table and block are clusters 1 and 2, L1 is 3, the only L2 table is 4. */
const L1_AT = 3 * CLUSTER;
const L2_AT = 4 * CLUSTER;

Deno.test("qcow2: an L2 table cannot serve twice", async () => {
  const { variant, bytes } = changed("qcow2", (view) => {
    view.setBigUint64(24, BigInt(1024 * MIB)); // the disk's size
    view.setUint32(36, 2); // L1 entries
    view.setBigUint64(L1_AT + 8, view.getBigUint64(L1_AT));
  });
  await assert.rejects(readAll(variant, bytes), /in use twice/);
});

Deno.test("qcow2: a cluster cannot serve twice", async () => {
  const { variant, bytes } = changed("qcow2", (view) => {
    view.setBigUint64(L2_AT + 800, view.getBigUint64(L2_AT));
  });
  await assert.rejects(readAll(variant, bytes), /in use twice/);
});

Deno.test("qcow2: a disk of 2^53 bytes needs as large a table", async () => {
  const { variant, bytes } = changed("qcow2", (view) => {
    view.setBigUint64(24, 2n ** 53n - 512n);
    view.setUint32(36, 0xffffffff);
  });
  await assert.rejects(readAll(variant, bytes), /L1 table lies beyond/);
});

Deno.test("qcow2: a table must reach to the end of the disk", async () => {
  const { variant, bytes } = changed("qcow2", (view) => view.setUint32(36, 0)); // L1 entries
  await assert.rejects(readAll(variant, bytes), /L1 table is too short/);
});

Deno.test("qcow2: a cluster that inflates to more is refused", async () => {
  const { variant, bytes } = changed("qcow2 compressed", (view, bytes) => {
    const bomb = deflateRawSync(new Uint8Array(64 * MIB));
    assert.ok(bomb.length < 2 * CLUSTER);
    const entry = view.getBigUint64(L2_AT + 3 * MIB / CLUSTER * 8);
    const at = Number(entry & (2n ** 54n - 1n));
    bytes.set(bomb.subarray(0, bytes.length - at), at);
    view.setBigUint64(L2_AT + 3 * MIB / CLUSTER * 8, entry | (0x7fn << 54n));
  });
  await assert.rejects(readAll(variant, bytes), isNotImage);
});

Deno.test("VMDK: a grain table cannot serve twice", async () => {
  const { variant, bytes } = changed("VMDK monolithicSparse", (view) => {
    const directory = Number(view.getBigUint64(56, true)) * 512;
    view.setUint32(directory + 4, view.getUint32(directory, true), true);
  });
  await assert.rejects(readAll(variant, bytes), /in use twice/);
});

Deno.test("VMDK: a grain says which one it is", async () => {
  const { variant, bytes } = changed("VMDK streamOptimized", (view) => {
    view.setBigUint64(CLUSTER, 128n, true); // the first grain's marker
  });
  await assert.rejects(readAll(variant, bytes), /is for LBA 128/);
});

Deno.test("VMDK: after damage, what was read before is still right", async () => {
  const variant = VARIANTS.find(({ name }) => name === "VMDK streamOptimized")!;
  const content = noise(3 * CLUSTER);
  const map = blockMap(3 * CLUSTER, [bytesExtent(0, content)]);
  const bytes = await (await encodeToMemory(variant, map)).toBytes();
  bytes[CLUSTER + 129 * 512 + 12 + 1000]! ^= 1; // in the second grain
  const disk = await variant.open(
    mapSource("image", blockMap(bytes.length, [bytesExtent(0, bytes)])),
  );
  const part = new Uint8Array(100);
  for (let round = 0; round < 2; round++) {
    await disk.read(part, 0);
    assert.deepEqual(part, content.subarray(0, 100));
    await assert.rejects(async () => await disk.read(part, CLUSTER), isNotImage);
  }
});

Deno.test("VMDK: a grain that inflates to more is refused", async () => {
  const { variant, bytes } = changed("VMDK streamOptimized", (view, bytes) => {
    const bomb = deflateSync(new Uint8Array(32 * MIB));
    view.setUint32(CLUSTER + 8, bomb.length, true);
    bytes.set(bomb, CLUSTER + 12);
  });
  await assert.rejects(readAll(variant, bytes), isNotImage);
});

Deno.test("VMDK: a descriptor of blank lines takes no time", async () => {
  const { variant, bytes } = changed("VMDK monolithicSparse", (view, bytes) => {
    view.setBigUint64(36, 2n ** 11n, true); // a descriptor of 1 MiB
    bytes.fill(0x0a, 512, 512 + MIB);
  });
  await assert.rejects(readAll(variant, bytes), isNotImage);
});

Deno.test("VHD: blocks cannot overlap", async () => {
  const { variant, bytes } = changed("VHD dynamic", (view) => {
    view.setUint32(1536 + 4, view.getUint32(1536) + 1); // the second block of the disk
  });
  await assert.rejects(readAll(variant, bytes), /in use twice/);
});

Deno.test("VHD: sectors that the bitmap leaves out are zero", async () => {
  const { variant, bytes } = changed("VHD dynamic", (view) => {
    const bitmap = view.getUint32(1536) * 512;
    view.setUint8(bitmap, 0b0110_0000);
    view.setUint8(bitmap + 1, 0b0000_0001);
  });
  const disk = await variant.open(
    mapSource("image", blockMap(bytes.length, [bytesExtent(0, bytes)])),
  );
  const part = new Uint8Array(16 * 512);
  await disk.read(part, 0);
  const expected = noise(70 * KIB).slice(0, part.length);
  for (const sector of [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]) {
    expected.fill(0, sector * 512, (sector + 1) * 512);
  }
  assert.deepEqual(part, expected);
});

Deno.test("VHD: checksums count", async () => {
  const { variant, bytes } = changed("VHD dynamic", (view) => view.setUint8(512 + 31, 99));
  await assert.rejects(readAll(variant, bytes), /header's checksum/);
  const fixed = changed("VHD fixed", (_view, bytes) => bytes[bytes.length - 500]!++);
  await assert.rejects(readAll(fixed.variant, fixed.bytes), /footer's checksum/);
});

Deno.test("disjoint parts: whatever their order, overlaps are found", () => {
  const parts = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 5 })), { maxLength: 20 });
  fc.assert(fc.property(parts, (list) => {
    const used = new Set<number>();
    const disjoint = new DisjointParts(mapSource("file", blockMap(100, [])));
    for (const [offset, length] of list) {
      const units = Array.from({ length }, (_, i) => offset + i);
      if (units.some((unit) => used.has(unit))) {
        assert.throws(() => disjoint.add(offset, length), isNotImage);
      } else {
        disjoint.add(offset, length);
        units.forEach((unit) => used.add(unit));
      }
    }
  }));
});

async function readOrRefuse(variant: Variant, bytes: Uint8Array): Promise<void> {
  try {
    await readAll(variant, bytes);
  } catch (error) {
    isNotImage(error);
  }
}

/** Reads everything that the image says it holds. */
async function readAll(variant: Variant, bytes: Uint8Array): Promise<VirtualDisk> {
  const file = mapSource("image", blockMap(bytes.length, [bytesExtent(0, bytes)]));
  const disk = await variant.open(file);
  const part = new Uint8Array(MIB);
  for (const extent of disk.map.extents) {
    const endBytes = extent.offsetBytes + extent.lengthBytes;
    for (let at = extent.offsetBytes; at < endBytes; at += part.length) {
      await disk.read(part.subarray(0, Math.min(part.length, endBytes - at)), at);
    }
  }
  return disk;
}

function isNotImage(error: unknown): true {
  assert.ok(error instanceof Failure, `threw ${error}`);
  assert.equal(error.code, "not-image");
  return true;
}
