/**
 * Files in memory as the tree of a volume, for what reads trees.
 *
 * @module
 */

import { bytesSource } from "../../lib/blocks/extent.ts";
import type { FileTree } from "../../lib/blocks/file_tree.ts";

/** A tree of these files, one behind the other. Texts are one byte for each character. */
export function memoryTree(
  files: Readonly<Record<string, string | Uint8Array>>,
  label = "TEST",
): FileTree {
  const contents = Object.entries(files).map(([path, content]) => ({
    path,
    bytes: typeof content === "string"
      ? Uint8Array.from(content, (character) => character.charCodeAt(0))
      : content,
  }));
  const all = new Uint8Array(contents.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  const entries = contents.map(({ path, bytes }) => {
    const part = { offsetBytes: at, lengthBytes: bytes.length };
    all.set(bytes, at);
    at += bytes.length;
    return { path, sizeBytes: bytes.length, parts: bytes.length === 0 ? [] : [part] };
  });
  return { source: bytesSource("test.iso", all), label, directories: [], files: entries };
}
