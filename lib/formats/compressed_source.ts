/**
 * A disk whose blocks are compressed one by one.
 *
 * @module
 */

import { notImage, requireInside } from "../blocks/damage.ts";
import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";

/** Blocks that lie close to each other are read together, up to this much of the file. */
const MAX_SPAN_BYTES = 2 * 1024 * 1024;
/** What lies between two blocks, say a grain table, is read along if it is no longer than this. */
const MAX_GAP_BYTES = 16 * 1024;

/** Where the stored bytes of a block lie in the file. */
export interface StoredPart {
  readonly offsetBytes: number;
  /** At most; what follows may belong to another block. */
  readonly lengthBytes: number;
}

/** How a format stores its compressed blocks. */
export interface CompressedBlocks {
  /** The size of every block but the disk's last. */
  readonly blockBytes: number;
  /** Only asked for blocks that exist. */
  locate(block: number): StoredPart;
  /**
   * Inflates a block into a buffer of `blockBytes`; what it throws counts as damage.
   *
   * @returns How many bytes it has.
   */
  inflate(stored: Uint8Array, block: number, into: Uint8Array): number;
}

/**
 * The disk, readable at any place where there are blocks. Its reads must not overlap.
 *
 * @param sizeBytes The disk's; its last block may end with it.
 * @throws {Failure} from its reads: `not-image` if a block cannot be inflated, `truncated` or `io`
 * from the file.
 */
export function compressedSource(
  file: Source,
  sizeBytes: number,
  blocks: CompressedBlocks,
): Source {
  const { blockBytes } = blocks;
  let buffer = new Uint8Array(0);
  /** The latest block, inflated: small reads tend to hit one again and again. */
  const inflated = new Uint8Array(blockBytes);
  let inflatedBlock: number | null = null;

  /** Reads the stored bytes of a block and of those up to `endBlock` that lie close behind. */
  async function readSpan(block: number, endBlock: number): Promise<Span> {
    const first = blocks.locate(block);
    const parts = [first];
    let endBytes = first.offsetBytes + first.lengthBytes;
    for (let next = block + 1; next < endBlock; next++) {
      const part = blocks.locate(next);
      const partEndBytes = part.offsetBytes + part.lengthBytes;
      const isClose = part.offsetBytes >= first.offsetBytes &&
        part.offsetBytes <= endBytes + MAX_GAP_BYTES &&
        partEndBytes - first.offsetBytes <= MAX_SPAN_BYTES;
      if (!isClose) break;
      parts.push(part);
      endBytes = Math.max(endBytes, partEndBytes);
    }
    const spanBytes = endBytes - first.offsetBytes;
    requireInside(file, "data", first.offsetBytes, spanBytes);
    if (buffer.length < spanBytes) buffer = new Uint8Array(spanBytes);
    await file.read(buffer.subarray(0, spanBytes), first.offsetBytes);
    return parts.map(({ offsetBytes, lengthBytes }) => {
      const at = offsetBytes - first.offsetBytes;
      return buffer.subarray(at, at + lengthBytes);
    });
  }

  function inflate(stored: Uint8Array, block: number): void {
    const neededBytes = Math.min(blockBytes, sizeBytes - block * blockBytes);
    inflatedBlock = null;
    let lengthBytes: number;
    try {
      lengthBytes = blocks.inflate(stored, block, inflated);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw notImage(file, `the data for byte ${block * blockBytes} are damaged`, error);
    }
    if (lengthBytes < neededBytes) {
      throw notImage(file, `the data for byte ${block * blockBytes} are cut short`);
    }
    inflatedBlock = block;
  }

  return {
    name: file.name,
    sizeBytes,
    async read(into, offsetBytes) {
      const endBytes = offsetBytes + into.length;
      const endBlock = Math.ceil(endBytes / blockBytes);
      const copy = (block: number) => {
        const blockOffsetBytes = block * blockBytes;
        const fromBytes = Math.max(offsetBytes - blockOffsetBytes, 0);
        const toBytes = Math.min(blockBytes, endBytes - blockOffsetBytes);
        into.set(
          inflated.subarray(fromBytes, toBytes),
          blockOffsetBytes + fromBytes - offsetBytes,
        );
      };
      let block = Math.floor(offsetBytes / blockBytes);
      if (inflatedBlock === block) copy(block++);
      while (block < endBlock) {
        for (const stored of await readSpan(block, endBlock)) {
          inflate(stored, block);
          copy(block++);
        }
      }
    },
  };
}

/** The stored bytes of blocks that follow each other. */
type Span = readonly Uint8Array[];
