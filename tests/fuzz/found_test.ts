/**
 * What fuzzing and the review that went with it found: each of these once broke something, or took
 * more memory or work than its size allows.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { planImage } from "../../lib/build.ts";
import { openImage } from "../../lib/formats/formats.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { FileComparer } from "../../lib/image/compare.ts";
import { readFat32 } from "../../lib/image/fat32_reader.ts";
import { readImage } from "../../lib/image/image.ts";
import { usedMap } from "../../lib/image/used_map.ts";
import { verifyImage } from "../../lib/image/verify.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { noise } from "../formats/support.ts";
import { countedSource, withinMemory } from "./bounds.ts";
import { imageSeeds, repair } from "./image_target.ts";
import { makeIso } from "./iso_target.ts";
import { Random } from "./random.ts";
import { SparseFile } from "./sparse_file.ts";
import { tinyIso } from "./tiny_disk.ts";
import { failure } from "../support/failures.ts";
import { bootCfgText, moduleNames } from "../support/installer_iso.ts";

const SECTOR = 512;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

let seeds: readonly SparseFile[] | undefined;

/** Our image, raw, changed; afterwards the checksums of its partition table are right again. */
async function rawImage(change: (file: SparseFile) => void): Promise<SparseFile> {
  seeds ??= await imageSeeds();
  const file = seeds.find((seed) => seed.slice(SECTOR, 8).join() === "69,70,73,32,80,65,82,84")!
    .clone();
  change(file);
  repair(file, new Random(1));
  return file;
}

/** Sets numbers of 32 bits. */
function set32(file: SparseFile, lba: number, fields: Readonly<Record<number, number>>): void {
  file.change(lba, (sector) => {
    const view = new DataView(sector.buffer);
    for (const [at, value] of Object.entries(fields)) view.setUint32(Number(at), value, true);
  });
}

async function verify(file: SparseFile): Promise<readonly string[]> {
  const { disk } = await openImage(countedSource("x.img", file));
  return (await verifyImage(disk, tinyIso())).problems;
}

Deno.test("found: an image of three bytes is too small, not changed while it was read", async () => {
  const file = SparseFile.of(Uint8Array.of(1, 2, 3));
  await assert.rejects(verify(file), failure("not-image", /too small/));
});

Deno.test("found: a partition beyond the disk's end is refused before anything is read there", async () => {
  const file = await rawImage((file) => set32(file, 2, { 40: 0xffff_fff0, 44: 0x000f_ffff }));
  await assert.rejects(verify(file), failure("not-image", /lies outside the disk/));
});

Deno.test("found: a partition that ends before it begins is refused", async () => {
  const file = await rawImage((file) => set32(file, 2, { 40: 2047 }));
  await assert.rejects(verify(file), failure("not-image", /lies outside the disk/));
});

Deno.test("found: a partition over the backup of the partition table cannot be converted", async () => {
  const file = await rawImage((file) => set32(file, 2, { 40: file.sizeBytes / SECTOR - 2 }));
  await assert.rejects(
    usedMap(countedSource("x.img", file)),
    failure("not-image", /overlaps the partition table/),
  );
});

Deno.test("found: the FAT of a volume of 64 GiB takes no more memory than the image has bytes", async () => {
  const sectors = 64 * GIB / SECTOR;
  const file = SparseFile.of(new Uint8Array(SECTOR).fill(1));
  file.sizeBytes = 64 * GIB;
  file.change(0, (sector) => {
    sector.fill(0);
    const view = new DataView(sector.buffer);
    view.setUint16(11, SECTOR, true);
    view.setUint8(13, 1); // sectors for each cluster
    view.setUint16(14, 32, true);
    view.setUint8(16, 1);
    view.setUint32(32, sectors, true);
    view.setUint32(36, sectors / 128, true);
    view.setUint32(44, 2, true);
    view.setUint16(48, 1, true);
    view.setUint16(510, 0xaa55, true);
  });
  set32(file, 32, { 8: 0x0fff_ffff }); // the root directory, which is empty
  const volume = await withinMemory(file.pack().length, () =>
    readFat32(
      countedSource("x.img", file),
      0,
      file.sizeBytes,
    ));
  assert.equal(volume.freeBytes, (volume.geometry.clusters - 1) * SECTOR);
  assert.ok(volume.problems.includes("FAT: there is no FSInfo sector"));
});

