import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent, type Source } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import { openQcow2 } from "../../lib/formats/qcow2/read.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { openVhd } from "../../lib/formats/vhd/read.ts";
import type { VirtualDisk } from "../../lib/formats/virtual_disk.ts";
import { openVmdk } from "../../lib/formats/vmdk/read.ts";
import { FileSource } from "../../lib/host/files.ts";
import { qemuImg, writeFile } from "./qemu_img.ts";
import { testWith } from "../support/programs.ts";
import { contentOf, equalBytes, MIB, noise, prose, SECTOR } from "./support.ts";
import { Folder } from "../support/folder.ts";

/** What is converted: data and holes, and an end that is in the middle of every unit. */
const DISK = blockMap(41 * MIB + 3 * SECTOR, [
  bytesExtent(0, noise(5 * SECTOR)),
  bytesExtent(MIB - 3, prose(2 * MIB)),
  bytesExtent(9 * MIB, noise(3 * MIB + 1)),
  bytesExtent(33 * MIB, prose(MIB)),
  bytesExtent(41 * MIB, noise(3 * SECTOR)),
]);

type Open = (file: Source) => Promise<VirtualDisk>;

/** What qemu-img is told, and how the decoder names what comes out. */
const LAYOUTS: readonly (readonly [Open, variant: string, ...args: string[]])[] = [
  [openQcow2, "plain", "-O", "qcow2"],
  [openQcow2, "plain", "-O", "qcow2", "-o", "compat=0.10"],
  [openQcow2, "plain", "-O", "qcow2", "-o", "cluster_size=512"],
  [openQcow2, "plain", "-O", "qcow2", "-o", "cluster_size=4k"],
  [openQcow2, "plain", "-O", "qcow2", "-o", "cluster_size=2M"],
  [openQcow2, "plain", "-O", "qcow2", "-o", "preallocation=metadata"],
  [openQcow2, "compressed", "-c", "-O", "qcow2"],
  [openQcow2, "compressed", "-c", "-O", "qcow2", "-o", "cluster_size=4k"],
  [openQcow2, "compressed", "-c", "-O", "qcow2", "-o", "cluster_size=2M"],
  [openVmdk, "monolithicSparse", "-O", "vmdk"],
  [openVmdk, "monolithicSparse", "-O", "vmdk", "-o", "zeroed_grain=on"],
  [openVmdk, "streamOptimized", "-O", "vmdk", "-o", "subformat=streamOptimized"],
  [openVhd, "dynamic", "-O", "vpc", "-o", "force_size=on"],
  [openVhd, "fixed", "-O", "vpc", "-o", "subformat=fixed,force_size=on"],
];

testWith(["qemu-img"], "reads what qemu-img writes", async (t) => {
  using temporary = new Folder();
  const folder = temporary.path;
  const expected = await contentOf(DISK);
  await writeFile(`${folder}/raw`, (sink) => encodeRaw(DISK, sink));
  for (const [open, variant, ...args] of LAYOUTS) {
    await t.step(args.join(" "), async () => {
      await qemuImg("convert", "-f", "raw", ...args, `${folder}/raw`, `${folder}/image`);
      using file = FileSource.open(`${folder}/image`);
      const disk = await open(file);
      assert.equal(disk.variant, variant);
      assert.equal(disk.sizeBytes, DISK.sizeBytes);
      const content = new Uint8Array(disk.sizeBytes);
      await disk.read(content, 0);
      assert.ok(equalBytes(content, expected));
    });
  }
});

testWith(["qemu-img"], "refuses images that need more than the file", async (t) => {
  const refused: readonly (readonly [Open, RegExp, ...args: string[]])[] = [
    [openQcow2, /backing file/, "-f", "qcow2", "-b", "base", "-F", "raw"],
    [openQcow2, /features/, "-f", "qcow2", "-o", "extended_l2=on", "image", "1M"],
    [openQcow2, /features/, "-f", "qcow2", "-o", "compression_type=zstd", "image", "1M"],
    [openQcow2, /features/, "-f", "qcow2", "-o", "data_file=data", "image", "1M"],
    [openVmdk, /descriptor alone/, "-f", "vmdk", "-o", "subformat=monolithicFlat", "image", "1M"],
    [
      openVmdk,
      /one of several/,
      "-f",
      "vmdk",
      "-o",
      "subformat=twoGbMaxExtentSparse",
      "split.vmdk",
      "1M",
    ],
    [openVmdk, /needs a parent/, "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk"],
  ];
  using temporary = new Folder();
  const folder = temporary.path;
  await Deno.writeFile(`${folder}/base`, new Uint8Array(MIB));
  await qemuImg("create", "-f", "vmdk", `${folder}/base.vmdk`, "1M");
  for (const [open, why, ...args] of refused) {
    await t.step(args.join(" "), async () => {
      const here = args.map((arg) =>
        /^(image|base.*|split.*)$/.test(arg) ? `${folder}/${arg}` : arg
      )
        .map((arg) => arg.replace("data_file=data", `data_file=${folder}/data`));
      const isSplit = args.includes("split.vmdk");
      if (!isSplit && !args.includes("image")) here.push(`${folder}/image`);
      await qemuImg("create", ...here);
      using file = FileSource.open(`${folder}/${isSplit ? "split-s001.vmdk" : "image"}`);
      await assert.rejects(open(file), (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, "not-image");
        assert.match(error.message, why);
        return true;
      });
    });
  }
});
