import assert from "node:assert/strict";
import { readBlocks } from "../../lib/blocks/block_map.ts";
import { bytesSource, readBytes, type Source } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import { findFile, readSmallFile } from "../../lib/blocks/file_tree.ts";
import { parseRecord } from "../../lib/iso/records.ts";
import { type PatchedIso, patchIso } from "../../lib/iso/patch/patch.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { Random } from "../fuzz/random.ts";
import { failure } from "../support/failures.ts";
import { isoInMemory } from "../support/good_image.ts";

const SECTOR = 2048;
/** What ESXIIMG.TGZ;1 takes: 33 bytes and 13 of its name. */
const RECORD = 46;
const text = (content: string) => new TextEncoder().encode(content);
const EDITS = {
  replaced: [
    { path: "EFI/BOOT/BOOT.CFG", bytes: text("kernel=/uefi\n") },
    { path: "BOOT.CFG", bytes: text("kernel=/bios\n") },
  ],
  added: [{ path: "esxiimg.tgz", bytes: text("payload") }],
};

async function bytesOf(source: Source): Promise<Uint8Array> {
  return await readBytes(source, 0, source.sizeBytes);
}

async function carriedOut({ map }: PatchedIso): Promise<Source> {
  const bytes = new Uint8Array(map.sizeBytes);
  await readBlocks(map, bytes, 0);
  return bytesSource("patched", bytes);
}

/** The root directory of an ISO: where it lies and what it holds. */
async function rootOf(iso: Source) {
  const { extentSector, lengthBytes } = parseRecord(
    iso,
    await readBytes(iso, 16 * SECTOR, SECTOR),
    156,
  );
  return { sector: extentSector, bytes: await readBytes(iso, extentSector * SECTOR, lengthBytes) };
}

/** An ISO whose root has exactly so many bytes left in its last sector. */
async function isoWithFreeBytes(freeBytes: number): Promise<Source> {
  const isoOf = (count: number, longer: number) => {
    const names = Array.from({ length: count }, (_, i) => `Y${String(i).padStart(6, "0")}.V00`);
    const files = [...names, `Z${"Z".repeat(longer)}.V00`].map((path) => (
      { path, content: text("x") }
    ));
    return isoInMemory({ moduleCount: 12, modulesBytes: 20_000, files });
  };
  const freeOf = async (iso: Source) => {
    const { bytes } = await rootOf(iso);
    // A record ends with its name, or with the zero that makes its length even.
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    return bytes.length - Math.ceil(end / 2) * 2;
  };
  for (let count = 1;; count++) {
    const longer = await freeOf(isoOf(count, 0)) - freeBytes;
    if (longer < 0 || longer > RECORD) continue;
    const iso = isoOf(count, longer);
    assert.equal(await freeOf(iso), freeBytes);
    return iso;
  }
}

async function checkPatched(iso: Source, patched: Source): Promise<void> {
  const [before, after] = [await readIso(iso), await readIso(patched)];
  for (const { path, bytes } of [...EDITS.replaced, ...EDITS.added]) {
    assert.deepEqual(await readSmallFile(after, findFile(after, path)!, 100), bytes, path);
  }
  for (const { path, parts } of before.files) {
    if (!path.endsWith("BOOT.CFG")) assert.deepEqual(findFile(after, path)?.parts, parts, path);
  }
  assert.equal(after.files.length, before.files.length + 1);
  assert.equal(after.declaredBytes, patched.sizeBytes);
  const { bytes } = await rootOf(patched);
  assert.ok(bytes.subarray(-SECTOR).some((byte) => byte !== 0), "no directory ends in nothing");
}

Deno.test("patch: a root with room for the record keeps its place, one without is moved", async () => {
  for (const freeBytes of [0, RECORD - 2, RECORD, RECORD + 2]) {
    const iso = await isoWithFreeBytes(freeBytes);
    const plan = await patchIso(iso, EDITS);
    assert.equal(plan.movedTrees, freeBytes < RECORD ? 1 : 0, `${freeBytes} bytes`);
    const patched = await carriedOut(plan);
    await checkPatched(iso, patched);
    const [before, after] = [await rootOf(iso), await rootOf(patched)];
    assert.equal(before.sector === after.sector, freeBytes >= RECORD);
    assert.equal(after.bytes.length - before.bytes.length, freeBytes >= RECORD ? 0 : SECTOR);
  }
});

