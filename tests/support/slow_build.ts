/**
 * Builds that take long enough to be disturbed.
 *
 * @module
 */

import { EXECUTABLE, requireExecutable } from "./executable.ts";
import type { Folder } from "./folder.ts";
import { installerFiles, writeInstallerIso } from "./installer_iso.ts";
import type { Outcome } from "./programs.ts";
import { SMALL } from "./sample_isos.ts";

/** How a file is called that is being written. */
export const PARTIAL_NAME = /^\.(.+)\.[0-9a-f-]{36}\.esxi-img-partial$/;
const MODULE_BYTES = 1024 * 1024;
/** For a build that takes four times as long. */
export const LONG_MODULE_BYTES = 4 * MODULE_BYTES;
const TEXTS = Array.from({ length: 24 }, (_, i) => `TEXT${i}.TXT`);
const POLL_MS = 2;
/** How much more may be written until a build is stopped: a fifth of what is written of a slow ISO. */
const SLACK_BYTES = 3_000_000;

/** Writes an installer of about 30 MB that takes a second or so to deflate, to half of that. */
export function writeSlowIso(path: string, moduleBytes: number = MODULE_BYTES): void {
  const text = new Uint8Array(moduleBytes);
  let state = 1;
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state, 1_103_515_245) + 12_345; // as in the C standard's example of rand
    text[i] = 0x61 + (state >>> 16) % 10;
  }
  const modules = installerFiles(SMALL).filter((file) => /\.V00$/.test(file.path));
  const names = [...modules.map((file) => file.path), ...TEXTS];
  const files = names.map((name) => ({ path: name, content: text }));
  writeInstallerIso(path, { ...SMALL, files });
}

/** A program of ours that is running. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  /** Sends a signal, unless the program has ended. */
  signal(signal: Deno.Signal): void;
}

/** Starts our executable. It is killed if it still runs when it is done with. */
export function start(args: readonly string[], cwd: string): Running {
  requireExecutable();
  return startCommand([EXECUTABLE, ...args], cwd);
}

/** Starts a command, which is killed if it still runs when it is done with. */
export function startCommand([command = "", ...args]: readonly string[], cwd: string): Running {
  const child = new Deno.Command(command, {
    args,
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const outcome = child.output().then(({ code, signal, stdout, stderr }) => ({
    code,
    signal,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
    stdoutBytes: stdout,
  }));
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // it has ended
    }
  };
  return {
    pid: child.pid,
    outcome,
    signal,
    async [Symbol.asyncDispose]() {
      signal("SIGKILL");
      await outcome;
    },
  };
}

/**
 * Starts a build of `output` and stops it (SIGSTOP) as soon as it has written so much of that. One
 * that is over, or far beyond, before it can be stopped, on a busy machine, is undone and started
 * again: it might not notice any more what is done to it.
 */
export async function startAndStop(
  args: readonly string[],
  folder: Folder,
  output: string,
  writtenBytes: number,
  cwd: string = folder.path,
): Promise<Running> {
  const before = folder.names();
  for (let tries = 0; tries < 10; tries++) {
    const running = start(args, cwd);
    let isOver = false;
    running.outcome.finally(() => isOver = true);
    while (!isOver) {
      const partial = folder.names().find((name) => PARTIAL_NAME.exec(name)?.[1] === output);
      if (partial !== undefined && await sizeOf(folder.file(partial)) >= writtenBytes) {
        running.signal("SIGSTOP");
        if (!await isStopped(running.pid)) continue;
        const sizeBytes = await sizeOf(folder.file(partial));
        if (sizeBytes >= 0 && sizeBytes <= writtenBytes + SLACK_BYTES) return running;
        running.signal("SIGKILL");
        await running.outcome;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    for (const name of folder.names()) {
      if (!before.includes(name)) await Deno.remove(folder.file(name));
    }
  }
  throw new RangeError(`Cannot stop a build of ${output}: it is too fast`);
}

/**
 * Starts a program and stops it (SIGSTOP) as soon as it has written so many bytes, to whatever. One
 * that is over before it can be stopped is started again.
 */
export async function stopWhenWritten(
  startIt: () => Running,
  writtenBytes: number,
): Promise<Running> {
  for (let tries = 0; tries < 10; tries++) {
    const running = startIt();
    let isOver = false;
    running.outcome.finally(() => isOver = true);
    while (!isOver) {
      if (await bytesWrittenBy(running.pid) >= writtenBytes) {
        running.signal("SIGSTOP");
        if (await isStopped(running.pid)) return running;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  throw new RangeError(`Cannot stop a program at ${writtenBytes} bytes: it is too fast`);
}

/** proc(5), `io`: what was passed to write(2) and the like. */
async function bytesWrittenBy(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/io`).catch(() => "");
  return Number(/^wchar: (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** proc(5), `stat`: the state follows the name; a program that has ended is a zombie, or gone. */
async function isStopped(pid: number): Promise<boolean> {
  for (;;) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    const state = /\) (\w)/.exec(stat)?.[1];
    if (state === "T") return true;
    if (state === undefined || state === "Z") return false;
  }
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => -1);
}
