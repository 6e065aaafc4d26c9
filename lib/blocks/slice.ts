/**
 * Sources that are made of others, without a copy of their bytes.
 *
 * @module
 */

import { type BlockMap, readBlocks } from "./block_map.ts";
import type { Source } from "./extent.ts";
import { Failure } from "./failure.ts";

/**
 * A part of a source.
 *
 * @param name The name that messages use.
 * @throws {Failure} from its reads: `truncated` if they reach past its end; those of the source.
 */
export function sliceSource(
  source: Source,
  name: string,
  offsetBytes: number,
  sizeBytes: number,
): Source {
  return {
    name,
    sizeBytes,
    read(into, atBytes) {
      checkEnd(name, sizeBytes, atBytes + into.length);
      return source.read(into, offsetBytes + atBytes);
    },
  };
}

/**
 * A source of the bytes that extents say, with zeros between them.
 *
 * @throws {Failure} from its reads: `truncated` if they reach past its end; those of the extents.
 */
export function mapSource(map: BlockMap, name: string): Source {
  return {
    name,
    sizeBytes: map.sizeBytes,
    read(into, offsetBytes) {
      checkEnd(name, map.sizeBytes, offsetBytes + into.length);
      return readBlocks(map, into, offsetBytes);
    },
  };
}

function checkEnd(name: string, sizeBytes: number, endBytes: number): void {
  if (endBytes <= sizeBytes) return;
  const what = `it ends ${endBytes - sizeBytes} bytes too early`;
  throw new Failure("truncated", name, what, "use a complete one");
}
