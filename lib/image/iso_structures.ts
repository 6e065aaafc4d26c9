/**
 * Compares what describes the files of two ISOs: volume descriptors, path tables, directories. They
 * may differ where an edit needs it, and in nothing else.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readBytes, type Source } from "../blocks/extent.ts";
import { structureAt } from "../blocks/fields.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { foldCase } from "../disk/fat_names.ts";
import { isJoliet, readDescriptors, type VolumeDescriptor } from "../iso/descriptors.ts";
import {
  DESCRIPTOR,
  DESCRIPTOR_TYPE,
  PATH_ENTRY,
  PATH_ENTRY_NAME_OFFSET_BYTES,
  RECORD,
  RECORD_NAME_OFFSET_BYTES,
  SECTOR_BYTES,
} from "../iso/format.ts";
import { damaged, decodeName, type DirectoryRecord, parseRecord } from "../iso/records.ts";
import { maskIdentity, maskSystemUse, rockRidgeName } from "./iso_system_use.ts";

/** More than any installer has. */
const MAX_DIRECTORIES = 20_000;
/** isomd5sum's mark, and libisofs': checksums that a patched ISO must not keep. */
const CHECKSUMS = /ISO MD5SUM|^libisofs_/;
/** UEFI 2.10 §5.2.1: the partition records and what follows them in the first sector. */
const PARTITION_RECORDS = [446, 510] as const;

/** What a comparison found. */
export interface StructureComparison {
  readonly problems: readonly string[];
  /** Sectors of the first ISO that were looked at here, and may differ. */
  readonly sectors: ReadonlySet<number>;
  /** Sectors of the second one that hold its directories. */
  readonly used: ReadonlySet<number>;
}

/**
 * Compares two ISOs.
 *
 * @param edited Folded paths of files that may be elsewhere, or new.
 * @throws {Failure} `damaged-iso` if one contradicts itself, `truncated` or `io` from either.
 */
export async function compareStructures(
  iso: Source,
  copy: Source,
  edited: ReadonlySet<string>,
): Promise<StructureComparison> {
  const problems: string[] = [];
  const sectors = new Set<number>();
  const used = new Set<number>();
  const [originals, copies] = [await readDescriptors(iso), await readDescriptors(copy)];
  if (originals.length !== copies.length) {
    return { problems: ["it has other volume descriptors"], sectors, used };
  }
  await compareFirstSector(iso, copy, problems, sectors);
  await compareChecksums(iso, copy, originals.at(-1)?.sector ?? 0, problems, sectors);
  for (const [i, original] of originals.entries()) {
    if (
      ![DESCRIPTOR_TYPE.primary, DESCRIPTOR_TYPE.supplementary].includes(original.type as 1 | 2)
    ) {
      continue; // an El Torito boot record is compared like a file
    }
    sectors.add(original.sector);
    problems.push(...compareDescriptors(original, copies[i]!, copy.sizeBytes));
    const [before, after] = [
      await Tree.read(iso, original),
      await Tree.read(copy, copies[i]!),
    ];
    problems.push(...before.compare(after, edited), ...await after.checkPathTables(before));
    // Directories that were moved leave their old sectors behind as they were.
    for (const sector of before.sectors) if (after.sectors.has(sector)) sectors.add(sector);
    for (const sector of [...after.sectors, ...after.areas]) used.add(sector);
  }
  return { problems, sectors, used };
}

/** The first sector may differ in its partition records alone. */
async function compareFirstSector(
  iso: Source,
  copy: Source,
  problems: string[],
  sectors: Set<number>,
): Promise<void> {
  const [a, b] = [await readBytes(iso, 0, SECTOR_BYTES), await readBytes(copy, 0, SECTOR_BYTES)];
  for (const bytes of [a, b]) bytes.fill(0, ...PARTITION_RECORDS);
  if (Buffer.compare(a, b) !== 0) problems.push("its boot sector differs");
  sectors.add(0);
}

/** Sectors that hold nothing but checksums of the image have to be blank. */
async function compareChecksums(
  iso: Source,
  copy: Source,
  last: number,
  problems: string[],
  sectors: Set<number>,
): Promise<void> {
  for (let sector: number | undefined = last + 2; sector !== undefined && sectors.size < 64;) {
    if ((sector + 1) * SECTOR_BYTES > iso.sizeBytes) return;
    const text = decodeLatin1(await readBytes(iso, sector * SECTOR_BYTES, SECTOR_BYTES));
    if (!CHECKSUMS.test(text)) return;
    const now = await readBytes(copy, sector * SECTOR_BYTES, SECTOR_BYTES);
    if (now.some((byte) => byte !== 0)) problems.push("it keeps checksums that do not hold");
    sectors.add(sector);
    const next: string | undefined = / next=(\d+)/.exec(text)?.[1];
    sector = next === undefined ? undefined : Number(next);
  }
}

