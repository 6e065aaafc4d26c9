/**
 * qcow2, version 3: the disk of QEMU and OpenStack (qcow2.txt in QEMU's documentation).
 *
 * | cluster of 64 KiB      | what                                                      |
 * | ---------------------- | --------------------------------------------------------- |
 * | 0                      | header                                                    |
 * | 1 …                    | refcount table: where the refcount blocks lie             |
 * | …                      | refcount blocks: how often each cluster is referred to    |
 * | …                      | L1 table: where the L2 tables lie                         |
 * | …                      | L2 tables: where the data clusters lie; none for 512 MiB without data |
 * | …                      | data clusters in the order of the disk; none for holes    |
 *
 * All that stands before the data is known from the block map, so the image can go to a pipe.
 *
 * @module
 */

import type { BlockMap } from "../../blocks/block_map.ts";
import { requireWholeSectors } from "../../blocks/chunks.ts";
import { Gatherer } from "../../blocks/gather.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import type { Deflater } from "../deflate/deflater.ts";
import { type MappedTable, mappedTables } from "../mapped_tables.ts";
import {
  CLUSTER_BITS,
  CLUSTER_BYTES,
  encodeEntry,
  encodeHeader,
  ENTRY_BYTES,
  REFCOUNT_BYTES,
} from "./format.ts";
import { type DataPlan, planPlain } from "./plan.ts";
import { planCompressed } from "./write_compressed.ts";

const ENTRIES_PER_TABLE = CLUSTER_BYTES / ENTRY_BYTES;
const COUNTS_PER_BLOCK = CLUSTER_BYTES / REFCOUNT_BYTES;

/** What {@linkcode encodeQcow2} may be given. */
export interface Qcow2Options extends EncodeOptions {
  /**
   * Deflates the clusters that shrink by it. The disk is then read twice, first for the sizes: the
   * tables still come first, so that this too can go to a pipe.
   */
  readonly compress?: boolean | undefined;
  /** Deflates compressible blocks; without it, this thread does. */
  readonly deflater?: Deflater | undefined;
}

/** Which cluster each part of the file begins with. */
interface Layout {
  readonly l1Entries: number;
  readonly refcountTableClusters: number;
  readonly refcountBlocksAt: number;
  readonly l1At: number;
  readonly l2At: number;
  readonly dataAt: number;
  readonly totalClusters: number;
}

/**
 * Writes a disk as qcow2.
 *
 * Compressed, it keeps 10 bytes for each 64 KiB of data in memory.
 *
 * @throws {RangeError} if the disk's size is no multiple of 512.
 * @throws {Failure} `truncated` or `io` from the disk's sources or the sink, and `io` if a source
 * changed while it was being compressed.
 */
export async function encodeQcow2(
  map: BlockMap,
  sink: Sink,
  options: Qcow2Options = {},
): Promise<void> {
  requireWholeSectors(map);
  const plan = options.compress ? await planCompressed(map, options) : planPlain(map, options);
  const layout = layOut(map, plan.clusters);
  await writeTables(map, sink, plan, layout);
  await plan.write(sink);
  options.onProgress?.(map.sizeBytes);
}

/** Decides where the tables lie. */
function layOut(map: BlockMap, dataClusters: number): Layout {
  const l1Entries = Math.ceil(map.sizeBytes / (CLUSTER_BYTES * ENTRIES_PER_TABLE));
  const l1Clusters = Math.ceil(l1Entries / ENTRIES_PER_TABLE);
  const l2Clusters = [...l2Tables(map)].length;
  const countedClusters = 1 + l1Clusters + l2Clusters + dataClusters;
  // The refcounts count the clusters of their own tables too: add blocks until they cover everything.
  let refcountBlocks = 0;
  let refcountTableClusters = 0;
  let totalClusters = countedClusters;
  while (refcountBlocks * COUNTS_PER_BLOCK < totalClusters) {
    refcountBlocks++;
    refcountTableClusters = Math.ceil(refcountBlocks / ENTRIES_PER_TABLE);
    totalClusters = countedClusters + refcountTableClusters + refcountBlocks;
  }
  const refcountBlocksAt = 1 + refcountTableClusters;
  const l1At = refcountBlocksAt + refcountBlocks;
  const l2At = l1At + l1Clusters;
  const dataAt = l2At + l2Clusters;
  return { l1Entries, refcountTableClusters, refcountBlocksAt, l1At, l2At, dataAt, totalClusters };
}

async function writeTables(
  map: BlockMap,
  sink: Sink,
  plan: DataPlan,
  layout: Layout,
): Promise<void> {
  const out = new Gatherer(sink);
  await out.append(encodeHeader({
    version: 3,
    clusterBits: CLUSTER_BITS,
    sizeBytes: map.sizeBytes,
    l1Entries: layout.l1Entries,
    l1OffsetBytes: layout.l1At * CLUSTER_BYTES,
    refcountTableOffsetBytes: CLUSTER_BYTES,
    refcountTableClusters: layout.refcountTableClusters,
    backingFileOffsetBytes: 0,
    cryptMethod: 0,
    incompatibleFeatures: 0n,
  }));
  await out.pad(CLUSTER_BYTES);
  await writeEntries(out, refcountTable(layout));
  await writeRefcounts(out, plan, layout);
  await writeEntries(out, l1Table(map, layout));
  let nth = 0;
  for (const table of l2Tables(map)) {
    const entries = new BigUint64Array(ENTRIES_PER_TABLE);
    for (const index of table.mapped) {
      entries[index] = plan.entry(nth++, layout.dataAt * CLUSTER_BYTES);
    }
    await writeEntries(out, entries);
  }
  await out.finish();
}

function* refcountTable(layout: Layout): Generator<bigint> {
  for (let at = layout.refcountBlocksAt; at < layout.l1At; at++) yield BigInt(at * CLUSTER_BYTES);
}

function l1Table(map: BlockMap, layout: Layout): Iterable<bigint> {
  const entries = new BigUint64Array(layout.l1Entries);
  let at = layout.l2At;
  for (const table of l2Tables(map)) entries[table.index] = encodeEntry(at++ * CLUSTER_BYTES);
  return entries;
}

/** Writes a table of whole clusters. */
async function writeEntries(out: Gatherer, entries: Iterable<bigint>): Promise<void> {
  for (const entry of entries) {
    if (out.positionBytes % CLUSTER_BYTES === 0) await out.makeRoom(CLUSTER_BYTES);
    const bytes = out.reserve(ENTRY_BYTES);
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, entry);
  }
  await out.pad(CLUSTER_BYTES);
}

/** One for each cluster before the data, then what the plan says. */
async function writeRefcounts(out: Gatherer, plan: DataPlan, layout: Layout): Promise<void> {
  const blocks = layout.l1At - layout.refcountBlocksAt;
  for (let first = 0; first < blocks * COUNTS_PER_BLOCK; first += COUNTS_PER_BLOCK) {
    await out.makeRoom(CLUSTER_BYTES);
    const bytes = out.reserve(CLUSTER_BYTES).fill(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const counts = Math.min(COUNTS_PER_BLOCK, layout.totalClusters - first);
    for (let i = 0; i < counts; i++) {
      const nth = first + i - layout.dataAt;
      view.setUint16(i * REFCOUNT_BYTES, nth < 0 ? 1 : plan.references(nth));
    }
  }
}

/** The L2 tables that are needed. */
function l2Tables(map: BlockMap): Generator<MappedTable> {
  return mappedTables(map, CLUSTER_BYTES, ENTRIES_PER_TABLE);
}
