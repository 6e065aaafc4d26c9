/**
 * gzip without compression: bytes that are the same on every processor and with every zlib, whose
 * deflate is neither.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { putStoredHeader, STORED_BYTES, STORED_HEADER_BYTES } from "../deflate/stored_block.ts";
import { GZIP_TRAILER, GZIP_TRAILER_BYTES, PLAIN_GZIP_HEADER } from "./format.ts";

/**
 * One gzip member that holds bytes as they are.
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
export function storeGzip(content: Uint8Array): Uint8Array {
  const blocks = Math.max(Math.ceil(content.length / STORED_BYTES), 1);
  const member = new Uint8Array(
    PLAIN_GZIP_HEADER.length + blocks * STORED_HEADER_BYTES + content.length + GZIP_TRAILER_BYTES,
  );
  const view = new DataView(member.buffer);
  member.set(PLAIN_GZIP_HEADER);
  let at = PLAIN_GZIP_HEADER.length;
  for (let block = 0; block < blocks; block++) {
    const piece = content.subarray(block * STORED_BYTES, (block + 1) * STORED_BYTES);
    putStoredHeader(view, at, piece.length, block === blocks - 1);
    member.set(piece, at + STORED_HEADER_BYTES);
    at += STORED_HEADER_BYTES + piece.length;
  }
  view.setUint32(at + GZIP_TRAILER.crc32, crc32(content), true);
  view.setUint32(at + GZIP_TRAILER.size, content.length % 2 ** 32, true);
  return member;
}
