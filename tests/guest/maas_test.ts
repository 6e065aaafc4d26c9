// The Python unit tests of MAAS deployments, one Deno test per test module.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testWith } from "../support/programs.ts";

const FOLDER = fileURLToPath(new URL("./maas", import.meta.url));
const MODULES = [...Deno.readDirSync(FOLDER)]
  .map((entry) => entry.name)
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => name.slice(0, -".py".length))
  .sort();

Deno.test("MAAS deployments have test modules", () => {
  assert.ok(MODULES.length >= 5);
});

for (const module of MODULES) {
  testWith(["python3"], `MAAS: ${module}`, async () => {
    const { success, stdout, stderr } = await new Deno.Command("python3", {
      args: ["-m", "unittest", module],
      cwd: FOLDER,
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, `${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    assert.match(decoder.decode(stderr), /Ran [1-9]\d* tests?/);
  });
}