function compareDescriptors(
  original: VolumeDescriptor,
  copy: VolumeDescriptor,
  copyBytes: number,
): string[] {
  const problems: string[] = [];
  const [before, after] = [original, copy].map(({ bytes }) => structureAt(bytes.slice()));
  const declaredBytes = DESCRIPTOR.volumeSectors.get(after!) * SECTOR_BYTES;
  if (declaredBytes !== copyBytes) {
    problems.push(`its volume has ${declaredBytes} bytes, the file ${copyBytes}`);
  }
  if (!DESCRIPTOR.volumeSectors.isConsistent(after!)) {
    problems.push("the size of its volume differs between its two byte orders");
  }
  const isSummed = CHECKSUMS.test(decodeLatin1(DESCRIPTOR.applicationUse.of(before!)));
  for (const structure of [before!, after!]) {
    DESCRIPTOR.volumeSectors.set(structure, 0);
    const root = structureAt(DESCRIPTOR.rootRecord.of(structure));
    RECORD.extentSector.set(root, 0);
    RECORD.dataBytes.set(root, 0);
    if (isSummed) DESCRIPTOR.applicationUse.of(structure).fill(0x20);
  }
  const [a, b] = [before!, after!].map(({ buffer }) => new Uint8Array(buffer));
  if (Buffer.compare(a!, b!) !== 0) {
    problems.push(`the descriptor in sector ${copy.sector} differs`);
  }
  return problems;
}

/** A directory record, with what its tree makes of it. */
interface Node {
  readonly path: string;
  readonly record: DirectoryRecord;
  /** What of it is before its name. */
  readonly head: Uint8Array;
  /** Its system use fields, the sectors in them blanked. */
  readonly fields: readonly Uint8Array[];
}

/** The directories below one root, as they are stored. */
class Tree {
  readonly problems: string[] = [];
  /** By path: the records of a directory, itself and its parent included, in order. */
  readonly directories = new Map<string, Node[]>();
  /** By path: where a directory lies. */
  readonly places = new Map<string, number>();
  /** What the tree's directories and path tables take. */
  readonly sectors = new Set<number>();
  /** Sectors that directory records continue in. */
  readonly areas = new Set<number>();
  readonly #source: Source;
  readonly #descriptor: DataView;

  private constructor(source: Source, descriptor: DataView) {
    this.#source = source;
    this.#descriptor = descriptor;
  }

