import assert from "node:assert/strict";
import { bytesSource, readBytes } from "../../lib/blocks/extent.ts";
import { failure } from "../support/failures.ts";

Deno.test("a source in memory: reads any part, and says how much is missing", async () => {
  const source = bytesSource("x.iso", Uint8Array.of(1, 2, 3, 4));
  assert.equal(source.sizeBytes, 4);
  assert.deepEqual(await readBytes(source, 1, 3), Uint8Array.of(2, 3, 4));
  assert.deepEqual(await readBytes(source, 4, 0), new Uint8Array(0));
  await assert.rejects(
    readBytes(source, 2, 5),
    failure("truncated", /x\.iso: it ends 3 bytes too early/),
  );
  await assert.rejects(readBytes(source, 100, 1), failure("truncated"));
});
