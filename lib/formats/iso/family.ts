/**
 * What the program knows of ISOs as a format: its sectors are planned already, and written as they
 * are.
 *
 * @module
 */

import type { FormatFamily } from "../format.ts";

/** An installer CD. It is laid out by `lib/iso/patch`, and holds no disk. */
export const ISO: FormatFamily = {
  formats: [{
    name: "iso",
    brief: "the ISO that is given, made unattended",
    medium: "iso",
    suffix: "-unattended.iso",
    suffixes: [".iso"],
    encode: async (map, sink, options) =>
      await (await import("../raw/write.ts")).encodeRaw(map, sink, options),
  }],
  async open(file) {
    const { isIso } = await import("../../iso/volume.ts");
    return await isIso(file) ? { format: "iso", disk: file } : undefined;
  },
};
