import fc from "fast-check";
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { adler32 } from "../../../lib/formats/deflate/adler32.ts";
import { noise } from "../support.ts";
import { byteSummer, PIECE_BYTES } from "../../../wasm/adler32_simd.ts";

Deno.test("Adler-32: RFC 1950's algorithm on a known word", () => {
  assert.equal(adler32(new TextEncoder().encode("Wikipedia")), 0x11e60398);
  assert.equal(adler32(new Uint8Array(0)), 1);
});

Deno.test("Adler-32: zlib comes to the same", () => {
  const lengths = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.constantFrom(PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 65_535, 65_536, 200_001),
  );
  fc.assert(fc.property(lengths, fc.nat(3), fc.nat(1000), (length, skip, seed) => {
    const bytes = noise(length + skip, seed).subarray(skip);
    assert.equal(adler32(bytes), zlibAdler32(bytes));
  }));
});

Deno.test("Adler-32: no sum overflows", () => {
  const bytes = new Uint8Array(3 * PIECE_BYTES).fill(0xff);
  assert.equal(adler32(bytes), zlibAdler32(bytes));
});

Deno.test("the vector sums are those of each byte, wherever they lie", () => {
  const summer = byteSummer(3 * PIECE_BYTES);
  assert.ok(summer !== null, "this machine has no 128-bit instructions");
  assert.equal(summer.arena.length, 3 * PIECE_BYTES);
  for (const length of [64, 128, 1024, PIECE_BYTES]) {
    const bytes = noise(length);
    const plain = bytes.reduce((total, byte) => total + byte, 0);
    const weighted = bytes.reduce((total, byte, i) => total + byte * (length - i), 0);
    assert.deepEqual(summer.sum(bytes), { plain, weighted });
    for (const at of [0, 19, 2 * PIECE_BYTES]) {
      const here = summer.arena.subarray(at, at + length);
      here.set(bytes);
      assert.deepEqual(summer.sum(here), { plain, weighted });
    }
  }
});

/** zlib ends a stream with it, RFC 1950 §2.2. */
function zlibAdler32(bytes: Uint8Array): number {
  const stream = deflateSync(bytes, { level: 1 });
  return stream.readUInt32BE(stream.length - 4);
}
