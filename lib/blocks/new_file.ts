/**
 * Files that a medium gets besides those of the ISO: small ones are in memory, large ones stay where
 * they are.
 *
 * @module
 */

import { bytesExtent, type Extent, type Source } from "./extent.ts";
import { sha256 } from "./hashing.ts";

/** A file whose bytes are in memory. */
export interface BytesFile {
  /** Names joined by `/`, without a leading one. */
  readonly path: string;
  /** The whole content. */
  readonly bytes: Uint8Array;
}

/** A file whose bytes stay in their source until they are written. */
export interface SourceFile {
  /** Names joined by `/`, without a leading one. */
  readonly path: string;
  /** The whole content. */
  readonly source: Source;
  /** SHA-256 of the content, as hexadecimal digits. */
  readonly sha256: string;
}

/** A file, wherever its bytes are. */
export type NewFile = BytesFile | SourceFile;

/** The size of a file. */
export function sizeOf(file: NewFile): number {
  return "bytes" in file ? file.bytes.length : file.source.sizeBytes;
}

/** SHA-256 of a file's content, as hexadecimal digits. */
export function sha256Of(file: NewFile): string {
  return "bytes" in file ? sha256(file.bytes) : file.sha256;
}

/** The bytes of a file, as an extent that begins at `offsetBytes`. */
export function extentOf(file: NewFile, offsetBytes = 0): Extent {
  if ("bytes" in file) return bytesExtent(offsetBytes, file.bytes);
  const { source } = file;
  return { offsetBytes, lengthBytes: source.sizeBytes, source, sourceOffsetBytes: 0 };
}
