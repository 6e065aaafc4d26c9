/**
 * An installer's image as small as it can be read: FAT32 must be written with 65,525 clusters, but
 * what reads it does not count them, and a small disk is fuzzed ten times as fast.
 *
 * @module
 */

import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { type BlockMap, blockMap } from "../../lib/blocks/block_map.ts";
import { bytesExtent, type Source } from "../../lib/blocks/extent.ts";
import { SECTOR_BYTES } from "../../lib/blocks/sector.ts";
import { planImage } from "../../lib/build.ts";
import { EFI_SYSTEM_PARTITION, gptExtents } from "../../lib/disk/gpt.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { contentOf } from "../formats/support.ts";
import { countedSource } from "./bounds.ts";
import { makeIso } from "./iso_target.ts";
import { SparseFile } from "./sparse_file.ts";

const MIB = 1024 * 1024;
const FIRST_LBA = MIB / SECTOR_BYTES;
/** How much of the file system's data area stays. */
const DATA_SECTORS = 400;

/** The ISO that the image is made from. */
export function tinyIso(): Source {
  iso ??= makeIso();
  return countedSource("tiny.iso", iso);
}

let iso: SparseFile | undefined;

/** The disk. */
export async function tinyDisk(): Promise<BlockMap> {
  const text = (path: string) => ({ path, bytes: new TextEncoder().encode(path) });
  const { disk, diskGuid, partitionGuid } = await planImage(tinyIso(), {
    guestFiles: packGuestFiles([text("pre.sh"), text("curtin/curtin-hooks")]),
    kickstart: new TextEncoder().encode("vmaccepteula\n"),
    fatfsWasm: await readFatfsWasm(),
    label: "ESXI",
    freeBytes: 0,
  });
  const file = SparseFile.of(await contentOf(disk.map));
  const volumeSectors = shrinkVolume(file);
  const diskSectors = FIRST_LBA + volumeSectors + FIRST_LBA;
  const table = gptExtents(diskSectors, diskGuid, [{
    type: EFI_SYSTEM_PARTITION,
    guid: partitionGuid,
    firstLba: FIRST_LBA,
    lastLba: FIRST_LBA + volumeSectors - 1,
    name: "EFI System Partition",
  }]);
  const volume = file.slice(MIB, volumeSectors * SECTOR_BYTES);
  const sectors = [];
  for (let at = 0; at < volume.length; at += SECTOR_BYTES) {
    const sector = volume.subarray(at, at + SECTOR_BYTES);
    if (sector.some((byte) => byte !== 0)) sectors.push(bytesExtent(MIB + at, sector));
  }
  return blockMap(diskSectors * SECTOR_BYTES, [...table, ...sectors]);
}

/** Cuts the free space off the volume. Fields are those of the FAT specification 1.03, §3 and §5. */
function shrinkVolume(file: SparseFile): number {
  const boot = new DataView(file.slice(MIB, SECTOR_BYTES).buffer);
  const reservedSectors = boot.getUint16(14, true);
  const fatSectors = boot.getUint32(36, true);
  const volumeSectors = reservedSectors + boot.getUint8(16) * fatSectors + DATA_SECTORS;
  const clusters = DATA_SECTORS / boot.getUint8(13);
  const fat = new DataView(
    file.slice(MIB + reservedSectors * SECTOR_BYTES, fatSectors * SECTOR_BYTES).buffer,
  );
  let freeClusters = 0;
  for (let i = 2; i < clusters + 2; i++) if (fat.getUint32(i * 4, true) === 0) freeClusters++;
  for (const lba of [FIRST_LBA, FIRST_LBA + boot.getUint16(50, true)]) {
    file.change(lba, (sector) => new DataView(sector.buffer).setUint32(32, volumeSectors, true));
    // FSInfo follows the boot sector, and its copy the copy.
    file.change(lba + 1, (s) => new DataView(s.buffer).setUint32(488, freeClusters, true));
  }
  return volumeSectors;
}
