/**
 * What every decoder gives: the disk that an image file holds.
 *
 * @module
 */

import { type BlockMap, blockMap, readBlocks } from "../blocks/block_map.ts";
import type { Extent, Source, SourceExtent } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { OpenImage } from "./format.ts";

/** A disk inside an image file. As a source it reads as the raw image would. */
export interface VirtualDisk extends Source {
  readonly format: "qcow2" | "vmdk" | "vhd";
  /** The layout within the format, as qemu-img and the specifications name it. */
  readonly variant: string;
  /** Which parts the image holds, and where; what it does not hold reads as zero. */
  readonly map: BlockMap;
}

/**
 * Makes a disk of what a decoder found.
 *
 * @throws {Failure} from its reads: `truncated` or `io` from the file.
 */
export function virtualDisk(
  kind: Pick<VirtualDisk, "format" | "variant" | "name">,
  map: BlockMap,
): VirtualDisk {
  return {
    ...kind,
    sizeBytes: map.sizeBytes,
    map,
    read(into, offsetBytes) {
      if (offsetBytes + into.length > map.sizeBytes) {
        throw new Failure(
          "truncated",
          kind.name,
          `its disk ends at byte ${map.sizeBytes}, but byte ${offsetBytes + into.length} is needed`,
          "use a complete image",
        );
      }
      return readBlocks(map, into, offsetBytes);
    },
  };
}

/** A disk as what `openImage` returns. */
export function openedDisk(disk: VirtualDisk): OpenImage {
  return { format: `${disk.format} (${disk.variant})`, disk };
}

/** Collects extents in the order of the disk, joining those that continue each other. */
export class ExtentList {
  readonly #sizeBytes: number;
  readonly #extents: Extent[] = [];
  #last: { -readonly [K in keyof SourceExtent]: SourceExtent[K] } | null = null;

  /** @param sizeBytes The disk's: what lies beyond is cut off. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  add(
    offsetBytes: number,
    unitBytes: number,
    source: Source,
    sourceOffsetBytes: number,
  ): void {
    const lengthBytes = Math.min(unitBytes, this.#sizeBytes - offsetBytes);
    if (lengthBytes <= 0) return;
    const last = this.#last;
    if (
      last !== null && last.source === source &&
      last.offsetBytes + last.lengthBytes === offsetBytes &&
      last.sourceOffsetBytes + last.lengthBytes === sourceOffsetBytes
    ) {
      last.lengthBytes += lengthBytes;
    } else {
      this.#last = { offsetBytes, lengthBytes, source, sourceOffsetBytes };
      this.#extents.push(this.#last);
    }
  }

  toMap(): BlockMap {
    return blockMap(this.#sizeBytes, this.#extents);
  }
}
