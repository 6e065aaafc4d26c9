/**
 * Reads the directory of an ISO 9660 image: which files there are and where their bytes lie.
 * File data is never read.
 *
 * Names come from Rock Ridge where the image has it, else from Joliet, else from the 8.3 records.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { structureAt } from "../blocks/fields.ts";
import type { FileTree, TreeFile } from "../blocks/file_tree.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { isJoliet, readDescriptors } from "./descriptors.ts";
import {
  DATE,
  DESCRIPTOR,
  DESCRIPTOR_TYPE,
  FIRST_DESCRIPTOR_SECTOR,
  MIN_RECORD_BYTES,
  RECORD,
  SECTOR_BYTES,
  STANDARD_IDENTIFIER,
} from "./format.ts";
import {
  consistent,
  damaged,
  decodeName,
  type DirectoryRecord,
  type NameSource,
  parseRecord,
  records,
} from "./records.ts";
import { otherKind } from "./other_kind.ts";
import { readSystemUse, rockRidgeSkipBytes, type SystemUse } from "./system_use.ts";

/** ECMA-119 §6.8.2.1 allows 8 levels; Rock Ridge images go deeper. */
const MAX_DEPTH = 64;
/** FAT holds no more than 65,536 files in a directory, with records of at most 255 bytes here. */
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
/** ECMA-119 §6.8.2.1 allows 255; it also bounds the memory that a long name above many files takes. */
const MAX_PATH_CHARACTERS = 1024;
/** Hard links share their extents; so many of them mean that extents overlap. */
const MAX_SHARES = 8;

/** What an ISO 9660 image holds. */
export interface IsoVolume extends FileTree {
  /** The size that the volume descriptor declares, §8.4.8. */
  readonly declaredBytes: number;
  /** When the volume was made (§8.4.26), if it says so. */
  readonly createdMs: number | undefined;
  /** The primary volume descriptor as it stands, which identifies the image. */
  readonly descriptor: Uint8Array;
  /** Where the names of files come from. */
  readonly names: NameSource;
}

/**
 * Reads the directory of an ISO 9660 image.
 *
 * @throws {Failure} `not-iso` if there is no primary volume descriptor, `truncated` if bytes of a
 * file or directory are missing, `damaged-iso` if the structures contradict themselves, `io` from
 * the source.
 */
export async function readIso(source: Source): Promise<IsoVolume> {
  const { primary, joliet } = await readNamedDescriptors(source);
  const descriptor = structureAt(primary);
  const declaredBytes = consistent(source, descriptor, DESCRIPTOR.volumeSectors) * SECTOR_BYTES;
  const walker = new Walker(source, declaredBytes);

  const rootOffsetBytes = DESCRIPTOR.rootRecord.offsetBytes;
  const primaryRoot = parseRecord(source, primary, rootOffsetBytes);
  const rootBytes = await walker.readDirectoryBytes(primaryRoot, "/");
  const skipBytes = rockRidgeSkipBytes(
    rootBytes,
    RECORD.recordBytes.get(structureAt(rootBytes)),
  );
  const names = skipBytes !== undefined ? "Rock Ridge" : joliet ? "Joliet" : "ISO 9660";
  const root = names === "Joliet" ? parseRecord(source, joliet!, rootOffsetBytes) : primaryRoot;
  walker.restart();
  await walker.walk(root, names, skipBytes ?? 0);

  return {
    source,
    label: decodeLatin1(DESCRIPTOR.volumeIdentifier.of(descriptor)).trimEnd(),
    declaredBytes,
    createdMs: parseVolumeDate(structureAt(DESCRIPTOR.created.of(descriptor))),
    descriptor: primary,
    names,
    directories: walker.directories,
    files: walker.files,
  };
}

/**
 * Whether something begins like an ISO 9660 image.
 *
 * @throws {Failure} `io` from the source.
 */
export async function isIso(source: Source): Promise<boolean> {
  const { offsetBytes, lengthBytes } = DESCRIPTOR.standardIdentifier;
  const atBytes = FIRST_DESCRIPTOR_SECTOR * SECTOR_BYTES + offsetBytes;
  if (source.sizeBytes < atBytes + lengthBytes) return false;
  return decodeLatin1(await readBytes(source, atBytes, lengthBytes)) === STANDARD_IDENTIFIER;
}

