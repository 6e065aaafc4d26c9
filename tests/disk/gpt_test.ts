import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { blockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { formatGuid, parseGuid } from "../../lib/blocks/guid.ts";
import { SECTOR_BYTES } from "../../lib/blocks/sector.ts";
import {
  EFI_SYSTEM_PARTITION,
  gptExtents,
  parseEntries,
  parseHeader,
  type Partition,
  usableLbas,
} from "../../lib/disk/gpt.ts";
import { Folder } from "../support/folder.ts";
import { golden } from "../support/golden.ts";
import { mustRun, testWith } from "../support/programs.ts";

const DISK_GUID = parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF");
const DISK_SECTORS = 2048 * 8;
const PARTITION: Partition = {
  type: EFI_SYSTEM_PARTITION,
  guid: parseGuid("FEDCBA98-7654-3210-FEDC-BA9876543210"),
  firstLba: 2048,
  lastLba: DISK_SECTORS - 2048 - 1,
  name: "EFI System Partition",
};

async function diskOf(sectors: number, partitions: readonly Partition[]): Promise<Uint8Array> {
  const disk = new Uint8Array(sectors * SECTOR_BYTES);
  const extents = gptExtents(sectors, DISK_GUID, partitions);
  await readBlocks(blockMap(disk.length, extents), disk, 0);
  return disk;
}

function sector(disk: Uint8Array, lba: number): Uint8Array {
  return disk.slice(lba * SECTOR_BYTES, (lba + 1) * SECTOR_BYTES);
}

testWith(["sgdisk"], "GPT: sgdisk finds no problem and prints what was meant", async () => {
  using folder = new Folder();
  folder.write("disk.img", await diskOf(DISK_SECTORS, [PARTITION]));
  const args = ["--print", "--info=1", "--verify", "disk.img"];
  const { stdout } = await mustRun("sgdisk", args, { cwd: folder.path });
  await golden("disk/gpt.txt", `sgdisk ${args.join(" ")}`, stdout);
});

testWith(["sfdisk"], "GPT: sfdisk reads the same", async () => {
  using folder = new Folder();
  folder.write("disk.img", await diskOf(DISK_SECTORS, [PARTITION]));
  const { stdout, stderr } = await mustRun("sfdisk", ["--json", "disk.img"], { cwd: folder.path });
  assert.equal(stderr, "");
  const { partitiontable: table } = JSON.parse(stdout);
  assert.equal(table.label, "gpt");
  assert.equal(table.id, formatGuid(DISK_GUID));
  assert.deepEqual([table.firstlba, table.lastlba], [34, DISK_SECTORS - 34]);
  assert.deepEqual(table.partitions, [{
    node: "disk.img1",
    start: PARTITION.firstLba,
    size: PARTITION.lastLba - PARTITION.firstLba + 1,
    type: formatGuid(EFI_SYSTEM_PARTITION),
    uuid: formatGuid(PARTITION.guid),
    name: PARTITION.name,
  }]);
});

testWith(["sgdisk"], "GPT: smallest disk, many partitions, names in other scripts", async () => {
  using folder = new Folder();
  const sectors = 34 + 128 + 33;
  const partitions = Array.from({ length: 128 }, (_, i): Partition => ({
    type: EFI_SYSTEM_PARTITION,
    guid: parseGuid(i.toString(16).padStart(32, "0")),
    firstLba: 34 + i,
    lastLba: 34 + i,
    name: i === 127 ? "東京 Grüße".padEnd(36, "x") : "",
  }));
  const disk = await diskOf(sectors, partitions);
  folder.write("disk.img", disk);
  const { stdout } = await mustRun("sgdisk", ["--verify", folder.file("disk.img")]);
  assert.match(stdout, /No problems found/);
  assert.deepEqual(parseEntries(disk.subarray(2 * SECTOR_BYTES, 34 * SECTOR_BYTES)), partitions);
});

Deno.test("GPT: what is written is read, from both copies", async () => {
  const disk = await diskOf(DISK_SECTORS, [PARTITION]);
  const last = DISK_SECTORS - 1;
  const primary = parseHeader(sector(disk, 1), 1);
  const backup = parseHeader(sector(disk, last), last);
  assert.ok(typeof primary !== "string" && typeof backup !== "string");
  assert.deepEqual(primary, {
    diskGuid: DISK_GUID,
    myLba: 1,
    alternateLba: last,
    firstUsableLba: 34,
    lastUsableLba: last - 33,
    entriesLba: 2,
    entriesBytes: 16_384,
    entriesCrc: crc32(disk.subarray(2 * SECTOR_BYTES, 34 * SECTOR_BYTES)),
  });
  assert.deepEqual(backup, {
    ...primary,
    myLba: last,
    alternateLba: 1,
    entriesLba: last - 32,
  });
  for (const { entriesLba, entriesBytes } of [primary, backup]) {
    const entries = disk.subarray(entriesLba * SECTOR_BYTES).subarray(0, entriesBytes);
    assert.deepEqual(parseEntries(entries), [PARTITION]);
  }
});

Deno.test("GPT: the protective MBR covers the disk, or as much as it can say", async () => {
  const mbrOf = (sectors: number) => {
    const extent = gptExtents(sectors, DISK_GUID, [])[0];
    assert.ok("bytes" in extent! && extent.offsetBytes === 0);
    return new DataView(extent.bytes.buffer);
  };
  const mbr = mbrOf(DISK_SECTORS);
  assert.equal(mbr.getUint16(510, true), 0xaa55);
  assert.equal(mbr.getUint8(450), 0xee);
  assert.equal(mbr.getUint32(454, true), 1);
  assert.equal(mbr.getUint32(458, true), DISK_SECTORS - 1);
  assert.equal(mbrOf(2 ** 33).getUint32(458, true), 0xffffffff);
  // Table 5-4: no boot flag; the CHS address of LBA 1; type; beyond what CHS can say; LBA 1; length.
  const record = [0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0x3f, 0, 0];
  assert.deepEqual([...new Uint8Array(mbr.buffer, 446, 16)], record);
  assert.ok(new Uint8Array(mbr.buffer, 462, 48).every((byte) => byte === 0), "no other record");
  assert.deepEqual(
    await diskOf(100, []).then((disk) => disk.subarray(0, 440)),
    new Uint8Array(440),
  );
});

Deno.test("GPT: partitions outside the usable LBAs and long names are errors", () => {
  const { firstLba, lastLba } = usableLbas(DISK_SECTORS);
  assert.deepEqual([firstLba, lastLba], [34, DISK_SECTORS - 34]);
  const write = (change: Partial<Partition>) =>
    gptExtents(DISK_SECTORS, DISK_GUID, [{ ...PARTITION, ...change }]);
  write({ firstLba, lastLba });
  assert.throws(() => write({ firstLba: firstLba - 1 }), RangeError);
  assert.throws(() => write({ lastLba: lastLba + 1 }), RangeError);
  write({ name: "n".repeat(36) });
  assert.throws(() => write({ name: "n".repeat(37) }), RangeError);
});

Deno.test("GPT: every bit of a header that is changed is noticed", async () => {
  const disk = await diskOf(DISK_SECTORS, [PARTITION]);
  const header = sector(disk, 1);
  for (let bit = 0; bit < 92 * 8; bit++) {
    const changed = header.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(typeof parseHeader(changed, 1), "string", `bit ${bit}`);
  }
});

/** Changes a header and sums it up again, as a hostile one would be. */
function resummed(header: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = header.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setUint32(16, 0, true);
  const bytes = Math.min(Math.max(view.getUint32(12, true), 92), SECTOR_BYTES);
  view.setUint32(16, crc32(copy.subarray(0, bytes)), true);
  return copy;
}

Deno.test("GPT: a header that is right but absurd is refused in words", async () => {
  const header = sector(await diskOf(DISK_SECTORS, [PARTITION]), 1);
  const said = (change: (view: DataView) => void) => parseHeader(resummed(header, change), 1);
  assert.equal(typeof said(() => {}), "object");
  assert.match(String(said((view) => view.setUint32(0, 0))), /signature/);
  assert.match(String(said((view) => view.setUint32(12, 91, true))), /size/);
  assert.match(String(said((view) => view.setUint32(12, 0xffffffff, true))), /size/);
  assert.match(String(said((view) => view.setBigUint64(24, 2n, true))), /LBA 2/);
  assert.match(String(said((view) => view.setUint32(80, 0xffffffff, true))), /entries/);
  assert.match(String(said((view) => view.setUint32(84, 64, true))), /entries/);
  // The most that is taken: a header as large as its sector, and 1,024 entries.
  assert.equal(typeof said((view) => view.setUint32(12, 512, true)), "object");
  assert.match(String(said((view) => view.setUint32(12, 513, true))), /size/);
  assert.equal(typeof said((view) => view.setUint32(80, 1024, true)), "object");
  assert.match(String(said((view) => view.setUint32(80, 1025, true))), /entries/);
  assert.equal(parseHeader(new Uint8Array(512), 1), "it has no signature");
});
