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
import { readDescriptors, type VolumeDescriptor } from "../iso/descriptors.ts";
import { DESCRIPTOR, DESCRIPTOR_TYPE, RECORD, SECTOR_BYTES } from "../iso/format.ts";
import { IsoTree } from "./iso_tree.ts";

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
      await IsoTree.read(iso, original),
      await IsoTree.read(copy, copies[i]!),
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
