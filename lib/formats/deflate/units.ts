/**
 * Deflate as formats need it that compress a disk unit by unit: each cluster or grain becomes a
 * stream of its own.
 *
 * @module
 */

import { deflateRawSync, deflateSync } from "node:zlib";
import { inOneBuffer, LEVEL, release, upTo } from "./deflate.ts";

/** What the streams of a format look like. It can be sent to a thread. */
export interface UnitStyle {
  /** Whether a stream has zlib's header and checksum (RFC 1950), or neither (RFC 1951). */
  readonly isZlib: boolean;
  /** The logarithm of the window that the format's readers have. */
  readonly windowBits: number;
  /** How much shorter a stream must be than its unit, to be worth having. */
  readonly minSavedBytes: number;
}

/** Some units, deflated. */
export interface DeflatedUnits {
  /** The stream of each unit, or `null` where it is not worth having. */
  readonly streams: readonly (Uint8Array | null)[];
  /** Frees the memory of the streams. */
  release(): void;
}

/** Deflates a unit, to be given to {@linkcode release}, or returns `null` if that does not pay. */
export function deflateUnit(unit: Uint8Array, style: UnitStyle): Uint8Array | null {
  const { isZlib, windowBits, minSavedBytes } = style;
  const options = inOneBuffer(unit, { level: LEVEL, windowBits });
  const { buffer, byteOffset, length } = (isZlib ? deflateSync : deflateRawSync)(unit, options);
  return upTo(unit.length - minSavedBytes, new Uint8Array(buffer, byteOffset, length));
}

/** Deflates units at once, in this thread. */
export function deflateUnitsInline(
  units: readonly Uint8Array[],
  style: UnitStyle,
): DeflatedUnits {
  const streams = units.map((unit) => deflateUnit(unit, style));
  return {
    streams,
    release: () => streams.forEach((stream) => stream && release(stream)),
  };
}

/** What {@linkcode packUnits} makes. */
export interface PackedUnits {
  /** The streams, one behind the other, in a buffer of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The length of each stream; 0 where it is not worth having. */
  readonly lengthsBytes: readonly number[];
}

/**
 * Deflates units that lie behind each other.
 *
 * @param lengthsBytes The length of each unit.
 */
export function packUnits(
  units: Uint8Array,
  lengthsBytes: readonly number[],
  style: UnitStyle,
): PackedUnits {
  const packed = new Uint8Array(units.length);
  let from = 0;
  let to = 0;
  const packedBytes = lengthsBytes.map((lengthBytes) => {
    const stream = deflateUnit(units.subarray(from, from += lengthBytes), style);
    if (stream === null) return 0;
    const { length } = stream;
    packed.set(stream, to);
    to += length;
    release(stream);
    return length;
  });
  const bytes = new Uint8Array(packed.subarray(0, to));
  release(packed);
  return { bytes, lengthsBytes: packedBytes };
}

/** The streams of {@linkcode packUnits}. */
export function unpackUnits({ bytes, lengthsBytes }: PackedUnits): DeflatedUnits {
  let at = 0;
  const streams = lengthsBytes.map((lengthBytes) =>
    lengthBytes === 0 ? null : bytes.subarray(at, at += lengthBytes)
  );
  return { streams, release: () => release(bytes) };
}
