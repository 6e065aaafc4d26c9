/**
 * A tree of files as one run of bytes: one after the other for a folder, with headers between them
 * for tar. Their bytes stay where they are until it is written.
 *
 * @module
 */

import { type BlockMap, blockMap, roundUp } from "../blocks/block_map.ts";
import { bytesExtent, type Extent, shiftExtent } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { ContentTree } from "../blocks/file_tree.ts";
import { encodeTarHeader, TAR_BLOCK_BYTES, TAR_END_BYTES } from "../esxi/tar.ts";

/** The contents of all files, without anything between them. */
export function joinFiles({ files }: ContentTree): BlockMap {
  const extents: Extent[] = [];
  let end = 0;
  for (const { content, sizeBytes } of files) {
    for (const extent of content) extents.push(shiftExtent(extent, end));
    end += sizeBytes;
  }
  return blockMap(end, extents);
}

/**
 * A tar archive in old GNU tar's dialect, folders first.
 *
 * @param timeSeconds The time stamp of every entry, in seconds since 1970.
 * @throws {Failure} `unfit-for-net` if a path has more than 100 bytes.
 */
export function packTar({ directories, files }: ContentTree, timeSeconds: number): BlockMap {
  const extents: Extent[] = [];
  let end = 0;
  const header = (path: string, sizeBytes?: number) => {
    try {
      extents.push(bytesExtent(end, encodeTarHeader(path, sizeBytes, timeSeconds)));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const what = "its path has more than the 100 bytes that tar holds";
      throw new Failure("unfit-for-net", `/${path}`, what, "pass -o DIR");
    }
    end += TAR_BLOCK_BYTES;
  };
  for (const path of directories) header(`${path}/`);
  for (const { path, sizeBytes, content } of files) {
    header(path, sizeBytes);
    for (const extent of content) extents.push(shiftExtent(extent, end));
    end = roundUp(end + sizeBytes, TAR_BLOCK_BYTES);
  }
  return blockMap(end + TAR_END_BYTES, extents);
}
