/**
 * Lays out a FAT32 volume before any byte of its files is read: FatFs reserves contiguous clusters,
 * and what comes out are the volume's own sectors and where each file has to go.
 *
 * | where                        | what                                                 |
 * | ---------------------------- | ---------------------------------------------------- |
 * | sector 0, copy in 6          | boot sector with the BIOS parameter block            |
 * | sector 1, copy in 7          | FSInfo                                               |
 * | reserved sectors' end        | two FATs                                             |
 * | next multiple of 1 MiB       | directories, then files in the order they are given  |
 *
 * Source: Microsoft FAT specification 1.03; the fields are in fat_format.ts.
 *
 * @module
 */

import { FatFsError, FatVolume } from "../../wasm/fatfs.ts";
import { roundUp } from "../blocks/block_map.ts";
import type { Extent } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { structureAt, uint32 } from "../blocks/fields.ts";
import { type ContentTree, parentFolders } from "../blocks/file_tree.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { SectorMap } from "../blocks/sector_map.ts";
import {
  BOOT_SECTOR,
  BOOT_SECTORS,
  DIRECTORY_ENTRY_BYTES,
  FAT_ENTRY_BYTES,
  FAT_ENTRY_MASK,
  FIRST_CLUSTER,
  FSINFO,
  FSINFO_UNKNOWN,
  LONG_ENTRY,
} from "./fat_format.ts";
import { checkFatNames } from "./fat_names.ts";

const MIB = 1024 * 1024;
/** The data area begins on a boundary that every flash page, RAID stripe and image cluster divides. */
const ALIGN_SECTORS = MIB / SECTOR_BYTES;
/** What FatFs reserves before the FATs, before it aligns the data area. */
const RESERVED_SECTORS = 32;
/** A volume of 65,525 clusters and fewer is FAT16; the specification advises to stay 16 away. */
const MIN_CLUSTERS = 65_525 + 16;
const MAX_FILE_BYTES = 2 ** 32 - 1;
/** An installer has some hundreds; FatFs keeps each open until its clusters are reserved. */
const MAX_FILES = 20_000;
/**
 * FatFs looks through a directory for each name that it enters or passes there. So many entries take
 * it 3 s if names are short, half a minute if they are as long as can be. 10,000 names in one folder
 * need half of it or a little more.
 */
const MAX_LOOKS = 400e6;
/** BPB_TotSec32 counts a volume's sectors: just under 2 TiB. */
const MAX_SECTORS = 2 ** 32 - 1;
/**
 * Larger clusters mean a smaller FAT, and less time and memory for it: a volume gets the largest
 * ones that leave it FAT32. More than 32 KiB is not for every reader (specification, §3.1).
 */
const CLUSTER_BYTES = [32_768, 16_384, 8192, 4096, 2048, 1024, 512];

/** How to lay out a volume. */
export interface Fat32Options {
  /** The bytes of `ff.wasm`. */
  readonly fatfsWasm: BufferSource;
  /** At most 11 characters of a short name's kind. */
  readonly label: string;
  /** The volume's place on the disk. */
  readonly firstLba: number;
  /** Space to leave free. */
  readonly freeBytes: number;
  /** The volume's size, a multiple of 1 MiB; without it, as small as its content allows. */
  readonly sizeBytes?: number | undefined;
  /** The time stamp of everything, in milliseconds since 1970; the serial number follows from it. */
  readonly timeMs: number;
  /** Where the content comes from, for messages. */
  readonly image: string;
}

/** A volume, laid out. */
export interface Fat32Layout {
  readonly sizeBytes: number;
  readonly clusterBytes: number;
  /** The volume's own sectors and its files, relative to its beginning. */
  readonly extents: readonly Extent[];
}

/**
 * Lays out a FAT32 volume.
 *
 * @throws {Failure} `unfit-for-fat` if FAT cannot hold the names or sizes, `too-small` if the
 * volume's size is given and does not suffice.
 * @throws {FatFsError} `INVALID_NAME` if the label is none.
 */
