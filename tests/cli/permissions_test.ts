import assert from "node:assert/strict";
import { mustEsxiImg } from "../support/programs.ts";

Deno.test("the executable may read and write files, four variables, and nothing else", async () => {
  const { stdout } = await mustEsxiImg(["--version", "--json"], {
    env: { HOME: "/root", NO_COLOR: "1" },
  });
  assert.deepEqual(JSON.parse(stdout).permissions, {
    read: "granted",
    write: "granted",
    net: "denied",
    run: "denied",
    ffi: "denied",
    sys: "denied",
    import: "denied",
    env: ["SOURCE_DATE_EPOCH", "NO_COLOR", "TERM", "HOME"],
  });
});

Deno.test("the version is the same in words and as JSON", async () => {
  const words = await mustEsxiImg(["--version"]);
  const { stdout } = await mustEsxiImg(["--version", "--json"]);
  assert.equal(JSON.parse(stdout).version, words.stdout.trim());
});
