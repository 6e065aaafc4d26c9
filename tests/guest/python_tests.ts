/**
 * Runs Python's unit tests, one step of a test for each module, several at a time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { run, testWith } from "../support/programs.ts";

/** Modules mostly wait, so that one more runs than there are processors. */
const ALONGSIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

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
  testWith(["python3", ...judges], name, async (t) => {
    assert.ok(modules.length >= 5, "there are test modules");
    const waiting = [...modules];
    const next = async () => {
      for (let module = waiting.shift(); module !== undefined; module = waiting.shift()) {
        await t.step({ name: module, fn: () => runModule(prefix + module, cwd), ...ALONGSIDE });
      }
    };
    await Promise.all(Array.from({ length: navigator.hardwareConcurrency + 1 }, next));
  });
}

async function runModule(module: string, cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run("python3", ["-B", "-m", "unittest", module], { cwd });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stderr, /Ran [1-9]\d* tests?/);
}
