/**
 * The fields of a gzip member, RFC 1952 §2.3.
 *
 * | offset | bytes | field                                                     |
 * | ------ | ----- | --------------------------------------------------------- |
 * | 0      | 2     | magic, 1f 8b                                              |
 * | 2      | 1     | compression method: 8, deflate                            |
 * | 3      | 1     | flags: which optional fields follow the header            |
 * | 4      | 4     | modification time, 0 for none                             |
 * | 8      | 1     | extra flags                                               |
 * | 9      | 1     | operating system, 255 for unknown                         |
 * | -8     | 4     | CRC32 of the content                                      |
 * | -4     | 4     | size of the content modulo 2^32                           |
 *
 * @module
 */

/** Without optional fields. */
export const GZIP_HEADER_BYTES = 10;
/** CRC32 and size. */
export const GZIP_TRAILER_BYTES = 8;
/** Where each field of the trailer lies. */
export const GZIP_TRAILER = { crc32: 0, size: 4 } as const;
/** Where each field of the header lies that is read. */
export const GZIP_HEADER = { method: 2, flags: 3 } as const;
/** §2.3.1: bits of the flags. */
export const GZIP_FLAG = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 } as const;
/** No flags, no time (determinism), no extra flags, unknown system. */
export const PLAIN_GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** Whether something begins as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
