/**
 * Who deflates: this thread, or others.
 *
 * @module
 */

import { deflatePiece, gather, totalBytes } from "./deflate.ts";
import { type DeflatedUnits, deflateUnitsInline, type UnitStyle } from "./units.ts";

/** Something that deflates, here or in other threads. The bytes that come out do not depend on it. */
export interface Deflater {
  /**
   * Deflates bytes as one piece of a gzip stream.
   *
   * @param bytes Are read before the call returns.
   * @returns Bytes in a buffer of their own, for `release`.
   */
  deflate(bytes: readonly Uint8Array[]): Uint8Array | Promise<Uint8Array>;
  /**
   * Deflates units, each for itself.
   *
   * @param units Are read before the call returns.
   */
  deflateUnits(
    units: readonly Uint8Array[],
    style: UnitStyle,
  ): DeflatedUnits | Promise<DeflatedUnits>;
  /** How many calls may be waited for at a time without anything standing still. */
  readonly depth: number;
}

/** Deflates at once, in this thread. */
export function inlineDeflater(): Deflater {
  let scratch = new Uint8Array(0);
  return {
    depth: 0,
    deflate(bytes) {
      const lengthBytes = totalBytes(bytes);
      if (scratch.length < lengthBytes) scratch = new Uint8Array(lengthBytes);
      return deflatePiece(gather(bytes, scratch));
    },
    deflateUnits: deflateUnitsInline,
  };
}
