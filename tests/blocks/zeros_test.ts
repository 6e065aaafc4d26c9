import assert from "node:assert/strict";
import { isZero } from "../../lib/blocks/zeros.ts";

Deno.test("zeros: one byte that is not zero counts, wherever it is, in any length", () => {
  for (const lengthBytes of [0, 1, 2, 511, 512, 65_535, 262_144]) {
    const bytes = new Uint8Array(lengthBytes);
    assert.equal(isZero(bytes), true, String(lengthBytes));
    for (const at of [0, 1, lengthBytes >> 1, lengthBytes - 1]) {
      if (at < 0 || at >= lengthBytes) continue;
      for (const byte of [1, 255]) {
        bytes[at] = byte;
        assert.equal(isZero(bytes), false, `${byte} at ${at} of ${lengthBytes}`);
        bytes[at] = 0;
      }
    }
    assert.equal(isZero(bytes.fill(7)), lengthBytes === 0);
  }
});
