/**
 * What the program knows of raw images.
 *
 * @module
 */

import type { FormatFamily } from "../format.ts";

/** The disk as it is: nothing to read it with, and nothing to know it by. */
export const RAW: FormatFamily = {
  formats: [{
    name: "raw",
    brief: "the disk as it is",
    suffix: ".img",
    suffixes: [".img", ".raw", ".dd"],
    encode: async (map, sink, options) =>
      await (await import("./write.ts")).encodeRaw(map, sink, options),
  }],
};
