/**
 * Images of every format: the decoders, the partition table, the file system, and what looks at them.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { Failure } from "../../lib/blocks/failure.ts";
import { moveBackupGpt } from "../../lib/disk/move_gpt.ts";
import { DISK_FORMATS, openImage } from "../../lib/formats/formats.ts";
import { inspect } from "../../lib/image/inspect.ts";
import { usedMap } from "../../lib/image/used_map.ts";
import { verifyImage } from "../../lib/image/verify.ts";
import { contentOf, MemorySink } from "../formats/support.ts";
import { countedSource, withinMemory } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { someNumber } from "./mutators.ts";
import type { Random } from "./random.ts";
import { SparseFile } from "./sparse_file.ts";
import { tinyDisk, tinyIso } from "./tiny_disk.ts";

const SECTOR_BYTES = 512;
const IDENTITY = { seed: new Uint8Array(32).fill(7), timeSeconds: 1_700_000_000 };
const GPT_HEADER_BYTES = 92;
/** A disk in a format is moved to a device this much larger. */
const LARGER_BYTES = 1024 * 1024;

/** The image in every format, compressed and not. */
export async function imageSeeds(): Promise<SparseFile[]> {
  const map = await tinyDisk();
  const found: SparseFile[] = [];
  for (const format of DISK_FORMATS) {
    for (const compress of format.name === "qcow2" ? [false, true] : [false]) {
      const sink = new MemorySink();
      await format.encode(map, sink, { ...IDENTITY, compress });
      found.push(SparseFile.of(await contentOf(sink.map)));
    }
  }
  return found;
}

/** Changes an image; afterwards most checksums are right again, so that more than they is tested. */
export function mutateImage(input: SparseFile, random: Random): SparseFile {
  const file = input.clone();
  const choice = random.below(4);
  if (choice === 0) changeNumber(file, random);
  else if (choice === 1 && isRaw(file)) changeTable(file, random);
  else file.mutate(random);
  if (random.chance(4, 5)) repair(file, random);
  return file;
}

function isRaw(file: SparseFile): boolean {
  return new TextDecoder().decode(file.slice(SECTOR_BYTES, 8)) === "EFI PART";
}

/** Changes a number where formats have theirs: in the first sectors, on a multiple of its size. */
function changeNumber(file: SparseFile, random: Random): void {
  const lba = random.pick(file.lbas.slice(0, 12));
  file.change(lba, (sector) => {
    const view = new DataView(sector.buffer);
    const isLittle = random.chance(1, 2);
    if (random.chance(1, 3)) {
      const at = random.below(SECTOR_BYTES / 8) * 8;
      view.setBigUint64(at, BigInt(someNumber(random, view.getUint32(at, isLittle))), isLittle);
    } else {
      const at = random.below(SECTOR_BYTES / 4) * 4;
      view.setUint32(at, someNumber(random, view.getUint32(at, isLittle)), isLittle);
    }
  });
}

/** Changes a field of the partition table: LBAs of the header, type and LBAs of an entry. */
function changeTable(file: SparseFile, random: Random): void {
  const lastLba = file.sizeBytes / SECTOR_BYTES - 1;
  const [lba, field] = random.pick([
    ...[24, 32, 40, 48, 72, 80, 84].flatMap((at) => [[1, at], [lastLba, at]] as const),
    ...[0, 32, 40, 48, 128, 128 + 32, 128 + 40].map((at) => [2, at] as const),
  ]);
  file.change(lba, (sector) => {
    const view = new DataView(sector.buffer);
    const value = random.pick([someNumber(random), lastLba, 34, 2048, 2048 + random.below(4000)]);
    view.setUint32(field, value, true);
    if (random.chance(1, 8)) view.setUint32(field + 4, someNumber(random), true);
  });
}

/** Makes checksums and copies agree with what they are of. */
export function repair(file: SparseFile, random: Random): void {
  const lastLba = Math.floor(file.sizeBytes / SECTOR_BYTES) - 1;
  if (isRaw(file)) {
    for (const lba of [1, lastLba]) repairTable(file, lba);
    if (random.chance(3, 4)) repairCopies(file);
  }
  repairVhd(file);
}

/** UEFI 2.10 §5.3.2. */
function repairTable(file: SparseFile, lba: number): void {
  const header = file.slice(lba * SECTOR_BYTES, SECTOR_BYTES);
  const view = new DataView(header.buffer);
  const entriesBytes = view.getUint32(80, true) * view.getUint32(84, true);
  const entriesAt = Number(view.getBigUint64(72, true)) * SECTOR_BYTES;
  if (entriesBytes <= 128 * 1024 && entriesAt <= file.sizeBytes) {
    view.setUint32(88, crc32(file.slice(entriesAt, entriesBytes)), true);
  }
  view.setUint32(16, 0, true);
  view.setUint32(16, crc32(header.subarray(0, GPT_HEADER_BYTES)), true);
  file.write(header, lba * SECTOR_BYTES);
}

/** FAT specification 1.03, §3: the backup boot sector, and the FATs behind the first one. */
function repairCopies(file: SparseFile): void {
  const volumeAt = 2048 * SECTOR_BYTES;
  const boot = file.slice(volumeAt, SECTOR_BYTES);
  const view = new DataView(boot.buffer);
  const fatAt = volumeAt + view.getUint16(14, true) * SECTOR_BYTES;
  const fatBytes = view.getUint32(36, true) * SECTOR_BYTES;
  file.write(boot, volumeAt + view.getUint16(50, true) * SECTOR_BYTES);
  if (fatAt + 2 * fatBytes > file.sizeBytes) return;
  for (const lba of file.lbas) {
    const at = lba * SECTOR_BYTES;
    if (at < fatAt || at >= fatAt + fatBytes) continue;
    file.write(file.slice(at, SECTOR_BYTES), at + fatBytes);
  }
}

/** "Hard Disk Footer Format" and "Dynamic Disk Header Format": the complement of the bytes' sum. */
function repairVhd(file: SparseFile): void {
  for (
    const [at, cookie, lengthBytes, field] of [
      [0, "conectix", 512, 64],
      [512, "cxsparse", 1024, 36],
      [file.sizeBytes - 512, "conectix", 512, 64],
    ] as const
  ) {
    if (at < 0 || new TextDecoder().decode(file.slice(at, 8)) !== cookie) continue;
    const bytes = file.slice(at, lengthBytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(field, 0);
    view.setUint32(field, ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0);
    file.write(bytes, at);
  }
}

/** Looks at an image in every way that there is. The first refusal is the outcome. */
async function lookAt(file: SparseFile): Promise<undefined> {
  let refusal: Failure | undefined;
  const look = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refusal ??= error;
    }
  };
  const source = () => countedSource("fuzz.img", file);
  await look(() => inspect(source()));
  await look(async () => {
    const { problems } = await verifyImage((await openImage(source())).disk, tinyIso());
    if (problems.length > 0) throw new Failure("mismatch", "fuzz.img", problems[0]!, "");
  });
  await look(async () => {
    const image = await openImage(source());
    const map = await usedMap(image.disk);
    await moveBackupGpt(map, map.sizeBytes + LARGER_BYTES, "fuzz.img");
  });
  if (refusal !== undefined) throw refusal;
  return undefined;
}

export const imageTarget: Target<SparseFile> = {
  name: "image",
  seeds: imageSeeds,
  mutate: mutateImage,
  run: (file) => withinMemory(file.sizeBytes, () => lookAt(file)),
  pack: (file) => file.pack(),
  unpack: (bytes) => SparseFile.unpack(bytes),
};
