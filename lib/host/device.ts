/**
 * Asks Linux about a disk that an image is to be written over: a USB stick, a hard disk. Other systems
 * do not tell what is needed to decide whether that does harm; there no disk is written.
 *
 * The program must be allowed everything for this: the runtime keeps /dev, /proc and /sys from
 * programs that are not.
 *
 * @module
 */

import { type DeviceRecord, judgeDevice, type TargetDevice } from "./target_device.ts";
import { Failure } from "../blocks/failure.ts";
import { ioFailure } from "./io_failure.ts";

/** Where the kernel says what it knows. */
const KERNEL = { sysfs: "/sys", procfs: "/proc" };
/** Files of a disk's folder in sysfs. */
const DISK_FILES = [
  "uevent",
  "dev",
  "size",
  "ro",
  "removable",
  "partition",
  "queue/logical_block_size",
  "device/type",
  "device/vendor",
  "device/model",
];
/** Folders of which only their being there matters. */
const DISK_FOLDERS = ["device", "loop"];
/**
 * Finds out whether an image may be written over a disk.
 *
 * @param neededBytes The size of the image's disk.
 * @param inputs What the same run reads.
 * @throws {Failure} as {@linkcode judgeDevice}, and `io` if the system does not tell enough.
 */
export async function findTargetDevice(
  path: string,
  neededBytes: number,
  inputs: readonly string[] = [],
): Promise<TargetDevice> {
  if (Deno.build.os !== "linux") {
    throw new Failure(
      "io",
      path,
      "only Linux reports whether a disk is in use",
      "write an image file, and copy it with a program made for that",
    );
  }
  try {
    const { isBlockDevice, rdev } = await Deno.stat(path);
    if (!isBlockDevice || rdev === null) {
      throw new Failure("io", path, "it is not a disk", "pass a disk, as lsblk lists them");
    }
    const record = await recordDevice(path, deviceNumber(rdev));
    return judgeDevice({ ...record, inputs: await deviceNumbers(inputs) }, neededBytes);
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  }
}

/** `8:16`, as in makedev(3): the minor number's upper bits come after the major number's. */
export function deviceNumber(rdev: number): string {
  const bits = BigInt(rdev);
  const major = (bits >> 8n & 0xfffn) | (bits >> 32n & 0xfffff000n);
  const minor = (bits & 0xffn) | (bits >> 12n & 0xffffff00n);
  return `${major}:${minor}`;
}

/** The numbers of those paths that are disks or partitions. */
async function deviceNumbers(paths: readonly string[]): Promise<string[]> {
  const stats = await Promise.all(paths.map((path) => Deno.stat(path).catch(() => undefined)));
  return stats.filter((stat) => stat?.isBlockDevice).map((stat) => deviceNumber(stat?.rdev ?? 0));
}

/** Collects what {@linkcode judgeDevice} wants to know. */
export async function recordDevice(
  path: string,
  number: string,
  kernel: typeof KERNEL = KERNEL,
): Promise<DeviceRecord> {
  const folder = `${kernel.sysfs}/dev/block/${number}`;
  const sysfs: Record<string, string> = {};
  const addFile = async (file: string) => {
    const text = await readIfThere(`${folder}/${file}`);
    if (text !== undefined) sysfs[file] = text;
  };
  for (const file of DISK_FILES) await addFile(file);
  for (const entry of await listIfThere(folder)) {
    if (DISK_FOLDERS.includes(entry)) sysfs[entry] = "";
    await addFile(`${entry}/partition`);
    if (sysfs[`${entry}/partition`] !== undefined) await addFile(`${entry}/dev`);
  }
  const partitions = Object.keys(sysfs).filter((file) => file.endsWith("/partition"))
    .map((file) => file.replace(/partition$/, ""));
  for (const part of ["", ...partitions]) {
    for (const holder of await listIfThere(`${folder}/${part}holders`)) {
      sysfs[`${part}holders/${holder}`] = "";
    }
  }
  const btrfs: string[] = [];
  for (const fileSystem of await listIfThere(`${kernel.sysfs}/fs/btrfs`)) {
    btrfs.push(...await listIfThere(`${kernel.sysfs}/fs/btrfs/${fileSystem}/devices`));
  }
  return {
    path,
    sysfs,
    btrfs,
    mountInfo: await Deno.readTextFile(`${kernel.procfs}/self/mountinfo`),
    otherMountInfos: await otherMountInfos(kernel.procfs),
    loops: await loopFiles(kernel.sysfs),
    inputs: [],
    swaps: await readIfThere(`${kernel.procfs}/swaps`) ?? "",
  };
}

/** What is mounted for processes that see other mounts than this one, each namespace once. */
async function otherMountInfos(procfs: string): Promise<Record<string, string>> {
  const ownNamespace = await readLinkIfAllowed(`${procfs}/self/ns/mnt`);
  const seen = new Set<unknown>([ownNamespace, await readIfAllowed(`${procfs}/self/mountinfo`)]);
  const found: Record<string, string> = {};
  for (const pid of (await listIfThere(procfs)).filter((name) => /^\d+$/.test(name))) {
    const namespace = await readLinkIfAllowed(`${procfs}/${pid}/ns/mnt`);
    if (namespace !== undefined && seen.has(namespace)) continue;
    const mountInfo = await readIfAllowed(`${procfs}/${pid}/mountinfo`);
    if (mountInfo === undefined || seen.has(mountInfo)) continue;
    found[pid] = mountInfo;
    seen.add(namespace ?? mountInfo).add(mountInfo);
  }
  return found;
}

async function loopFiles(sysfs: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await listIfThere(`${sysfs}/block`)) {
    if (!name.startsWith("loop")) continue;
    const file = await readIfThere(`${sysfs}/block/${name}/loop/backing_file`);
    if (file !== undefined) found[name] = file.trim();
  }
  return found;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function listIfThere(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function readIfAllowed(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch(() => undefined);
}

async function readLinkIfAllowed(path: string): Promise<string | undefined> {
  return await Deno.readLink(path).catch(() => undefined);
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
