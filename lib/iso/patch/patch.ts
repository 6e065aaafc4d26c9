/**
 * Plans an ISO that differs from another one in a few files: its sectors stay where they are, so
 * that whatever names them (El Torito, isolinux' table, every other record) stays true.
 *
 * | where                    | what                                                          |
 * | ------------------------ | ------------------------------------------------------------- |
 * | 0 … end of the source    | the source; descriptors, directories, path tables are patched |
 * | then, on whole sectors   | new and edited files                                          |
 * | if a root has no room    | all directories of that tree again, and their continuations   |
 * | 150 sectors              | zeros, for drives that read ahead                             |
 *
 * @module
 */

import { type BlockMap, blockMap } from "../../blocks/block_map.ts";
import type { Extent, Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { structureAt } from "../../blocks/fields.ts";
import { extentOf, type NewFile, sha256Of, sizeOf } from "../../blocks/new_file.ts";
import { readDescriptors, type VolumeDescriptor } from "../descriptors.ts";
import { DESCRIPTOR, DESCRIPTOR_TYPE, PX, PX_BYTES, SECTOR_BYTES } from "../format.ts";
import { consistent, damaged } from "../records.ts";
import { signatureOf } from "./fields.ts";
import { moveTree } from "./move.ts";
import { Patches } from "./patches.ts";
import { insertRecord, makeRecord, type Placement, pointTo } from "./record.ts";
import { blankChecksums, checkPatchable, growPartitions } from "./traces.ts";
import { entries, type Entry, fieldsOf, findEntry, type IsoTree, readTrees } from "./tree.ts";

/** What is to be different. */
export interface IsoEdits {
  /** Files of the ISO that get other bytes, by their paths. */
  readonly replaced: readonly NewFile[];
  /** New files in the root. */
  readonly added: readonly NewFile[];
  /** Move directories even where a root has room: for tests of the rare case. */
  readonly moveAlways?: boolean;
}

/** A patched ISO. */
export interface PatchedIso {
  readonly map: BlockMap;
  /** How many trees had to be moved. */
  readonly movedTrees: number;
}

/** What mkisofs puts behind an image, too. */
const PADDING_SECTORS = 150;
/** VMware's boot loader numbers files by the byte they begin at, in 32 bits. */
const MAX_BYTES = 2 ** 32;
/** §7.5.1: name and extension together. */
const MAX_NAME_CHARACTERS = 30;

/**
 * Plans a patched ISO. Directories are read; of files only those that are replaced are looked up.
 *
 * @param source The ISO.
 * @param content Where its bytes are to be taken from when the plan is carried out.
 * @throws {Failure} `unfit-for-iso` if the ISO cannot take the edits, `truncated` or `damaged-iso` if
 * it is not whole.
 */
export async function patchIso(
  source: Source,
  edits: IsoEdits,
  content: Source = source,
): Promise<PatchedIso> {
  const descriptors = await readDescriptors(source);
  const sized = descriptors.filter(({ type }) =>
    type === DESCRIPTOR_TYPE.primary || type === DESCRIPTOR_TYPE.supplementary
  );
  const volumeBytes = Math.max(0, ...sized.map((one) => volumeBytesOf(source, one)));
  await checkPatchable(source, volumeBytes);
  const trees = await readTrees(source, descriptors);
  if (trees.length === 0) throw damaged(source, "it has no primary volume descriptor");

  let end = Math.ceil(Math.max(volumeBytes, source.sizeBytes) / SECTOR_BYTES);
  const appended: Extent[] = [];
  const append = (file: NewFile) => {
    const sector = end;
    appended.push(extentOf(file, sector * SECTOR_BYTES));
    end += Math.ceil(sizeOf(file) / SECTOR_BYTES);
    return sector;
  };
  const files = placeFiles(edits, append);
  const patches = new Patches(source);
  let movedTrees = 0;
  for (const tree of trees) {
    editTree(source, tree, edits, files);
    if (edits.moveAlways || tree.root.bytes.length !== tree.root.sizeBytes) {
      movedTrees++;
      const moved = await moveTree(source, tree, end, patches);
      appended.push(...moved);
      end += moved.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0) / SECTOR_BYTES;
    } else {
      for (const { sector, bytes, isChanged } of tree.directories.values()) {
        if (isChanged) await patches.write(sector * SECTOR_BYTES, bytes);
      }
    }
  }
  end += PADDING_SECTORS;
  const newBytes = end * SECTOR_BYTES;
  if (newBytes > MAX_BYTES) {
    const what =
      `with what is added it has ${newBytes} bytes, of which the boot loader reads 4 GiB`;
    throw new Failure("unfit-for-iso", source.name, what, "pass another --format");
  }
  for (const { sector } of sized) {
    DESCRIPTOR.volumeSectors.set(structureAt(await patches.sector(sector)), end);
  }
  await blankChecksums(patches, descriptors);
  await growPartitions(patches, volumeBytes, newBytes);
  return { map: blockMap(newBytes, [...patches.extents(content), ...appended]), movedTrees };
}

