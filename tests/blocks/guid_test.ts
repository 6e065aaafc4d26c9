import fc from "fast-check";
import assert from "node:assert/strict";
import { deriveGuid, formatGuid, parseGuid } from "../../lib/blocks/guid.ts";

const SYSTEM = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

Deno.test("GUID: stored with its first three fields little-endian (UEFI 2.10 Appendix A)", () => {
  const bytes = parseGuid(SYSTEM);
  assert.deepEqual(
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    "28732ac11ff8d211ba4b00a0c93ec93b",
  );
});

Deno.test("GUID: what is formatted parses to the same bytes, in any case", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    const text = formatGuid(new Uint8Array(bytes));
    assert.match(text, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    assert.deepEqual(parseGuid(text), new Uint8Array(bytes));
    assert.deepEqual(parseGuid(text.toLowerCase()), new Uint8Array(bytes));
  }));
  assert.equal(formatGuid(parseGuid(SYSTEM)), SYSTEM);
});

Deno.test("GUID: what is none is an error", () => {
  for (const text of ["", "x", SYSTEM.slice(1), SYSTEM + "0", SYSTEM.replace("C", "G")]) {
    assert.throws(() => parseGuid(text), SyntaxError);
  }
});

Deno.test("derived GUID: version 8, the RFC's variant, the same for the same seed", () => {
  const seed = new TextEncoder().encode("seed");
  const disk = formatGuid(deriveGuid(seed, "disk"));
  assert.match(disk, /^.{8}-.{4}-8.{3}-[89AB].{3}-.{12}$/);
  assert.equal(formatGuid(deriveGuid(seed, "disk")), disk);
  assert.notEqual(formatGuid(deriveGuid(seed, "partition")), disk);
  assert.notEqual(formatGuid(deriveGuid(new TextEncoder().encode("Seed"), "disk")), disk);
  // `printf seeddisk | sha256sum` begins 412e2621d6182eb8c008314db46d8ee5.
  assert.equal(disk, "412E2621-D618-8EB8-8008-314DB46D8EE5");
});
