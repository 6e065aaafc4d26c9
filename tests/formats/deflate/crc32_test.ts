import fc from "fast-check";
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { crc32Joined, crc32WithZeros } from "../../../lib/formats/deflate/crc32.ts";

Deno.test("CRC of zeros: as if they were there", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.nat(100_000), (bytes, zeros) => {
    const all = new Uint8Array(bytes.length + zeros);
    all.set(bytes);
    assert.equal(crc32WithZeros(crc32(new Uint8Array(bytes)), zeros), crc32(all));
  }));
});

Deno.test("CRC of zeros: more at once or one after the other, up to petabytes", () => {
  const zeros = fc.integer({ min: 0, max: 2 ** 51 });
  fc.assert(fc.property(fc.nat(0xffffffff), zeros, zeros, (crc, a, b) => {
    assert.equal(crc32WithZeros(crc32WithZeros(crc, a), b), crc32WithZeros(crc, a + b));
  }));
});

Deno.test("CRC of parts: that of the whole", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    const [first, next] = [new Uint8Array(a), new Uint8Array(b)];
    const whole = new Uint8Array([...a, ...b]);
    assert.equal(crc32Joined(crc32(first), crc32(next), next.length), crc32(whole));
  }));
});

Deno.test("CRC of zeros: known values", () => {
  assert.equal(crc32WithZeros(0, 0), 0);
  assert.equal(crc32WithZeros(0xdeadbeef, 0), 0xdeadbeef);
  // head -c 4294967296 /dev/zero | gzip -1 | tail -c 8 | od -An -tx4 -N4
  assert.equal(crc32WithZeros(0, 2 ** 32), 0xd202ef8d);
  // head -c 1048577 /dev/zero | gzip -1 | tail -c 8 | od -An -tx4 -N4
  assert.equal(crc32WithZeros(0, 1_048_577), 0xc6a48b28);
});