export async function layOutFat32(
  content: ContentTree,
  options: Fat32Options,
): Promise<Fat32Layout> {
  const count = content.directories.length + content.files.length;
  if (count > MAX_FILES) {
    throw new Failure(
      "unfit-for-fat",
      options.image,
      `it holds ${count} files and folders, more than any installer`,
      "pass the ISO as VMware ships it",
    );
  }
  const paths = [...content.directories, ...content.files.map((file) => file.path)];
  const entries = directoryEntries(content.directories, paths);
  checkFolders(paths, entries, options.image);
  checkFatNames(paths, options.image);
  for (const file of content.files) {
    if (file.sizeBytes > MAX_FILE_BYTES) {
      throw new Failure(
        "unfit-for-fat",
        options.image,
        `FAT cannot hold /${file.path}: it has ${file.sizeBytes} bytes, 4 GiB or more`,
        "remake the ISO without it",
      );
    }
  }
  const { sizeBytes, clusterBytes } = measure(content, entries, options);
  if (sizeBytes / SECTOR_BYTES > MAX_SECTORS) {
    throw new Failure(
      "unfit-for-fat",
      options.image,
      "a FAT32 volume must be smaller than 2 TiB",
      "pass a smaller --size or --free",
    );
  }
  const sectors = new SectorMap();
  const volume = await FatVolume.format(options.fatfsWasm, sectors, {
    sectors: sizeBytes / SECTOR_BYTES,
    clusterBytes,
    alignSectors: ALIGN_SECTORS,
    label: options.label,
    timeMs: options.timeMs,
  });
  const files = place(volume, content, options);
  patchBootSectors(sectors, options);
  patchFsInfo(sectors, sizeBytes, clusterBytes);
  return { sizeBytes, clusterBytes, extents: [...sectors.extents(), ...files] };
}

/** Enters everything into the directories first, so that they lie before the first file's bytes. */
function place(volume: FatVolume, content: ContentTree, options: Fat32Options): Extent[] {
  try {
    for (const path of content.directories) volume.makeDirectory(path);
    const entered = content.files.map((file) => ({ file, handle: volume.createFile(file.path) }));
    return entered.flatMap(({ file, handle }) => {
      const startBytes = volume.reserve(handle, file.sizeBytes) ?? 0;
      return file.content.map((extent) => ({
        ...extent,
        offsetBytes: startBytes + extent.offsetBytes,
      }));
    });
  } catch (error) {
    if (!(error instanceof FatFsError)) throw error;
    // Names were checked before, but a long name's generated short one can still meet a real one.
    throw new Failure("unfit-for-fat", options.image, error.message, "rename the file", error);
  }
}

/** Finds the volume's size and the cluster size that goes with it. */
function measure(
  content: ContentTree,
  entries: ReadonlyMap<string, number>,
  options: Fat32Options,
) {
  const sizes = [
    ...content.files.map((file) => file.sizeBytes),
    ...[...entries.values()].map((count) => count * DIRECTORY_ENTRY_BYTES),
    options.freeBytes,
  ];
  const wanted = CLUSTER_BYTES.map((clusterBytes) => {
    const clusters = sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / clusterBytes), 0);
    const sizeBytes = volumeBytes(Math.max(clusters, MIN_CLUSTERS), clusterBytes);
    return { clusterBytes, sizeBytes, isFat32: clusters >= MIN_CLUSTERS };
  });
  if (options.sizeBytes === undefined) {
    return wanted.find(({ isFat32 }) => isFat32) ?? wanted.at(-1)!;
  }
  const fitting = wanted.find(({ sizeBytes }) => sizeBytes <= options.sizeBytes!);
  if (fitting !== undefined) return { ...fitting, sizeBytes: options.sizeBytes };
  const neededBytes = Math.min(...wanted.map(({ sizeBytes }) => sizeBytes));
  // The disk has 1 MiB before and 1 MiB behind its partition.
  throw new Failure(
    "too-small",
    options.image,
    `its files and ${options.freeBytes} free bytes do not fit into the given size`,
    `pass --size ${neededBytes / MIB + 2}M or more`,
  );
}

