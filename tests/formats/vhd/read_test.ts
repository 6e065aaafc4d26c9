import assert from "node:assert/strict";
import { readBlocks } from "../../../lib/blocks/block_map.ts";
import { bytesSource, readBytes, type Source } from "../../../lib/blocks/extent.ts";
import { encodeDynamicHeader, encodeFooter } from "../../../lib/formats/vhd/format.ts";
import { openVhd } from "../../../lib/formats/vhd/read.ts";
import { failure } from "../../support/failures.ts";
import { equalBytes, KIB, MIB, noise, SECTOR } from "../support.ts";

/** A dynamic VHD as others may write it, its disk two blocks of which the first has data. */
interface Foreign {
  readonly blockBytes?: number;
  readonly bitmap?: Uint8Array;
  readonly tableEntries?: number;
  readonly sizeBytes?: number;
}

const TABLE_AT = 512 + 1024;
const BLOCK_AT = TABLE_AT + 512;

function foreign({ blockBytes = 4 * KIB, bitmap, tableEntries = 2, sizeBytes }: Foreign): Source {
  const footer = encodeFooter(
    { diskType: 3, sizeBytes: sizeBytes ?? 2 * blockBytes, headerOffsetBytes: 512 },
    new Uint8Array(16),
    0,
  );
  const header = encodeDynamicHeader({ tableOffsetBytes: TABLE_AT, tableEntries, blockBytes });
  const bitmapBytes = Math.ceil(blockBytes / SECTOR / 8 / SECTOR) * SECTOR;
  const bytes = new Uint8Array(BLOCK_AT + bitmapBytes + blockBytes + 512);
  bytes.set(footer);
  bytes.set(header, 512);
  bytes.fill(0xff, TABLE_AT, BLOCK_AT);
  new DataView(bytes.buffer).setUint32(TABLE_AT, BLOCK_AT / SECTOR);
  bytes.set(bitmap ?? new Uint8Array(bitmapBytes).fill(0xff), BLOCK_AT);
  bytes.set(noise(blockBytes), BLOCK_AT + bitmapBytes);
  bytes.set(footer, bytes.length - 512);
  return bytesSource("foreign.vhd", bytes);
}

/** The numbers of the sectors that hold data, each as it should be. */
async function sectorsWithData(file: Source, blockBytes: number): Promise<number[]> {
  const disk = await openVhd(file);
  const content = await readBytes(disk, 0, disk.sizeBytes);
  const data = noise(blockBytes);
  const found: number[] = [];
  for (let sector = 0; sector < disk.sizeBytes / SECTOR; sector++) {
    const [start, end] = [sector * SECTOR, (sector + 1) * SECTOR];
    const bytes = content.subarray(start, end);
    if (bytes.every((byte) => byte === 0)) continue;
    assert.ok(equalBytes(bytes, data.subarray(start, end)), `sector ${sector}`);
    found.push(sector);
  }
  return found;
}

Deno.test("VHD: a bitmap says which sectors of a block hold data, the highest bit first", async () => {
  // What lies behind the bits of eight sectors is no part of the bitmap.
  const bitmap = new Uint8Array(512).fill(0xff);
  bitmap[0] = 0b1001_0011;
  assert.deepEqual(await sectorsWithData(foreign({ bitmap }), 4 * KIB), [0, 3, 6, 7]);
  bitmap[0] = 0;
  assert.deepEqual(await sectorsWithData(foreign({ bitmap }), 4 * KIB), []);

  const large = new Uint8Array(512);
  large.set([0x80, 0x01, 0xff], 1);
  large[511] = 0x03;
  assert.deepEqual(
    await sectorsWithData(foreign({ blockBytes: 2 * MIB, bitmap: large }), 2 * MIB),
    [
      8,
      ...Array.from({ length: 9 }, (_, i) => 23 + i),
      4094,
      4095,
    ],
  );
});

Deno.test("VHD: blocks are powers of 2 from 4 KiB to 256 MiB", async () => {
  for (const blockBytes of [4 * KIB, 8 * KIB]) {
    assert.equal((await openVhd(foreign({ blockBytes }))).sizeBytes, 2 * blockBytes);
  }
  // No data: a block so large need not be there.
  const withSize = (blockBytes: number) => {
    const file = foreign({});
    const header = encodeDynamicHeader({ tableOffsetBytes: TABLE_AT, tableEntries: 2, blockBytes });
    return {
      ...file,
      async read(into: Uint8Array, offsetBytes: number) {
        await file.read(into, offsetBytes);
        if (offsetBytes === 512) into.set(header);
        if (offsetBytes === TABLE_AT) into.fill(0xff);
      },
    };
  };
  await openVhd(withSize(256 * MIB));
  for (const blockBytes of [2 * KIB, 6 * KIB, 512 * MIB, 0]) {
    await assert.rejects(openVhd(withSize(blockBytes)), failure("not-image", /its blocks have/));
  }
});

Deno.test("VHD: the table names every block of the disk", async () => {
  const open = (tableEntries: number, sizeBytes: number) =>
    openVhd(foreign({ tableEntries, sizeBytes }));
  await open(2, 8 * KIB);
  await open(3, 8 * KIB);
  await open(2, 4 * KIB + SECTOR);
  await assert.rejects(open(1, 4 * KIB + SECTOR), failure("not-image", /table is too short/));
  await assert.rejects(open(2, 8 * KIB + 1), failure("not-image", /which no VHD can have/));
});

Deno.test("VHD: the last block need not be longer than the disk", async () => {
  const whole = foreign({ sizeBytes: 11 * SECTOR });
  const bytes = await readBytes(whole, 0, whole.sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(TABLE_AT, 0xffffffff);
  view.setUint32(TABLE_AT + 4, BLOCK_AT / SECTOR);
  const footer = bytes.slice(-512);
  const cut = (dataSectors: number) => {
    const end = BLOCK_AT + 512 + dataSectors * SECTOR;
    bytes.set(footer, end);
    return bytesSource("cut.vhd", bytes.slice(0, end + 512));
  };
  const disk = await openVhd(cut(3));
  const content = await readBytes(disk, 8 * SECTOR, 3 * SECTOR);
  assert.ok(equalBytes(content, noise(4 * KIB).subarray(0, 3 * SECTOR)));
  // The footer behind it is taken for the third sector, but there is nothing to take for the second.
  await assert.rejects(openVhd(cut(1)), failure("not-image", /data lies beyond its end/));
});

Deno.test("VHD: a disk may end within a block", async () => {
  const disk = await openVhd(foreign({ sizeBytes: 3 * SECTOR, tableEntries: 1 }));
  assert.equal(disk.sizeBytes, 3 * SECTOR);
  const content = new Uint8Array(3 * SECTOR);
  await readBlocks(disk.map, content, 0);
  assert.ok(equalBytes(content, noise(4 * KIB).subarray(0, 3 * SECTOR)));
});
