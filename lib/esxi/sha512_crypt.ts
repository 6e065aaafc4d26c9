/**
 * SHA-512 crypt, the hash of `$6$`. Numbered steps are those of its specification: Ulrich Drepper,
 * "Unix crypt using SHA-256 and SHA-512", version 0.6.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What `$6$` without `rounds=` means. */
const ROUNDS = 5000;
const DIGEST_BYTES = 64;
/** Six bits a character, the lowest first: not the order of base64. */
const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Hashes a password.
 *
 * @param salt At most 16 characters of `./0-9A-Za-z`.
 * @returns As in `$6$salt$…`.
 */
export function sha512Crypt(password: string, salt: string): string {
  const key = new TextEncoder().encode(password);
  const saltBytes = new TextEncoder().encode(salt);

  const b = sha512([key, saltBytes, key]); // steps 4–8
  let digest = sha512([key, saltBytes, repeat(b, key.length), ...bitsOf(key.length, b, key)]);
  const p = repeat(sha512(Array(key.length).fill(key)), key.length); // 13–16
  const saltCopies = Array(16 + digest[0]!).fill(saltBytes);
  const s = repeat(sha512(saltCopies), saltBytes.length); // 17–20

  for (let round = 0; round < ROUNDS; round++) { // 21
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? p : digest];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(isOdd ? digest : p);
    digest = sha512(parts);
  }
  return `$6$${salt}$${encode(digest)}`;
}

function sha512(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A digest again and again, up to a length. */
function repeat(digest: Uint8Array, lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => digest[i % DIGEST_BYTES]!);
}

/** Step 11: one part for each bit of a length, the lowest first. */
function bitsOf(length: number, one: Uint8Array, zero: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    parts.push(rest % 2 === 1 ? one : zero);
  }
  return parts;
}

/** Step 22: the bytes are taken 21 apart, the first of each three one place on. */
function encode(digest: Uint8Array): string {
  let text = "";
  for (let i = 0; i < 21; i++) {
    let three = 0;
    for (let place = 0; place < 3; place++) {
      three = three * 0x100 + digest[i + (place + i) % 3 * 21]!;
    }
    text += characters(three, 4);
  }
  return text + characters(digest[63]!, 2);
}

function characters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[(value >>> (6 * i)) & 63]).join("");
}
