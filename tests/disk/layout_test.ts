import fc from "fast-check";
import assert from "node:assert/strict";
import { formatGuid } from "../../lib/blocks/guid.ts";
import { PARTITION_OFFSET_BYTES } from "../../lib/disk/layout.ts";
import { readImage } from "../../lib/image/image.ts";
import { checkPartitionTable } from "../../lib/image/partition_table.ts";
import { mapSource } from "../formats/support.ts";
import { failure } from "../support/failures.ts";
import { contentOf, diskOf, type Files, MIB, writeImage } from "../support/fat_volumes.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const FILES: Files = {
  "BOOT.CFG": new Uint8Array(100).fill(65),
  "EFI/BOOT/BOOTX64.EFI": new Uint8Array(70_000).fill(66),
};

testWith(["sgdisk", "mcopy", "fsck.fat"], "disk: sgdisk, mtools and fsck.fat agree", async () => {
  using folder = new Folder();
  const { map } = await diskOf(contentOf(FILES));
  const disk = folder.file("disk.img");
  await writeImage(disk, map);
  const { stdout } = await mustRun("sgdisk", ["--verify", "--info=1", disk]);
  assert.match(stdout, /No problems found/);
  assert.match(stdout, /EFI system partition/);
  assert.match(stdout, /First sector: 2048 /);
  await mustRun("mcopy", ["-n", "-i", `${disk}@@1M`, "::EFI/BOOT/BOOTX64.EFI", folder.file("out")]);
  assert.deepEqual(Deno.readFileSync(folder.file("out")), FILES["EFI/BOOT/BOOTX64.EFI"]);
  const lastLba = Number(/Last sector: (\d+)/.exec(stdout)?.[1]);
  const partition = folder.file("partition.img");
  const range = ["bs=512", "skip=2048", `count=${lastLba - 2048 + 1}`, "conv=sparse"];
  await mustRun("dd", ["status=none", `if=${disk}`, `of=${partition}`, ...range]);
  await mustRun("fsck.fat", ["-n", partition]);
});

Deno.test("disk: whatever its size, both tables and the partition fit", async () => {
  const smallest = (await diskOf(contentOf(FILES))).map.sizeBytes;
  const sizes = fc.option(fc.integer({ min: smallest, max: 5 * 2 ** 30 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(sizes, async (diskBytes) => {
      const { map } = await diskOf(contentOf(FILES), { diskBytes });
      const disk = mapSource("disk", map);
      const { table, partition, volume } = await readImage(disk);
      assert.deepEqual(await checkPartitionTable(disk, table), []);
      assert.deepEqual(volume.problems, []);
      assert.equal(volume.geometry.hiddenSectors, partition.firstLba);
      assert.equal(partition.firstLba * 512, PARTITION_OFFSET_BYTES);
      // The partition is all of the disk but a mebibyte on each side, and the volume all of it.
      assert.equal(volume.geometry.sectors, partition.lastLba - partition.firstLba + 1);
      assert.equal(volume.geometry.sectors * 512, map.sizeBytes - 2 * MIB);
      // Whole mebibytes, never more than was asked for.
      assert.equal(map.sizeBytes % MIB, 0);
      assert.equal(
        map.sizeBytes,
        diskBytes === undefined ? smallest : Math.floor(diskBytes / MIB) * MIB,
      );
    }),
    { numRuns: 30 },
  );
});

Deno.test("disk: its identifiers are those it is given", async () => {
  const { map } = await diskOf(contentOf(FILES));
  const { table, partition } = await readImage(mapSource("disk", map));
  assert.equal(formatGuid(table.diskGuid), "01234567-89AB-CDEF-0123-456789ABCDEF");
  assert.equal(formatGuid(partition.guid), "FEDCBA98-7654-3210-FEDC-BA9876543210");
  assert.equal(partition.name, "EFI System Partition");
  assert.equal(table.partitions.length, 1);
});

Deno.test("disk: one that is too small is refused, the advised size is taken", async () => {
  for (const diskBytes of [0, 1, 2 * MIB, 30 * MIB]) {
    await assert.rejects(diskOf(contentOf(FILES), { diskBytes }), (error) => {
      failure("too-small", /do not fit/)(error);
      return true;
    });
  }
  const { message } = await diskOf(contentOf(FILES), { diskBytes: 0 }).catch((error) => error);
  const advised = Number(/--size (\d+)M/.exec(message)?.[1]) * MIB;
  assert.equal((await diskOf(contentOf(FILES), { diskBytes: advised })).map.sizeBytes, advised);
  await assert.rejects(diskOf(contentOf(FILES), { diskBytes: advised - 1 }), failure("too-small"));
});
