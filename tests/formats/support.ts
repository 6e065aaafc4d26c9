/**
 * Disks to encode, a sink in memory, and the list of encoders with their decoders.
 *
 * @module
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type BlockMap, blockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { bytesExtent, bytesSource, type Extent, type Source } from "../../lib/blocks/extent.ts";
import { MemorySink as PlainMemorySink } from "../../lib/blocks/memory_sink.ts";
import type { EncodeOptions, Sink } from "../../lib/blocks/sink.ts";
import { openQcow2 } from "../../lib/formats/qcow2/read.ts";
import { encodeQcow2 } from "../../lib/formats/qcow2/write.ts";
import { openVhd } from "../../lib/formats/vhd/read.ts";
import { encodeVhdDynamic, encodeVhdFixed } from "../../lib/formats/vhd/write.ts";
import type { VirtualDisk } from "../../lib/formats/virtual_disk.ts";
import { openVmdk } from "../../lib/formats/vmdk/read.ts";
import { encodeVmdkSparse } from "../../lib/formats/vmdk/write_sparse.ts";
import { encodeVmdkStream } from "../../lib/formats/vmdk/write_stream.ts";

export const SECTOR = 512;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** What identifiers and times derive from in these tests. */
export const IDENTITY = { seed: new Uint8Array(32).fill(7), timeSeconds: 1_700_000_000 };

/** A layout that disks are written in, and read back from. */
export interface Variant {
  readonly name: string;
  readonly variant: string;
  /** What qemu-img calls the format. */
  readonly qemuFormat: string;
  readonly unitBytes: number;
  encode(map: BlockMap, sink: Sink, options?: EncodeOptions): Promise<void>;
  open(file: Source): Promise<VirtualDisk>;
}

export const VARIANTS: readonly Variant[] = [
  {
    name: "qcow2",
    variant: "plain",
    qemuFormat: "qcow2",
    unitBytes: 64 * KIB,
    encode: (map, sink, options) => encodeQcow2(map, sink, options),
    open: openQcow2,
  },
  {
    name: "qcow2 compressed",
    variant: "compressed",
    qemuFormat: "qcow2",
    unitBytes: 64 * KIB,
    encode: (map, sink, options) => encodeQcow2(map, sink, { ...options, compress: true }),
    open: openQcow2,
  },
  {
    name: "VMDK streamOptimized",
    variant: "streamOptimized",
    qemuFormat: "vmdk",
    unitBytes: 64 * KIB,
    encode: (map, sink, options) => encodeVmdkStream(map, sink, { ...options, ...IDENTITY }),
    open: openVmdk,
  },
  {
    name: "VMDK monolithicSparse",
    variant: "monolithicSparse",
    qemuFormat: "vmdk",
    unitBytes: 64 * KIB,
    encode: (map, sink, options) => encodeVmdkSparse(map, sink, { ...options, ...IDENTITY }),
    open: openVmdk,
  },
  {
    name: "VHD dynamic",
    variant: "dynamic",
    qemuFormat: "vpc",
    unitBytes: 2 * MIB,
    encode: (map, sink, options) => encodeVhdDynamic(map, sink, { ...options, ...IDENTITY }),
    open: openVhd,
  },
  {
    name: "VHD fixed",
    variant: "fixed",
    qemuFormat: "vpc",
    unitBytes: Infinity,
    encode: (map, sink, options) => encodeVhdFixed(map, sink, { ...options, ...IDENTITY }),
    open: openVhd,
  },
];

/** Keeps what is written, as a file would: it takes its time, and reads must not overlap. */
export class MemorySink extends PlainMemorySink {
  override async write(bytes: Uint8Array): Promise<void> {
    await Promise.resolve(); // a sink owns the bytes until it is done
    await super.write(bytes);
  }

  override toSource(name = "image"): Source {
    return mapSource(name, this.map);
  }

  /** All of it; only for small files. */
  async toBytes(): Promise<Uint8Array> {
    return await contentOf(this.map);
  }
}

/** A sink that takes its time, and notices if somebody touches the bytes meanwhile. */
export function slowSink(): Sink {
  return {
    async write(bytes) {
      const before = bytes.slice();
      await new Promise((resolve) => setTimeout(resolve));
      assert.ok(equalBytes(bytes, before), "the bytes belong to the sink until they are written");
    },
    hole: () => new Promise((resolve) => setTimeout(resolve)),
  };
}

