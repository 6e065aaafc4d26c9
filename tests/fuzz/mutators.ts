/**
 * Changes to bytes and texts of which nothing is known.
 *
 * @module
 */

import type { Random } from "./random.ts";

/** Numbers at which code changes its mind. */
const NUMBERS = [
  0,
  1,
  2,
  4,
  7,
  16,
  33,
  34,
  64,
  127,
  128,
  255,
  256,
  511,
  512,
  513,
  2047,
  2048,
  4095,
  4096,
  0x7fff,
  0x8000,
  0xffff,
  0x10000,
  0x0fff_fff7,
  0x0fff_ffff,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_fffe,
  0xffff_ffff,
];

/** A number that is more often interesting than not. */
export function someNumber(random: Random, near?: number): number {
  if (near !== undefined && random.chance(1, 3)) {
    return Math.max(near + random.below(9) - 4, 0) % 2 ** 32;
  }
  return random.chance(2, 3)
    ? random.pick(NUMBERS)
    : random.below(2 ** random.pick([4, 8, 12, 16, 24, 32]));
}

/** Changes some bytes where they are. */
export function changeInPlace(bytes: Uint8Array, random: Random): void {
  if (bytes.length === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const widthBytes = random.pick([1, 1, 2, 4, 4, 8].filter((width) => width <= bytes.length));
  const at = random.below(bytes.length - widthBytes + 1);
  const isLittle = random.chance(1, 2);
  switch (random.below(5)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      break;
    case 1: {
      const from = random.below(bytes.length);
      const lengthBytes = Math.min(1 + random.below(32), bytes.length - Math.max(from, at));
      bytes.copyWithin(at, from, from + lengthBytes);
      break;
    }
    default:
      if (widthBytes === 1) view.setUint8(at, someNumber(random, view.getUint8(at)) & 0xff);
      if (widthBytes === 2) {
        view.setUint16(at, someNumber(random, view.getUint16(at, isLittle)) & 0xffff, isLittle);
      }
      if (widthBytes === 4) {
        view.setUint32(at, someNumber(random, view.getUint32(at, isLittle)), isLittle);
      }
      if (widthBytes === 8) {
        const high = random.chance(1, 2)
          ? 0
          : random.pick([1, 0x20_0000, 0x8000_0000, 0xffff_ffff]);
        const value = (BigInt(high) << 32n) | BigInt(someNumber(random));
        view.setBigUint64(at, value, isLittle);
      }
  }
}

/** Changes bytes of which there may be more or fewer afterwards. */
export function changeBytes(
  bytes: Uint8Array,
  random: Random,
  words: readonly Uint8Array[] = [],
): Uint8Array {
  const at = random.below(bytes.length + 1);
  const until = Math.min(at + random.below(random.pick([4, 32, 512])), bytes.length);
  const [before, part, after] = [bytes.slice(0, at), bytes.slice(at, until), bytes.slice(until)];
  switch (random.below(8)) {
    case 0:
      return join(before, after);
    case 1:
      return join(before, part, part, after);
    case 2:
      return join(before, random.bytes(random.below(9)), part, after);
    case 3: {
      const times = random.pick([2, 16, 300]);
      return join(before, ...Array(times).fill(part.slice(0, 64)), after);
    }
    case 4:
    case 5:
      if (words.length > 0) {
        return join(
          before,
          random.pick(words),
          random.chance(1, 2) ? part : new Uint8Array(0),
          after,
        );
      }
      return random.chance(1, 8) ? before : join(after, before);
    default: {
      const changed = bytes.slice();
      changeInPlace(changed, random);
      return changed;
    }
  }
}

/** One behind the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Words for {@linkcode changeBytes}. */
export function wordsOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text));
}
