/**
 * Real disks that must not be written over: whatever holds them, and whoever asks, they stay as they
 * are.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { runFromSource, runUnprivileged } from "../support/from_source.ts";
import { Holder, LoopDevice, loopTest, Mount } from "../support/loop_devices.ts";
import { esxiImg, mustRun, pathOf } from "../support/programs.ts";
import { assertRefused, type Refusal } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";
import { sha256OfFile } from "../support/trees.ts";

const MIB = 1024 * 1024;
/** The sample image needs less. */
const DISK_BYTES = 160 * MIB;
const RELEASE = /^release it first, or pass another disk$/;

interface Disk extends Disposable {
  readonly folder: Folder;
  readonly device: LoopDevice;
}

/** A folder with an ISO, and a disk with an ext4 on it. */
async function withDisk(sizeBytes = DISK_BYTES): Promise<Disk> {
  const stack = new DisposableStack();
  try {
    const folder = stack.use(new Folder());
    await writeSampleIso(folder.file("in.iso"));
    const device = stack.use(await LoopDevice.make(folder, sizeBytes));
    await Deno.chmod(device.path, 0o666);
    await mustRun("mkfs.ext4", ["-q", "-F", device.path]);
    const owned = stack.move();
    return { folder, device, [Symbol.dispose]: () => owned.dispose() };
  } catch (error) {
    stack.dispose();
    throw error;
  }
}

/** Tries to write the disk, as root and as nobody; nothing happens to it. */
async function assertUntouched(
  { folder, device }: Disk,
  refusal: Omit<Refusal, "names">,
  args: readonly string[] = ["--force"],
  output: string = device.path,
): Promise<void> {
  const build = ["build", "in.iso", "-f", "raw", "-o", output, ...args];
  const before = await sha256OfFile(device.path);
  const runners = [() => runFromSource(build, folder.path)];
  if (pathOf("setpriv") !== undefined) runners.push(() => runUnprivileged(build, folder));
  for (const runner of runners) {
    assertRefused(await runner(), { names: output, ...refusal });
    assert.equal(await sha256OfFile(device.path), before);
  }
}

loopTest("a disk that is mounted here", async () => {
  using disk = await withDisk();
  const { device, folder } = disk;
  using mount = await Mount.of(device.path, folder.file("mnt"));
  const says = new RegExp(`it is mounted on ${mount.folder}$`);
  await assertUntouched(disk, { says, advises: RELEASE });
});

loopTest("a disk that is mounted in another mount namespace", async () => {
  using disk = await withDisk();
  const { device, folder } = disk;
  await using holder = await Holder.mounting(device.path, folder.file("mnt"));
  const says = new RegExp(
    `on ${folder.file("mnt")} in the mount namespace of process ${holder.pid}`,
  );
  await assertUntouched(disk, { says, advises: RELEASE });
});

loopTest("a disk that another program holds", async () => {
  using disk = await withDisk();
  await using _holder = await Holder.opening(disk.device.path);
  const says = /it is in use: mounted, or held by another program/;
  await assertUntouched(disk, { says, advises: RELEASE });
});

loopTest("a disk whose partition is mounted, held, or read by the same run", async (t) => {
  using disk = await withDisk();
  const { device, folder } = disk;
  await mustRun("sgdisk", ["--zap-all", "--new", "1:2048:+32M", device.path]);
  await mustRun("partx", ["--add", device.path]);
  const partition = `${device.path}p1`;
  await mustRun("mkfs.ext4", ["-q", "-F", partition]);
  const name = partition.replace("/dev/", "");
  await t.step("mounted", async () => {
    using mount = await Mount.of(partition, folder.file("mnt"));
    const says = new RegExp(`its partition ${name} is mounted on ${mount.folder}`);
    await assertUntouched(disk, { says, advises: RELEASE });
  });
  await t.step("held", async () => {
    await using _holder = await Holder.opening(partition);
    await assertUntouched(disk, { says: /it is in use/, advises: RELEASE });
  });
  await t.step("read", async () => {
    await mustRun("dd", [`if=${folder.file("in.iso")}`, `of=${partition}`, "status=none"]);
    const build = ["build", partition, "-o", device.path, "--force"];
    const before = await sha256OfFile(device.path);
    const says = new RegExp(`its partition ${name} is read by the same run`);
    const outcome = await runFromSource(build, folder.path);
    assertRefused(outcome, { names: device.path, says, advises: RELEASE });
    assert.equal(await sha256OfFile(device.path), before);
  });
  await t.step("the partition itself", async () => {
    const advises = /^pass a whole disk/;
    await Deno.chmod(partition, 0o666);
    await assertUntouched(disk, { says: /it is a partition/, advises }, ["--force"], partition);
  });
});

