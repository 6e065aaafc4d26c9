/**
 * Moves all directories of a tree to the end of the image. The root alone must not be moved: readers
 * that only go forward (libarchive) would pass the other directories before they learn of them.
 *
 * @module
 */

import { type BytesExtent, bytesExtent, type Source } from "../../blocks/extent.ts";
import { type NumberField, structureAt } from "../../blocks/fields.ts";
import {
  CE,
  CL,
  DESCRIPTOR,
  PATH_ENTRY,
  PATH_ENTRY_NAME_OFFSET_BYTES,
  PL,
  RECORD,
  SECTOR_BYTES,
} from "../format.ts";
import { consistent } from "../records.ts";
import { signatureOf } from "./fields.ts";
import type { Patches } from "./patches.ts";
import { entries, fieldsOf, type IsoTree } from "./tree.ts";

/**
 * Moves a tree: directories in their order, then the sectors that their records continue in.
 *
 * @param firstSector Where it goes.
 * @returns What lies there.
 */
export async function moveTree(
  source: Source,
  tree: IsoTree,
  firstSector: number,
  patches: Patches,
): Promise<BytesExtent[]> {
  let end = firstSector;
  const place = (bytes: Uint8Array) => {
    const sector = end;
    end += bytes.length / SECTOR_BYTES;
    return sector;
  };
  const directories = new Map(
    [...tree.directories].map(([sector, { bytes }]) => [sector, { sector: place(bytes), bytes }]),
  );
  const areas = new Map(
    [...tree.areas].toSorted(([a], [b]) => a - b)
      .map(([sector, bytes]) => [sector, { sector: place(bytes), bytes }]),
  );

  for (const directory of tree.directories.values()) {
    for (const { bytes, record } of entries(source, directory)) {
      for (const field of fieldsOf(tree, record)) {
        const signature = signatureOf(field);
        if (signature === "CE") relink(field, CE.sector, areas);
        if (signature === "CL") relink(field, CL.childSector, directories);
        if (signature === "PL") relink(field, PL.parentSector, directories);
      }
      const moved = record.isDirectory ? directories.get(record.extentSector) : undefined;
      if (moved !== undefined) pointToDirectory(bytes, moved);
    }
  }
  for (const { sector } of tree.descriptors) {
    const bytes = await patches.sector(sector);
    const record = DESCRIPTOR.rootRecord.of(structureAt(bytes));
    pointToDirectory(record, directories.get(tree.root.sector)!);
    await movePathTables(source, bytes, directories, patches);
  }
  return [...directories.values(), ...areas.values()].map(({ sector, bytes }) =>
    bytesExtent(sector * SECTOR_BYTES, bytes)
  );
}

/** What lies at a new place, by its old one. */
type Moved = ReadonlyMap<number, { readonly sector: number; readonly bytes: Uint8Array }>;

/** Follows a move; what is not moved, or was followed already, stays. */
function relink(bytes: Uint8Array, sector: NumberField, moved: Moved): void {
  const field = structureAt(bytes);
  const to = moved.get(sector.get(field));
  if (to !== undefined) sector.set(field, to.sector);
}

function pointToDirectory(
  recordBytes: Uint8Array,
  { sector, bytes }: { readonly sector: number; readonly bytes: Uint8Array },
): void {
  const record = structureAt(recordBytes);
  RECORD.extendedAttributeSectors.set(record, 0);
  RECORD.extentSector.set(record, sector);
  RECORD.dataBytes.set(record, bytes.length);
}

/** Every path table of a descriptor. One that others share is moved once: old places are no new ones. */
async function movePathTables(
  source: Source,
  descriptor: Uint8Array,
  directories: Moved,
  patches: Patches,
): Promise<void> {
  const structure = structureAt(descriptor);
  const sizeBytes = consistent(source, structure, DESCRIPTOR.pathTableBytes);
  const kinds = [
    [DESCRIPTOR.littlePathTables, PATH_ENTRY.littleExtentSector],
    [DESCRIPTOR.bigPathTables, PATH_ENTRY.bigExtentSector],
  ] as const;
  for (const [tables, extentSector] of kinds) {
    for (const offsetBytes of tables.map((table) => table.get(structure) * SECTOR_BYTES)) {
      if (offsetBytes === 0) continue;
      const table = await patches.read(offsetBytes, sizeBytes);
      moveEntries(table, directories, extentSector);
      await patches.write(offsetBytes, table);
    }
  }
}

function moveEntries(table: Uint8Array, directories: Moved, extentSector: NumberField): void {
  for (let at = 0; at + PATH_ENTRY_NAME_OFFSET_BYTES < table.length;) {
    const entry = structureAt(table, at);
    const nameBytes = PATH_ENTRY.nameBytes.get(entry);
    const to = directories.get(
      extentSector.get(entry) + PATH_ENTRY.extendedAttributeSectors.get(entry),
    );
    if (to !== undefined) {
      PATH_ENTRY.extendedAttributeSectors.set(entry, 0);
      extentSector.set(entry, to.sector);
    }
    at += PATH_ENTRY_NAME_OFFSET_BYTES + nameBytes + nameBytes % 2;
  }
}
