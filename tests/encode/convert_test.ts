import assert from "node:assert/strict";
import { blockMap } from "../../lib/disk/block_map.ts";
import { bytesExtent } from "../../lib/disk/extent.ts";
import { findData } from "../../lib/image/find_data.ts";
import {
  contentOf,
  encodeToMemory,
  equalBytes,
  KIB,
  mapSource,
  MIB,
  noise,
  prose,
  VARIANTS,
} from "./support.ts";

const DISK = blockMap(40 * MIB, [
  bytesExtent(0, noise(34 * 512)),
  bytesExtent(3 * MIB - 77, prose(300 * KIB)),
  bytesExtent(7 * MIB, noise(3 * MIB + 5)),
  bytesExtent(39 * MIB, noise(20)),
]);

for (const from of VARIANTS) {
  Deno.test(`${from.name}: becomes any other as if the disk were encoded at once`, async () => {
    const file = (await encodeToMemory(from, DISK)).toSource();
    const disk = await from.open(file);
    // The units of one format reach further than the data; those of the disk itself do not.
    const map = await findData(mapSource("disk", await findData(disk)));
    for (const to of VARIANTS) {
      const converted = await (await encodeToMemory(to, map)).toBytes();
      const direct = await (await encodeToMemory(to, DISK)).toBytes();
      assert.ok(equalBytes(converted, direct), `${from.name} to ${to.name}`);
    }
    const back = await contentOf(await findData(disk));
    assert.ok(equalBytes(back, await contentOf(DISK)));
  });
}
