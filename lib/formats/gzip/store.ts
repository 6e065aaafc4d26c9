/**
 * gzip without compression, or with what was compressed before: bytes that are the same on every
 * processor and with every zlib, whose deflate is neither.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { crc32Joined } from "../deflate/crc32.ts";
import type { DeflatedPart } from "../deflate/portable.ts";
import { putStoredHeader, STORED_BYTES, STORED_HEADER_BYTES } from "../deflate/stored_block.ts";
import { GZIP_TRAILER, GZIP_TRAILER_BYTES, PLAIN_GZIP_HEADER } from "./format.ts";

/**
 * One gzip member that holds bytes as they are.
 *
 * @param end What follows them, deflated already.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gunzipSync } from "node:zlib";
 * import { storeGzip } from "./store.ts";
 *
 * const member = storeGzip(new TextEncoder().encode("ESXi"));
 * assert.equal(new TextDecoder().decode(gunzipSync(member)), "ESXi");
 * ```
 */
export function storeGzip(content: Uint8Array, end?: DeflatedPart): Uint8Array {
  const blocks = Math.max(Math.ceil(content.length / STORED_BYTES), 1);
  const storedBytes = blocks * STORED_HEADER_BYTES + content.length + (end?.bytes.length ?? 0);
  const member = new Uint8Array(PLAIN_GZIP_HEADER.length + storedBytes + GZIP_TRAILER_BYTES);
  const view = new DataView(member.buffer);
  member.set(PLAIN_GZIP_HEADER);
  let at = PLAIN_GZIP_HEADER.length;
  for (let block = 0; block < blocks; block++) {
    const piece = content.subarray(block * STORED_BYTES, (block + 1) * STORED_BYTES);
    const isLast = end === undefined && block === blocks - 1;
    putStoredHeader(view, at, piece.length, isLast);
    member.set(piece, at + STORED_HEADER_BYTES);
    at += STORED_HEADER_BYTES + piece.length;
  }
  let crc = crc32(content);
  if (end !== undefined) {
    member.set(end.bytes, at); // stored blocks end between bytes
    at += end.bytes.length;
    crc = crc32Joined(crc, end.crc32, end.inflatedBytes);
  }
  view.setUint32(at + GZIP_TRAILER.crc32, crc, true);
  view.setUint32(
    at + GZIP_TRAILER.size,
    (content.length + (end?.inflatedBytes ?? 0)) % 2 ** 32,
    true,
  );
  return member;
}
