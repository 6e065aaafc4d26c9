/**
 * What a format is. Each has a folder of its own with its fields (`format.ts`), what writes it, what
 * reads it, and a `family.ts` that says so.
 *
 * @module
 */

import type { BlockMap } from "../blocks/block_map.ts";
import type { Source } from "../blocks/extent.ts";
import type { EncodeOptions, Sink } from "../blocks/sink.ts";
import type { Deflater } from "./deflate/deflater.ts";

/** What encoders may need besides the disk. */
export interface FormatOptions extends EncodeOptions {
  /** What the identifiers of an image derive from. */
  readonly seed: Uint8Array;
  /** When the image counts as made, in seconds since 1970. */
  readonly timeSeconds: number;
  /** Deflate what shrinks by it, where the format leaves the choice. */
  readonly compress?: boolean | undefined;
  /** Deflates for formats that can do it in pieces. */
  readonly deflater?: Deflater | undefined;
}

/** A format that images are written in. */
export interface Format {
  /** As `--format` takes it. */
  readonly name: string;
  /** One line for `--help`. */
  readonly brief: string;
  /** What it holds: a disk unless it says otherwise. */
  readonly medium?: "iso";
  /** What the name of an image ends in unless it is given. */
  readonly suffix: string;
  /** The suffixes it is recognised by, in lower case. */
  readonly suffixes: readonly string[];
  /** The largest disk it can hold, in GiB; without it, larger than any of ours. */
  readonly maxDiskGib?: number;
  /**
   * Writes a disk, front to back.
   *
   * @throws {Failure} `truncated` or `io` from the disk's sources or the sink.
   */
  encode(map: BlockMap, sink: Sink, options: FormatOptions): Promise<void>;
}

/** An image, opened. */
export interface OpenImage {
  /** As in `vmdk (streamOptimized)`. */
  readonly format: string;
  /** The disk, to be read from front to back where that can be chosen. */
  readonly disk: Source;
}

/** The formats that share a folder. What writes and what reads them is loaded when it is used. */
export interface FormatFamily {
  readonly formats: readonly Format[];
  /**
   * Opens a file if its content is of the family; without it, nothing marks the content.
   *
   * @param head The first bytes of the file: 512, or as many as it has.
   * @throws {Failure} `not-image` if it is of the family, but damaged.
   */
  open?(file: Source, head: Uint8Array): Promise<OpenImage | undefined>;
}