/** A disk of 8 MiB that cannot be read from some byte on. */
export function brokenDisk(goodBytes: number): BlockMap {
  const sizeBytes = 8 * MIB;
  const source = {
    name: "broken",
    sizeBytes,
    read: (_into: Uint8Array, offsetBytes: number) =>
      offsetBytes >= goodBytes ? Promise.reject(new Error("bad sector")) : Promise.resolve(),
  };
  const extent = { offsetBytes: 0, lengthBytes: sizeBytes, source, sourceOffsetBytes: 0 };
  return blockMap(sizeBytes, [extent]);
}

/** A disk as a source that refuses overlapping reads, as a file would confuse them. */
export function mapSource(name: string, map: BlockMap): Source {
  let isReading = false;
  return {
    name,
    sizeBytes: map.sizeBytes,
    async read(into, offsetBytes) {
      if (isReading) throw new Error("overlapping reads");
      if (offsetBytes < 0 || offsetBytes + into.length > map.sizeBytes) {
        throw new Error(`read of ${into.length} bytes at ${offsetBytes} beyond the end`);
      }
      isReading = true;
      await readBlocks(map, into, offsetBytes);
      isReading = false;
    },
  };
}

/** All the bytes of a small disk. */
export async function contentOf(map: BlockMap): Promise<Uint8Array> {
  return await readRange(map, 0, map.sizeBytes);
}

export async function readRange(
  map: BlockMap,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  await readBlocks(map, bytes, offsetBytes);
  return bytes;
}

/** Compares megabytes in no time, which assert.deepEqual does not. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Writes a disk as a file in memory. */
export async function encodeToMemory(variant: Variant, map: BlockMap): Promise<MemorySink> {
  const sink = new MemorySink();
  await variant.encode(map, sink);
  return sink;
}

/** Bytes that look random but are the same in every run. */
export function noise(lengthBytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(lengthBytes / 4));
  let x = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13; // xorshift
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, lengthBytes);
}

/** Bytes that deflate to about a third. */
export function prose(lengthBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  const random = noise(lengthBytes, seed);
  for (let i = 0; i < lengthBytes; i++) bytes[i] = 0x61 + random[i]! % 4 + (i % 16);
  return bytes;
}

/** Bytes that repeat only after 8 KiB. */
export function farRepeats(lengthBytes: number): Uint8Array {
  const once = prose(8 * KIB);
  return Uint8Array.from({ length: lengthBytes }, (_, i) => once[i % once.length]!);
}

const kind = fc.constantFrom("noise", "prose", "zeros");

/**
 * Disks of any number of sectors. Extents begin and end anywhere, touch each other or leave holes,
 * and their bytes are in memory or in a source.
 */
export function arbitraryMap(maxSizeBytes: number, maxGapBytes: number): fc.Arbitrary<BlockMap> {
  const length = fc.oneof(
    fc.integer({ min: 1, max: 2 * SECTOR }),
    fc.integer({ min: 1, max: 300 * KIB }),
    fc.constantFrom(64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 3 * MIB),
  );
  const gap = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 5000 }),
    fc.integer({ min: 0, max: maxGapBytes }),
    fc.constantFrom(64 * KIB, 2 * MIB),
  );
  const piece = fc.record({ gap, length, kind, inSource: fc.boolean(), seed: fc.nat(1000) });
  return fc.tuple(
    fc.integer({ min: 1, max: maxSizeBytes / SECTOR }),
    fc.array(piece, { maxLength: 8 }),
  ).map(([sectors, pieces]) => {
    const sizeBytes = sectors * SECTOR;
    const extents: Extent[] = [];
    let at = 0;
    for (const { gap, length, kind, inSource, seed } of pieces) {
      at += gap;
      const lengthBytes = Math.min(length, sizeBytes - at);
      if (lengthBytes <= 0) break;
      const bytes = kind === "noise"
        ? noise(lengthBytes, seed)
        : kind === "prose"
        ? prose(lengthBytes, seed)
        : new Uint8Array(lengthBytes);
      if (inSource) {
        const padded = new Uint8Array(lengthBytes + 3);
        padded.set(bytes, 3);
        const source = bytesSource("part", padded);
        extents.push({ offsetBytes: at, lengthBytes, source, sourceOffsetBytes: 3 });
      } else extents.push(bytesExtent(at, bytes));
      at += lengthBytes;
    }
    return blockMap(sizeBytes, extents);
  });
}
