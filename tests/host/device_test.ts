import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { deviceNumber, recordDevice } from "../../lib/host/device.ts";
import { openDeviceOutput } from "../../lib/host/device_output.ts";
import { STICK } from "./device_records.ts";
import { contentOf, equalBytes, MIB, noise, SECTOR } from "../formats/support.ts";
import { Folder } from "../support/folder.ts";

Deno.test("device numbers are taken apart as makedev(3) puts them together", () => {
  assert.equal(deviceNumber(0xfe00), "254:0");
  assert.equal(deviceNumber(0x0811), "8:17");
  // NVMe partitions have minor numbers above 255: 259:300.
  assert.equal(deviceNumber(259 << 8 | 300 & 0xff | (300 & ~0xff) << 12), "259:300");
  assert.equal(deviceNumber(4096 * 2 ** 32 + 1), "4096:1");
});

Deno.test("what sysfs and proc say is collected", async () => {
  using temporary = new Folder();
  const folder = temporary.path;
  const kernel = { sysfs: `${folder}/sys`, procfs: `${folder}/proc` };
  const disk = `${folder}/sys/dev/block/8:16`;
  const files: Record<string, string> = {
    ...STICK.sysfs,
    "sdb2/holders/dm-0": "",
    "stat": "1 2 3\n",
    "power/control": "auto\n",
  };
  for (const [file, text] of Object.entries(files)) {
    if (file === "device") continue;
    await Deno.mkdir(`${disk}/${file.replace(/[^/]*$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${disk}/${file}`, text);
  }
  await Deno.mkdir(`${folder}/sys/fs/btrfs/8a0e/devices/sda2`, { recursive: true });
  await Deno.mkdir(`${folder}/sys/fs/btrfs/features`, { recursive: true });
  await Deno.mkdir(`${folder}/proc/self`, { recursive: true });
  await Deno.writeTextFile(`${folder}/proc/self/mountinfo`, STICK.mountInfo);
  await Deno.writeTextFile(`${folder}/proc/swaps`, STICK.swaps);
  // Process 7 sees what we see; 8 and 9 share a namespace of their own.
  const elsewhere = "1 1 8:17 / /hidden rw - ext4 /dev/sdb1 rw\n";
  for (
    const [pid, mountInfo] of [[7, STICK.mountInfo], [8, elsewhere], [9, elsewhere]] as const
  ) {
    await Deno.mkdir(`${folder}/proc/${pid}`);
    await Deno.writeTextFile(`${folder}/proc/${pid}/mountinfo`, mountInfo);
  }
  await Deno.mkdir(`${folder}/proc/10`); // it has just ended
  await Deno.mkdir(`${folder}/sys/block/loop3/loop`, { recursive: true });
  await Deno.writeTextFile(`${folder}/sys/block/loop3/loop/backing_file`, "/dev/sda\n");
  await Deno.mkdir(`${folder}/sys/block/loop4`);
  const record = await recordDevice("/dev/sdb", "8:16", kernel);
  const sysfs = { ...STICK.sysfs, "sdb2/holders/dm-0": "" };
  assert.deepEqual(record, {
    ...STICK,
    sysfs,
    btrfs: ["sda2"],
    otherMountInfos: { 8: elsewhere },
    loops: { loop3: "/dev/sda" },
  });
});

/** A file stands in for the disk: 9 MiB of old data. */
async function withStandIn(body: (path: string, old: Uint8Array) => Promise<void>): Promise<void> {
  using temporary = new Folder();
  const folder = temporary.path;
  const old = noise(9 * MIB, 99);
  await Deno.writeFile(`${folder}/disk`, old);
  await body(`${folder}/disk`, old);
}

const target = (path: string) => ({
  path,
  name: "disk",
  sizeBytes: 9 * MIB,
  model: "",
  isRemovable: true,
});

/** An image of 6 MiB, moved to a disk of 9 MiB. */
const DISK = blockMap(9 * MIB, [
  bytesExtent(0, noise(34 * SECTOR, 1)),
  bytesExtent(MIB - 100, noise(2 * MIB, 2)),
  bytesExtent(5 * MIB, noise(1000, 3)),
  bytesExtent(9 * MIB - 33 * SECTOR, noise(33 * SECTOR, 4)),
]);

Deno.test("the image replaces what was there; behind it, only the backup table does", async () => {
  await withStandIn(async (path, old) => {
    const output = openDeviceOutput(target(path), 6 * MIB);
    await encodeRaw(DISK, output);
    assert.equal(await output.finish(), path);
    output.commit(true);
    await output.keep();
    assert.equal(output.abort(), undefined); // harmless now
    assert.equal(output.writtenBytes, 9 * MIB);
    const written = await Deno.readFile(path);
    const expected = await contentOf(DISK);
    assert.ok(equalBytes(written.subarray(0, 6 * MIB), expected.subarray(0, 6 * MIB)));
    const backupAt = 9 * MIB - 33 * SECTOR;
    assert.ok(equalBytes(written.subarray(backupAt), expected.subarray(backupAt)));
    const between = 9 * MIB - 4096 * 5;
    assert.ok(equalBytes(written.subarray(6 * MIB, between), old.subarray(6 * MIB, between)));
  });
});

Deno.test("until the end there is no partition table", async () => {
  await withStandIn(async (path) => {
    const output = openDeviceOutput(target(path), 6 * MIB);
    await encodeRaw(DISK, output);
    const unfinished = await Deno.readFile(path);
    assert.match(output.abort() ?? "", /^\S+disk is half-written: /);
    assert.ok(unfinished.subarray(0, MIB).every((byte) => byte === 0));
    assert.ok(equalBytes(unfinished.subarray(MIB, 3 * MIB - 100), noise(2 * MIB, 2).subarray(100)));
  });
});

Deno.test("what did not pass its verification has no partition table", async () => {
  await withStandIn(async (path) => {
    const output = openDeviceOutput(target(path), 6 * MIB);
    await encodeRaw(DISK, output);
    await output.finish();
    output.abort();
    const refused = await Deno.readFile(path);
    assert.ok(refused.subarray(0, MIB).every((byte) => byte === 0));
    assert.equal(refused.length, 9 * MIB);
  });
});

Deno.test("a disk that nothing was written to is as it was", async () => {
  await withStandIn(async (path, old) => {
    assert.equal(openDeviceOutput(target(path), 6 * MIB).abort(), undefined);
    assert.ok(equalBytes(await Deno.readFile(path), old));
  });
});

Deno.test("a disk that is another by now is left alone", async () => {
  await withStandIn(async (path) => {
    await Deno.truncate(path, 8 * MIB);
    assert.throws(() => openDeviceOutput(target(path), 6 * MIB), { code: "io" });
  });
});

Deno.test("a disk that cannot be opened is a failure", () => {
  assert.throws(() => openDeviceOutput(target("/nowhere/disk"), MIB), { code: "io" });
});
