// The Python tests of the guest code, one Deno test per test module. Besides the programs named below, PyYAML
// judges where it is installed.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testWith } from "../support/programs.ts";

const FOLDER = fileURLToPath(new URL("./hostconf", import.meta.url));
const JUDGES = ["python3", "busybox", "shellcheck", "openssl", "xorriso", "sgdisk"];
const MODULES = [...Deno.readDirSync(FOLDER)]
  .map((entry) => entry.name)
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => name.slice(0, -".py".length))
  .sort();

Deno.test("the guest code has test modules", () => {
  assert.ok(MODULES.length > 5);
});

for (const module of MODULES) {
  testWith(JUDGES, `guest code: ${module}`, async () => {
    const { success, stdout, stderr } = await new Deno.Command("python3", {
      args: ["-B", "-m", "unittest", module],
      cwd: FOLDER,
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, `${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    assert.match(decoder.decode(stderr), /Ran [1-9]\d* tests?/);
  });
}
