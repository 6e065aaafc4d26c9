import fc from "fast-check";
import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import { copyStored } from "../../../lib/formats/deflate/stored_zlib.ts";
import { equalBytes, noise, prose } from "../support.ts";

Deno.test("stored zlib streams are copied as zlib inflates them", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 70_000 }), (length) => {
    const bytes = noise(length);
    const into = new Uint8Array(70_000);
    assert.equal(copyStored(deflateSync(bytes, { level: 0 }), into), length);
    assert.ok(equalBytes(into.subarray(0, length), bytes));
  }));
});

Deno.test("whatever else a stream is, zlib has the last word", () => {
  const stream = deflateSync(noise(300), { level: 0 });
  const change = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3 }), fc.nat(stream.length), (changes, length) => {
      const changed = new Uint8Array(stream).slice(0, length);
      for (const [at, byte] of changes) if (at < length) changed[at] = byte;
      const into = new Uint8Array(400);
      const copied = copyStored(changed, into);
      if (copied === null) return;
      assert.ok(equalBytes(into.subarray(0, copied), inflateSync(changed)));
    }),
    { numRuns: 2000 },
  );
  assert.equal(copyStored(deflateSync(prose(300)), new Uint8Array(400)), null);
  assert.equal(copyStored(stream, new Uint8Array(299)), null);
});
