/**
 * Real block devices for tests: files that the kernel presents as disks, and what can hold them.
 * Each is given back when it is done with, also by a test that fails.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "./folder.ts";
import { mustRun, run } from "./programs.ts";
import { isRoot } from "./users.ts";

/** Longer than any test takes; what holds a device ends by itself if the tests are killed. */
const HOLD_SECONDS = "120";

/** A disk. */
export class LoopDevice implements Disposable {
  readonly path: string;
  /** The file behind it. */
  readonly file: string;

  private constructor(path: string, file: string) {
    this.path = path;
    this.file = file;
  }

  /** @param options More arguments of losetup(8). */
  static async of(file: string, options: readonly string[] = []): Promise<LoopDevice> {
    const { stdout } = await mustRun("losetup", ["--find", "--show", ...options, file]);
    return new LoopDevice(stdout.trim(), file);
  }

  /** A disk of zeros. */
  static async make(folder: Folder, sizeBytes: number, name = "disk"): Promise<LoopDevice> {
    folder.write(name, "");
    await Deno.truncate(folder.file(name), sizeBytes);
    return await LoopDevice.of(folder.file(name));
  }

  [Symbol.dispose](): void {
    runSync("partx", ["--delete", this.path]);
    runSync("losetup", ["--detach", this.path]);
    runSync("chmod", ["660", this.path]);
  }
}

/** A file system that is mounted. */
export class Mount implements Disposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async of(
    device: string,
    folder: string,
    mode: "ro" | "rw" = "ro",
    type = "ext4",
  ): Promise<Mount> {
    await Deno.mkdir(folder, { recursive: true });
    await mustRun("mount", ["-t", type, "-o", mode, device, folder]);
    return new Mount(folder);
  }

  [Symbol.dispose](): void {
    runSync("umount", ["--lazy", this.folder]);
  }
}

/** A program that holds something as long as it runs. */
export class Holder implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
  }

  /** Has the device mounted where only this program sees it. */
  static async mounting(device: string, folder: string): Promise<Holder> {
    await Deno.mkdir(folder, { recursive: true });
    const script = `mount -t ext4 -o ro "$1" "$2" && echo ready && exec sleep ${HOLD_SECONDS}`;
    const command = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", device];
    return await Holder.#start("unshare", [...command, folder]);
  }

  /** Has the device open as ZFS, mdadm and QEMU do. */
  static async opening(device: string): Promise<Holder> {
    const script = "import os, sys, time; os.open(sys.argv[1], os.O_RDWR | os.O_EXCL); " +
      `os.write(1, b'ready\\n'); time.sleep(${HOLD_SECONDS})`;
    return await Holder.#start("python3", ["-c", script, device]);
  }

  static async #start(command: string, args: readonly string[]): Promise<Holder> {
    const child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    })
      .spawn(); // what it says comes in one piece
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const holder = new Holder(child);
    const said = new TextDecoder().decode(value);
    if (said === "ready\n") return holder;
    await holder[Symbol.asyncDispose]();
    throw new assert.AssertionError({ message: `${command} ${args.join(" ")} says ${said}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#child.status;
  }
}

/** ext4's ioctl EXT4_IOC_SHUTDOWN: from now on the file system fails, as one on a lost disk does. */
export async function shutDownFileSystem(folder: string): Promise<void> {
  const script = "import fcntl, os, struct, sys; " +
    "fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
  await mustRun("python3", ["-c", script, folder]);
}

/** A test that needs loop devices. Where they cannot be had it is skipped, and its name says so. */
export function loopTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({
    name: HAS_LOOP_DEVICES ? name : `${name} (skipped: no loop devices)`,
    ignore: !HAS_LOOP_DEVICES,
    fn,
  });
}

const HAS_LOOP_DEVICES = await hasLoopDevices();

/** Whether devices can be had, mounted, divided and held in another namespace. */
async function hasLoopDevices(): Promise<boolean> {
  if (!isRoot || Deno.build.os !== "linux") return false;
  using folder = new Folder();
  try {
    using device = await LoopDevice.make(folder, 16 * 1024 * 1024);
    await mustRun("mkfs.ext4", ["-q", device.path]);
    await using _holder = await Holder.mounting(device.path, folder.file("mnt"));
    using _mount = await Mount.of(device.path, folder.file("mnt"));
    return (await run("partx", ["--help"])).code === 0;
  } catch {
    return false;
  }
}

function runSync(command: string, args: string[]): void {
  new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync();
}
