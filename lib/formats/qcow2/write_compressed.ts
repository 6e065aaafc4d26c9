/**
 * The data clusters of a compressed qcow2 image.
 *
 * Deflated clusters lie back to back, whatever their size; those that do not shrink stay as they are
 * and must begin with a host cluster. So in each MiB of the disk the deflated ones come first, and
 * are followed by a gap of less than one cluster only where a plain one comes next.
 *
 * @module
 */

import type { BlockMap } from "../../blocks/block_map.ts";
import { type Chunk, CHUNK_BYTES, chunks } from "../../blocks/chunks.ts";
import { Failure } from "../../blocks/failure.ts";
import { Gatherer } from "../../blocks/gather.ts";
import { later } from "../../blocks/later.ts";
import type { EncodeOptions } from "../../blocks/sink.ts";
import { type Deflater, inlineDeflater } from "../deflate/deflater.ts";
import { isCompressible } from "../deflate/entropy.ts";
import { mayShrink } from "../deflate/may_shrink.ts";
import type { DeflatedUnits, UnitStyle } from "../deflate/units.ts";
import { CLUSTER_BITS, CLUSTER_BYTES, encodeCompressedEntry, encodeEntry } from "./format.ts";
import { countDataClusters, type DataPlan } from "./plan.ts";

/**
 * QEMU deflates with a window of 4 KiB, and asks zlib for no larger one to inflate. What does not save
 * a 16th is read back faster as it is.
 */
const STYLE: UnitStyle = { isZlib: false, windowBits: 12, minSavedBytes: CLUSTER_BYTES / 16 };
/** Each chunk of the disk is deflated in so many groups, so that none takes long. */
const GROUPS = 2;
const GROUP_CLUSTERS = CHUNK_BYTES / CLUSTER_BYTES / GROUPS;

/** A cluster of the disk on its way to the file. */
interface Stored {
  /** Its number among the clusters with data. */
  readonly nth: number;
  readonly bytes: Uint8Array;
  readonly isDeflated: boolean;
}

/**
 * Deflates everything once to learn the sizes, from which the tables follow.
 *
 * @throws {Failure} `truncated` or `io` from the disk's sources; its writes also `io` from the
 * sink.
 */
export async function planCompressed(
  map: BlockMap,
  options: EncodeOptions & { readonly deflater?: Deflater | undefined },
): Promise<DataPlan> {
  const { deflater = inlineDeflater() } = options;
  const clusters = countDataClusters(map);
  const offsetsBytes = new Float64Array(clusters);
  const lengthsBytes = new Uint32Array(clusters);
  let endBytes = 0;
  const progress = (pass: number) => (chunk: Chunk) =>
    options.onProgress?.(
      Math.floor((pass * map.sizeBytes + chunk.offsetBytes + chunk.lengthBytes) / 2),
    );
  for await (const stored of storedClusters(map, deflater, progress(0))) {
    if (!stored.isDeflated) endBytes = Math.ceil(endBytes / CLUSTER_BYTES) * CLUSTER_BYTES;
    offsetsBytes[stored.nth] = endBytes;
    lengthsBytes[stored.nth] = stored.bytes.length;
    endBytes += stored.bytes.length;
  }
  const references = new Uint16Array(Math.ceil(endBytes / CLUSTER_BYTES));
  for (let nth = 0; nth < clusters; nth++) {
    const first = Math.floor(offsetsBytes[nth]! / CLUSTER_BYTES);
    const last = Math.floor((offsetsBytes[nth]! + lengthsBytes[nth]! - 1) / CLUSTER_BYTES);
    for (let at = first; at <= last; at++) references[at]!++;
  }
  return {
    clusters: references.length,
    entry(nth, dataOffsetBytes) {
      const offsetBytes = dataOffsetBytes + offsetsBytes[nth]!;
      return lengthsBytes[nth] === CLUSTER_BYTES
        ? encodeEntry(offsetBytes)
        : encodeCompressedEntry(offsetBytes, lengthsBytes[nth]!, CLUSTER_BITS);
    },
    references: (nth) => references[nth]!,
    async write(sink) {
      const out = new Gatherer(sink);
      for await (const { nth, bytes, isDeflated } of storedClusters(map, deflater, progress(1))) {
        if (!isDeflated) await out.pad(CLUSTER_BYTES);
        if (out.positionBytes !== offsetsBytes[nth] || bytes.length !== lengthsBytes[nth]) {
          throw new Failure(
            "io",
            "the image's sources",
            "changed while they were read",
            "run it again and leave them alone meanwhile",
          );
        }
        await out.append(bytes);
      }
      await out.pad(CLUSTER_BYTES);
      await out.finish();
    },
  };
}

