/**
 * What no input may make the program do: read more than in proportion to its size, or ask for memory
 * out of all proportion to it.
 *
 * @module
 */

import type { Source } from "../../lib/blocks/extent.ts";
import { Failure } from "../../lib/blocks/failure.ts";
import type { SparseFile } from "./sparse_file.ts";

/** An input's bounds were exceeded: a defect. */
export class BoundError extends Error {
  override readonly name = "BoundError";
}

/** Every reader may go through a file so many times. */
const MAX_PASSES = 40;
const SPARE_BYTES = 4 * 1024 * 1024;
/** One read for so many bytes of the file, on average. */
const BYTES_PER_READ = 16;
const SPARE_READS = 1000;
/** What one array may have beyond a multiple of the file. */
const SPARE_ARRAY_BYTES = 16 * 1024 * 1024;
const ARRAY_MULTIPLE = 8;

/** A source that counts. */
export interface CountedSource extends Source {
  /** @throws {BoundError} if more was read than is fair. */
  check(): void;
  /** Bytes read for each byte of the file. */
  readonly passes: number;
}

/** Reads a file as `FileSource` does, and counts. */
export function countedSource(name: string, file: SparseFile): CountedSource {
  let reads = 0;
  let readBytes = 0;
  const check = () => {
    if (readBytes > MAX_PASSES * file.sizeBytes + SPARE_BYTES) {
      throw new BoundError(`read ${readBytes} bytes of a file of ${file.sizeBytes}`);
    }
    if (reads > file.sizeBytes / BYTES_PER_READ + SPARE_READS) {
      throw new BoundError(`read a file of ${file.sizeBytes} bytes ${reads} times`);
    }
  };
  return {
    name,
    sizeBytes: file.sizeBytes,
    check,
    get passes() {
      return readBytes / Math.max(file.sizeBytes, 1);
    },
    // deno-lint-ignore require-await
    async read(into, offsetBytes) {
      if (into.length > file.sizeBytes) {
        throw new BoundError(`asked a file of ${file.sizeBytes} bytes for ${into.length}`);
      }
      if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0) {
        throw new BoundError(`read at byte ${offsetBytes}`);
      }
      reads++;
      readBytes += into.length;
      check();
      if (offsetBytes + into.length > file.sizeBytes) {
        throw new Failure("truncated", name, "it ends too early", "copy it again");
      }
      file.read(into, offsetBytes);
    },
  };
}

/** Runs something that must not allocate arrays out of proportion to an input of this size. */
export async function withinMemory<T>(sizeBytes: number, work: () => Promise<T>): Promise<T> {
  const original = globalThis.Uint8Array;
  const maxBytes = SPARE_ARRAY_BYTES + ARRAY_MULTIPLE * sizeBytes;
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, args, newTarget) {
      if (typeof args[0] === "number" && args[0] > maxBytes) {
        throw new BoundError(`asked for ${args[0]} bytes of memory for ${sizeBytes} of input`);
      }
      return Reflect.construct(
        target,
        args,
        newTarget === globalThis.Uint8Array ? target : newTarget,
      );
    },
  });
  try {
    return await work();
  } finally {
    globalThis.Uint8Array = original;
  }
}
