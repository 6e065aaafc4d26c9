/**
 * Which PCI devices the drivers of an installer claim: their modules are unpacked and looked through.
 *
 * @module
 */

import { blockMap } from "../blocks/block_map.ts";
import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { byFirstByte, fileExtents, type FileTree, findFile } from "../blocks/file_tree.ts";
import { mapSource } from "../blocks/slice.ts";
import { type PciClaim, PciScan } from "../esxi/drivers/pci_scan.ts";
import { inflatedStream } from "../formats/deflate/inflated_source.ts";

/** Larger modules of drivers are not known; what is more is not unpacked. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/**
 * Looks into modules, front to back.
 *
 * @param modules Names of files in the root of the tree; what is not there has no claims.
 * @returns What they claim, by their names.
 * @throws {Failure} `truncated` or `io` from the source of the files.
 */
export async function readClaims(
  tree: FileTree,
  modules: Iterable<string>,
): Promise<Map<string, readonly PciClaim[]>> {
  const found = [...new Set(modules)].flatMap((name) => {
    const file = findFile(tree, name);
    return file === undefined ? [] : [{ name, file }];
  });
  const claims = new Map<string, readonly PciClaim[]>();
  for (const { name, file } of found.toSorted((a, b) => byFirstByte(a.file, b.file))) {
    const map = blockMap(file.sizeBytes, fileExtents(file, tree.source));
    claims.set(name, await scanModule(mapSource(map, file.path)));
  }
  return claims;
}

async function scanModule(module: Source): Promise<readonly PciClaim[]> {
  const scan = new PciScan();
  let sizeBytes = 0;
  try {
    for await (const chunk of inflatedStream(module, "gzip")) {
      scan.take(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_UNPACKED_BYTES) break;
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    return []; // it is not deflated, or damaged: verify tells that
  }
  return scan.claims();
}