/** A chunk of the disk whose clusters are being deflated. */
interface Pending {
  readonly chunk: Chunk;
  /** The memory that its bytes were copied to, because they have to wait. */
  readonly copy?: Uint8Array;
  /** Its clusters that may shrink, by their numbers in it. */
  readonly tried: readonly number[];
  /** What they become, in groups of {@linkcode GROUP_CLUSTERS}. */
  readonly deflated: readonly (DeflatedUnits | Promise<DeflatedUnits>)[];
}

/** The clusters with data, in the order of the file. Their bytes are there until the next is asked for. */
async function* storedClusters(
  map: BlockMap,
  deflater: Deflater,
  onChunk: (chunk: Chunk) => void,
): AsyncGenerator<Stored> {
  const pending: Pending[] = [];
  const free: Uint8Array[] = [];
  let nth = 0;
  async function* first(): AsyncGenerator<Stored> {
    const { chunk, copy, tried, deflated } = pending.shift()!;
    if (chunk.bytes !== null) {
      yield* inFileOrder(chunk.bytes, tried, await Promise.all(deflated), nth);
      nth += chunk.bytes.length / CLUSTER_BYTES;
    }
    if (copy !== undefined) free.push(copy);
    onChunk(chunk);
  }
  for await (const chunk of chunks(map, CLUSTER_BYTES)) {
    const next = begin(chunk, deflater);
    const mustWait = pending.length > 0 || next.deflated.some(isLater);
    // A chunk is overwritten when the one behind the next is asked for.
    pending.push(mustWait ? copied(next, free.pop() ?? new Uint8Array(CHUNK_BYTES)) : next);
    const isWaiting = pending.some(({ deflated }) => deflated.some(isLater));
    const mayWait = isWaiting ? Math.ceil(deflater.depth / GROUPS) : 0;
    while (pending.length > mayWait) yield* first();
  }
  while (pending.length > 0) yield* first();
}

/** Has the clusters of a chunk deflated that look as if that would pay. */
function begin(chunk: Chunk, deflater: Deflater): Pending {
  const { bytes } = chunk;
  if (bytes === null || !mayShrink(bytes)) return { chunk, tried: [], deflated: [] };
  const clusters = Array.from({ length: bytes.length / CLUSTER_BYTES }, (_, i) => i);
  const tried = clusters.filter((i) => isCompressible(clusterOf(bytes, i)));
  const groups = Array.from(
    { length: Math.ceil(tried.length / GROUP_CLUSTERS) },
    (_, i) => tried.slice(i * GROUP_CLUSTERS, (i + 1) * GROUP_CLUSTERS),
  );
  const deflated = groups.map((group) =>
    deflater.deflateUnits(group.map((i) => clusterOf(bytes, i)), STYLE)
  );
  return { chunk, tried, deflated: deflated.map((units) => isLater(units) ? later(units) : units) };
}

/** The clusters of a chunk: first those that have shrunk, then the others. */
function* inFileOrder(
  bytes: Uint8Array,
  tried: readonly number[],
  deflated: readonly DeflatedUnits[],
  nth: number,
): Generator<Stored> {
  const shrunk = new Set<number>();
  const streams = deflated.flatMap((units) => units.streams);
  for (const [i, cluster] of tried.entries()) {
    const stream = streams[i];
    if (!stream) continue;
    shrunk.add(cluster);
    yield { nth: nth + cluster, bytes: stream, isDeflated: true };
  }
  for (const units of deflated) units.release();
  for (let i = 0; i < bytes.length / CLUSTER_BYTES; i++) {
    if (!shrunk.has(i)) yield { nth: nth + i, bytes: clusterOf(bytes, i), isDeflated: false };
  }
}

function clusterOf(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * CLUSTER_BYTES, (index + 1) * CLUSTER_BYTES);
}

function copied(pending: Pending, copy: Uint8Array): Pending {
  const { bytes, ...place } = pending.chunk;
  if (bytes === null) return pending;
  copy.set(bytes);
  return { ...pending, copy, chunk: { ...place, bytes: copy.subarray(0, bytes.length) } };
}

function isLater<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}
