import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { entropyBits, isCompressible } from "../../../lib/formats/deflate/entropy.ts";
import { equalBytes, KIB, noise, prose } from "../support.ts";

Deno.test("entropy: of one value 0 bits, of n equally frequent ones log2 n", () => {
  assert.equal(entropyBits(new Uint8Array(0)), 0);
  assert.ok(Math.abs(entropyBits(new Uint8Array(1000))) < 1e-12);
  assert.equal(entropyBits(Uint8Array.of(1, 2)), 1);
  assert.equal(entropyBits(Uint8Array.from({ length: 256 }, (_, i) => i)), 8);
  const unequal = entropyBits(Uint8Array.of(0, 0, 0, 1));
  assert.ok(Math.abs(unequal - (2 - 0.75 * Math.log2(3))) < 1e-12);
});

Deno.test("compressible: what deflate shrinks, and not what it has shrunk", () => {
  const text = prose(300 * KIB);
  assert.ok(isCompressible(text));
  assert.ok(isCompressible(new Uint8Array(64 * KIB)));
  const deflated = new Uint8Array(gzipSync(text));
  assert.ok(deflated.length > 64 * KIB);
  for (const bytes of [deflated, noise(64 * KIB), noise(65_535), noise(KIB * KIB)]) {
    assert.equal(isCompressible(bytes), false);
  }
});

Deno.test("compressible: the middle decides", () => {
  const middle = 32 * KIB;
  const mixed = prose(64 * KIB);
  mixed.set(noise(8 * KIB), middle - 4 * KIB);
  assert.equal(isCompressible(mixed), false);
  const turned = noise(64 * KIB);
  turned.set(prose(8 * KIB), middle - 4 * KIB);
  assert.ok(isCompressible(turned));
});

Deno.test("compressible: small pieces are worth a try, and stay what they are", () => {
  for (const length of [0, 1, 100, 180]) {
    const bytes = noise(length);
    const copy = bytes.slice();
    assert.ok(isCompressible(bytes));
    assert.ok(equalBytes(bytes, copy));
  }
});