async function readNamedDescriptors(source: Source) {
  const descriptors = await readDescriptors(source);
  const primary = descriptors.find(({ type }) => type === DESCRIPTOR_TYPE.primary)?.bytes;
  if (primary === undefined) {
    const what = source.sizeBytes === 0 ? "the file is empty" : "not an ISO 9660 image";
    const kind = await otherKind(source);
    const told = kind === undefined ? what : `${what}: it is ${kind}`;
    throw new Failure("not-iso", source.name, told, "pass the ESXi installer ISO");
  }
  if (DESCRIPTOR.logicalBlockBytes.get(structureAt(primary)) !== SECTOR_BYTES) {
    throw damaged(source, "its logical blocks are not 2048 bytes");
  }
  return { primary, joliet: descriptors.find(isJoliet)?.bytes };
}

/** Walks the directories. Its state bounds what a hostile image can make it do. */
class Walker {
  files: TreeFile[] = [];
  directories: string[] = [];
  readonly #source: Source;
  readonly #declaredBytes: number;
  readonly #visitedSectors = new Set<number>();
  readonly #relocatedSectors = new Set<number>();
  #fileBytes = 0;
  /** The source, for directories and what belongs to them. */
  readonly #counted: Source;
  #countedBytes = 0;

  constructor(source: Source, declaredBytes: number) {
    this.#source = source;
    this.#declaredBytes = declaredBytes;
    this.#counted = {
      name: source.name,
      sizeBytes: source.sizeBytes,
      read: (into, offsetBytes) => {
        // All directories together fit into the image, unless they overlap.
        this.#countedBytes += into.length;
        if (this.#countedBytes > source.sizeBytes) throw damaged(source, "its directories overlap");
        return source.read(into, offsetBytes);
      },
    };
  }

  /** Forgets what has been visited: the root is read once before the walk, to look for Rock Ridge. */
  restart(): void {
    this.#visitedSectors.clear();
    this.#countedBytes = 0;
  }

