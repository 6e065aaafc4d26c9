import assert from "node:assert/strict";
import { SectorMap } from "../../lib/blocks/sector_map.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { fatTime } from "../../wasm/disk.ts";
import { FatFsError, FatVolume } from "../../wasm/fatfs.ts";

const WASM = await readFatfsWasm();
const MIB = 1024 * 1024;
const OPTIONS = {
  sectors: 40 * MIB / 512,
  clusterBytes: 512,
  alignSectors: 2048,
  label: "TEST",
  timeMs: Date.UTC(2024, 1, 29, 23, 59, 58),
};

async function format(options: Partial<typeof OPTIONS> = {}) {
  const sectors = new SectorMap();
  const volume = await FatVolume.format(WASM, sectors, { ...OPTIONS, ...options });
  return { sectors, volume };
}

function fails(result: string, call: () => unknown): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof FatFsError, String(error));
    assert.equal(error.result, result);
    assert.match(error.message, new RegExp(`${result}$`));
    return true;
  });
}

Deno.test("FatFs: files are reserved one behind the other, on cluster boundaries", async () => {
  const { volume } = await format({ clusterBytes: 1024, sectors: 80 * MIB / 512 });
  volume.makeDirectory("dir");
  const first = volume.createFile("dir/first");
  const empty = volume.createFile("dir/empty");
  const second = volume.createFile("second");
  const start = volume.reserve(first, 1025)!;
  assert.equal(volume.reserve(empty, 0), undefined);
  assert.equal(start % 1024, 0);
  assert.equal(volume.reserve(second, 1), start + 2048);
});

Deno.test("FatFs: what is taken twice, missing or too large is told by name", async () => {
  const { volume } = await format();
  volume.makeDirectory("dir");
  fails("EXIST", () => volume.makeDirectory("DIR"));
  volume.createFile("dir/a");
  fails("EXIST", () => volume.createFile("dir/A"));
  fails("NO_PATH", () => volume.createFile("nowhere/a"));
  fails("INVALID_NAME", () => volume.createFile("a?"));
  fails("DENIED", () => volume.reserve(volume.createFile("large"), 41 * MIB));
});

Deno.test("FatFs: a file is reserved once", async () => {
  const { volume } = await format();
  const file = volume.createFile("a");
  volume.reserve(file, 10);
  assert.throws(() => volume.reserve(file, 10), TypeError);
});

Deno.test("FatFs: more memory than the module begins with", async () => {
  const { volume } = await format();
  const files = Array.from({ length: 2000 }, (_, i) => volume.createFile(`file number ${i}`));
  const starts = files.map((file) => volume.reserve(file, 1)!);
  for (let i = 1; i < starts.length; i++) assert.equal(starts[i], starts[i - 1]! + 512);
});

Deno.test("FatFs: paths of every length, in any order", async () => {
  const { volume } = await format({ clusterBytes: 1024, sectors: 80 * MIB / 512 });
  const lengths = Array.from({ length: 400 }, (_, i) => [253, 40, 150, 254, 8][i % 5]);
  const files = lengths.map((length, i) => volume.createFile(String(i).padStart(length!, "n")));
  const starts = files.map((file) => volume.reserve(file, 1));
  assert.deepEqual(starts, starts.map((_, i) => starts[0]! + i * 1024));
  fails("INVALID_NAME", () => volume.createFile("folder/".repeat(10_000)));
});

Deno.test("FatFs: only its own structures are written", async () => {
  const { sectors, volume } = await format({ sectors: 3 * 1024 * MIB / 512, clusterBytes: 32_768 });
  volume.reserve(volume.createFile("huge"), 1024 * MIB);
  const written = sectors.extents().reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  assert.ok(written < MIB, `${written} bytes`);
});

Deno.test("FatFs: volumes that cannot be FAT32 are refused", async () => {
  await assert.rejects(format({ clusterBytes: 32_768 }), FatFsError);
  await assert.rejects(format({ sectors: 100 }), FatFsError);
});

Deno.test("FatFs: labels are eleven characters at most", async () => {
  await format({ label: "ELEVEN-CHAR" });
  await assert.rejects(format({ label: "TWELVE-CHARS" }), FatFsError);
});

Deno.test("FAT's time: date in the upper half, units of 2 s, from 1980 to 2107", () => {
  const time = (...parts: [number, number, number, number, number, number]) =>
    fatTime(Date.UTC(...parts));
  assert.equal(time(1980, 0, 1, 0, 0, 0), 0x00210000);
  assert.equal(time(2024, 1, 29, 23, 59, 59), (44 << 25 | 2 << 21 | 29 << 16) + 0xbf7d);
  assert.equal(time(2107, 11, 31, 23, 59, 58), 0xff9fbf7d);
  assert.equal(time(2024, 0, 1, 0, 0, 1), time(2024, 0, 1, 0, 0, 0));
});

Deno.test("FAT's time: what it cannot say becomes the nearest year", () => {
  assert.equal(fatTime(0) >>> 25, 0);
  assert.equal(fatTime(Date.UTC(2300, 5, 1)) >>> 25, 127);
});
