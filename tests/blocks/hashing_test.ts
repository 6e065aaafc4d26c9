import fc from "fast-check";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bytesSource, readBytes } from "../../lib/blocks/extent.ts";
import { ReadHash, sha256, WholeHash, WriteHash } from "../../lib/blocks/hashing.ts";
import { MemorySink, MIB, noise } from "../formats/support.ts";

/** Computed here, in one go. */
function expected(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("SHA-256: known values", () => {
  // printf abc | sha256sum
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256("abc"), abc);
  assert.equal(sha256(new TextEncoder().encode("abc")), abc);
});

Deno.test("read hash: a file's bytes in the order of the reads, its second reading not", async () => {
  const bytes = noise(10_000);
  const hash = new ReadHash(bytesSource("x", bytes), 3000);
  assert.deepEqual([hash.name, hash.sizeBytes], ["x", 10_000]);
  // The file lies in two parts of its source.
  const file = new Uint8Array([...bytes.slice(5000, 7900), ...bytes.slice(0, 100)]);
  for (let reading = 0; reading < 2; reading++) {
    assert.deepEqual(await readBytes(hash, 5000, 2900), bytes.slice(5000, 7900));
    assert.deepEqual(await readBytes(hash, 0, 100), bytes.slice(0, 100));
  }
  assert.equal(hash.digest(), expected(file));
});

Deno.test("whole hash: all of the source, whatever was read of it front to back", async () => {
  const read = fc.tuple(fc.nat(3000), fc.nat(500));
  await fc.assert(
    fc.asyncProperty(
      fc.array(read, { maxLength: 5 }),
      fc.array(read, { maxLength: 12 }),
      async (before, after) => {
        const bytes = noise(3500);
        const hash = new WholeHash(bytesSource("x", bytes));
        // Directories come first, out of order; what is read is what is there.
        const check = async ([at, length]: readonly [number, number]) => {
          assert.deepEqual(await readBytes(hash, at, length), bytes.slice(at, at + length));
        };
        for (const place of before) await check(place);
        hash.start();
        for (const place of after.toSorted(([a], [b]) => a - b)) await check(place);
        assert.equal(await hash.digest(), expected(bytes));
        assert.equal(await hash.digest(), expected(bytes), "once more");
        await check([0, 10]); // reading goes on to work
      },
    ),
  );
});

Deno.test("whole hash: gaps of many megabytes, and a source that nobody reads", async () => {
  const bytes = noise(5 * MIB + 3);
  const hash = new WholeHash(bytesSource("x", bytes));
  hash.start();
  await readBytes(hash, 4 * MIB + 1, 10);
  assert.equal(await hash.digest(), expected(bytes));
  assert.equal(await new WholeHash(bytesSource("x", bytes)).digest(), expected(bytes));
  const none = new Uint8Array(0);
  assert.equal(await new WholeHash(bytesSource("x", none)).digest(), expected(none));
});

Deno.test("write hash: bytes and holes, as they would be read back", async () => {
  const sink = new MemorySink();
  const hash = new WriteHash(sink);
  await hash.write(noise(1000));
  await hash.hole(3 * MIB + 7);
  await hash.hole(0);
  await hash.write(noise(5, 2));
  assert.equal(hash.digest(), expected(await sink.toBytes()));
  assert.equal(sink.sizeBytes, 1000 + 3 * MIB + 7 + 5);
});