function volumeBytesOf(source: Source, { bytes }: VolumeDescriptor): number {
  return consistent(source, structureAt(bytes), DESCRIPTOR.volumeSectors) * SECTOR_BYTES;
}

/** Gives each content a place; what is the same lies there once. */
function placeFiles(edits: IsoEdits, append: (file: NewFile) => number) {
  const placed = new Map<string, { sector: number; sizeBytes: number; links: number }>();
  const keys = new Map<NewFile, string>();
  for (const file of [...edits.replaced, ...edits.added]) {
    const key = sha256Of(file);
    const known = placed.get(key);
    keys.set(file, key);
    if (known !== undefined) known.links++;
    else placed.set(key, { sector: append(file), sizeBytes: sizeOf(file), links: 1 });
  }
  const order = [...placed.keys()];
  return (file: NewFile, firstSerial: number): Placement => {
    const key = keys.get(file)!;
    return { ...placed.get(key)!, serial: firstSerial + order.indexOf(key) };
  };
}

/** Edits the records of one tree. */
function editTree(
  source: Source,
  tree: IsoTree,
  edits: IsoEdits,
  placementOf: (file: NewFile, firstSerial: number) => Placement,
): void {
  const firstSerial = lastSerial(source, tree) + 1;
  for (const file of edits.replaced) {
    const found = findEntry(source, tree, file.path);
    if (found !== undefined) {
      pointTo(tree, found.directory, found.entry, placementOf(file, firstSerial));
    } else if (tree.descriptors.some(({ type }) => type === DESCRIPTOR_TYPE.primary)) {
      throw damaged(source, `its primary directory holds no /${file.path}`);
    }
  }
  // All files of a root say the same of owner, time and version.
  const model = modelOf(source, tree);
  if (model === undefined) return;
  for (const file of edits.added) {
    const name = file.path;
    if (!/^[\w.+-]+$/.test(name) || name.length > MAX_NAME_CHARACTERS) {
      const what = `an ISO cannot hold a file of the name ${JSON.stringify(name)}`;
      const remedy =
        `rename it to at most ${MAX_NAME_CHARACTERS} letters, digits, _, -, + and dots`;
      throw new Failure("unfit-for-iso", source.name, what, remedy);
    }
    const placement = placementOf(file, firstSerial);
    insertRecord(source, tree, makeRecord(source, tree, model, name, placement));
  }
}

/** The file whose record new ones are made after: the root's boot.cfg if there is one. */
function modelOf(source: Source, tree: IsoTree): Entry | undefined {
  return findEntry(source, tree, "BOOT.CFG")?.entry ??
    entries(source, tree.root).find(({ record }) => !record.isDirectory);
}

/** The greatest serial number that Rock Ridge gives a file of the tree. */
function lastSerial(source: Source, tree: IsoTree): number {
  let last = 0;
  if (tree.skipBytes === undefined) return last;
  for (const directory of tree.directories.values()) {
    for (const { record } of entries(source, directory)) {
      for (const field of fieldsOf(tree, record)) {
        if (signatureOf(field) !== "PX" || field.length < PX_BYTES) continue;
        last = Math.max(last, PX.serial.get(structureAt(field)));
      }
    }
  }
  return last;
}
