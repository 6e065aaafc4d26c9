/**
 * Reads the image database of an installer, `imgdb.tgz`: the descriptors of all VIBs that it brings.
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import { Failure } from "../../blocks/failure.ts";
import { type FileTree, findFile, readSmallFile } from "../../blocks/file_tree.ts";
import { parseDescriptor, type VibDescriptor } from "./descriptor.ts";

const IMAGE_DATABASE = "IMGDB.TGZ";
const DESCRIPTORS = /^\/?var\/db\/esximg\/vibs\/[^/]+\.xml$/;
/** Ten times the largest one known. */
const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/**
 * The descriptors in an installer's database. One that cannot be read has none: the installer may
 * still be whole.
 *
 * @throws {Failure} `truncated` or `io` from the source of the files.
 */
export async function readImageDatabase(tree: FileTree): Promise<VibDescriptor[]> {
  const file = findFile(tree, IMAGE_DATABASE);
  if (file === undefined || file.sizeBytes > MAX_DATABASE_BYTES) return [];
  const stored = await readSmallFile(tree, file, MAX_DATABASE_BYTES);
  try {
    const tar = gunzipSync(stored, { maxOutputLength: MAX_DATABASE_BYTES });
    const { unpackTar } = await import("modern-tar");
    return (await unpackTar(new Uint8Array(tar))).flatMap(({ header, data }) => {
      if (!DESCRIPTORS.test(header.name) || data === undefined) return [];
      return descriptorsOf(new TextDecoder().decode(data), header.name);
    });
  } catch {
    return []; // of tests, or of a release that stores it in another way
  }
}

function descriptorsOf(text: string, path: string): VibDescriptor[] {
  try {
    return [parseDescriptor(text, path)];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
