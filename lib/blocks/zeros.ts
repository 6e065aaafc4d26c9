/**
 * @module
 */

import { Buffer } from "node:buffer";

/** Whether all bytes are zero: the first is, and each is as the one before it. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  // Most that are not begin with another byte, so it is looked at alone.
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}
