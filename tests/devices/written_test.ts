/**
 * Real disks that are written: what is on them then, what is while it is written, and what is said
 * of those that are not written to their end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { fromSource, runFromSource } from "../support/from_source.ts";
import {
  Holder,
  LoopDevice,
  loopTest,
  Mount,
  shutDownFileSystem,
} from "../support/loop_devices.ts";
import { mustEsxiImg, mustRun, run } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import {
  LONG_MODULE_BYTES,
  type Running,
  startCommand,
  stopWhenWritten,
  writeSlowIso,
} from "../support/slow_build.ts";

const MIB = 1024 * 1024;

loopTest(
  "an image on a larger disk: its table spans the disk, and all of it is right",
  async () => {
    using folder = new Folder();
    await writeSampleIso(folder.file("in.iso"));
    const { path: cwd } = folder;
    await mustEsxiImg(["build", "in.iso", "-o", "out.img"], { cwd });
    using device = await LoopDevice.make(folder, 300 * MIB);
    await mustRun("sh", ["-c", `yes | head -c ${300 * MIB} > ${device.path}`]);
    const build = [
      "build",
      "in.iso",
      "-o",
      device.path,
      "--force",
      "--verify",
      "--manifest",
      "m.json",
    ];
    const outcome = await runFromSource(build, cwd);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stderr, /315 MB as raw, a disk of \d+(\.\d)? MB, verified$/m);

    const { stdout } = await mustRun("sgdisk", ["-v", device.path]);
    assert.match(stdout, /No problems found/);
    await mustRun("sfdisk", ["--verify", device.path]);
    const image = await Deno.readFile(folder.file("out.img"));
    const disk = await Deno.readFile(device.path);
    const partition = [MIB, image.length - 33 * 512] as const; // all between the two tables
    assert.ok(equal(disk.subarray(...partition), image.subarray(...partition)));
    // Behind the image the disk is as it was, up to the table at its end.
    const behind = disk.subarray(image.length, 299 * MIB);
    assert.ok(behind.every((byte, i) => byte === (i % 2 === 0 ? 0x79 : 0x0a)));

    for (const args of [["--iso", "in.iso"], ["--manifest", "m.json"]]) {
      const verified = await runFromSource(["verify", device.path, ...args], cwd);
      assert.equal(verified.code, 0, verified.stderr);
    }
  },
);

loopTest("while a disk is written nothing else can hold it; then anything can", async () => {
  using folder = new Folder();
  using device = await prepare(folder);
  await using running = await writeAndStop(folder, device.path);
  const mounted = await run("mount", ["-t", "ext4", device.path, folder.path]);
  assert.notEqual(mounted.code, 0);
  await assert.rejects(() => Holder.opening(device.path));
  const second = await runFromSource(
    ["build", "in.iso", "-o", device.path, "--force"],
    folder.path,
  );
  const says = /it is in use/;
  assertRefused(second, { names: device.path, says, advises: /^release it first/ });
  running.signal("SIGCONT");
  const { code, stderr } = await running.outcome;
  assert.equal(code, 0, stderr);
  assert.match((await mustRun("sgdisk", ["-v", device.path])).stdout, /No problems found/);
  await using _holder = await Holder.opening(device.path);
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  loopTest(`${signal} while a disk is written says that it is half-written`, async () => {
    using folder = new Folder();
    using device = await prepare(folder);
    await using running = await writeAndStop(folder, device.path, ["--manifest", "m.json"]);
    running.signal(signal);
    running.signal("SIGCONT");
    const { code, stderr } = await running.outcome;
    const half =
      `${device.path} is half-written: what it held is lost, and there is no image on it`;
    assert.equal(stderr, `esxi-img: stopped by ${signal}; ${half}\n`);
    assert.equal(code, status);
    assert.ok(await hasNoTable(device.path));
    assert.deepEqual(folder.names(), ["disk", "in.iso"]);
  });
}

loopTest("a disk whose writing is killed has no partition table", async () => {
  using folder = new Folder();
  using device = await prepare(folder);
  await using running = await writeAndStop(folder, device.path);
  running.signal("SIGKILL");
  await running.outcome;
  assert.ok(await hasNoTable(device.path));
});

loopTest("a disk that vanishes while it is written", async () => {
  using folder = new Folder();
  writeSlowIso(folder.file("in.iso"), LONG_MODULE_BYTES);
  using outer = await LoopDevice.make(folder, 600 * MIB, "outer");
  await mustRun("mkfs.ext4", ["-q", outer.path]);
  using mount = await Mount.of(outer.path, folder.file("mnt"), "rw");
  await Deno.writeFile(`${mount.folder}/disk`, new Uint8Array());
  await Deno.truncate(`${mount.folder}/disk`, 500 * MIB);
  using inner = await LoopDevice.of(`${mount.folder}/disk`);
  await using running = await writeAndStop(folder, inner.path);
  await shutDownFileSystem(mount.folder);
  running.signal("SIGCONT");
  assertRefused(await running.outcome, {
    names: inner.path,
    says: /cannot write: the device reports an error, and \S+ is half-written/,
    advises: /^check the disk$/,
  });
});

loopTest("a build that fails half-way says so of the disk", async () => {
  using folder = new Folder();
  using device = await prepare(folder);
  await using running = await writeAndStop(folder, device.path);
  await Deno.truncate(folder.file("in.iso"), 60 * MIB);
  running.signal("SIGCONT");
  assertRefused(await running.outcome, {
    names: "in.iso",
    says: new RegExp(`changed while it was read\\?, and ${device.path} is half-written`),
    advises: /^run again when nothing writes to it$/,
  });
  assert.ok(await hasNoTable(device.path));
});

/** An ISO that takes a while, and a disk with a partition table. */
async function prepare(folder: Folder): Promise<LoopDevice> {
  writeSlowIso(folder.file("in.iso"), LONG_MODULE_BYTES);
  const device = await LoopDevice.make(folder, 500 * MIB);
  try {
    await mustRun("sgdisk", ["--new", "1:2048:+100M", device.path]);
    return device;
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}

async function writeAndStop(
  folder: Folder,
  device: string,
  more: readonly string[] = [],
): Promise<Running> {
  const command = fromSource(["build", "in.iso", "-o", device, "--force", ...more]);
  return await stopWhenWritten(() => startCommand(command, folder.path), 20 * MIB);
}

async function hasNoTable(device: string): Promise<boolean> {
  using file = await Deno.open(device);
  const head = new Uint8Array(MIB);
  await file.read(head);
  return head.every((byte) => byte === 0);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
