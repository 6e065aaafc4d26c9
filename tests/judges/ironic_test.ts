/**
 * What Ironic's agent does with a whole-disk image, step by step with the same programs: it converts
 * the image onto a larger disk, repairs the partition table, adds a partition for the config drive
 * and looks for the boot loader. (ironic-python-agent: `efi_utils.py`, `partition_utils.py` and
 * `disk_utils.py`.)
 *
 * @module
 */

import assert from "node:assert/strict";
import { DISK_FORMATS } from "../../lib/formats/formats.ts";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { readImageTree } from "../support/trees.ts";

const MIB = 1024 * 1024;
/** The node's disk: larger than the image, as it always is. */
const DISK_BYTES = 512 * MIB;
const CONFIG_DRIVE_BYTES = 64 * MIB;
/** What qemu-img calls our formats; gz is inflated on the way, as the agent or Glance does. */
const QEMU_NAMES: Readonly<Record<string, string>> = {
  raw: "raw",
  gz: "raw",
  qcow2: "qcow2",
  vmdk: "vmdk",
  "vmdk-sparse": "vmdk",
  vhd: "vpc",
  "vhd-fixed": "vpc",
};
/** The names by which the agent knows a loader, in any case. */
const LOADERS =
  /^(boot(x64|aa64|ia32)|grub(x64|aa64)|shim(x64|aa64)|winload|bootmgfw)\.(efi|csv)$/i;
const NEEDED = ["qemu-img", "sgdisk", "parted", "mkfs.vfat", "mcopy", "mdir", "gzip", "fsck.fat"];

for (const { name } of DISK_FORMATS) {
  testWith(NEEDED, `Ironic's agent writes a ${name} and finds one loader`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    await writeSampleIso(folder.file("in.iso"));
    await mustEsxiImg(["build", "in.iso", "-f", "raw", "-o", "plain.img", "-q"], { cwd });
    const given = name === "gz" ? "image.gz" : "image";
    await mustEsxiImg(["build", "in.iso", "-f", name, "-o", given, "-q"], { cwd });
    if (name === "gz") await mustRun("gzip", ["-d", given], { cwd });
    const expected = await readImageTree(folder.file("plain.img"), folder.file("expected"));
    const disk = folder.file("disk");
    await mustRun("truncate", ["-s", String(DISK_BYTES), disk]);
    const convert = ["convert", "-n", "-f", QEMU_NAMES[name]!, "-O", "raw"];
    await mustRun("qemu-img", [...convert, folder.file("image"), disk]);

    const before = await mustRun("sgdisk", ["-v", disk]);
    assert.match(before.stdout, /backup GPT structures? .*end of the disk|secondary header/i);
    await mustRun("sgdisk", ["-e", disk]);
    assert.match((await mustRun("sgdisk", ["-v", disk])).stdout, /No problems found/);
    await mustRun("sgdisk", ["-n", `0:-${CONFIG_DRIVE_BYTES / MIB}MB:0`, disk]);
    const { stdout: judged, stderr } = await mustRun("sgdisk", ["-v", disk]);
    assert.match(judged, /No problems found/);
    assert.equal(stderr, "");

    const { stdout } = await mustRun("parted", ["-s", "-m", disk, "unit", "B", "print"]);
    const [unit, head, ...rows] = stdout.trim().split("\n");
    assert.equal(unit, "BYT;");
    assert.equal(head!.split(":")[5], "gpt");
    const [system, drive, ...others] = rows.map((row) => row.replace(/;$/, "").split(":"));
    assert.deepEqual(others, []);
    const [number, start, , , fileSystem, , flags] = system!;
    assert.deepEqual([number, fileSystem], ["1", "fat32"]);
    assert.ok(flags!.split(", ").includes("esp"), "the agent looks for the flag esp");
    const driveBytes = Number.parseInt(drive![3]!);
    assert.ok(driveBytes >= CONFIG_DRIVE_BYTES * 0.98, `${driveBytes} bytes for the config drive`);

    await writeConfigDrive(folder, disk, Number.parseInt(drive![1]!), driveBytes);
    const partition = `${disk}@@${Number.parseInt(start!)}`;
    const listed = await mustRun("mdir", ["-/", "-b", "-i", partition, "::"]);
    const found = listed.stdout.split("\n").filter((path) => LOADERS.test(path.split("/").at(-1)!));
    assert.deepEqual(found.map((path) => path.toUpperCase()), ["::/EFI/BOOT/BOOTX64.EFI"]);
    assert.deepEqual(await readImageTree(disk, folder.file("found")), expected);
  });
}

/** Puts a config drive into the last partition, as the agent's `dd` does; it is read back. */
async function writeConfigDrive(folder: Folder, disk: string, atBytes: number, bytes: number) {
  const image = folder.write("drive", "");
  await mustRun("truncate", ["-s", String(Math.min(bytes, CONFIG_DRIVE_BYTES) >> 20 << 20), image]);
  await mustRun("mkfs.vfat", ["-n", "CONFIG-2", image]);
  const seek = [`seek=${atBytes / 512}`, "bs=512", "conv=notrunc"];
  await mustRun("dd", [`if=${image}`, `of=${disk}`, ...seek]);
  await mustRun("mdir", ["-i", `${disk}@@${atBytes}`, "::"]);
}
