/**
 * What a qcow2 image's tables need to know of the data that follow them.
 *
 * @module
 */

import { type BlockMap, runs } from "../../blocks/block_map.ts";
import { chunks } from "../../blocks/chunks.ts";
import type { EncodeOptions, Sink } from "../../blocks/sink.ts";
import { WriteBehind } from "../../blocks/write_behind.ts";
import { CLUSTER_BYTES, encodeEntry } from "./format.ts";

/** How the data clusters are to be stored, decided before anything is written. */
export interface DataPlan {
  /** The host clusters that they take together. */
  readonly clusters: number;
  /** The L2 entry for the nth cluster of the disk that is not a hole. */
  entry(nth: number, dataOffsetBytes: number): bigint;
  /** How many clusters of the disk lie in the nth host cluster of the data. */
  references(nth: number): number;
  /** @throws {Failure} `truncated` or `io` from the disk's sources or the sink. */
  write(sink: Sink): Promise<void>;
}

/** How many clusters of a disk hold data. */
export function countDataClusters(map: BlockMap): number {
  let clusters = 0;
  for (const run of runs(map, CLUSTER_BYTES)) {
    if (run.kind === "data") clusters += Math.ceil(run.lengthBytes / CLUSTER_BYTES);
  }
  return clusters;
}

/**
 * Every cluster as it is, one after the other.
 *
 * @throws {Failure} from its writes: `truncated` or `io` from the disk's sources or the sink.
 */
export function planPlain(map: BlockMap, options: EncodeOptions): DataPlan {
  return {
    clusters: countDataClusters(map),
    entry: (nth, dataOffsetBytes) => encodeEntry(dataOffsetBytes + nth * CLUSTER_BYTES),
    references: () => 1,
    async write(sink) {
      const out = new WriteBehind(sink);
      for await (const chunk of chunks(map, CLUSTER_BYTES)) {
        if (chunk.bytes !== null) await out.write(chunk.bytes);
        options.onProgress?.(chunk.offsetBytes + chunk.lengthBytes);
      }
      await out.finish();
    },
  };
}
