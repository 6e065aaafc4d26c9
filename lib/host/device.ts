/**
 * Writes an image over a disk: a USB stick, a hard disk. Linux tells what is needed to decide whether
 * that does harm; elsewhere nothing is written.
 *
 * The program must be allowed everything for this: the runtime keeps /dev, /proc and /sys from
 * programs that are not.
 *
 * @module
 */

import { type DeviceRecord, judgeDevice, type TargetDevice } from "./target_device.ts";
import { Failure } from "../blocks/failure.ts";
import { ioFailure } from "./io_failure.ts";
import type { Output } from "./output.ts";

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
 * The partition table and all before the first partition. It is written last: until then the disk
 * looks empty, and not like an image that somebody might boot.
 */
const HEAD_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(HEAD_BYTES);

/**
 * Whether there is a block device of that name.
 *
 * @throws {Failure} `io` if that cannot be found out.
 */
export async function isBlockDevice(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isBlockDevice ?? false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw ioFailure(error, path, "cannot write");
  }
}

/**
 * Finds out whether an image may be written over a disk.
 *
 * @param neededBytes The size of the image's disk.
 * @throws {Failure} as {@linkcode judgeDevice}, and `io` if the system does not tell enough.
 */
export async function findTargetDevice(path: string, neededBytes: number): Promise<TargetDevice> {
  if (Deno.build.os !== "linux") {
    throw new Failure(
      "io",
      path,
      "only Linux tells whether a disk is in use",
      "write an image file, and copy it with a program made for that",
    );
  }
  try {
    const { isBlockDevice, rdev } = await Deno.stat(path);
    if (!isBlockDevice || rdev === null) {
      throw new Failure("io", path, "it is not a disk", "pass a disk, as lsblk lists them");
    }
    return judgeDevice(await recordDevice(path, deviceNumber(rdev)), neededBytes);
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
    swaps: await readIfThere(`${kernel.procfs}/swaps`) ?? "",
  };
}

/**
 * Opens a disk to be written over.
 *
 * @param imageBytes How much of the disk the image takes. Its holes there are filled with zeros;
 * those beyond keep what the disk held, which spares writing to all of it.
 * @throws {Failure} `io` if it cannot be opened.
 */
export function openDeviceOutput(device: TargetDevice, imageBytes: number): Output {
  try {
    return new DeviceOutput(device.path, Deno.openSync(device.path, { write: true }), imageBytes);
  } catch (error) {
    throw ioFailure(error, device.path, "cannot write");
  }
}

class DeviceOutput implements Output {
  writtenBytes = 0;
  readonly name: string;
  readonly #file: Deno.FsFile;
  readonly #imageBytes: number;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #isOpen = true;
  #isCommitted = false;

  constructor(name: string, file: Deno.FsFile, imageBytes: number) {
    this.name = name;
    this.#file = file;
    this.#imageBytes = imageBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const headBytes = Math.min(Math.max(HEAD_BYTES - this.writtenBytes, 0), bytes.length);
    this.#head.set(bytes.subarray(0, headBytes), headBytes > 0 ? this.writtenBytes : 0);
    await this.#append(ZEROS.subarray(0, headBytes));
    await this.#append(bytes.subarray(headBytes));
  }

  async hole(lengthBytes: number): Promise<void> {
    const zerosEnd = Math.min(this.writtenBytes + lengthBytes, this.#imageBytes);
    const skipBytes = this.writtenBytes + lengthBytes - Math.max(zerosEnd, this.writtenBytes);
    while (this.writtenBytes < zerosEnd) {
      await this.#append(ZEROS.subarray(0, Math.min(ZEROS.length, zerosEnd - this.writtenBytes)));
    }
    await this.#file.seek(skipBytes, Deno.SeekMode.Current);
    this.writtenBytes += skipBytes;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
    this.writtenBytes += bytes.length;
  }

  /** Closed, the disk can be read back: closing makes the system forget what it had in memory. */
  async finish(): Promise<string> {
    try {
      await this.#file.sync(); // the data before what makes them count
      const headBytes = Math.min(HEAD_BYTES, this.writtenBytes);
      await this.#file.seek(0, Deno.SeekMode.Start);
      for (let done = 0; done < headBytes;) {
        done += await this.#file.write(this.#head.subarray(done, headBytes));
      }
      await this.#file.sync();
      this.#close();
      return this.name;
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  commit(): Promise<void> {
    this.#isCommitted = true;
    return Promise.resolve();
  }

  /** Leaves a disk without partition table. */
  abort(): void {
    const wasFinished = !this.#isOpen && !this.#isCommitted;
    this.#close();
    if (!wasFinished) return;
    try {
      using file = Deno.openSync(this.name, { write: true });
      file.writeSync(ZEROS.subarray(0, Math.min(HEAD_BYTES, this.writtenBytes)));
      file.syncSync();
    } catch {
      // gone or broken
    }
  }

  #close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
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

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
