/**
 * What the program knows of qcow2 until it writes or reads it.
 *
 * @module
 */

import { decodeLatin1 } from "../../blocks/latin1.ts";
import type { FormatFamily } from "../format.ts";
import { openedDisk } from "../virtual_disk.ts";

/** QEMU's format. */
export const QCOW2: FormatFamily = {
  formats: [{
    name: "qcow2",
    brief: "QEMU, OpenStack",
    suffix: ".qcow2",
    suffixes: [".qcow2"],
    encode: async (map, sink, options) =>
      await (await import("./write.ts")).encodeQcow2(map, sink, options),
  }],
  async open(file, head) {
    if (!decodeLatin1(head).startsWith("QFI\xfb")) return undefined;
    return openedDisk(await (await import("./read.ts")).openQcow2(file));
  },
};
