import assert from "node:assert/strict";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesSource, type Source } from "../../lib/blocks/extent.ts";
import { formatGuid, parseGuid } from "../../lib/blocks/guid.ts";
import { EFI_SYSTEM_PARTITION, gptExtents, type Partition } from "../../lib/disk/gpt.ts";
import {
  checkPartitionTable,
  readPartitionTable,
  systemPartition,
} from "../../lib/image/partition_table.ts";
import { mapSource } from "../formats/support.ts";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const DISK_GUID = parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF");
const LINUX = parseGuid("0FC63DAF-8483-4772-8E79-3D69D8477DE4");
const SECTORS = 20_480;

function partition(change: Partial<Partition> = {}): Partition {
  return {
    type: EFI_SYSTEM_PARTITION,
    guid: parseGuid("FEDCBA98-7654-3210-FEDC-BA9876543210"),
    firstLba: 2048,
    lastLba: 4095,
    name: "EFI",
    ...change,
  };
}

function diskOf(partitions: readonly Partition[], sectors = SECTORS): Source {
  const map: BlockMap = blockMap(sectors * 512, gptExtents(sectors, DISK_GUID, partitions));
  return mapSource("disk.img", map);
}

Deno.test("partition table: read as it was written, with nothing wrong", async () => {
  const partitions = [partition({ type: LINUX, firstLba: 4096, lastLba: 5000 }), partition()];
  const disk = diskOf(partitions);
  const table = await readPartitionTable(disk);
  assert.equal(formatGuid(table.diskGuid), formatGuid(DISK_GUID));
  assert.deepEqual(table.partitions, partitions);
  assert.equal(table.mbr.length, 512);
  assert.deepEqual(await checkPartitionTable(disk, table), []);
  assert.deepEqual(systemPartition(table, disk), partitions[1]);
});

Deno.test("partition table: the first EFI system partition is the one", async () => {
  const disk = diskOf([partition(), partition({ firstLba: 5000, lastLba: 6000, name: "other" })]);
  assert.equal(systemPartition(await readPartitionTable(disk), disk).name, "EFI");
  const none = diskOf([partition({ type: LINUX })]);
  const table = await readPartitionTable(none);
  assert.throws(
    () => systemPartition(table, none),
    failure("not-image", /disk\.img: it has no EFI system partition/),
  );
});

testWith(["sgdisk"], "partition table: sgdisk's is read, and nothing wrong with it", async () => {
  using folder = new Folder();
  const path = folder.write("disk.img", new Uint8Array(SECTORS * 512));
  const one = ["-n", "1:2048:4095", "-t", "1:ef00", "-c", "1:EFI Grüße"];
  const two = ["-n", "2:4096:8191", "-t", "2:8300", "-c", "2:data"];
  await mustRun("sgdisk", [...one, ...two, "-U", formatGuid(DISK_GUID), path]);
  const disk = bytesSource("disk.img", Deno.readFileSync(path));
  const table = await readPartitionTable(disk);
  assert.equal(formatGuid(table.diskGuid), formatGuid(DISK_GUID));
  assert.deepEqual(
    table.partitions.map(({ name, firstLba, lastLba }) => [name, firstLba, lastLba]),
    [["EFI Grüße", 2048, 4095], ["data", 4096, 8191]],
  );
  assert.equal(systemPartition(table, disk).firstLba, 2048);
  assert.deepEqual(await checkPartitionTable(disk, table), []);
});

Deno.test("partition table: what has none is refused", async () => {
  const refused = async (disk: Source, message: RegExp) =>
    await assert.rejects(readPartitionTable(disk), failure("not-image", message));
  await refused(bytesSource("x", new Uint8Array(0)), /too small/);
  await refused(bytesSource("x", new Uint8Array(3 * 512 - 1)), /too small/);
  await refused(
    bytesSource("x", new Uint8Array(100_000)),
    /of its GPT header, it has no signature/,
  );
  const whole = new Uint8Array(SECTORS * 512);
  await diskOf([partition()]).read(whole, 0);
  await refused(bytesSource("x", whole.slice(0, 10 * 512)), /entries of its GPT do not match/);
});

Deno.test("partition table: on a larger device the backup is not at its end", async () => {
  const small = new Uint8Array(SECTORS * 512 + 1024 * 1024);
  await diskOf([partition()]).read(small.subarray(0, SECTORS * 512), 0);
  const disk = bytesSource("x", small);
  const problems = await checkPartitionTable(disk, await readPartitionTable(disk));
  assert.match(problems[0]!, /the backup header is at LBA 20479, not at the disk's end/);
  assert.match(problems[1]!, /of the backup header, it has no signature/);
  const odd = bytesSource("x", small.slice(0, SECTORS * 512 + 100));
  assert.match(
    (await checkPartitionTable(odd, await readPartitionTable(odd))).join(),
    /does not end with a whole sector/,
  );
});
