/**
 * The machine that a bench ran on.
 *
 * @module
 */

import { VERSION } from "../../lib/version.ts";
import { run } from "../support/programs.ts";

/** What a reader has to know of a machine to judge its numbers. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** Of the folder that everything was read from and written to. */
  readonly fileSystem: string;
  /** Average number of running programs in the minute before the bench began. */
  readonly load: number;
  /** Programs and their versions. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Above this, other programs take so much of the machine that times mean little. */
export const BUSY_LOAD = 0.5;

const PEERS = ["cat", "gzip", "pigz", "qemu-img", "/usr/bin/python3"];

/** Describes this machine. */
export async function describeMachine(folder: string): Promise<Machine> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    kernel: `Linux ${/^\d+\.\d+/.exec(Deno.osRelease())?.[0]}`,
    fileSystem: await fileSystemOf(folder),
    load: Deno.loadavg()[0]!,
    versions: {
      "esxi-img": VERSION,
      Deno: Deno.version.deno,
      ...Object.fromEntries(await Promise.all(PEERS.map(versionOf))),
    },
  };
}

async function fileSystemOf(folder: string): Promise<string> {
  const path = await Deno.realPath(folder);
  const mounts = (await Deno.readTextFile("/proc/mounts")).split("\n").map((line) =>
    line.split(" ")
  );
  const covering = mounts.filter(([, point]) =>
    point === "/" || path === point || path.startsWith(`${point}/`)
  );
  // The longest mount point covers the folder, the last of several on the same point.
  return covering.toSorted((a, b) => a[1]!.length - b[1]!.length).at(-1)?.[2] ?? "unknown";
}

async function versionOf(program: string): Promise<[string, string]> {
  const name = program.split("/").at(-1)!;
  const { stdout, stderr } = await run(program, ["--version"]).catch(() => ({
    stdout: "missing",
    stderr: "",
  }));
  return [name, /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] ?? "missing"];
}
