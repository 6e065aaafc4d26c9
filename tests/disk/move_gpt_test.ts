import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { parseGuid } from "../../lib/blocks/guid.ts";
import {
  EFI_SYSTEM_PARTITION,
  gptExtents,
  parseHeader,
  type Partition,
} from "../../lib/disk/gpt.ts";
import { moveBackupGpt } from "../../lib/disk/move_gpt.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { writeFile } from "../formats/qemu_img.ts";
import {
  contentOf,
  equalBytes,
  mapSource,
  MIB,
  noise,
  readRange,
  SECTOR,
} from "../formats/support.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

const GUID = parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF");
const CONTENT = noise(2 * MIB);

function partitionTo(lastLba: number): Partition {
  const name = "EFI System Partition";
  return { type: EFI_SYSTEM_PARTITION, guid: GUID, firstLba: 2048, lastLba, name };
}

function diskOf(sizeBytes: number): BlockMap {
  const partition = partitionTo(4 * 2048 - 1);
  const table = gptExtents(sizeBytes / SECTOR, GUID, [partition]);
  return blockMap(sizeBytes, [...table, bytesExtent(MIB, CONTENT)]);
}

/** The same disk as one extent, as an image file gives it. */
async function inOnePiece(map: BlockMap): Promise<BlockMap> {
  const source = mapSource(
    "image",
    blockMap(map.sizeBytes, [bytesExtent(0, await contentOf(map))]),
  );
  const extent = { offsetBytes: 0, lengthBytes: map.sizeBytes, source, sourceOffsetBytes: 0 };
  return blockMap(map.sizeBytes, [extent]);
}

Deno.test("the backup table moves to the end, the content stays", async () => {
  const disk = diskOf(6 * MIB);
  for (const map of [disk, await inOnePiece(disk)]) {
    const moved = await moveBackupGpt(map, 9 * MIB + SECTOR, "image");
    assert.equal(moved.sizeBytes, 9 * MIB + SECTOR);
    assert.ok(equalBytes(await readRange(moved, MIB, CONTENT.length), CONTENT));
    const lastLba = moved.sizeBytes / SECTOR - 1;
    const backup = parseHeader(await readRange(moved, lastLba * SECTOR, SECTOR), lastLba);
    assert.ok(typeof backup !== "string", String(backup));
    assert.equal(backup.alternateLba, 1);
    const old = await readRange(moved, 6 * MIB - 33 * SECTOR, 33 * SECTOR);
    assert.ok(old.every((byte) => byte === 0), "the old backup is gone");
  }
});

Deno.test("a partition may fill the disk, before and after the move", async () => {
  const lastLba = 6 * 2048 - 34; // the last usable one: 33 sectors of backup follow it
  const table = gptExtents(6 * 2048, GUID, [partitionTo(lastLba)]);
  const full = noise((lastLba + 1) * SECTOR - MIB);
  const disk = blockMap(6 * MIB, [...table, bytesExtent(MIB, full)]);
  for (const map of [disk, await inOnePiece(disk)]) {
    for (const sectors of [6 * 2048, 6 * 2048 + 1, 7 * 2048]) {
      const moved = await moveBackupGpt(map, sectors * SECTOR + SECTOR - 1, "image");
      assert.equal(moved.sizeBytes, sectors * SECTOR, "in whole sectors");
      assert.ok(equalBytes(await readRange(moved, MIB, full.length), full));
      for (const lba of [1, sectors - 1]) {
        const header = parseHeader(await readRange(moved, lba * SECTOR, SECTOR), lba);
        assert.ok(typeof header !== "string", String(header));
        assert.equal(header.firstUsableLba, 34);
        assert.equal(header.lastUsableLba, sectors - 34);
        assert.equal(header.entriesLba, lba === 1 ? 2 : sectors - 33);
      }
      const tail = await readRange(
        moved,
        (lastLba + 1) * SECTOR,
        (sectors - 33 - lastLba - 1) * SECTOR,
      );
      assert.ok(tail.every((byte) => byte === 0), "nothing of the old backup is left");
    }
  }
});

