import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { storeGzip } from "../../../lib/formats/gzip/store.ts";
import { Folder } from "../../support/folder.ts";
import { mustRun, testWith } from "../../support/programs.ts";
import { noise } from "../support.ts";

const SIZES = [0, 1, 65_534, 65_535, 65_536, 131_070, 300_000];

Deno.test("stored gzip is read by zlib, and as long as it must be", () => {
  for (const size of SIZES) {
    const content = noise(size, size);
    const member = storeGzip(content);
    assert.deepEqual(new Uint8Array(gunzipSync(member)), content);
    assert.equal(member.length, 18 + size + 5 * Math.max(Math.ceil(size / 65_535), 1));
  }
});

testWith(["gzip"], "gzip -t takes stored gzip", async () => {
  using folder = new Folder();
  for (const size of SIZES) {
    await mustRun("gzip", ["-t", folder.write("x.gz", storeGzip(noise(size, 7)))]);
  }
});