/** The smallest multiple of 1 MiB that has so many clusters. */
function volumeBytes(clusters: number, clusterBytes: number): number {
  // FatFs sizes the FATs as if all of the volume were data, so they depend on what is looked for.
  let sizeBytes = 0;
  for (let dataStartBytes = 0;;) {
    sizeBytes = roundUp(dataStartBytes + clusters * clusterBytes, MIB);
    const fatBytes = roundUp((sizeBytes / clusterBytes + 2) * FAT_ENTRY_BYTES, SECTOR_BYTES);
    const neededBytes = roundUp(RESERVED_SECTORS * SECTOR_BYTES + 2 * fatBytes, MIB);
    if (neededBytes <= dataStartBytes) return sizeBytes;
    dataStartBytes = neededBytes;
  }
}

/** Refuses folders so full that FatFs would be at work for minutes. */
function checkFolders(
  paths: readonly string[],
  entries: ReadonlyMap<string, number>,
  image: string,
): void {
  let looks = 0;
  for (const path of paths) {
    for (const folder of ["", ...parentFolders(path)]) looks += entries.get(folder) ?? 0;
    if (looks <= MAX_LOOKS) continue;
    throw new Failure(
      "unfit-for-fat",
      image,
      "its folders hold more than those of any installer",
      "pass the ISO as VMware ships it",
    );
  }
}

/** How many entries each directory has at most, by its path, counting every name as a long one. */
function directoryEntries(
  directories: readonly string[],
  paths: readonly string[],
): Map<string, number> {
  const entries = new Map<string, number>([["", 1]]); // the root holds the label
  for (const path of directories) entries.set(path, 2); // "." and ".."
  for (const path of paths) {
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(slash, 0));
    const units = path.length - slash - 1;
    entries.set(
      parent,
      (entries.get(parent) ?? 0) + 1 + Math.ceil(units / LONG_ENTRY.units.length),
    );
  }
  return entries;
}

/** Writes what FatFs cannot know: the partition's place, and the label where fsck looks for it. */
function patchBootSectors(sectors: SectorMap, options: Fat32Options): void {
  const label = new TextEncoder().encode(options.label.padEnd(BOOT_SECTOR.label.lengthBytes));
  for (const lba of BOOT_SECTORS) {
    const sector = new Uint8Array(SECTOR_BYTES);
    sectors.read(lba, sector);
    const boot = structureAt(sector);
    BOOT_SECTOR.hiddenSectors.set(boot, options.firstLba);
    BOOT_SECTOR.label.of(boot).set(label);
    sectors.write(lba, sector);
  }
}

/**
 * Makes FSInfo's hint name the first free cluster behind the last one in use. FatFs leaves the last
 * one in use there, which it skips itself; §5 says where to start looking.
 */
function patchFsInfo(sectors: SectorMap, sizeBytes: number, clusterBytes: number): void {
  const sector = new Uint8Array(SECTOR_BYTES);
  sectors.read(0, sector);
  const boot = structureAt(sector);
  const reserved = BOOT_SECTOR.reservedSectors.get(boot);
  const fsInfoLba = BOOT_SECTOR.fsInfoSector.get(boot);
  const dataLba = reserved + BOOT_SECTOR.fatCount.get(boot) * BOOT_SECTOR.fatSectors.get(boot);
  const end = FIRST_CLUSTER + Math.floor((sizeBytes - dataLba * SECTOR_BYTES) / clusterBytes);
  sectors.read(fsInfoLba, sector);
  const fsInfo = structureAt(sector.slice());
  let next = FSINFO.nextFreeCluster.get(fsInfo);
  const isUsed = (cluster: number) => {
    const atBytes = cluster * FAT_ENTRY_BYTES;
    sectors.read(reserved + Math.floor(atBytes / SECTOR_BYTES), sector);
    return (uint32(atBytes % SECTOR_BYTES).get(structureAt(sector)) & FAT_ENTRY_MASK) !== 0;
  };
  while (next < end && isUsed(next)) next++;
  FSINFO.nextFreeCluster.set(fsInfo, next < end ? next : FSINFO_UNKNOWN);
  sectors.write(fsInfoLba, new Uint8Array(fsInfo.buffer));
}
