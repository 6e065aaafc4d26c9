/**
 * What the writer and the reader of FAT32 volumes both know. Numbers are little-endian; sections are
 * those of the Microsoft FAT specification 1.03.
 *
 * | sectors               | what                                                      |
 * | --------------------- | --------------------------------------------------------- |
 * | 0                     | boot sector with the BIOS parameter block, §3             |
 * | 1                     | FSInfo, §5                                                |
 * | 6                     | the boot sector again, §3                                 |
 * | from the reserved on  | the file allocation tables, §4                            |
 * | behind them           | clusters: directories of 32-byte entries, §6 and §7, and files |
 *
 * @module
 */

import { bytesField, uint16, uint32, uint8 } from "../blocks/fields.ts";

/** §3: the boot sector. */
export const BOOT_SECTOR = {
  sectorBytes: uint16(11),
  clusterSectors: uint8(13),
  reservedSectors: uint16(14),
  fatCount: uint8(16),
  media: uint8(21),
  /** Of a FAT12 or FAT16 volume; 0 here. */
  fat16Sectors: uint16(22),
  hiddenSectors: uint32(28),
  sectors: uint32(32),
  fatSectors: uint32(36),
  rootCluster: uint32(44),
  fsInfoSector: uint16(48),
  backupBootSector: uint16(50),
  serial: uint32(67),
  label: bytesField(71, 11),
  signature: uint16(510),
} as const;
/** §3.3: what the signature must be. */
export const BOOT_SIGNATURE = 0xaa55;
/** §3, BPB_BkBootSec: where the boot sector lies, and where its copy. */
export const BOOT_SECTORS: readonly number[] = [0, 6];
/** §3, BS_VolLab: what stands for no label. */
export const NO_LABEL = "NO NAME";

/** §5: the FSInfo sector. */
export const FSINFO = {
  leadSignature: uint32(0),
  structSignature: uint32(484),
  freeClusters: uint32(488),
  nextFreeCluster: uint32(492),
  trailSignature: uint32(508),
} as const;
/** §5: what the signatures must be. */
export const FSINFO_SIGNATURES = {
  lead: 0x41615252,
  struct: 0x61417272,
  trail: 0xaa550000,
} as const;
/** §5: what stands for a number that was not kept. */
export const FSINFO_UNKNOWN = 0xffffffff;

/** §4: an entry of the FAT. */
export const FAT_ENTRY_BYTES = 4;
/** §4: the upper four bits are reserved. */
export const FAT_ENTRY_MASK = 0x0fffffff;
/** §4: marks a cluster as not to be used. */
export const BAD_CLUSTER = 0x0ffffff7;
/** §4: entries from here on end a chain. */
export const END_OF_CHAIN = 0x0ffffff8;
/** §3.5: the first two entries are no clusters. */
export const FIRST_CLUSTER = 2;

/** §6: an entry of a directory. */
export const DIRECTORY_ENTRY_BYTES = 32;
/** §6: an entry with a short name. */
export const SHORT_ENTRY = {
  /** Base and extension without the dot, each filled up with blanks. */
  name: bytesField(0, 11),
  base: bytesField(0, 8),
  extension: bytesField(8, 3),
  /** The first byte of the name marks what is no file, see {@linkcode ENTRY_MARK}. */
  mark: uint8(0),
  attributes: uint8(11),
  /** Which parts of the name are in lower case, as Windows NT and FatFs store it. */
  lowerCase: uint8(12),
  firstClusterHigh: uint16(20),
  firstClusterLow: uint16(26),
  sizeBytes: uint32(28),
} as const;
/** §6.1: first bytes of entries that are not in use. */
export const ENTRY_MARK = { free: 0xe5, end: 0x00 } as const;
/** §6.2 and §7: bits of the attributes. */
export const ATTRIBUTE = { volumeLabel: 0x08, directory: 0x10, longName: 0x0f } as const;
/** Bits of {@linkcode SHORT_ENTRY} `lowerCase`. */
export const LOWER_CASE = { base: 0x08, extension: 0x10 } as const;

/** §7: an entry with a part of a long name. Its attributes lie where a short one has them. */
export const LONG_ENTRY = {
  /** Counted from 1 at the name's beginning; {@linkcode LAST_LONG_ENTRY} is added to the last. */
  order: uint8(0),
  /** Of the short name, §7.2. */
  checksum: uint8(13),
  /** UTF-16 units of the name: five, six and two. */
  units: [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30].map(uint16),
} as const;
/** §7: marks the entry with the end of the name, which is stored first. */
export const LAST_LONG_ENTRY = 0x40;