Deno.test("a single byte of content stays, wherever it is", async () => {
  for (const at of [34 * SECTOR, 5 * MIB, 6 * MIB - 33 * SECTOR - 1]) {
    const disk = diskOf(6 * MIB);
    const byte = bytesExtent(at, Uint8Array.of(7));
    const moved = await moveBackupGpt(
      blockMap(disk.sizeBytes, [...disk.extents, byte]),
      7 * MIB,
      "image",
    );
    assert.deepEqual([...await readRange(moved, at - 1, 3)], [0, 7, 0], `${at}`);
  }
});

Deno.test("moving back gives the disk that it was", async () => {
  const disk = diskOf(6 * MIB);
  const there = await moveBackupGpt(disk, 6 * MIB, "image");
  assert.ok(equalBytes(await contentOf(there), await contentOf(disk)));
  const onePiece = await moveBackupGpt(await inOnePiece(disk), 6 * MIB, "image");
  assert.ok(equalBytes(await contentOf(onePiece), await contentOf(disk)));
});

testWith(["sgdisk"], "sgdisk finds nothing wrong", async () => {
  using folder = new Folder();
  const path = folder.file("image");
  const moved = await moveBackupGpt(
    await inOnePiece(diskOf(6 * MIB)),
    100 * MIB + SECTOR,
    "image",
  );
  await writeFile(path, (sink) => encodeRaw(moved, sink));
  const { stdout } = await mustRun("sgdisk", ["-v", path]);
  assert.match(stdout, /No problems found/);
});

Deno.test("a damaged table is refused", async () => {
  const bytes = await contentOf(diskOf(6 * MIB));
  const changes: readonly (readonly [at: number, why: RegExp])[] = [
    [SECTOR, /signature/],
    [SECTOR + 56, /CRC/],
    [2 * SECTOR + 4, /CRC of its entries/],
  ];
  for (const [at, why] of changes) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    const map = blockMap(bytes.length, [bytesExtent(0, changed)]);
    await assert.rejects(moveBackupGpt(map, 9 * MIB, "image"), { code: "not-image", message: why });
  }
  const cut = blockMap(5 * MIB, [bytesExtent(0, bytes.slice(0, 5 * MIB))]);
  await assert.rejects(moveBackupGpt(cut, 9 * MIB, "image"), /a disk of another size/);
});

/** The disk with a table that was changed and summed up again, as a hostile one would be. */
async function resummed(change: (view: DataView) => void, entries = 128): Promise<BlockMap> {
  const bytes = await contentOf(diskOf(6 * MIB));
  const view = new DataView(bytes.buffer);
  view.setUint32(SECTOR + 80, entries, true);
  change(view);
  view.setUint32(SECTOR + 88, crc32(bytes.subarray(2 * SECTOR, 2 * SECTOR + entries * 128)), true);
  view.setUint32(SECTOR + 16, 0, true);
  view.setUint32(SECTOR + 16, crc32(bytes.subarray(SECTOR, SECTOR + 92)), true);
  return blockMap(bytes.length, [bytesExtent(0, bytes)]);
}

Deno.test("a partition beyond the disk is refused", async () => {
  const lastUsableLba = 6n * 2048n - 34n;
  const withLastLba = (lba: bigint) =>
    resummed((view) => view.setBigUint64(2 * SECTOR + 40, lba, true));
  await moveBackupGpt(await withLastLba(lastUsableLba), 9 * MIB, "image");
  for (const lba of [lastUsableLba + 1n, 2n ** 40n]) {
    await assert.rejects(moveBackupGpt(await withLastLba(lba), 9 * MIB, "image"), {
      code: "not-image",
    });
  }
});

Deno.test("a table that leaves no place for its backup is refused", async () => {
  const withLastUsable = (lba: bigint) =>
    resummed((view) => view.setBigUint64(SECTOR + 48, lba, true));
  await moveBackupGpt(await withLastUsable(6n * 2048n - 2n), 9 * MIB, "image");
  await assert.rejects(moveBackupGpt(await withLastUsable(6n * 2048n - 1n), 9 * MIB, "image"), {
    code: "not-image",
  });
});

Deno.test("a table of up to 256 entries is moved", async () => {
  await moveBackupGpt(await resummed(() => {}, 256), 9 * MIB, "image");
  await assert.rejects(moveBackupGpt(await resummed(() => {}, 257), 9 * MIB, "image"), {
    code: "not-image",
    message: /too many entries/,
  });
});

Deno.test("a smaller disk is refused", async () => {
  await assert.rejects(moveBackupGpt(diskOf(6 * MIB), 5 * MIB, "image"), RangeError);
});
