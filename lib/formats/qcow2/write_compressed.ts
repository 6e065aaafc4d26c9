/**
 * The data clusters of a compressed qcow2 image.
 *
 * Deflated clusters lie back to back, whatever their size; those that do not shrink stay as they are
 * and must begin with a host cluster. So in each MiB of the disk the deflated ones come first, and
 * are followed by a gap of less than one cluster only where a plain one comes next.
 *
 * @module
 */

import { deflateRawSync } from "node:zlib";
import type { BlockMap } from "../../blocks/block_map.ts";
import { type Chunk, chunks } from "../../blocks/chunks.ts";
import { Failure } from "../../blocks/failure.ts";
import { Gatherer } from "../../blocks/gather.ts";
import type { EncodeOptions } from "../../blocks/sink.ts";
import { inOneBuffer, release, upTo } from "../deflate/deflate.ts";
import { isCompressible } from "../deflate/entropy.ts";
import { mayShrink } from "../deflate/may_shrink.ts";
import { CLUSTER_BITS, CLUSTER_BYTES, encodeCompressedEntry, encodeEntry } from "./format.ts";
import { countDataClusters, type DataPlan } from "./plan.ts";

/** QEMU deflates with a window of 4 KiB, and asks zlib for no larger one to inflate. */
const DEFLATE = { level: 6, windowBits: 12 };
/** What does not save a 16th is read back faster as it is. */
const MAX_WORTHWHILE_BYTES = CLUSTER_BYTES - CLUSTER_BYTES / 16;

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
export async function planCompressed(map: BlockMap, options: EncodeOptions): Promise<DataPlan> {
  const clusters = countDataClusters(map);
  const offsetsBytes = new Float64Array(clusters);
  const lengthsBytes = new Uint32Array(clusters);
  let endBytes = 0;
  const progress = (pass: number) => (chunk: Chunk) =>
    options.onProgress?.(
      Math.floor((pass * map.sizeBytes + chunk.offsetBytes + chunk.lengthBytes) / 2),
    );
  for await (const stored of storedClusters(map, progress(0))) {
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
      for await (const { nth, bytes, isDeflated } of storedClusters(map, progress(1))) {
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

/** The clusters with data, in the order of the file. Their bytes are there until the next is asked for. */
async function* storedClusters(
  map: BlockMap,
  onChunk: (chunk: Chunk) => void,
): AsyncGenerator<Stored> {
  let nth = 0;
  for await (const chunk of chunks(map, CLUSTER_BYTES)) {
    if (chunk.bytes !== null) {
      const isWorthTrying = mayShrink(chunk.bytes);
      const plain: Stored[] = [];
      for (let at = 0; at < chunk.bytes.length; at += CLUSTER_BYTES, nth++) {
        const bytes = chunk.bytes.subarray(at, at + CLUSTER_BYTES);
        const deflated = isWorthTrying ? deflate(bytes) : null;
        if (deflated === null) {
          plain.push({ nth, bytes, isDeflated: false });
        } else {
          yield { nth, bytes: deflated, isDeflated: true };
          release(deflated);
        }
      }
      yield* plain;
    }
    onChunk(chunk);
  }
}

/** The deflated cluster, or `null` if that does not pay. */
function deflate(cluster: Uint8Array): Uint8Array | null {
  if (!isCompressible(cluster)) return null;
  return upTo(MAX_WORTHWHILE_BYTES, deflateRawSync(cluster, inOneBuffer(cluster, DEFLATE)));
}
