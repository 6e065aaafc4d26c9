import fc from "fast-check";
import assert from "node:assert/strict";
import { crc32, inflateRawSync } from "node:zlib";
import { sha256 } from "../../../lib/blocks/hashing.ts";
import { deflatePortably } from "../../../lib/formats/deflate/portable.ts";

Deno.test("portable deflate: zlib gives back what it was", () => {
  fc.assert(fc.property(fc.uint8Array({ size: "large" }), (content) => {
    const part = deflatePortably(content);
    assert.deepEqual(new Uint8Array(inflateRawSync(part.bytes)), new Uint8Array(content));
    assert.deepEqual(
      [part.inflatedBytes, part.crc32],
      [content.length, crc32(new Uint8Array(content))],
    );
  }));
});

Deno.test("portable deflate: the same bytes on every machine", () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `def step_${i % 97}(host): return ${i}\n`);
  const { bytes } = deflatePortably(new TextEncoder().encode(lines.join("")));
  assert.equal(sha256(bytes), "206e48ff3e2eee7438b365653021860b17d08cf19db4b1c8040459e540e04c7b");
});
