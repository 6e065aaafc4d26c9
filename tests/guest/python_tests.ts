/**
 * Runs Python's unit tests, one test of ours for each module.
 *
 * @module
 */

import assert from "node:assert/strict";
import { run, testWith } from "../support/programs.ts";

/** Which tests, and how they are run. */
export interface PythonTests {
  /** What the names of the tests begin with. */
  readonly name: string;
  /** Where the modules are. */
  readonly folder: string;
  /** Where Python starts, and what the modules are called from there: `fake_esxi.tests.`. */
  readonly cwd?: string;
  readonly prefix?: string;
  /** Programs that the tests run besides python3. */
  readonly judges: readonly string[];
}

/** Defines the tests. There have to be some. */
export function pythonTests(
  { name, folder, cwd = folder, prefix = "", judges }: PythonTests,
): void {
  const modules = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((file) => /^test_\w+\.py$/.test(file))
    .map((file) => file.slice(0, -".py".length))
    .toSorted();
  Deno.test(`${name}: there are test modules`, () => assert.ok(modules.length >= 5));
  for (const module of modules) {
    testWith(["python3", ...judges], `${name}: ${module}`, async () => {
      const args = ["-B", "-m", "unittest", prefix + module];
      const { code, stdout, stderr } = await run("python3", args, { cwd });
      assert.equal(code, 0, stdout + stderr);
      assert.match(stderr, /Ran [1-9]\d* tests?/);
    });
  }
}
