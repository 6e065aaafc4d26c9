/**
 * Identifiers that derive from the build's inputs, so that the same inputs give the same disk.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** 16 bytes in the order that UEFI stores them (UEFI 2.10 Appendix A). */
export type Guid = Uint8Array;

/**
 * Derives a GUID from a seed: SHA-256 of the seed and a purpose, as a UUID of version 8
 * (RFC 9562 §5.8, "custom").
 *
 * @param purpose Tells the GUIDs of one seed apart.
 */
export function deriveGuid(seed: Uint8Array, purpose: string): Guid {
  const uuid = new Uint8Array(createHash("sha256").update(seed).update(purpose).digest()).slice(
    0,
    16,
  );
  uuid[6] = (uuid[6]! & 0x0f) | 0x80; // version 8
  uuid[8] = (uuid[8]! & 0x3f) | 0x80; // the variant of RFC 9562
  return swapMixedEndian(uuid);
}

/**
 * Parses `C12A7328-F81F-11D2-BA4B-00A0C93EC93B`.
 *
 * @throws {SyntaxError} if it is none.
 */
export function parseGuid(text: string): Guid {
  const hex = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new SyntaxError(`Cannot parse the GUID ${text}`);
  return swapMixedEndian(Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16)));
}

/** Writes a GUID as sgdisk and `partedUtil` show it, in upper case. */
export function formatGuid(guid: Guid): string {
  const hex = Array.from(swapMixedEndian(guid), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase();
}

/** The first three fields of a GUID are little-endian on disk and big-endian in text. */
function swapMixedEndian(bytes: Uint8Array): Uint8Array {
  const swapped = Uint8Array.from(bytes);
  for (const [start, end] of [[0, 4], [4, 6], [6, 8]]) swapped.subarray(start, end).reverse();
  return swapped;
}
