/**
 * FAT32 volumes and disks with a few files, laid out as a build does it.
 *
 * @module
 */

import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent } from "../../lib/blocks/extent.ts";
import type { ContentTree } from "../../lib/blocks/file_tree.ts";
import { parentFolders } from "../../lib/blocks/file_tree.ts";
import { parseGuid } from "../../lib/blocks/guid.ts";
import { type Fat32Layout, type Fat32Options, layOutFat32 } from "../../lib/disk/fat32.ts";
import { type DiskLayout, type DiskOptions, layOutDisk } from "../../lib/disk/layout.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { writeFile } from "../formats/qemu_img.ts";

export const MIB = 1024 * 1024;

/** Files by path: their bytes, or a size for a hole of zeros. */
export type Files = Readonly<Record<string, Uint8Array | number>>;

const WASM = await readFatfsWasm();

/** What is given unless a test says otherwise. */
export const OPTIONS: Fat32Options = {
  fatfsWasm: WASM,
  label: "ESXI",
  firstLba: 2048,
  freeBytes: 0,
  timeMs: Date.UTC(2024, 8, 23, 12, 34, 56),
  image: "test.iso",
};

/** Files as what a volume is to hold, with the folders above them. */
export function contentOf(files: Files, directories: readonly string[] = []): ContentTree {
  const folders = Object.keys(files).flatMap(parentFolders);
  return {
    directories: [...new Set([...folders, ...directories])],
    files: Object.entries(files).map(([path, content]) =>
      typeof content === "number"
        ? { path, sizeBytes: content, content: [] }
        : { path, sizeBytes: content.length, content: [bytesExtent(0, content)] }
    ),
  };
}

/** Lays out a volume. */
export async function volumeOf(
  files: Files,
  options: Partial<Fat32Options> = {},
): Promise<Fat32Layout & { readonly map: BlockMap }> {
  const layout = await layOutFat32(contentOf(files), { ...OPTIONS, ...options });
  return { ...layout, map: blockMap(layout.sizeBytes, layout.extents) };
}

/** Lays out a disk. */
export async function diskOf(
  content: ContentTree,
  options: Partial<DiskOptions> = {},
): Promise<DiskLayout> {
  return await layOutDisk(content, {
    ...OPTIONS,
    diskGuid: parseGuid("01234567-89AB-CDEF-0123-456789ABCDEF"),
    partitionGuid: parseGuid("FEDCBA98-7654-3210-FEDC-BA9876543210"),
    ...options,
  });
}

/** Writes a disk or a volume as a sparse file. */
export async function writeImage(path: string, map: BlockMap): Promise<void> {
  await writeFile(path, (sink) => encodeRaw(map, sink));
}
