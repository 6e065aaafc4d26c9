/**
 * What the program knows of VHD until it writes or reads it.
 *
 * @module
 */

import type { FormatFamily } from "../format.ts";
import { openedDisk } from "../virtual_disk.ts";

/** What the 32-bit sector numbers of a dynamic VHD reach (VHD specification, "Overview"). */
const MAX_VHD_GIB = 2040;

/** Microsoft's formats. */
export const VHD: FormatFamily = {
  formats: [{
    name: "vhd",
    brief: "dynamic, for Hyper-V",
    suffix: ".vhd",
    suffixes: [".vhd"],
    maxDiskGib: MAX_VHD_GIB,
    encode: async (map, sink, options) =>
      await (await import("./write.ts")).encodeVhdDynamic(map, sink, options),
  }, {
    name: "vhd-fixed",
    brief: "fixed, for Azure",
    suffix: ".vhd",
    suffixes: [],
    maxDiskGib: MAX_VHD_GIB,
    encode: async (map, sink, options) =>
      await (await import("./write.ts")).encodeVhdFixed(map, sink, options),
  }],
  async open(file) {
    const { isVhd, openVhd } = await import("./read.ts");
    return await isVhd(file) ? openedDisk(await openVhd(file)) : undefined;
  },
};
