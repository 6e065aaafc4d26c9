/**
 * The headers of deflate's stored blocks.
 *
 * @module
 */

/** RFC 1951 §3.2.4: LEN has 16 bits. */
export const STORED_BYTES = 65_535;
/** BFINAL and BTYPE, filled up to a byte, LEN and NLEN. */
export const STORED_HEADER_BYTES = 5;

/** Writes the header of a stored block that begins on a byte boundary. */
export function putStoredHeader(
  view: DataView,
  at: number,
  lengthBytes: number,
  isLast: boolean,
): void {
  view.setUint8(at, isLast ? 1 : 0); // BFINAL; BTYPE 00
  view.setUint16(at + 1, lengthBytes, true); // LEN
  view.setUint16(at + 3, lengthBytes ^ 0xffff, true); // NLEN
}