Deno.test("patch: names first and last in order, and no bytes at all", async () => {
  const iso = isoInMemory({ moduleCount: 12, modulesBytes: 20_000 });
  const added = ["0.v00", "zzzzzzzz.v00", "esxiimg.tgz"].map((path) => (
    { path, bytes: new Uint8Array(0) }
  ));
  for (const moveAlways of [false, true]) {
    const patched = await carriedOut(await patchIso(iso, { ...EDITS, added, moveAlways }));
    const { files } = await readIso(patched);
    const root = files.map(({ path }) => path).filter((path) => !path.includes("/"));
    assert.deepEqual(root, root.toSorted(), "records stay in order");
    for (const { path } of added) assert.ok(root.includes(path.toUpperCase()), path);
  }
});

Deno.test("patch: what would not know of the edits is refused, and what is not whole", async () => {
  const iso = await bytesOf(isoInMemory({ moduleCount: 12, modulesBytes: 20_000 }));
  const patch = (change: (bytes: Uint8Array) => void) => {
    const bytes = iso.slice();
    change(bytes);
    return patchIso(bytesSource("x.iso", bytes), EDITS);
  };
  await assert.rejects(
    patch((bytes) => bytes.set(text("EFI PART"), 512)),
    failure("unfit-for-iso", /GPT/),
  );
  await assert.rejects(
    patch((bytes) => {
      bytes.set([0x55, 0xaa], 510);
      bytes[446 + 4] = 0xee;
    }),
    failure("unfit-for-iso", /GPT/),
  );
  await assert.rejects(
    patch((bytes) => bytes.set(text("\0BEA01"), 18 * SECTOR)),
    failure("unfit-for-iso", /UDF/),
  );
  await assert.rejects(
    patchIso(bytesSource("x.iso", iso.subarray(0, -SECTOR)), EDITS),
    failure("truncated", /2048 of \d+ bytes are missing/),
  );
  for (const path of ["a/b", "ü.v00", "a".repeat(31), "a;1"]) {
    const added = [{ path, bytes: text("x") }];
    await assert.rejects(
      patchIso(bytesSource("x.iso", iso), { ...EDITS, added }),
      failure("unfit-for-iso", /cannot hold a file of the name/),
    );
  }
});

Deno.test("patch: checksums over the image are blanked, partitions over it grow", async () => {
  const iso = await bytesOf(isoInMemory({ moduleCount: 12, modulesBytes: 20_000 }));
  iso.set(text("ISO MD5SUM = 0123456789abcdef"), 16 * SECTOR + 883);
  iso.set([0x55, 0xaa], 510);
  const record = new DataView(iso.buffer, 446, 16);
  record.setUint8(4, 0x17);
  record.setUint32(12, iso.length / 512, true);
  const patched = await carriedOut(await patchIso(bytesSource("x.iso", iso), EDITS));
  const used = await readBytes(patched, 16 * SECTOR + 883, 512);
  assert.ok(used.every((byte) => byte === 0x20));
  const head = await readBytes(patched, 446, 16);
  assert.equal(new DataView(head.buffer).getUint32(12, true), patched.sizeBytes / 512);
});

Deno.test("patch: whatever is wrong with an ISO is a failure that says so", async () => {
  const iso = await bytesOf(isoInMemory({ moduleCount: 12, modulesBytes: 20_000 }));
  const random = new Random(9660);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const bytes = iso.slice();
    for (let changes = random.below(6); changes >= 0; changes--) {
      bytes[16 * SECTOR + random.below(10 * SECTOR)] = random.pick([0, 1, 2, 34, 128, 255]);
    }
    try {
      await patchIso(bytesSource("x.iso", bytes), { ...EDITS, moveAlways: i % 2 === 0 });
    } catch (error) {
      assert.ok(error instanceof Failure, `${i}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 20, `only ${refused} were refused`);
});
