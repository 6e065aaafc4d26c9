// The Python unit tests of the fake ESXi host, one Deno test per test module.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testWith } from "../support/programs.ts";

const GUEST_TESTS = fileURLToPath(new URL(".", import.meta.url));
const MODULES = [...Deno.readDirSync(new URL("./fake_esxi/tests", import.meta.url))]
  .map((entry) => entry.name)
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => name.slice(0, -".py".length))
  .sort();

Deno.test("the fake ESXi host has test modules", () => {
  assert.ok(MODULES.length > 5);
});

for (const module of MODULES) {
  testWith(["python3"], `fake ESXi host: ${module}`, async () => {
    const { success, stdout, stderr } = await new Deno.Command("python3", {
      args: ["-m", "unittest", `fake_esxi.tests.${module}`],
      cwd: GUEST_TESTS,
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, `${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    assert.match(decoder.decode(stderr), /Ran [1-9]\d* tests?/);
  });
}
