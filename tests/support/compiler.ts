/**
 * A Deno that can compile executables on this machine.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mustRun } from "./programs.ts";

/**
 * The runtime that `deno compile` puts before our code comes from a host that not every machine
 * reaches. An npm package that was itself made by `deno compile` begins with the same bytes.
 */
const RUNTIME = {
  package: "@dgellow/rfc-linux-x64@0.0.6",
  file: "package/bin/rfc",
  sizeBytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  /** The version whose output this runtime takes. */
  deno: "deno@2.6.8",
};

/** Where downloads are kept between runs, outside the project. */
const FOLDER = `${Deno.env.get("TMPDIR") ?? "/tmp"}/esxi-img-tests-${Deno.uid()}`;

/**
 * Runs Deno with these arguments, `task compile` or `compile …`. A runtime that the environment
 * names in `DENORT_BIN` is used as it is.
 *
 * @throws {AssertionError} with what Deno said, if it fails.
 */
export async function runCompiler(args: readonly string[]): Promise<void> {
  if (Deno.env.has("DENORT_BIN")) {
    await mustRun(Deno.execPath(), args);
    return;
  }
  const env = { DENORT_BIN: await runtime() };
  await mustRun("npx", ["--yes", RUNTIME.deno, ...args], { env });
}

async function runtime(): Promise<string> {
  const path = `${FOLDER}/denort`;
  if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  await Deno.mkdir(FOLDER, { recursive: true });
  const cwd = FOLDER;
  const { stdout } = await mustRun("npm", ["pack", "--silent", RUNTIME.package], { cwd });
  const archive = stdout.trim();
  await mustRun("tar", ["xzf", archive, RUNTIME.file], { cwd });
  const bytes = (await Deno.readFile(`${FOLDER}/${RUNTIME.file}`)).subarray(0, RUNTIME.sizeBytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== RUNTIME.sha256) throw new Error(`the runtime has SHA-256 ${sha256}`);
  await Deno.writeFile(path, bytes, { mode: 0o755 });
  await Deno.remove(`${FOLDER}/package`, { recursive: true });
  await Deno.remove(`${FOLDER}/${archive}`);
  return path;
}
