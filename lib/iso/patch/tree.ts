/**
 * The directories of an ISO 9660 image as they are stored, to be edited record by record. An image
 * has a tree for each root: the primary one (with Rock Ridge or without), Joliet's, an enhanced one.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { structureAt } from "../../blocks/fields.ts";
import { isJoliet, type VolumeDescriptor } from "../descriptors.ts";
import {
  DESCRIPTOR,
  DESCRIPTOR_TYPE,
  NM_NAME_OFFSET_BYTES,
  RECORD,
  SECTOR_BYTES,
} from "../format.ts";
import { damaged, decodeName, type DirectoryRecord, parseRecord } from "../records.ts";
import { rockRidgeSkipBytes } from "../system_use.ts";
import { areaFields, continuationOf, signatureOf } from "./fields.ts";

/** More than any installer; it bounds what a hostile image makes of few bytes. */
const MAX_DIRECTORIES = 20_000;
/** SUSP §5.1 sets no limit on continuation areas; this one ends cycles. */
const MAX_CONTINUATIONS = 64;

/** A directory as it is stored. */
export interface Directory {
  /** Where its extent begins in the source. */
  readonly sector: number;
  /** What its record says, which ought to be whole sectors (§6.8.1.3). */
  readonly sizeBytes: number;
  /** Its extent, whole sectors; what is edited is edited here. */
  bytes: Uint8Array;
  isChanged: boolean;
  /** It, or one above it, was moved here by Rock Ridge and belongs below another one. */
  readonly isRelocated: boolean;
}

/** A record of a directory. */
export interface Entry {
  readonly record: DirectoryRecord;
  /** The record as it is stored, to be edited in place. */
  readonly bytes: Uint8Array;
}

/** The directories below one root. */
export interface IsoTree {
  readonly isJoliet: boolean;
  /** Bytes to skip before system use fields (SUSP §5.3); without Rock Ridge, undefined. */
  readonly skipBytes: number | undefined;
  /** Those that name this root. */
  readonly descriptors: readonly VolumeDescriptor[];
  readonly root: Directory;
  /** By their sectors: the root, then in the order of the image those in place, those relocated. */
  readonly directories: ReadonlyMap<number, Directory>;
  /** The sectors that hold continuations of directory records, by number. */
  readonly areas: Map<number, Uint8Array>;
}

/**
 * Reads every tree of an image.
 *
 * @throws {Failure} `damaged-iso` if directories overlap or contradict themselves.
 */
export async function readTrees(
  source: Source,
  descriptors: readonly VolumeDescriptor[],
): Promise<IsoTree[]> {
  const byRoot = new Map<number, VolumeDescriptor[]>();
  for (const descriptor of descriptors) {
    const { type, bytes } = descriptor;
    if (type !== DESCRIPTOR_TYPE.primary && type !== DESCRIPTOR_TYPE.supplementary) continue;
    const { extentSector } = parseRecord(source, bytes, DESCRIPTOR.rootRecord.offsetBytes);
    byRoot.set(extentSector, [...byRoot.get(extentSector) ?? [], descriptor]);
  }
  const used = new Set<number>();
  const trees: IsoTree[] = [];
  for (const sharing of byRoot.values()) trees.push(await readTree(source, sharing, used));
  return trees;
}

async function readTree(
  source: Source,
  descriptors: readonly VolumeDescriptor[],
  used: Set<number>,
): Promise<IsoTree> {
  const found: Directory[] = [];
  const read = async ({ extentSector, lengthBytes }: DirectoryRecord, isRelocated = false) => {
    if (found.length === MAX_DIRECTORIES) throw damaged(source, "it has too many directories");
    const sectors = Math.ceil(lengthBytes / SECTOR_BYTES);
    if ((extentSector + sectors) * SECTOR_BYTES > source.sizeBytes) {
      throw damaged(source, "a directory reaches past the end of the image");
    }
    for (let sector = extentSector; sector < extentSector + sectors; sector++) {
      if (used.has(sector)) throw damaged(source, "its directories overlap");
      used.add(sector);
    }
    const bytes = new Uint8Array(sectors * SECTOR_BYTES);
    const offsetBytes = extentSector * SECTOR_BYTES;
    bytes.set(await readBytes(source, offsetBytes, lengthBytes));
    const place = { sector: extentSector, sizeBytes: lengthBytes, isRelocated };
    const directory = { ...place, bytes, isChanged: false };
    found.push(directory);
    return directory;
  };

  const { offsetBytes } = DESCRIPTOR.rootRecord;
  const root = await read(parseRecord(source, descriptors[0]!.bytes, offsetBytes));
  const skipBytes = rockRidgeSkipBytes(
    root.bytes,
    RECORD.recordBytes.get(structureAt(root.bytes)),
  );
  const areas = new Map<number, Uint8Array>();
  const tree = { isJoliet: descriptors.some(isJoliet), skipBytes, descriptors, root, areas };
  for (let i = 0; i < found.length; i++) {
    const directory = found[i]!;
    for (const { record } of entries(source, directory)) {
      if (skipBytes !== undefined) await readAreas(source, record.systemUse, skipBytes, areas);
      if (!record.isDirectory || isSelfOrParent(record)) continue;
      const isHere = !fieldsOf(tree, record).some((field) => signatureOf(field) === "RE");
      await read(record, directory.isRelocated || !isHere);
    }
  }
  const [, ...others] = found;
  others.sort((a, b) => Number(a.isRelocated) - Number(b.isRelocated) || a.sector - b.sector);
  return { ...tree, directories: new Map([root, ...others].map((d) => [d.sector, d])) };
}

