import assert from "node:assert/strict";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../../lib/blocks/extent.ts";
import { encodeVmdkStream } from "../../../lib/formats/vmdk/write_stream.ts";
import { KIB, MemorySink, noise, prose, SECTOR } from "../support.ts";

const GRAIN = 64 * KIB;
/** Where the first grain lies: behind header and descriptor, on a grain's boundary. */
const FIRST_GRAIN = 128 * SECTOR;
/** What a grain takes that is stored as it is. */
const STORED_BYTES = 2 + 5 + 65_535 + 5 + 1 + 4;

/** Which grains of a disk are deflated; `t` is a grain of text, `r` one of random bytes. */
async function deflatedGrains(kinds: string): Promise<string> {
  const extents = [...kinds].map((kind, i) =>
    bytesExtent(i * GRAIN, kind === "t" ? prose(GRAIN) : noise(GRAIN, i + 1))
  );
  const sink = new MemorySink();
  await encodeVmdkStream(blockMap(kinds.length * GRAIN, extents), sink, {
    seed: new Uint8Array(32),
  });
  const bytes = await sink.toBytes();
  const view = new DataView(bytes.buffer);
  let at = FIRST_GRAIN;
  let found = "";
  for (let grain = 0; grain < kinds.length; grain++) {
    assert.equal(Number(view.getBigUint64(at, true)), grain * GRAIN / SECTOR);
    const streamBytes = view.getUint32(at + 8, true);
    found += streamBytes === STORED_BYTES ? "." : "d";
    at += Math.ceil((12 + streamBytes) / SECTOR) * SECTOR;
  }
  return found;
}

Deno.test("VMDK: one grain in eight is looked at, and the next ones while they shrink", async () => {
  assert.equal(await deflatedGrains("rtttttttttttttttt"), "........ddddddddd");
  assert.equal(await deflatedGrains("tttrttttrtttttttt"), "ddd.............d");
  assert.equal(await deflatedGrains("rrrrrrrrtrtrrrrrt"), "........d.......d");
});
