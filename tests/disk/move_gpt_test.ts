import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { parseGuid } from "../../lib/blocks/guid.ts";
import { EFI_SYSTEM_PARTITION, gptExtents, parseHeader } from "../../lib/disk/gpt.ts";
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

function diskOf(sizeBytes: number): BlockMap {
  const partition = {
    type: EFI_SYSTEM_PARTITION,
    guid: GUID,
    firstLba: 2048,
    lastLba: 4 * 2048 - 1,
    name: "EFI System Partition",
  };
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

Deno.test("a partition beyond the disk is refused", async () => {
  const bytes = await contentOf(diskOf(6 * MIB));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(2 * SECTOR + 40, 2n ** 40n, true); // its last LBA
  view.setUint32(SECTOR + 88, crc32(bytes.subarray(2 * SECTOR, 34 * SECTOR)), true);
  view.setUint32(SECTOR + 16, 0, true);
  view.setUint32(SECTOR + 16, crc32(bytes.subarray(SECTOR, SECTOR + 92)), true);
  const map = blockMap(bytes.length, [bytesExtent(0, bytes)]);
  await assert.rejects(moveBackupGpt(map, 9 * MIB, "image"), { code: "not-image" });
});

Deno.test("a smaller disk is refused", async () => {
  await assert.rejects(moveBackupGpt(diskOf(6 * MIB), 5 * MIB, "image"), RangeError);
});
