/**
 * The BIOS parameter block of a FAT32 volume. Source: Microsoft FAT specification 1.03.
 *
 * @module
 */

import { SECTOR_BYTES } from "../blocks/sector.ts";
import { Failure } from "../blocks/failure.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";

/** §3.5: the numbers above are marks, and the first two are not counted. */
export const FIRST_CLUSTER = 2;
const MAX_CLUSTERS = 0x0ffffff6 - FIRST_CLUSTER;
/** A FAT may be a little too large. Twice what is needed, and this much, is not a little. */
const MAX_FAT_SLACK_BYTES = 1024 * 1024;

/** The geometry of a volume, §3. */
export interface Fat32Geometry {
  readonly sectors: number;
  readonly hiddenSectors: number;
  readonly clusterBytes: number;
  readonly clusters: number;
  readonly fatBytes: number;
  readonly fatCount: number;
  readonly fatOffsetBytes: number;
  readonly dataOffsetBytes: number;
  readonly rootCluster: number;
  readonly fsInfoSector: number;
  readonly backupBootSector: number;
  readonly serial: number;
  /** The kind of medium, which the FAT repeats. */
  readonly media: number;
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
  const view = new DataView(boot.buffer);
  const sectorsPerCluster = view.getUint8(13);
  const reservedSectors = view.getUint16(14, true);
  const fatCount = view.getUint8(16);
  const sectors = view.getUint32(32, true);
  const fatSectors = view.getUint32(36, true);
  const dataSector = reservedSectors + fatCount * fatSectors;
  const clusters = Math.floor((sectors - dataSector) / sectorsPerCluster);
  const geometry: Fat32Geometry = {
    sectors,
    hiddenSectors: view.getUint32(28, true),
    clusterBytes: sectorsPerCluster * SECTOR_BYTES,
    clusters,
    fatBytes: fatSectors * SECTOR_BYTES,
    fatCount,
    fatOffsetBytes: reservedSectors * SECTOR_BYTES,
    dataOffsetBytes: dataSector * SECTOR_BYTES,
    rootCluster: view.getUint32(44, true),
    fsInfoSector: view.getUint16(48, true),
    backupBootSector: view.getUint16(50, true),
    serial: view.getUint32(67, true),
    media: view.getUint8(21),
    label: decodeLatin1(boot.subarray(71, 82)).replace(/ +$/, ""),
  };
  const isFat32 = view.getUint16(510, true) === 0xaa55 &&
    view.getUint16(11, true) === SECTOR_BYTES && view.getUint16(22, true) === 0 &&
    sectorsPerCluster > 0 && fatCount > 0 && fatCount <= 4 && clusters > 0 &&
    clusters <= MAX_CLUSTERS && geometry.fatBytes <= MAX_FAT_SLACK_BYTES + 8 * clusters &&
    sectors * SECTOR_BYTES <= sizeBytes && (clusters + FIRST_CLUSTER) * 4 <= geometry.fatBytes &&
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
