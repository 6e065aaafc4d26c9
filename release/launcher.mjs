#!/usr/bin/env node
/**
 * What npm installs as `esxi-img`: starts the bundle with the Deno that npm has chosen for this
 * machine, with the same rights as the executable has.
 *
 * @module
 */

// Who imports node:process opens standard output by that, and Deno would get it non-blocking.
// deno-lint-ignore-file no-process-global

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLOSED_FLAGS, FLAGS } from "./flags.mjs";

const { platform, arch } = process;
const name = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;

function findDeno() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(folder, platform === "win32" ? "deno.exe" : "deno");
  } catch {
    return undefined;
  }
}

const deno = findDeno();
if (deno === undefined) {
  console.error(
    `esxi-img: its package ${name} is not installed; install it without --omit=optional, ` +
      "on Linux or macOS (x64, arm64) or Windows (x64), on Linux with glibc (not musl)",
  );
  process.exit(1);
}
const main = fileURLToPath(new URL("./bundle/main.js", import.meta.url));
const args = ["run", ...CLOSED_FLAGS, ...FLAGS, main, ...process.argv.slice(2)];
const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
if (process.execve !== undefined && platform !== "win32") {
  process.removeAllListeners("warning"); // that execve is experimental is no news for users
  process.execve(deno, [deno, ...args], env);
}
const child = spawn(deno, args, { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`esxi-img: ${deno} cannot be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
  process.kill(process.pid, signal);
});