loopTest("a disk that is read-only", async () => {
  using folder = new Folder();
  await writeSampleIso(folder.file("in.iso"));
  folder.write("disk", "");
  await Deno.truncate(folder.file("disk"), DISK_BYTES);
  using device = await LoopDevice.of(folder.file("disk"), ["--read-only"]);
  const disk = { folder, device, [Symbol.dispose]() {} };
  await Deno.chmod(device.path, 0o666);
  await assertUntouched(disk, { says: /it is read-only/, advises: /write protection/ });
});

loopTest("a disk that is too small, another loop's, or not to be lost", async (t) => {
  using disk = await withDisk();
  const { device, folder } = disk;
  await t.step("too small", async () => {
    using small = await LoopDevice.make(folder, 32 * MIB, "small");
    await Deno.chmod(small.path, 0o666);
    const refusal = { says: /it has 33554432 bytes, and the image needs/, advises: /larger disk/ };
    await assertUntouched({ ...disk, device: small }, refusal);
  });
  await t.step("behind a loop device", async () => {
    using _behind = await LoopDevice.of(device.path);
    await assertUntouched(disk, { says: /it is behind loop\d+/, advises: RELEASE });
  });
  await t.step("without --force", async () => {
    const says = new RegExp(`a disk of ${DISK_BYTES} bytes, and all that it holds would be lost`);
    await assertUntouched(disk, { says, advises: /^pass --force/ }, []);
  });
  await t.step("with another format", async () => {
    for (const format of ["gz", "qcow2"]) {
      const build = ["build", "in.iso", "-f", format, "-o", device.path, "--force"];
      const outcome = await runFromSource(build, folder.path);
      assertRefused(outcome, {
        code: 2,
        names: "--format",
        says: /takes no/,
        advises: /^use raw$/,
      });
    }
  });
  await t.step("as a manifest", async () => {
    const build = ["build", "in.iso", "-o", "out.img", "--manifest", device.path, "--force"];
    const outcome = await runFromSource(build, folder.path);
    const refusal = { says: /it is a disk/, advises: /^pass the name of a file$/ };
    assertRefused(outcome, { names: device.path, ...refusal });
    assert.deepEqual(folder.names().filter((name) => /out\.img/.test(name)), []);
  });
});

loopTest("a disk by another name is asked about as by its own", async (t) => {
  using disk = await withDisk();
  const { device, folder } = disk;
  await Deno.symlink(device.path, folder.file("link.img"));
  const { rdev } = await Deno.stat(device.path);
  const number = [rdev ?? 0].flatMap((bits) => [String(bits >> 8), String(bits & 0xff)]);
  await mustRun("mknod", [folder.file("node.img"), "b", ...number]);
  await Deno.chmod(folder.file("node.img"), 0o666);
  using _mount = await Mount.of(device.path, folder.file("mnt"));
  for (const name of ["link.img", "node.img"]) {
    await t.step(name, async () => {
      await assertUntouched(disk, { says: /it is mounted on/, advises: RELEASE }, [], name);
    });
    await t.step(`${name}, by the executable`, async () => {
      const build = ["build", "in.iso", "-f", "raw", "-o", name, "--force"];
      assertRefused(await esxiImg(build, { cwd: folder.path }), {
        names: name,
        says: /the program opens nothing in \/dev, \/proc and \/sys/,
        advises: /^pass -o - and redirect standard output there$/,
      });
    });
  }
});
