/**
 * Deflate whose bytes do not depend on the machine: zlib picks its matches by what the processor is
 * good at, code in JavaScript does not. It takes ten times as long.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { deflateSync } from "fflate/browser";

/** Bytes, deflated. */
export interface DeflatedPart {
  /** A whole stream of RFC 1951: its last block says so. */
  readonly bytes: Uint8Array;
  /** CRC-32 of what it inflates to. */
  readonly crc32: number;
  /** The length of what it inflates to. */
  readonly inflatedBytes: number;
}

/** Deflates as well as it can. */
export function deflatePortably(bytes: Uint8Array): DeflatedPart {
  return {
    bytes: deflateSync(bytes, { level: 9 }),
    crc32: crc32(bytes),
    inflatedBytes: bytes.length,
  };
}
