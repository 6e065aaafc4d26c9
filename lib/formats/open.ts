/**
 * Opens an image of any format we write, as the disk that it stands for.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import type { VirtualDisk } from "./virtual_disk.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";

/** Enough to tell every format by but a fixed VHD, which ends with its mark. */
const HEAD_BYTES = 512;

/** An image, opened. */
export interface OpenImage {
  /** As in `vmdk (streamOptimized)`. */
  readonly format: string;
  /** The disk, to be read from front to back where that can be chosen. */
  readonly disk: Source;
}

/**
 * Opens an image by what is in it; its name does not matter. Readers are loaded when they are used.
 *
 * @throws {Failure} `not-image` if it is damaged.
 */
export async function openImage(file: Source): Promise<OpenImage> {
  const head = await readBytes(file, 0, Math.min(HEAD_BYTES, file.sizeBytes));
  if (head[0] === 0x1f && head[1] === 0x8b) { // RFC 1952 §2.3.1
    return { format: "gz", disk: await (await import("./gzip/read.ts")).openGzip(file) };
  }
  const disk = await openVirtualDisk(file, decodeLatin1(head.subarray(0, 21)));
  if (disk === undefined) return { format: "raw", disk: file };
  return { format: `${disk.format} (${disk.variant})`, disk };
}

async function openVirtualDisk(file: Source, magic: string): Promise<VirtualDisk | undefined> {
  if (magic.startsWith("QFI\xfb")) return (await import("./qcow2/read.ts")).openQcow2(file);
  if (magic.startsWith("KDMV") || magic === "# Disk DescriptorFile") {
    return (await import("./vmdk/read.ts")).openVmdk(file);
  }
  const { isVhd, openVhd } = await import("./vhd/read.ts");
  return await isVhd(file) ? openVhd(file) : undefined;
}
