/**
 * Files and where their bytes lie, whatever file system they are in.
 *
 * @module
 */

import { type Extent, readBytes, type Source } from "./extent.ts";
import { Failure } from "./failure.ts";

/** A contiguous part of a file. */
export interface FilePart {
  /** Where the part begins in the tree's source. */
  readonly offsetBytes: number;
  /** The length of the part. */
  readonly lengthBytes: number;
}

/** A file in a tree. */
export interface TreeFile {
  /** The names from the root down, joined by `/`, without a leading one. */
  readonly path: string;
  /** The size of the file. */
  readonly sizeBytes: number;
  /** Its parts in order; none for an empty file. */
  readonly parts: readonly FilePart[];
}

/** The files of an ISO or of a partition. */
export interface FileTree {
  /** What the parts' offsets refer to. */
  readonly source: Source;
  /** The label of the volume. */
  readonly label: string;
  /** Paths of the directories below the root, parents first. */
  readonly directories: readonly string[];
  /** All files. */
  readonly files: readonly TreeFile[];
}

/** A file to be placed on a medium. */
export interface ContentFile {
  /** The names from the root down, joined by `/`, without a leading one. */
  readonly path: string;
  /** Of its content. */
  readonly sizeBytes: number;
  /** Its bytes, as extents relative to its own beginning. */
  readonly content: readonly Extent[];
  /** SHA-256 of its content, as hexadecimal digits, where it is known already. */
  readonly sha256?: string;
}

/** What a medium is to hold. */
export interface ContentTree {
  /** Paths below the root, parents first. */
  readonly directories: readonly string[];
  /** In the order in which they are placed. */
  readonly files: readonly ContentFile[];
}

/** Finds a file without regard to case, as FAT and the boot loader do. */
export function findFile(tree: FileTree, path: string): TreeFile | undefined {
  const wanted = path.toUpperCase();
  return tree.files.find((file) => file.path.toUpperCase() === wanted);
}

/**
 * Reads a file that ought to be small.
 *
 * @param maxBytes What is more than any such file has.
 * @throws {Failure} `not-installer` if it is larger, `truncated` or `io` from the source.
 */
export async function readSmallFile(
  tree: FileTree,
  file: TreeFile,
  maxBytes: number,
): Promise<Uint8Array> {
  if (file.sizeBytes > maxBytes) {
    throw new Failure(
      "not-installer",
      tree.source.name,
      `/${file.path} has ${file.sizeBytes} bytes, more than any such file`,
      "pass the installer ISO as VMware ships it, or an image made from it",
    );
  }
  const bytes = new Uint8Array(file.sizeBytes);
  let at = 0;
  for (const part of file.parts) {
    bytes.set(await readBytes(tree.source, part.offsetBytes, part.lengthBytes), at);
    at += part.lengthBytes;
  }
  return bytes;
}

/**
 * Where the bytes of a file come from, one extent for each of its parts.
 *
 * @param source What the parts are read from.
 */
export function fileExtents({ parts }: TreeFile, source: Source): Extent[] {
  let atBytes = 0;
  return parts.map(({ offsetBytes, lengthBytes }) => {
    const place = { offsetBytes: atBytes, lengthBytes };
    atBytes += lengthBytes;
    return { ...place, source, sourceOffsetBytes: offsetBytes };
  });
}

/** The folders above a path, the outermost first. */
export function parentFolders(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, i) => names.slice(0, i + 1).join("/"));
}

/** Sorts files by where their bytes begin, so that reading them goes front to back. */
export function byFirstByte(a: TreeFile, b: TreeFile): number {
  return (a.parts[0]?.offsetBytes ?? 0) - (b.parts[0]?.offsetBytes ?? 0);
}
