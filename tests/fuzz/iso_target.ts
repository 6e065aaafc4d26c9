/**
 * The ISO reader, the recognition of an installer, and the layout of an image from it.
 *
 * @module
 */

import { recognizeInstaller } from "../../lib/esxi/installer.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { countedSource, withinMemory } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { someNumber } from "./mutators.ts";
import type { Random } from "./random.ts";
import { SparseFile } from "./sparse_file.ts";
import { Folder } from "../support/folder.ts";
import { type InstallerOptions, writeInstallerIso } from "../support/installer_iso.ts";
import { pathOf } from "../support/programs.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

/** As small as an installer can be. */
const TINY: InstallerOptions = {
  moduleCount: 7,
  modulesBytes: 2000,
  files: ["EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/CRYPTO64.EFI", "B.B00", "UPGRADE/METADATA.XML"]
    .map((path) => ({ path, content: new Uint8Array(100).fill(0x41) })),
};
/** Signatures of system use fields (SUSP 1.12, RRIP 1.12). */
const FIELDS = ["SP", "CE", "ST", "NM", "SL", "CL", "RE", "PX", "ER", "PL"];
const SECTOR_BYTES = 2048;

/** A tiny installer-shaped ISO by our own writer. */
export function makeIso(options: InstallerOptions = {}): SparseFile {
  using folder = new Folder();
  writeInstallerIso(folder.file("seed.iso"), { ...TINY, ...options });
  return SparseFile.of(Deno.readFileSync(folder.file("seed.iso")));
}

/** Our own, and those of xorriso where it is installed. */
async function seeds(): Promise<SparseFile[]> {
  const found = [makeIso()];
  if (pathOf("xorriso") === undefined) return found;
  using folder = new Folder();
  const deep = "RR_MOVED/A/B/C/D/E/F/G/H/I/DEEP.TXT";
  const longName = `${"A-LONG-NAME-".repeat(18)}.TXT`;
  for (const maker of ["xorriso without Rock Ridge", "xorriso with Rock Ridge and Joliet"]) {
    const isRockRidge = maker.includes("with Rock");
    const extra = (isRockRidge ? [deep, longName] : [])
      .map((path) => ({ path, content: new TextEncoder().encode("x") }));
    const options = { ...TINY, files: [...TINY.files ?? [], ...extra] };
    await writeSampleIso(folder.file("seed.iso"), maker, options);
    found.push(SparseFile.of(Deno.readFileSync(folder.file("seed.iso"))));
    Deno.removeSync(folder.file("seed.iso"));
  }
  return found;
}

/** Changes an ISO, more often than not where its structures are. */
export function mutateIso(input: SparseFile, random: Random): SparseFile {
  const file = input.clone();
  const choice = random.below(6);
  if (choice === 0) file.mutate(random);
  else {
    const lba = random.pick(file.lbas.filter((candidate) => candidate < 400));
    file.change(lba, (sector) => {
      if (choice < 4) changeNumber(file, sector, random);
      else if (choice === 4) changeField(sector, random);
      else changeRecord(sector, random);
    });
  }
  return file;
}

/** Changes a number that stands there in both byte orders, in both. */
function changeNumber(file: SparseFile, sector: Uint8Array, random: Random): void {
  const view = new DataView(sector.buffer);
  const places: number[] = [];
  for (let at = 0; at + 8 <= sector.length; at++) {
    const value = view.getUint32(at, true);
    if (value !== 0 && value === view.getUint32(at + 4, false)) places.push(at);
  }
  if (places.length === 0) return changeRecord(sector, random);
  const at = random.pick(places);
  const other = view.getUint32(random.pick(places), true);
  const value = random.pick([
    other,
    someNumber(random, other),
    random.below(file.sizeBytes / SECTOR_BYTES + 2),
    random.below(file.sizeBytes + 2),
    16 + random.below(8),
  ]);
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}

/** Changes a system use field, or puts one where something else was. */
function changeField(sector: Uint8Array, random: Random): void {
  const view = new DataView(sector.buffer);
  const places: number[] = [];
  for (let at = 0; at + 28 <= sector.length; at++) {
    if (FIELDS.includes(String.fromCharCode(sector[at]!, sector[at + 1]!))) places.push(at);
  }
  const at = places.length > 0 ? random.pick(places) : random.below(sector.length - 28);
  if (random.chance(1, 2)) sector.set(new TextEncoder().encode(random.pick(FIELDS)), at);
  if (random.chance(1, 2)) sector[at + 2] = random.pick([0, 3, 4, 5, 12, 28, 36, 255]);
  if (random.chance(1, 2)) sector[at + 4] = random.below(256);
  if (random.chance(1, 2)) {
    // CE: where, from which byte on, how long (SUSP §5.1); CL: where (RRIP §4.1.5.1).
    view.setUint32(at + 4, 16 + random.below(100), true);
    view.setUint32(at + 12, random.pick([0, 0, random.below(2048), 0xffff_ffff]), true);
    view.setUint32(at + 20, random.pick([28, 250, 2048, 65_536, 0xffff_ffff]), true);
  }
}

/** Changes the byte of a directory record that says something on its own (ECMA-119 §9.1). */
function changeRecord(sector: Uint8Array, random: Random): void {
  let at = 0;
  const places: number[] = [];
  while (at + 34 < sector.length && sector[at]! >= 34) {
    places.push(at);
    at += sector[at]!;
  }
  if (places.length === 0) return void (sector[random.below(sector.length)] = random.below(256));
  const record = random.pick(places);
  const field = random.pick([0, 1, 25, 26, 27, 32, 33, 34, 35]);
  sector[record + field] = field === 25
    ? random.pick([0, 2, 0x80, 0x82, 255])
    : random.pick([0, 1, 33, 34, 0x2e, 0x2f, 255, random.below(256)]);
}

export const isoTarget: Target<SparseFile> = {
  name: "iso",
  seeds,
  mutate: mutateIso,
  async run(file) {
    const source = countedSource("fuzz.iso", file);
    await withinMemory(file.sizeBytes, async () => {
      await recognizeInstaller(await readIso(source));
    });
    return undefined;
  },
  pack: (file) => file.pack(),
  unpack: (bytes) => SparseFile.unpack(bytes),
};
