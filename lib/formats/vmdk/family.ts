/**
 * What the program knows of VMDK until it writes or reads it.
 *
 * @module
 */

import { decodeLatin1 } from "../../blocks/latin1.ts";
import type { FormatFamily } from "../format.ts";
import { openedDisk } from "../virtual_disk.ts";

/** VMware's formats. */
export const VMDK: FormatFamily = {
  formats: [{
    name: "vmdk",
    brief: "streamOptimized, for vSphere and OVF",
    suffix: ".vmdk",
    suffixes: [".vmdk"],
    encode: async (map, sink, options) =>
      await (await import("./write_stream.ts")).encodeVmdkStream(map, sink, options),
  }, {
    name: "vmdk-sparse",
    brief: "monolithicSparse, for Workstation and Glance",
    suffix: ".vmdk",
    suffixes: [],
    encode: async (map, sink, options) =>
      await (await import("./write_sparse.ts")).encodeVmdkSparse(map, sink, options),
  }],
  async open(file, head) {
    const magic = decodeLatin1(head);
    if (!magic.startsWith("KDMV") && !magic.startsWith("# Disk DescriptorFile")) return undefined;
    return openedDisk(await (await import("./read.ts")).openVmdk(file));
  },
};
