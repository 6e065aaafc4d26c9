import assert from "node:assert/strict";
import { deriveGuid } from "../../../lib/blocks/guid.ts";
import { contentId, encodeDescriptor } from "../../../lib/formats/vmdk/descriptor.ts";

/** Sectors of a cylinder: 255 heads of 63 sectors. */
const CYLINDER = 255 * 63;

function descriptorOf(capacitySectors: number): string {
  const bytes = encodeDescriptor("streamOptimized", capacitySectors, new Uint8Array(32));
  assert.equal(bytes.length, 20 * 512);
  return new TextDecoder().decode(bytes);
}

Deno.test("VMDK: cylinders are whole ones, at least 1 and at most 65,535", () => {
  const cylindersOf = (sectors: number) =>
    Number(/^ddb\.geometry\.cylinders = "(\d+)"$/m.exec(descriptorOf(sectors))![1]);
  assert.equal(cylindersOf(1), 1);
  assert.equal(cylindersOf(2 * CYLINDER - 1), 1);
  assert.equal(cylindersOf(2 * CYLINDER), 2);
  assert.equal(cylindersOf(65_535 * CYLINDER - 1), 65_534);
  assert.equal(cylindersOf(65_535 * CYLINDER), 65_535);
  assert.equal(cylindersOf(65_536 * CYLINDER), 65_535);
});

Deno.test("VMDK: the descriptor's geometry, and zeros behind its text", () => {
  const text = descriptorOf(CYLINDER);
  assert.match(text, /^ddb\.geometry\.heads = "255"$/m);
  assert.match(text, /^ddb\.geometry\.sectors = "63"$/m);
  assert.match(text, /^parentCID=ffffffff$/m);
  const id = contentId(deriveGuid(new Uint8Array(32), "vmdk")).toHex();
  assert.ok(text.includes(`\nddb.longContentID = "${id}"\n`));
  assert.ok(text.includes(`\nCID=${id.slice(-8)}\n`));
  assert.match(text, /ddb\.virtualHWVersion = "4"\n\0+$/);
});