  static async read(source: Source, descriptor: VolumeDescriptor): Promise<Tree> {
    const tree = new Tree(source, structureAt(descriptor.bytes));
    const root = parseRecord(source, descriptor.bytes, DESCRIPTOR.rootRecord.offsetBytes);
    const pending = [{ path: "", record: root, parent: 0 }];
    let skipBytes: number | undefined;
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { path, record: { extentSector, lengthBytes } } = next;
      if (tree.places.size === MAX_DIRECTORIES) {
        throw damaged(source, "it has too many directories");
      }
      if (tree.sectors.has(extentSector)) {
        throw damaged(source, `the directory /${path} is there twice`);
      }
      tree.places.set(path, extentSector);
      const bytes = await readBytes(source, extentSector * SECTOR_BYTES, lengthBytes);
      tree.#occupy(extentSector, lengthBytes);
      if (extentSector < next.parent) tree.problems.push(`/${path} lies before its parent`);
      const nodes: Node[] = [];
      for (let at = 0; at < bytes.length;) {
        if (bytes[at] === 0) {
          const rest = bytes.subarray(at, at += SECTOR_BYTES - at % SECTOR_BYTES);
          if (rest.some((byte) => byte !== 0)) {
            tree.problems.push(`the directory /${path} has bytes behind its records`);
          }
          continue;
        }
        const record = parseRecord(source, bytes, at);
        const use = await maskSystemUse(
          source,
          record,
          nodes.length === 0 && path === "",
          skipBytes,
        );
        skipBytes = use.skipBytes;
        for (const sector of use.areas) tree.areas.add(sector);
        const isOwn = record.name.length === 1 && record.name[0]! <= 1;
        const name = rockRidgeName(use.fields) ??
          decodeName(record, isJoliet(descriptor) ? "Joliet" : "ISO 9660");
        const childPath = path === "" ? name : `${path}/${name}`;
        const head = bytes.subarray(at, at + RECORD_NAME_OFFSET_BYTES);
        nodes.push({ path: isOwn ? path : childPath, record, head, fields: use.fields });
        if (record.isDirectory && !isOwn) {
          pending.push({ path: childPath, record, parent: extentSector });
        }
        at += record.recordBytes;
      }
      const isLastUsed = bytes.subarray(-SECTOR_BYTES).some((byte) => byte !== 0);
      if (!isLastUsed) tree.problems.push(`the directory /${path} ends with an empty sector`);
      tree.directories.set(path, nodes);
    }
    return tree;
  }

  #occupy(sector: number, lengthBytes: number): void {
    for (let i = 0; i < Math.ceil(lengthBytes / SECTOR_BYTES); i++) this.sectors.add(sector + i);
  }

  /** What differs in a copy of this tree but for edits. */
  compare(copy: Tree, edited: ReadonlySet<string>): string[] {
    const problems = copy.problems.filter((problem) => !this.problems.includes(problem));
    for (const [path, nodes] of this.directories) {
      const others = copy.directories.get(path);
      if (others === undefined) {
        problems.push(`the directory /${path} is missing`);
        continue;
      }
      const known = new Set(nodes.map((node) => node.path));
      const kept = others.filter((node) =>
        known.has(node.path) || !edited.has(foldCase(node.path))
      );
      for (const [i, node] of nodes.entries()) {
        const other = kept[i];
        const isEdited = edited.has(foldCase(node.path));
        const isSame = other !== undefined &&
          Buffer.compare(comparable(node, isEdited), comparable(other, isEdited)) === 0;
        if (!isSame) problems.push(`the directory record of /${node.path} differs`);
      }
      if (kept.length > nodes.length) problems.push(`/${path} has records that the ISO has not`);
      for (const { record, path: name } of others) {
        if (record.isDirectory && !copy.#isKnown(record)) {
          problems.push(`the directory record of /${name} leads to no directory`);
        }
      }
    }
    return problems;
  }

  #isKnown({ extentSector }: DirectoryRecord): boolean {
    return this.sectors.has(extentSector);
  }

  /** Whether the path tables name the directories, in the order and with the names of the ISO's. */
  async checkPathTables(original: Tree): Promise<string[]> {
    const problems: string[] = [];
    const places = new Set(this.places.values());
    for (const isLittle of [true, false]) {
      const before = await original.#pathTables(isLittle);
      const after = await this.#pathTables(isLittle);
      for (const [i, table] of after.entries()) {
        if (table.places.some((place) => !places.has(place))) {
          problems.push("a path table names a place where no directory is");
        }
        if (new Set(table.places).size !== places.size) {
          problems.push("a path table does not name every directory once");
        }
        if (before[i] === undefined || Buffer.compare(table.names, before[i].names) !== 0) {
          problems.push("a path table differs in more than places");
        }
      }
      if (after.length !== before.length) problems.push("a path table is missing");
    }
    return problems;
  }

  async #pathTables(isLittle: boolean) {
    const fields = isLittle ? DESCRIPTOR.littlePathTables : DESCRIPTOR.bigPathTables;
    const extent = isLittle ? PATH_ENTRY.littleExtentSector : PATH_ENTRY.bigExtentSector;
    const lengthBytes = DESCRIPTOR.pathTableBytes.get(this.#descriptor);
    const tables: { readonly places: readonly number[]; readonly names: Uint8Array }[] = [];
    for (const sector of fields.map((field) => field.get(this.#descriptor))) {
      if (sector === 0) continue;
      this.#occupy(sector, lengthBytes);
      // What follows it in its last sector is to be the same, too.
      const names = await readBytes(
        this.#source,
        sector * SECTOR_BYTES,
        Math.ceil(lengthBytes / SECTOR_BYTES) * SECTOR_BYTES,
      );
      const places: number[] = [];
      for (let at = 0; at + PATH_ENTRY_NAME_OFFSET_BYTES < lengthBytes;) {
        const entry = structureAt(names, at);
        places.push(extent.get(entry) + PATH_ENTRY.extendedAttributeSectors.get(entry));
        extent.set(entry, 0);
        PATH_ENTRY.extendedAttributeSectors.set(entry, 0);
        const nameBytes = PATH_ENTRY.nameBytes.get(entry);
        at += PATH_ENTRY_NAME_OFFSET_BYTES + nameBytes + nameBytes % 2;
      }
      tables.push({ places, names });
    }
    return tables;
  }
}

/** A record with zeros for what may differ. */
function comparable({ record, head, fields }: Node, isEdited: boolean): Uint8Array {
  const bytes = head.slice();
  if (isEdited || record.isDirectory) {
    const structure = structureAt(bytes);
    RECORD.extendedAttributeSectors.set(structure, 0);
    RECORD.extentSector.set(structure, 0);
    RECORD.dataBytes.set(structure, 0);
  }
  return Buffer.concat([bytes, record.name, ...isEdited ? maskIdentity(fields) : fields]);
}
