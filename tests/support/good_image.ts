/**
 * A small image that is right in every respect, to be made wrong in one.
 *
 * @module
 */

import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { type BlockMap, readBlocks } from "../../lib/blocks/block_map.ts";
import { bytesSource, type Source } from "../../lib/blocks/extent.ts";
import { planImage } from "../../lib/build.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { installerIsoBytes, type InstallerOptions } from "./installer_iso.ts";

/** Bytes of a disk that are replaced, by where they begin. */
export type Patches = ReadonlyMap<number, Uint8Array>;

/** An image as it comes from a build, and the ISO that it was made from. */
export interface GoodImage {
  readonly options: InstallerOptions;
  readonly iso: Source;
  readonly map: BlockMap;
  /** The image as a disk, with some bytes replaced. */
  disk(patches?: Patches): Source;
}

const SMALL: InstallerOptions = { moduleCount: 8, modulesBytes: 60_000 };

/** Builds an image in memory, from an ISO in memory. */
export async function buildGoodImage(options: InstallerOptions = SMALL): Promise<GoodImage> {
  const iso = isoInMemory(options);
  const { disk: { map } } = await planImage(iso, {
    fatfsWasm: await readFatfsWasm(),
    guestFiles: packGuestFiles([
      { path: "pre.sh", bytes: new TextEncoder().encode("exit 0\n") },
    ]),
    rootPassword: "VMware1!",
    label: "ESXI",
    freeBytes: 0,
  });
  return { options, iso, map, disk: (patches = new Map()) => patchedDisk(map, patches) };
}

/** An installer-shaped ISO in memory. */
export function isoInMemory(options: InstallerOptions): Source {
  return bytesSource("test.iso", installerIsoBytes(options));
}

function patchedDisk(map: BlockMap, patches: Patches): Source {
  return {
    name: "test.img",
    sizeBytes: map.sizeBytes,
    async read(into, offsetBytes) {
      await readBlocks(map, into, offsetBytes);
      for (const [at, bytes] of patches) {
        const start = Math.max(at, offsetBytes);
        const end = Math.min(at + bytes.length, offsetBytes + into.length);
        if (start < end) into.set(bytes.subarray(start - at, end - at), start - offsetBytes);
      }
    },
  };
}
