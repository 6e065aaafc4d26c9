/**
 * A run of bytes on a disk, and where those bytes come from.
 *
 * @module
 */

import { Failure } from "./failure.ts";

/** Something that can be read at any place: an ISO, an image, a boot module. */
export interface Source {
  /** The name that messages use. */
  readonly name: string;
  /** How much can be read. */
  readonly sizeBytes: number;
  /**
   * Fills `into` with the bytes that begin at `offsetBytes`, at once or by the time the promise is
   * fulfilled. A build reads every 64 KiB: as many promises would cost a fifth of its time.
   *
   * @throws {Failure} `truncated` if the source ends before `into` is full, `io` if it cannot be read.
   */
  read(into: Uint8Array, offsetBytes: number): void | Promise<void>;
}

/** Where a run of bytes lies on a disk. */
export interface PlacedExtent {
  /** Where the run begins on the disk. */
  readonly offsetBytes: number;
  /** The length of the run. */
  readonly lengthBytes: number;
}

/** A run whose bytes are in memory. */
export interface BytesExtent extends PlacedExtent {
  /** The bytes, as many as the run is long. */
  readonly bytes: Uint8Array;
}

/** A run whose bytes stay in their source until they are encoded. */
export interface SourceExtent extends PlacedExtent {
  /** What the bytes are read from. */
  readonly source: Source;
  /** Where they begin in the source. */
  readonly sourceOffsetBytes: number;
}

/** A run of bytes, wherever they are. */
export type Extent = BytesExtent | SourceExtent;

/** An extent for bytes in memory. */
export function bytesExtent(offsetBytes: number, bytes: Uint8Array): BytesExtent {
  return { offsetBytes, lengthBytes: bytes.length, bytes };
}

/** The same extent, further along the disk. */
export function shiftExtent(extent: Extent, byBytes: number): Extent {
  return { ...extent, offsetBytes: extent.offsetBytes + byBytes };
}

/** What of an extent lies between two places on the disk: none, or one part of it. */
export function cutExtent(extent: Extent, fromBytes: number, toBytes: number): Extent[] {
  const offsetBytes = Math.max(extent.offsetBytes, fromBytes);
  const lengthBytes = Math.min(extent.offsetBytes + extent.lengthBytes, toBytes) - offsetBytes;
  if (lengthBytes <= 0) return [];
  const skipBytes = offsetBytes - extent.offsetBytes;
  if ("bytes" in extent) {
    const bytes = extent.bytes.subarray(skipBytes, skipBytes + lengthBytes);
    return [{ offsetBytes, lengthBytes, bytes }];
  }
  const sourceOffsetBytes = extent.sourceOffsetBytes + skipBytes;
  return [{ offsetBytes, lengthBytes, source: extent.source, sourceOffsetBytes }];
}

/**
 * A source whose bytes are in memory.
 *
 * @throws {Failure} from its reads: `truncated` if they reach past the end.
 */
export function bytesSource(name: string, bytes: Uint8Array): Source {
  return {
    name,
    sizeBytes: bytes.length,
    read(into, offsetBytes) {
      const missingBytes = offsetBytes + into.length - bytes.length;
      if (missingBytes > 0) {
        const what = `it ends ${missingBytes} bytes too early`;
        throw new Failure("truncated", name, what, "use a complete one");
      }
      into.set(bytes.subarray(offsetBytes, offsetBytes + into.length));
    },
  };
}

/**
 * All the bytes of a range of a source, in memory: for what is known to be small.
 *
 * @throws {Failure} `truncated` or `io` from the source.
 */
export async function readBytes(
  source: Source,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  await source.read(bytes, offsetBytes);
  return bytes;
}
