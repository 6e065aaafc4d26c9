/**
 * Images of a batch on a file system whose files can share their blocks.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { LoopDevice, loopTest, Mount } from "../support/loop_devices.ts";
import { mustEsxiImg, mustRun, pathOf } from "../support/programs.ts";
import { ISO_MAKERS, writeSampleIso } from "../support/sample_isos.ts";

const MIB = 1024 * 1024;
const HOSTS = 8;

/** Whether the kernel knows the file system, and there is what makes it. */
async function canHave(type: string): Promise<boolean> {
  if (pathOf(`mkfs.${type}`) === undefined) return false;
  return (await Deno.readTextFile("/proc/filesystems")).includes(`\t${type}\n`);
}

for (const type of ["xfs", "btrfs"]) {
  const has = Deno.build.os === "linux" && await canHave(type);
  const name = `a batch on ${type}: images share what they have in common`;
  if (has) loopTest(name, async () => await batchOn(type));
  else Deno.test({ name: `${name} (skipped: no ${type})`, ignore: true, fn() {} });
}

async function batchOn(type: string): Promise<void> {
  using folder = new Folder();
  const cwd = folder.path;
  const options = { moduleCount: 12, modulesBytes: 20 * MIB };
  await writeSampleIso(folder.file("in.iso"), ISO_MAKERS[0], options);
  folder.write("pw", "Example#Pass-77\n");
  for (let i = 0; i < HOSTS; i++) {
    const metadata = JSON.stringify({ uuid: `u${i}`, hostname: `esx${i}` });
    Deno.mkdirSync(folder.file(`meta/hosts/esx${i}`), { recursive: true });
    folder.write(`meta/hosts/esx${i}/meta_data.json`, metadata);
  }
  using device = await LoopDevice.make(folder, 400 * MIB);
  await mustRun(`mkfs.${type}`, ["-q", device.path]);
  using mount = await Mount.of(device.path, folder.file("mnt"), "rw", type);
  const before = await usedBytes(mount.folder);
  const build = ["build", "in.iso", "-f", "raw", "--root-password-file", "pw", "--force"];
  await mustEsxiImg([...build, "--metadata", "meta", "--batch", "-o", "mnt"], { cwd });
  const used = await usedBytes(mount.folder) - before;
  for (const i of [0, 3, HOSTS - 1]) {
    const alone = ["--metadata", `meta/hosts/esx${i}`, "-o", "alone.img"];
    await mustEsxiImg([...build, ...alone], { cwd });
    await mustRun("cmp", [folder.file("alone.img"), folder.file(`mnt/esx${i}.img`)]);
  }
  const one = Deno.statSync(folder.file("alone.img")).blocks! * 512;
  assert.ok(used > one / 2, `${used} bytes hold one image of ${one}`);
  assert.ok(used < 3 * one, `${used} bytes for ${HOSTS} images of ${one}`);
}

async function usedBytes(folder: string): Promise<number> {
  await mustRun("sync", ["--file-system", folder]);
  const { stdout } = await mustRun("df", ["--block-size=1", "--output=used", folder]);
  return Number(stdout.trim().split("\n").at(-1));
}
