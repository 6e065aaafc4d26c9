import fc from "fast-check";
import assert from "node:assert/strict";
import { bytesField, structureAt, uint16, uint32, uint8 } from "../../lib/blocks/fields.ts";
import { DATE, RECORD } from "../../lib/iso/format.ts";

const NUMBERS = [
  { field: uint8, bytes: 1 },
  { field: uint16, bytes: 2 },
  { field: uint32, bytes: 4 },
];

Deno.test("fields: the lowest byte comes first, in the field's place and nowhere else", () => {
  for (const { field, bytes } of NUMBERS) {
    const structure = new Uint8Array(8);
    field(3).set(structureAt(structure), 0x04030201);
    assert.deepEqual([...structure], [0, 0, 0, 1, 2, 3, 4, 0].map((x) => x > bytes ? 0 : x));
  }
});

Deno.test("fields: what is set is got, wherever the structure lies", () => {
  const any = fc.record({ at: fc.nat(20), offset: fc.nat(20), value: fc.nat(0xff) });
  fc.assert(fc.property(any, ({ at, offset, value }) => {
    const bytes = new Uint8Array(50);
    const structure = structureAt(bytes, at, 25);
    for (const { field } of NUMBERS) {
      field(offset).set(structure, value);
      assert.equal(field(offset).get(structure), value);
      assert.equal(bytes[at + offset], value);
    }
    assert.equal(bytesField(offset, 2).of(structure)[0], value);
  }));
});

Deno.test("fields: none reaches past its structure, whatever bytes follow there", () => {
  const structure = structureAt(new Uint8Array(50), 10, 20);
  for (const { field, bytes } of NUMBERS) {
    assert.equal(field(20 - bytes).get(structure), 0);
    assert.throws(() => field(21 - bytes).get(structure), RangeError);
    assert.throws(() => field(21 - bytes).set(structure, 0), RangeError);
  }
  assert.equal(bytesField(12, 8).of(structure).length, 8);
  assert.throws(() => bytesField(13, 8).of(structure), RangeError);
});

Deno.test("fields of ISO 9660: numbers in both byte orders, and one with a sign", () => {
  const bytes = new Uint8Array(34);
  const record = structureAt(bytes);
  RECORD.extentSector.set(record, 0x01020304);
  assert.deepEqual([...bytes.subarray(2, 10)], [4, 3, 2, 1, 1, 2, 3, 4]);
  assert.equal(RECORD.extentSector.get(record), 0x01020304);
  assert.ok(RECORD.extentSector.isConsistent(record));
  for (let at = 2; at < 10; at++) {
    bytes[at]! ^= 1;
    assert.ok(!RECORD.extentSector.isConsistent(record), `byte ${at}`);
    bytes[at]! ^= 1;
  }
  DATE.offset.set(record, -20);
  assert.equal(bytes[16], 256 - 20);
  assert.equal(DATE.offset.get(record), -20);
});
