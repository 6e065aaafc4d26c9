import assert from "node:assert/strict";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { encodeQcow2 } from "../../lib/formats/qcow2/write.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { qemuImg, writeFile } from "./qemu_img.ts";
import { testWith } from "../support/programs.ts";
import { GIB, KIB, MIB, noise, prose, SECTOR, type Variant, VARIANTS } from "./support.ts";

/** Disks of odd sizes, without, with some and full of data. */
const DISKS: readonly { readonly name: string; readonly map: BlockMap }[] = [
  { name: "one empty sector", map: blockMap(SECTOR, []) },
  { name: "one full sector", map: blockMap(SECTOR, [bytesExtent(0, noise(SECTOR))]) },
  { name: "empty", map: blockMap(40 * MIB, []) },
  { name: "empty and large", map: blockMap(20 * GIB + SECTOR, []) },
  { name: "full", map: blockMap(9 * MIB, [bytesExtent(0, noise(9 * MIB))]) },
  {
    name: "full and of odd size",
    map: blockMap(5 * MIB + 3 * SECTOR, [bytesExtent(0, noise(5 * MIB + 3 * SECTOR))]),
  },
  {
    name: "with holes",
    map: blockMap(700 * MIB + SECTOR, [
      bytesExtent(0, noise(100)),
      bytesExtent(70_001, prose(3 * MIB)),
      bytesExtent(5_000_001, noise(2 * MIB)),
      bytesExtent(600 * MIB - 1, prose(2 * MIB + 2)),
      bytesExtent(700 * MIB, noise(SECTOR)),
    ]),
  },
  {
    name: "compressible with incompressible islands",
    map: blockMap(8 * MIB, [
      bytesExtent(0, prose(MIB)),
      bytesExtent(MIB, noise(64 * KIB)),
      bytesExtent(MIB + 64 * KIB, prose(3 * MIB)),
      bytesExtent(5 * MIB, new Uint8Array(MIB)),
      bytesExtent(6 * MIB, noise(2 * MIB)),
    ]),
  },
  {
    name: "data across the ends of tables",
    map: blockMap(GIB, [
      bytesExtent(31 * MIB + 5, noise(2 * MIB)),
      bytesExtent(511 * MIB + 5, noise(2 * MIB)),
    ]),
  },
  {
    name: "data only at the end",
    map: blockMap(3 * GIB - SECTOR, [bytesExtent(3 * GIB - 2 * SECTOR, noise(SECTOR))]),
  },
];

for (const variant of VARIANTS) {
  testWith(["qemu-img"], `qemu-img: ${variant.name}`, async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      for (const { name, map } of DISKS) await t.step(name, () => judge(folder, variant, map));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function judge(folder: string, variant: Variant, map: BlockMap): Promise<void> {
  const image = `${folder}/image`;
  const raw = `${folder}/raw`;
  await writeFile(image, (sink) => variant.encode(map, sink));
  await writeFile(raw, (sink) => encodeRaw(map, sink));
  const format = variant.qemuFormat;
  if (format !== "vpc") await qemuImg("check", "-f", format, image); // it cannot check those
  await qemuImg("compare", "-f", format, "-F", "raw", image, raw);
  const info = JSON.parse(await qemuImg("info", "-f", format, "--output=json", image));
  assert.equal(info["virtual-size"], map.sizeBytes);
  assert.equal(info.format, format);
  const specific = info["format-specific"]?.data;
  if (format === "vmdk") assert.equal(specific["create-type"], variant.variant);
  if (format === "qcow2") {
    assert.equal(specific.compat, "1.1");
    assert.equal(specific.corrupt, false);
  }
  if (format !== "vpc" || variant.variant === "dynamic") {
    const allocated = JSON.parse(await qemuImg("map", "-f", format, "--output=json", image));
    const holes = map.extents.length === 0;
    assert.equal(allocated.every((part: { data: boolean }) => !part.data), holes);
  }
}

testWith(["qemu-img"], "qemu-img: qcow2 with several refcount blocks", async () => {
  const path = await Deno.makeTempFile();
  try {
    const zeros = { name: "zeros", sizeBytes: 3 * GIB, read: () => Promise.resolve() };
    const all = { offsetBytes: 0, lengthBytes: 3 * GIB, source: zeros, sourceOffsetBytes: 0 };
    await writeFile(path, (sink) =>
      encodeQcow2(blockMap(3 * GIB, [all]), {
        write: (bytes) => isZero(bytes) ? sink.hole(bytes.length) : sink.write(bytes),
        hole: (lengthBytes) => sink.hole(lengthBytes),
      }));
    const found = JSON.parse(await qemuImg("check", "--output=json", path));
    assert.equal(found["check-errors"], 0);
    assert.equal(found["allocated-clusters"], 3 * GIB / (64 * KIB));
  } finally {
    await Deno.remove(path);
  }
});

function isZero(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let any = 0;
  for (let i = 0; i < words.length; i++) any |= words[i]!;
  return any === 0;
}