/** Reads the sectors that a record's fields continue in. */
async function readAreas(
  source: Source,
  systemUse: Uint8Array,
  skipBytes: number,
  areas: Map<number, Uint8Array>,
): Promise<void> {
  let area = systemUse.subarray(skipBytes);
  for (let i = 0;; i++) {
    const next = continuationOf(areaFields(area));
    if (next === undefined) return;
    const { sector, offsetBytes, lengthBytes } = next;
    const isInside = (sector + 1) * SECTOR_BYTES <= source.sizeBytes &&
      offsetBytes + lengthBytes <= SECTOR_BYTES; // SUSP §5.1; Linux reads no others
    if (!isInside || i === MAX_CONTINUATIONS) {
      throw damaged(source, "a continuation area does not lie in one sector");
    }
    const bytes = areas.get(sector) ?? await readBytes(source, sector * SECTOR_BYTES, SECTOR_BYTES);
    areas.set(sector, bytes);
    area = bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
  }
}

/** The records of a directory, itself and its parent included. */
export function* entries(source: Source, { bytes }: Directory): Generator<Entry> {
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === 0) { // §6.8.1.1: the rest of the sector is unused
      at += SECTOR_BYTES - at % SECTOR_BYTES;
      continue;
    }
    const record = parseRecord(source, bytes, at);
    yield { record, bytes: bytes.subarray(at, at + record.recordBytes) };
    at += record.recordBytes;
  }
}

/** §6.8.2.2: the records of a directory itself and of its parent are named 0x00 and 0x01. */
export function isSelfOrParent({ name }: DirectoryRecord): boolean {
  return name.length === 1 && name[0]! <= 1;
}

/** All system use fields of a record, those that continue elsewhere included. */
export function fieldsOf(
  tree: Pick<IsoTree, "skipBytes" | "areas">,
  { systemUse }: DirectoryRecord,
): Uint8Array[] {
  if (tree.skipBytes === undefined) return [];
  const fields: Uint8Array[] = [];
  let area: Uint8Array | undefined = systemUse.subarray(tree.skipBytes);
  while (area !== undefined) {
    const more = areaFields(area);
    fields.push(...more);
    const next = continuationOf(more);
    area = next && tree.areas.get(next.sector)
      ?.subarray(next.offsetBytes, next.offsetBytes + next.lengthBytes);
  }
  return fields;
}

/** The name of a record in its tree: Rock Ridge's if it has one. */
export function nameOf(tree: IsoTree, record: DirectoryRecord): string {
  const parts = fieldsOf(tree, record).filter((field) => signatureOf(field) === "NM")
    .map((field) => new TextDecoder().decode(field.subarray(NM_NAME_OFFSET_BYTES)));
  return parts.length > 0
    ? parts.join("")
    : decodeName(record, tree.isJoliet ? "Joliet" : "ISO 9660");
}

/** Finds a file by its path, without regard to case, as the boot loader does. */
export function findEntry(
  source: Source,
  tree: IsoTree,
  path: string,
): { readonly directory: Directory; readonly entry: Entry } | undefined {
  const names = path.toUpperCase().split("/");
  let directory: Directory | undefined = tree.root;
  for (const [i, name] of names.entries()) {
    const isLast = i === names.length - 1;
    if (directory === undefined) return undefined;
    const entry: Entry | undefined = entries(source, directory).find(({ record }) =>
      !isSelfOrParent(record) && record.isDirectory !== isLast &&
      nameOf(tree, record).toUpperCase() === name
    );
    if (entry === undefined) return undefined;
    if (isLast) return { directory, entry };
    directory = tree.directories.get(entry.record.extentSector);
  }
  return undefined;
}
