import assert from "node:assert/strict";
import { blockMap } from "../../../lib/blocks/block_map.ts";
import { encodeQcow2 } from "../../../lib/formats/qcow2/write.ts";
import { KIB } from "../support.ts";

const CLUSTER = 64 * KIB;

/** The head of an image whose disk is full of data that nobody reads. */
async function headOf(dataClusters: number): Promise<DataView> {
  const sizeBytes = dataClusters * CLUSTER;
  const read = () => {
    throw new Error("the data are read");
  };
  const source = { name: "full", sizeBytes, read };
  const extent = { offsetBytes: 0, lengthBytes: sizeBytes, source, sourceOffsetBytes: 0 };
  const written: Uint8Array[] = [];
  const sink = {
    write(bytes: Uint8Array) {
      written.push(bytes.slice());
      return Promise.resolve();
    },
    hole: () => Promise.resolve(),
  };
  await assert.rejects(encodeQcow2(blockMap(sizeBytes, [extent]), sink), /the data are read/);
  return new DataView(Uint8Array.from(written.flatMap((bytes) => [...bytes])).buffer);
}

Deno.test("qcow2: a refcount block counts 32,768 clusters, its own among them", async () => {
  // Header, refcount table and block, L1, four L2 tables: eight clusters before the data.
  for (const [dataClusters, blocks] of [[32_760, 1], [32_761, 2]] as const) {
    const view = await headOf(dataClusters);
    const get64 = (at: number) => Number(view.getBigUint64(at));
    assert.equal(get64(48), CLUSTER, "refcount_table_offset");
    assert.equal(view.getUint32(56), 1, "refcount_table_clusters");
    const table = [get64(CLUSTER), get64(CLUSTER + 8), get64(CLUSTER + 16)];
    assert.deepEqual(table, [2 * CLUSTER, blocks === 2 ? 3 * CLUSTER : 0, 0]);
    assert.equal(get64(40), (2 + blocks) * CLUSTER, "l1_table_offset");
    // The last cluster is counted once, and none behind it.
    const total = 1 + 1 + blocks + 1 + 4 + dataClusters;
    const countAt = (cluster: number) => view.getUint16(2 * CLUSTER + cluster * 2);
    assert.equal(countAt(total - 1), 1);
    if (total < blocks * 32_768) assert.equal(countAt(total), 0);
  }
});

Deno.test("qcow2: an L2 table maps 512 MiB", async () => {
  for (const [dataClusters, tables] of [[8192, 1], [8193, 2]] as const) {
    const view = await headOf(dataClusters);
    assert.equal(view.getUint32(36), tables, "l1_size");
    const l1 = Number(view.getBigUint64(40));
    const first = Number(view.getBigUint64(l1) & ~(1n << 63n));
    assert.equal(first, 4 * CLUSTER);
    // The tables end where the data begin.
    const data = Number(view.getBigUint64(first) & ~(1n << 63n));
    assert.equal(data, (4 + tables) * CLUSTER);
  }
});
