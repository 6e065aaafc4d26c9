/**
 * Reads a FAT32 volume, without FatFs: what wrote a volume is not asked whether it is right.
 * Source: Microsoft FAT specification 1.03.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readBytes, type Source } from "../blocks/extent.ts";
import { structureAt } from "../blocks/fields.ts";
import type { FilePart, FileTree, TreeFile } from "../blocks/file_tree.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import {
  DIRECTORY_ENTRY_BYTES,
  END_OF_CHAIN,
  FIRST_CLUSTER,
  FSINFO,
  FSINFO_SIGNATURES,
  FSINFO_UNKNOWN,
  NO_LABEL,
} from "../disk/fat_format.ts";
import { type DirectoryEntry, parseDirectory } from "./fat32_directory.ts";
import { type Fat32Geometry, parseBootSector } from "./fat32_geometry.ts";
import { FatTable } from "./fat_table.ts";

const MAX_DIRECTORY_BYTES = 65_536 * DIRECTORY_ENTRY_BYTES;
/** As in the ISOs that images are made from; it bounds what deep folders make of long names. */
const MAX_PATH_CHARACTERS = 1024;
/** Nobody reads more of them. */
const MAX_PROBLEMS = 100;

/** A volume and what is wrong with it. */
export interface Fat32Volume extends FileTree {
  readonly geometry: Fat32Geometry;
  /** The size of the clusters that are free. */
  readonly freeBytes: number;
  /** The clusters of all directories, in no particular order. */
  readonly directoryParts: readonly FilePart[];
  /** One clause each; empty for a clean volume. */
  readonly problems: readonly string[];
}

/**
 * Reads a volume: its boot sectors, both FATs, and every directory, in this order.
 *
 * @param offsetBytes Where it begins in the source, which its files' offsets refer to as well.
 * @param sizeBytes How much of the source it may use.
 * @throws {Failure} `not-image` if there is no FAT32 volume, `truncated` or `io` from the source.
 */
export async function readFat32(
  source: Source,
  offsetBytes: number,
  sizeBytes: number,
): Promise<Fat32Volume> {
  const reader = new Reader(source, offsetBytes);
  return await reader.readVolume(sizeBytes);
}

class Reader {
  readonly #source: Source;
  readonly #offsetBytes: number;
  readonly #problems: string[] = [];
  readonly #directoryParts: FilePart[] = [];
  #geometry!: Fat32Geometry;
  #fat!: FatTable;

  constructor(source: Source, offsetBytes: number) {
    this.#source = source;
    this.#offsetBytes = offsetBytes;
  }

  async readVolume(sizeBytes: number): Promise<Fat32Volume> {
    const boot = await this.#read(0, SECTOR_BYTES);
    this.#geometry = parseBootSector(boot, this.#source.name, sizeBytes);
    await this.#checkCopies(boot);
    const fsInfo = await this.#read(this.#geometry.fsInfoSector * SECTOR_BYTES, SECTOR_BYTES);
    const { table, differing } = await FatTable.read(
      this.#source,
      this.#offsetBytes,
      this.#geometry,
    );
    this.#fat = table;
    for (const copy of differing) this.#problem(`the first FAT and copy ${copy} differ`);
    const { directories, files } = await this.#readTree();
    const freeClusters = this.#checkClusters(fsInfo);
    return {
      source: this.#source,
      label: this.#geometry.label,
      geometry: this.#geometry,
      freeBytes: freeClusters * this.#geometry.clusterBytes,
      directoryParts: this.#directoryParts,
      directories,
      files,
      problems: this.#problems,
    };
  }

