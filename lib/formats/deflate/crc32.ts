/**
 * CRC-32 of long runs of zeros, and of parts put together, without going through them.
 *
 * Appending a zero bit multiplies the CRC's register by x in GF(2)[x] modulo the polynomial of
 * RFC 1952 §8; appending n zero bytes multiplies it by x^(8n), which squaring reaches in log n steps.
 *
 * @module
 */

/** RFC 1952 §8: the polynomial with its bits reversed; bit 31 is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
const X_TO_THE_8 = 0x00800000;

/**
 * The CRC-32 of what had the CRC-32 `crc`, followed by zero bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { crc32 } from "node:zlib";
 * import { crc32WithZeros } from "./crc32.ts";
 *
 * assert.equal(crc32WithZeros(crc32("ESXi"), 3), crc32("ESXi\0\0\0"));
 * ```
 */
export function crc32WithZeros(crc: number, zeroBytes: number): number {
  let factor = ONE;
  let power = X_TO_THE_8;
  for (let n = zeroBytes; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) factor = multiply(factor, power);
    power = multiply(power, power);
  }
  // The register is the complement of the CRC (RFC 1952 §8).
  return (~multiply(factor, ~crc >>> 0)) >>> 0;
}

/**
 * The CRC-32 of what had the CRC-32 `crc`, followed by bytes whose own CRC-32 is `nextCrc`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { crc32 } from "node:zlib";
 * import { crc32Joined } from "./crc32.ts";
 *
 * assert.equal(crc32Joined(crc32("ES"), crc32("Xi"), 2), crc32("ESXi"));
 * ```
 */
export function crc32Joined(crc: number, nextCrc: number, nextBytes: number): number {
  // The register is linear: zeros in place of the bytes, and what they are more than zeros.
  return (crc32WithZeros(crc, nextBytes) ^ crc32WithZeros(0, nextBytes) ^ nextCrc) >>> 0;
}

/** The product of two polynomials modulo {@linkcode POLYNOMIAL}. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = (b & 1) === 0 ? b >>> 1 : (b >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}
