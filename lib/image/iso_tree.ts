/**
 * The directories and path tables of an ISO as they are stored, to be compared with those of a copy
 * that was edited.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readBytes, type Source } from "../blocks/extent.ts";
import { structureAt } from "../blocks/fields.ts";
import { foldCase } from "../disk/fat_names.ts";
import { isJoliet, type VolumeDescriptor } from "../iso/descriptors.ts";
import {
  DESCRIPTOR,
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
export class IsoTree {
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

  /**
   * Reads the directories below the root of a volume descriptor.
   *
   * @throws {Failure} `damaged-iso` if they contradict themselves, `truncated` or `io` from the source.
   */
  static async read(source: Source, descriptor: VolumeDescriptor): Promise<IsoTree> {
    const tree = new IsoTree(source, structureAt(descriptor.bytes));
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
  compare(copy: IsoTree, edited: ReadonlySet<string>): string[] {
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
  async checkPathTables(original: IsoTree): Promise<string[]> {
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
