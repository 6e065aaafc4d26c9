/**
 * zlib streams that hold their bytes as they are, which is most of a VMDK of an installer.
 *
 * @module
 */

import { adler32 } from "./adler32.ts";

/** RFC 1950 §2.2: CMF and FLG, as a number that 31 divides. */
const HEADER_BYTES = 2;
const DEFLATE = 8;
const PRESET_DICTIONARY = 0x20;
const TRAILER_BYTES = 4;
/** RFC 1951 §3.2.4: 3 bits up to a byte, LEN and NLEN. */
const BLOCK_HEADER_BYTES = 5;

/**
 * Copies the content of a stream whose blocks are all stored. `inflateSync` does the same, but in
 * more time than the copy and the checksum take, and with a new buffer for each call.
 *
 * @returns How many bytes were copied, or `null` if zlib is needed to tell: the stream is deflated,
 * damaged, or longer than `into`.
 */
export function copyStored(stream: Uint8Array, into: Uint8Array): number | null {
  if (stream.length < HEADER_BYTES) return null;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  const header = view.getUint16(0);
  const isPlain = (header >> 8 & 0x0f) === DEFLATE && (header & PRESET_DICTIONARY) === 0;
  if (header % 31 !== 0 || !isPlain) return null;
  let at = HEADER_BYTES;
  let copiedBytes = 0;
  for (let isFinal = false; !isFinal;) {
    if (at + BLOCK_HEADER_BYTES > stream.length) return null;
    const bits = view.getUint8(at);
    const lengthBytes = view.getUint16(at + 1, true);
    const isStored = (bits >> 1 & 3) === 0 &&
      view.getUint16(at + 3, true) === (lengthBytes ^ 0xffff);
    at += BLOCK_HEADER_BYTES;
    if (!isStored || at + lengthBytes > stream.length) return null;
    if (copiedBytes + lengthBytes > into.length) return null;
    into.set(stream.subarray(at, at + lengthBytes), copiedBytes);
    at += lengthBytes;
    copiedBytes += lengthBytes;
    isFinal = (bits & 1) === 1;
  }
  if (at + TRAILER_BYTES > stream.length) return null;
  const isIntact = adler32(into.subarray(0, copiedBytes)) === view.getUint32(at);
  return isIntact ? copiedBytes : null;
}