  async #checkCopies(boot: Uint8Array): Promise<void> {
    const backup = this.#geometry.backupBootSector;
    if (backup === 0 || backup === 0xffff) return;
    const copy = await this.#read(backup * SECTOR_BYTES, SECTOR_BYTES);
    if (Buffer.compare(boot, copy) !== 0) this.#problem("the boot sector and its backup differ");
  }

  async #readTree() {
    const directories: string[] = [];
    const files: TreeFile[] = [];
    // §6.5: `..` names the root as cluster 0.
    const pending = [{ path: "", cluster: this.#geometry.rootCluster, parent: 0 }];
    for (const next of pending) { // it grows meanwhile
      for (const entry of await this.#readDirectory(next.path, next.cluster, next.parent)) {
        const path = next.path === "" ? entry.name : `${next.path}/${entry.name}`;
        if (path.length > MAX_PATH_CHARACTERS) {
          this.#problem(`the path /${path.slice(0, 60)}… is too long`);
        } else if (entry.isDirectory) {
          directories.push(path);
          const parent = next.path === "" ? 0 : next.cluster;
          pending.push({ path, cluster: entry.firstCluster, parent });
        } else {
          files.push({ path, sizeBytes: entry.sizeBytes, parts: this.#fileParts(path, entry) });
        }
      }
    }
    return { directories, files };
  }

  async #readDirectory(
    path: string,
    cluster: number,
    parent: number,
  ): Promise<readonly DirectoryEntry[]> {
    const parts = this.#chain(path, cluster);
    this.#directoryParts.push(...parts);
    const sizeBytes = parts.reduce((sum, part) => sum + part.lengthBytes, 0);
    if (sizeBytes > MAX_DIRECTORY_BYTES) {
      this.#problem(`the directory /${path} is larger than FAT allows`);
      return [];
    }
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    for (const part of parts) {
      await this.#source.read(bytes.subarray(at, at + part.lengthBytes), part.offsetBytes);
      at += part.lengthBytes;
    }
    const { entries, links, label, problems } = parseDirectory(bytes);
    for (const problem of problems) this.#problem(`in /${path}, ${problem}`);
    const wantedLinks = path === "" ? [] : [cluster, parent];
    if (links.join() !== wantedLinks.join()) {
      this.#problem(`/${path} does not say where it and its parent are`);
    }
    const wantedLabel = path === "" && this.#geometry.label !== NO_LABEL
      ? this.#geometry.label
      : undefined;
    if (label !== wantedLabel) {
      this.#problem(`the label in /${path} is ${label}, in the boot sector ${wantedLabel}`);
    }
    return entries;
  }

  #fileParts(path: string, entry: DirectoryEntry): FilePart[] {
    if (entry.sizeBytes === 0 && entry.firstCluster === 0) return [];
    const parts = this.#chain(path, entry.firstCluster);
    const allocatedBytes = parts.reduce((sum, part) => sum + part.lengthBytes, 0);
    const wantedBytes = Math.ceil(entry.sizeBytes / this.#geometry.clusterBytes) *
      this.#geometry.clusterBytes;
    if (allocatedBytes !== wantedBytes) {
      this.#problem(`/${path} has ${entry.sizeBytes} bytes, its clusters hold ${allocatedBytes}`);
    }
    let restBytes = entry.sizeBytes;
    return parts.map((part) => {
      const lengthBytes = Math.min(part.lengthBytes, restBytes);
      restBytes -= lengthBytes;
      return { ...part, lengthBytes };
    }).filter((part) => part.lengthBytes > 0);
  }

  /** Follows a chain, marking its clusters as used; adjacent clusters become one part. */
  #chain(path: string, firstCluster: number): FilePart[] {
    const { clusters, clusterBytes, dataOffsetBytes } = this.#geometry;
    const parts: { offsetBytes: number; lengthBytes: number }[] = [];
    let cluster = firstCluster;
    do { // a chain has at least one cluster
      if (cluster < FIRST_CLUSTER || cluster >= clusters + FIRST_CLUSTER) {
        this.#problem(`the chain of /${path} leads to cluster ${cluster}, which does not exist`);
        break;
      }
      if (!this.#fat.take(cluster)) {
        this.#problem(`/${path} is cross-linked at cluster ${cluster}`);
        break;
      }
      const offsetBytes = this.#offsetBytes + dataOffsetBytes +
        (cluster - FIRST_CLUSTER) * clusterBytes;
      const last = parts.at(-1);
      if (last !== undefined && last.offsetBytes + last.lengthBytes === offsetBytes) {
        last.lengthBytes += clusterBytes;
      } else {
        parts.push({ offsetBytes, lengthBytes: clusterBytes });
      }
      cluster = this.#fat.next(cluster);
    } while (cluster < END_OF_CHAIN);
    return parts;
  }

  /** Counts free clusters, and looks for ones that are taken by nothing. */
  #checkClusters(fsInfo: Uint8Array): number {
    const { clusters, media } = this.#geometry;
    const { freeClusters, lostClusters } = this.#fat.count(clusters);
    if (lostClusters > 0) this.#problem(`${lostClusters} clusters belong to no file`);
    // §4.2: the first entry repeats the media byte, the second one says that all is in order.
    if (this.#fat.next(0) !== 0x0fffff00 + media || this.#fat.next(1) < END_OF_CHAIN) {
      this.#problem("the FAT does not say that the volume is in order");
    }
    const sector = structureAt(fsInfo);
    const isFsInfo = FSINFO.leadSignature.get(sector) === FSINFO_SIGNATURES.lead &&
      FSINFO.structSignature.get(sector) === FSINFO_SIGNATURES.struct &&
      FSINFO.trailSignature.get(sector) === FSINFO_SIGNATURES.trail;
    const count = FSINFO.freeClusters.get(sector);
    const nextFree = FSINFO.nextFreeCluster.get(sector);
    if (!isFsInfo) this.#problem("there is no FSInfo sector");
    else if (count !== FSINFO_UNKNOWN && count !== freeClusters) {
      this.#problem(`FSInfo counts ${count} free clusters, there are ${freeClusters}`);
    } else if (nextFree !== FSINFO_UNKNOWN && nextFree >= clusters + FIRST_CLUSTER) {
      this.#problem(`FSInfo names cluster ${nextFree}, which does not exist`);
    }
    return freeClusters;
  }

  #problem(what: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`FAT: ${what}`);
  }

  async #read(atBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return await readBytes(this.#source, this.#offsetBytes + atBytes, lengthBytes);
  }
}
