/**
 * The formats an image can be written in.
 *
 * @module
 */

import type { BlockMap } from "../blocks/block_map.ts";
import { Failure } from "../blocks/failure.ts";
import type { Deflater } from "./deflate/deflate.ts";
import type { EncodeOptions, Sink } from "../blocks/sink.ts";

/** What encoders may need besides the disk. */
export interface FormatOptions extends EncodeOptions {
  /** What the identifiers of an image derive from. */
  readonly seed: Uint8Array;
  /** When the image counts as made, in seconds since 1970. */
  readonly timeSeconds: number;
  /** Deflate what shrinks by it, where the format leaves the choice. */
  readonly compress?: boolean;
  /** Deflates for formats that can do it in pieces. */
  readonly deflater?: Deflater;
}

/** A format. */
export interface Format {
  readonly name: string;
  readonly brief: string;
  /** What the name of an image ends in unless it is given. */
  readonly suffix: string;
  /** The suffixes it is recognised by. */
  readonly suffixes: readonly string[];
  /** The largest disk it can hold, in GiB; without it, larger than any of ours. */
  readonly maxDiskGib?: number;
  encode(map: BlockMap, sink: Sink, options: FormatOptions): Promise<void>;
}

/** What the 32-bit sector numbers of a dynamic VHD reach (VHD specification, "Overview"). */
const MAX_VHD_GIB = 2040;

/** Every format; encoders are loaded when they are used. */
export const FORMATS: readonly Format[] = [
  {
    name: "gz",
    brief: "raw in one gzip member, for MAAS and dd",
    suffix: ".img.gz",
    suffixes: [".gz"],
    encode: async (map, sink, options) =>
      await (await import("./gzip/write.ts")).encodeGzip(map, sink, options),
  },
  {
    name: "raw",
    brief: "the disk as it is",
    suffix: ".img",
    suffixes: [".img", ".raw", ".dd"],
    encode: async (map, sink, options) =>
      await (await import("./raw.ts")).encodeRaw(map, sink, options),
  },
  {
    name: "qcow2",
    brief: "QEMU, OpenStack",
    suffix: ".qcow2",
    suffixes: [".qcow2"],
    encode: async (map, sink, options) =>
      await (await import("./qcow2/write.ts")).encodeQcow2(map, sink, options),
  },
  {
    name: "vmdk",
    brief: "streamOptimized, for vSphere, Glance and OVF",
    suffix: ".vmdk",
    suffixes: [".vmdk"],
    encode: async (map, sink, options) =>
      await (await import("./vmdk/write_stream.ts")).encodeVmdkStream(map, sink, options),
  },
  {
    name: "vmdk-sparse",
    brief: "monolithicSparse, for Workstation",
    suffix: ".vmdk",
    suffixes: [],
    encode: async (map, sink, options) =>
      await (await import("./vmdk/write_sparse.ts")).encodeVmdkSparse(map, sink, options),
  },
  {
    name: "vhd",
    brief: "dynamic, for Hyper-V",
    suffix: ".vhd",
    suffixes: [".vhd"],
    maxDiskGib: MAX_VHD_GIB,
    encode: async (map, sink, options) =>
      await (await import("./vhd/write.ts")).encodeVhdDynamic(map, sink, options),
  },
  {
    name: "vhd-fixed",
    brief: "fixed, for Azure",
    suffix: ".vhd",
    suffixes: [],
    maxDiskGib: MAX_VHD_GIB,
    encode: async (map, sink, options) =>
      await (await import("./vhd/write.ts")).encodeVhdFixed(map, sink, options),
  },
];

/** The names of all formats, as in a message. */
export function formatNames(): string {
  return FORMATS.map((format) => format.name).join(", ");
}

/**
 * Chooses a format: the one that is named, else by the output's suffix, else gz; raw for a device.
 *
 * @throws {Failure} `usage` if the name or the suffix says nothing.
 */
export function formatFor(name: string | undefined, outputPath: string | undefined): Format {
  if (name !== undefined) {
    const format = FORMATS.find((candidate) => candidate.name === name);
    if (format !== undefined) return format;
    const known = `use one of ${formatNames()}`;
    throw new Failure("usage", "--format", `there is no format ${name}`, known);
  }
  if (outputPath === undefined || outputPath === "-") return FORMATS[0];
  if (outputPath.startsWith("/dev/")) return FORMATS.find(({ name }) => name === "raw")!;
  const path = outputPath.toLowerCase();
  const format = FORMATS.find(({ suffixes }) => suffixes.some((suffix) => path.endsWith(suffix)));
  if (format !== undefined) return format;
  const known = `pass -f, one of ${formatNames()}`;
  throw new Failure("usage", outputPath, "its suffix names no format", known);
}

/**
 * Checks that a format can hold a disk.
 *
 * @throws {Failure} `too-small` if it cannot.
 */
export function checkDiskSize(format: Format, diskBytes: number, path: string): void {
  const { name, maxDiskGib } = format;
  if (maxDiskGib === undefined || diskBytes <= maxDiskGib * 1024 ** 3) return;
  const what = `${name} holds at most ${maxDiskGib} GiB`;
  throw new Failure("too-small", path, what, "pass a smaller --size or another --format");
}