  async walk(root: DirectoryRecord, names: NameSource, skipBytes: number): Promise<void> {
    const pending = [{ record: root, path: "", depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (next.depth > MAX_DEPTH) {
        throw damaged(this.#source, `directories are nested more than ${MAX_DEPTH} deep`);
      }
      const children = await this.#readDirectory(next.record, next.path, names, skipBytes);
      // Taken from the end: reversed, the directories come in the order of the image.
      for (const child of children.reverse()) pending.push({ ...child, depth: next.depth + 1 });
    }
  }

  /** Reads one directory; its files are kept, its directories returned. */
  async #readDirectory(
    record: DirectoryRecord,
    parent: string,
    names: NameSource,
    skipBytes: number,
  ): Promise<{ record: DirectoryRecord; path: string }[]> {
    const children: { record: DirectoryRecord; path: string }[] = [];
    let parts: DirectoryRecord[] = [];
    let partsPath = "";
    for (const entry of records(this.#source, await this.readDirectoryBytes(record, parent))) {
      const use: SystemUse = names === "Rock Ridge"
        ? await readSystemUse(this.#counted, entry.systemUse, skipBytes)
        : {};
      if (use.isRelocated || use.isSymbolicLink) continue;
      const path = joinPath(this.#source, parent, use.name ?? decodeName(entry, names));
      if (use.isCompressed) {
        const what = `/${path} is compressed (zisofs), which neither firmware nor ESXi unpacks`;
        throw new Failure(
          "damaged-iso",
          this.#source.name,
          what,
          "pass the ISO as VMware ships it",
        );
      }
      if (use.childSector !== undefined) {
        const child = await this.#relocatedDirectory(use.childSector);
        this.directories.push(path);
        children.push({ record: child, path });
      } else if (entry.isDirectory) {
        this.directories.push(path);
        children.push({ record: entry, path });
      } else {
        if (parts.length > 0 && path !== partsPath) break;
        parts.push(entry);
        partsPath = path;
        if (entry.continues) continue;
        this.#addFile(path, parts);
        parts = [];
      }
    }
    if (parts.length > 0) throw damaged(this.#source, `the last part of /${partsPath} is missing`);
    return children;
  }

  /** RRIP §4.1.5.1: a child link names the sector whose first record describes the directory. */
  async #relocatedDirectory(sector: number): Promise<DirectoryRecord> {
    if (this.#relocatedSectors.has(sector)) {
      throw damaged(this.#source, "a relocated directory has two places");
    }
    this.#relocatedSectors.add(sector);
    this.#checkExtent("a relocated directory", sector * SECTOR_BYTES, SECTOR_BYTES);
    const bytes = await readBytes(this.#source, sector * SECTOR_BYTES, SECTOR_BYTES);
    return parseRecord(this.#source, bytes, 0);
  }

  /** Reads a directory's extent, once: a second visit means that it contains itself. */
  async readDirectoryBytes(record: DirectoryRecord, path: string): Promise<Uint8Array> {
    const { extentSector, lengthBytes } = record;
    const shown = `the directory /${path.replace(/^\//, "")}`;
    if (this.#visitedSectors.has(extentSector)) {
      throw damaged(this.#source, `${shown} contains itself`);
    }
    this.#visitedSectors.add(extentSector);
    this.#checkExtent(shown, extentSector * SECTOR_BYTES, lengthBytes);
    if (lengthBytes < MIN_RECORD_BYTES) throw damaged(this.#source, `${shown} is empty`);
    if (lengthBytes > MAX_DIRECTORY_BYTES) {
      throw damaged(this.#source, `${shown} has ${lengthBytes} bytes, more than any`);
    }
    return await readBytes(this.#counted, extentSector * SECTOR_BYTES, lengthBytes);
  }

  #addFile(path: string, parts: readonly DirectoryRecord[]): void {
    if (parts.some((part) => part.isInterleaved)) {
      throw damaged(this.#source, `/${path} is interleaved, which no installer is`);
    }
    // §6.4.2: a file larger than one extent can be has several, in order.
    const extents = parts.filter((part) => part.lengthBytes > 0).map((part) => ({
      offsetBytes: part.extentSector * SECTOR_BYTES,
      lengthBytes: part.lengthBytes,
    }));
    for (const extent of extents) {
      this.#checkExtent(`/${path}`, extent.offsetBytes, extent.lengthBytes);
    }
    const sizeBytes = extents.reduce((sum, extent) => sum + extent.lengthBytes, 0);
    this.#fileBytes += sizeBytes;
    if (this.#fileBytes > MAX_SHARES * this.#source.sizeBytes) {
      throw damaged(this.#source, "its files overlap");
    }
    this.files.push({ path, sizeBytes, parts: extents });
  }

  #checkExtent(what: string, offsetBytes: number, lengthBytes: number): void {
    const { sizeBytes, name } = this.#source;
    const endBytes = offsetBytes + lengthBytes;
    if (endBytes <= sizeBytes) return;
    if (endBytes > this.#declaredBytes) {
      throw damaged(this.#source, `${what} reaches past the end of the volume`);
    }
    const missingBytes = this.#declaredBytes - sizeBytes;
    throw new Failure(
      "truncated",
      name,
      `the ISO is truncated: ${missingBytes} of ${this.#declaredBytes} bytes are missing, ` +
        `and ${what} needs them`,
      "download or copy it again",
    );
  }
}

/** Joins a name to its directory, refusing what could lead elsewhere. */
function joinPath(source: Source, parent: string, name: string): string {
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) {
    throw damaged(source, `${JSON.stringify(name)} in /${parent} cannot be a file name`);
  }
  const path = parent === "" ? name : `${parent}/${name}`;
  if (path.length > MAX_PATH_CHARACTERS) {
    throw damaged(source, `the path /${path.slice(0, 60)}… has ${path.length} characters`);
  }
  return path;
}

/** §8.4.26.1: `YYYYMMDDhhmmsscc` and the offset from UTC in quarters of an hour. */
function parseVolumeDate(date: DataView): number | undefined {
  const text = decodeLatin1(DATE.digits.of(date));
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const offsetMs = DATE.offset.get(date) * 15 * 60_000;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMs;
  return year < 1980 || Number.isNaN(ms) ? undefined : ms;
}
