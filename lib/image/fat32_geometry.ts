/**
 * The BIOS parameter block of a FAT32 volume. Source: Microsoft FAT specification 1.03.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import {
  BAD_CLUSTER,
  BOOT_SECTOR,
  BOOT_SIGNATURE,
  FAT_ENTRY_BYTES,
  FIRST_CLUSTER,
} from "../disk/fat_format.ts";

/** §3.5: from {@linkcode BAD_CLUSTER} on, numbers are marks. */
const MAX_CLUSTERS = BAD_CLUSTER - 1 - FIRST_CLUSTER;
/** A FAT may be a little too large. Twice what is needed, and this much, is not a little. */
const MAX_FAT_SLACK_BYTES = 1024 * 1024;

/** The geometry of a volume, §3. */
export interface Fat32Geometry {
  /** How many the volume has. */
  readonly sectors: number;
  /** How many come before it on the disk. */
  readonly hiddenSectors: number;
  readonly clusterBytes: number;
  /** How many the data area has. */
  readonly clusters: number;
  /** The size of one FAT. */
  readonly fatBytes: number;
  readonly fatCount: number;
  /** Where the first FAT begins in the volume. */
  readonly fatOffsetBytes: number;
  /** Where the first cluster begins in the volume. */
  readonly dataOffsetBytes: number;
  /** The first cluster of the root directory. */
  readonly rootCluster: number;
  /** Where FSInfo lies in the volume. */
  readonly fsInfoSector: number;
  /** Where the copy of the boot sector lies; 0 or 0xFFFF for none. */
  readonly backupBootSector: number;
  readonly serial: number;
  /** The kind of medium, which the FAT repeats. */
  readonly media: number;
  /** Without the blanks behind it. */
  readonly label: string;
}

/**
 * Reads the BIOS parameter block, §3.
 *
 * @param path Which image it is, for messages.
 * @param sizeBytes How large the partition is.
 * @throws {Failure} `not-image` if it is not that of a FAT32 volume.
 */
export function parseBootSector(boot: Uint8Array, path: string, sizeBytes: number): Fat32Geometry {
  const sector = structureAt(boot);
  const clusterSectors = BOOT_SECTOR.clusterSectors.get(sector);
  const reservedSectors = BOOT_SECTOR.reservedSectors.get(sector);
  const fatCount = BOOT_SECTOR.fatCount.get(sector);
  const sectors = BOOT_SECTOR.sectors.get(sector);
  const fatSectors = BOOT_SECTOR.fatSectors.get(sector);
  const dataSector = reservedSectors + fatCount * fatSectors;
  const clusters = Math.floor((sectors - dataSector) / clusterSectors);
  const geometry: Fat32Geometry = {
    sectors,
    hiddenSectors: BOOT_SECTOR.hiddenSectors.get(sector),
    clusterBytes: clusterSectors * SECTOR_BYTES,
    clusters,
    fatBytes: fatSectors * SECTOR_BYTES,
    fatCount,
    fatOffsetBytes: reservedSectors * SECTOR_BYTES,
    dataOffsetBytes: dataSector * SECTOR_BYTES,
    rootCluster: BOOT_SECTOR.rootCluster.get(sector),
    fsInfoSector: BOOT_SECTOR.fsInfoSector.get(sector),
    backupBootSector: BOOT_SECTOR.backupBootSector.get(sector),
    serial: BOOT_SECTOR.serial.get(sector),
    media: BOOT_SECTOR.media.get(sector),
    label: decodeLatin1(BOOT_SECTOR.label.of(sector)).replace(/ +$/, ""),
  };
  const isFat32 = BOOT_SECTOR.signature.get(sector) === BOOT_SIGNATURE &&
    BOOT_SECTOR.sectorBytes.get(sector) === SECTOR_BYTES &&
    BOOT_SECTOR.fat16Sectors.get(sector) === 0 &&
    clusterSectors > 0 && fatCount > 0 && fatCount <= 4 && clusters > 0 &&
    clusters <= MAX_CLUSTERS && geometry.fatBytes <= MAX_FAT_SLACK_BYTES + 8 * clusters &&
    sectors * SECTOR_BYTES <= sizeBytes &&
    (clusters + FIRST_CLUSTER) * FAT_ENTRY_BYTES <= geometry.fatBytes &&
    geometry.fsInfoSector < reservedSectors && geometry.backupBootSector < reservedSectors;
  if (!isFat32) {
    throw new Failure(
      "not-image",
      path,
      "its partition holds no FAT32 file system",
      "pass an image of esxi-img",
    );
  }
  return geometry;
}
