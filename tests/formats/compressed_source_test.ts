import fc from "fast-check";
import assert from "node:assert/strict";
import { blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import { compressedSource } from "../../lib/formats/compressed_source.ts";
import { equalBytes, KIB, mapSource, noise } from "./support.ts";

const BLOCK = 4 * KIB;
const BLOCKS = 40;

Deno.test("blocks are found wherever they lie in the file", async () => {
  const order = fc.shuffledSubarray(Array.from({ length: BLOCKS }, (_, i) => i), {
    minLength: BLOCKS,
    maxLength: BLOCKS,
  });
  const gaps = fc.array(fc.integer({ min: 0, max: 40 * KIB }), {
    minLength: BLOCKS,
    maxLength: BLOCKS,
  });
  const reading = fc.tuple(fc.nat(BLOCKS * BLOCK - 1), fc.integer({ min: 1, max: BLOCKS * BLOCK }));
  await fc.assert(
    fc.asyncProperty(order, gaps, fc.array(reading), async (places, gaps, readings) => {
      const content = noise(BLOCKS * BLOCK);
      // "Compressed" means that each byte has another bit set.
      const offsets = new Map<number, number>();
      let end = 0;
      const parts = places.map((block, i) => {
        end += gaps[i]!;
        offsets.set(block, end);
        const bytes = content.slice(block * BLOCK, (block + 1) * BLOCK).map((byte) => byte ^ 0x80);
        const part = bytesExtent(end, bytes);
        end += BLOCK;
        return part;
      });
      const source = compressedSource(mapSource("file", blockMap(end, parts)), content.length, {
        blockBytes: BLOCK,
        locate: (block) => ({ offsetBytes: offsets.get(block)!, lengthBytes: BLOCK }),
        inflate(stored, _block, into) {
          into.set(stored.map((byte) => byte ^ 0x80));
          return stored.length;
        },
      });
      for (const [offset, length] of [[0, content.length], ...readings]) {
        const into = new Uint8Array(Math.min(length!, content.length - offset!));
        await source.read(into, offset!);
        assert.ok(equalBytes(into, content.subarray(offset, offset! + into.length)));
      }
    }),
    { numRuns: 60 },
  );
});