Deno.test("found: a FAT far larger than its volume needs is refused", async () => {
  const file = await rawImage((file) => set32(file, 2048, { 32: 3000, 36: 2000 }));
  await assert.rejects(
    readImage(countedSource("x.img", file)),
    failure("not-image", /holds no FAT32/),
  );
});

Deno.test("found: a gzipped image whose parts lie backwards is not inflated for each of them", async () => {
  const gz = SparseFile.of(new Uint8Array(gzipSync(noise(4 * MIB))));
  const { disk } = await openImage(countedSource("x.img.gz", gz));
  const sector = new Uint8Array(SECTOR);
  const readBackwards = async () => {
    for (let at = disk.sizeBytes - SECTOR; at >= 0; at -= 100_000) await disk.read(sector, at);
  };
  await assert.rejects(readBackwards(), failure("not-image", /scattered.*gunzip/));
});

Deno.test("found: a file in thousands of fragments is gone through once", async () => {
  const fragments = 20_000;
  const part = (i: number) => ({ offsetBytes: 2 * i, lengthBytes: 1 });
  const parts = Array.from({ length: fragments }, (_, i) => part(i));
  let looks = 0;
  const watched = new Proxy(parts, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      return Reflect.get(target, key);
    },
  });
  const source = { name: "x", sizeBytes: 2 * fragments, read: () => Promise.resolve() };
  const file = { path: "X", sizeBytes: fragments, parts: watched };
  assert.equal(await new FileComparer(source, source).compare(file, file), undefined);
  assert.ok(looks < 20 * fragments, `${looks} looks at ${fragments} parts`);
});

const installer = (bootCfg: string) => makeIso({ bootCfg });

async function plan(file: SparseFile) {
  return await planImage(countedSource("x.iso", file), {
    guestFiles: packGuestFiles([]),
    kickstart: new TextEncoder().encode("vmaccepteula\n"),
    fatfsWasm: await readFatfsWasm(),
    label: "ESXI",
    freeBytes: 0,
  });
}

Deno.test("found: a byte A0 is a blank to some boot loaders alone, and refused", async () => {
  const bootCfg = bootCfgText(moduleNames(7)).replace("cdromBoot", "cdromBoot a\xa0ks=x");
  await assert.rejects(plan(installer(bootCfg)), failure("boot-cfg", /holds the byte A0/));
});

Deno.test("found: an ISO of the year 9999 gets a time that FAT and tar can hold", async () => {
  const iso = makeIso();
  iso.write(new TextEncoder().encode("9999123123595900"), 16 * 2048 + 813);
  const { timeMs } = await plan(iso);
  assert.equal(new Date(timeMs).toISOString(), "2107-12-31T23:59:58.000Z");
});

Deno.test("found: files that share extents cannot make an image of many times the ISO", async () => {
  const iso = makeIso();
  const root = 20 * 2048; // behind the path tables
  const both = (lengthBytes: number) => {
    for (let at = root; at < root + 2048;) {
      const [recordBytes] = iso.slice(at, 1);
      if (recordBytes === 0) break;
      const isFile = (iso.slice(at + 25, 1)[0]! & 2) === 0;
      if (isFile) writeBoth(iso, at + 2, 0), writeBoth(iso, at + 10, lengthBytes);
      at += recordBytes!;
    }
  };
  both(iso.sizeBytes);
  await assert.rejects(readIso(countedSource("x.iso", iso)), failure("damaged-iso", /overlap/));
});

function writeBoth(file: SparseFile, at: number, value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, value, true);
  new DataView(bytes.buffer).setUint32(4, value, false);
  file.write(bytes, at);
}
