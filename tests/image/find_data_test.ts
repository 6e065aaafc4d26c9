import assert from "node:assert/strict";
import fc from "fast-check";
import { blockMap, runs } from "../../lib/disk/block_map.ts";
import { bytesExtent } from "../../lib/disk/extent.ts";
import { findData } from "../../lib/image/find_data.ts";
import {
  arbitraryMap,
  contentOf,
  encodeToMemory,
  equalBytes,
  KIB,
  mapSource,
  MIB,
  noise,
  VARIANTS,
} from "../encode/support.ts";

Deno.test("what is found is all that is not zero", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryMap(5 * MIB, 300 * KIB), async (map) => {
      const found = await findData(mapSource("raw", map));
      assert.equal(found.sizeBytes, map.sizeBytes);
      const content = await contentOf(map);
      assert.ok(equalBytes(await contentOf(found), content));
      for (const extent of found.extents) {
        for (let at = 0; at < extent.lengthBytes; at += 4096) {
          const unit = content.subarray(extent.offsetBytes + at).subarray(0, 4096);
          assert.ok(unit.some((byte) => byte !== 0));
        }
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("an image that knows its data is not read", async () => {
  const map = blockMap(8 * MIB, [bytesExtent(5 * MIB, noise(100))]);
  for (const variant of VARIANTS) {
    const disk = await variant.open((await encodeToMemory(variant, map)).toSource());
    let readings = 0;
    const found = await findData(disk, () => readings++);
    assert.equal(readings > 0, variant.variant === "fixed", variant.name);
    assert.deepEqual([...runs(found, 2 * MIB)], [...runs(map, 2 * MIB)]);
  }
});
