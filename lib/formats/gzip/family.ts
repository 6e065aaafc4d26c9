/**
 * What the program knows of gzip until it writes or reads it.
 *
 * @module
 */

import type { FormatFamily } from "../format.ts";
import { isGzip } from "./format.ts";

/** A raw disk in one gzip member. */
export const GZIP: FormatFamily = {
  formats: [{
    name: "gz",
    brief: "raw in one gzip member, for MAAS and dd",
    suffix: ".img.gz",
    suffixes: [".gz"],
    encode: async (map, sink, options) =>
      await (await import("./write.ts")).encodeGzip(map, sink, options),
  }],
  async open(file, head) {
    if (!isGzip(head)) return undefined;
    return { format: "gz", disk: await (await import("./read.ts")).openGzip(file) };
  },
};
