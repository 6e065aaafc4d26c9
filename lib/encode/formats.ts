/**
 * The formats an image can be written in.
 *
 * @module
 */

import type { BlockMap } from "../disk/block_map.ts";
import { Failure } from "../failure.ts";
import type { EncodeOptions, Sink } from "./sink.ts";

/** A format. */
export interface Format {
  readonly name: string;
  /** What the name of an image ends in unless it is given. */
  readonly suffix: string;
  /** The suffixes it is recognised by. */
  readonly suffixes: readonly string[];
  encode(map: BlockMap, sink: Sink, options: EncodeOptions): Promise<void>;
}

/** Every format; encoders are loaded when they are used. */
export const FORMATS: readonly Format[] = [
  {
    name: "gz",
    suffix: ".img.gz",
    suffixes: [".gz"],
    encode: async (map, sink, options) =>
      await (await import("./gzip.ts")).encodeGzip(map, sink, options),
  },
  {
    name: "raw",
    suffix: ".img",
    suffixes: [".img", ".raw", ".dd"],
    encode: async (map, sink, options) =>
      await (await import("./raw.ts")).encodeRaw(map, sink, options),
  },
];

/**
 * Chooses a format: the one that is named, else by the output's suffix, else gz.
 *
 * @throws {Failure} `usage` if the name or the suffix says nothing.
 */
export function formatFor(name: string | undefined, outputPath: string | undefined): Format {
  const known = FORMATS.map((format) => format.name).join(", ");
  if (name !== undefined) {
    const format = FORMATS.find((candidate) => candidate.name === name);
    if (format !== undefined) return format;
    throw new Failure("usage", "--format", `there is no format ${name}`, `use one of ${known}`);
  }
  if (outputPath === undefined || outputPath === "-") return FORMATS[0];
  const path = outputPath.toLowerCase();
  const format = FORMATS.find(({ suffixes }) => suffixes.some((suffix) => path.endsWith(suffix)));
  if (format !== undefined) return format;
  throw new Failure("usage", outputPath, "its suffix names no format", `pass -f, one of ${known}`);
}
