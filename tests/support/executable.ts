/**
 * The compiled executable that tests run.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { CLOSED_FLAGS, FLAGS } from "../../release/flags.mjs";

/** The project's folder, with a slash behind it. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What `deno task compile` writes. */
export const EXECUTABLE = `${ROOT}dist/esxi-img`;
/** A script that stands in for it is smaller. */
const SCRIPT_MAX_BYTES = 100_000;
/** Tells which sources it was compiled from. */
const STAMP = `${ROOT}dist/esxi-img.sources.sha256`;

/** Whether the executable was compiled from the sources as they are now. */
export function isExecutableCurrent(): boolean {
  return readText(STAMP) === digestSources() && isThere(EXECUTABLE);
}

let wasLookedAt = false;

/**
 * Sees to it that there is an executable to run. One of other sources is only warned of.
 *
 * @throws {Error} that says what to do, if it was not compiled yet.
 */
export function requireExecutable(): void {
  if (wasLookedAt) return;
  const remedy = "`deno task test` compiles it and runs all tests";
  if (!isThere(EXECUTABLE)) {
    throw new Error(`this test runs dist/esxi-img, which is not there: ${remedy}`);
  }
  wasLookedAt = true;
  if (isExecutableCurrent()) return;
  console.error(`warning: dist/esxi-img was compiled from other sources: ${remedy}`);
}

/** Notes which sources the executable was compiled from. */
export function noteExecutable(): void {
  Deno.writeTextFileSync(STAMP, digestSources());
}

/** Writes a script in its place that runs the bundle, with the rights that the executable has. */
export function writeStandIn(): void {
  const quoted = [Deno.execPath(), "run", ...CLOSED_FLAGS, ...FLAGS, `${ROOT}dist/bundle/main.js`]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  if (isThere(EXECUTABLE)) Deno.removeSync(EXECUTABLE);
  Deno.writeTextFileSync(EXECUTABLE, `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`, { mode: 0o755 });
}

/** Whether it is an executable, and no script. */
export function isCompiled(): boolean {
  return isThere(EXECUTABLE) && Deno.statSync(EXECUTABLE).size > SCRIPT_MAX_BYTES;
}

/** What a test needs that looks at the compiled executable itself, for `testWith`. */
export function neededForCompiled(): string[] {
  return isCompiled() ? [] : ["a compiled executable"];
}

function digestSources(): string {
  const hash = createHash("sha256");
  const add = (path: string) => {
    if (Deno.statSync(ROOT + path).isFile) {
      hash.update(path).update(Deno.readFileSync(ROOT + path));
      return;
    }
    const names = [...Deno.readDirSync(ROOT + path)].map((entry) => entry.name);
    for (const name of names.toSorted()) if (name !== "__pycache__") add(`${path}/${name}`);
  };
  for (const path of ["deno.json", "deno.lock", "main.ts", "lib", "wasm", "release"]) add(path);
  return hash.digest("hex");
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
