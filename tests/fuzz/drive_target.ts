/**
 * Config drives, which the guest code reads in the installer: ISO 9660, FAT, partition tables.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Target } from "./fuzzer.ts";
import { mutateIso } from "./iso_target.ts";
import { PythonReader } from "./python_reader.ts";
import { SparseFile } from "./sparse_file.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, pathOf } from "../support/programs.ts";

const READER = `${import.meta.dirname}/drive_reader.py`;
const SAMPLE = `${import.meta.dirname}/../../testdata/openstack/nova-static-routes`;
const MIB = 1024 * 1024;
/** A maker that is missing makes no seeds. */
const ISO_MAKERS = ["genisoimage", "xorrisofs"];
const PARTITION_START_BYTES = MIB;

let reader: PythonReader | undefined;

/** Drives as deployers write them. */
async function seeds(): Promise<SparseFile[]> {
  const found: SparseFile[] = [];
  using folder = new Folder();
  const path = folder.file("drive");
  for (const maker of ISO_MAKERS.filter((name) => pathOf(name) !== undefined)) {
    for (const options of [["-J", "-r"], ["-iso-level", "1"]]) {
      await mustRun(maker, ["-quiet", "-V", "config-2", ...options, "-o", path, SAMPLE]);
      found.push(SparseFile.of(Deno.readFileSync(path)));
    }
  }
  if (pathOf("mkfs.vfat") === undefined || pathOf("mcopy") === undefined) return found;
  for (const [bits, mib] of [["12", 1], ["16", 16], ["32", 40]] as const) {
    Deno.writeFileSync(path, new Uint8Array(0));
    Deno.truncateSync(path, mib * MIB);
    await mustRun("mkfs.vfat", ["-F", bits, "-s", "1", "-n", "CONFIG-2", path]);
    await mustRun("mcopy", ["-s", "-i", path, `${SAMPLE}/openstack`, "::"]);
    found.push(SparseFile.of(Deno.readFileSync(path)));
  }
  for (const label of pathOf("sfdisk") === undefined ? [] : ["gpt", "dos"]) {
    Deno.writeFileSync(path, new Uint8Array(0));
    Deno.truncateSync(path, 4 * MIB);
    await mustRun("sfdisk", ["-q", path], { stdin: `label: ${label}\nstart=2048,size=2048\n` });
    const disk = SparseFile.of(Deno.readFileSync(path));
    const fat = found.find(({ sizeBytes }) => sizeBytes === MIB)!;
    for (const lba of fat.lbas) {
      disk.write(fat.slice(lba * 512, 512), PARTITION_START_BYTES + lba * 512);
    }
    found.push(disk);
  }
  return found;
}

/** What is read of config drives. */
export const driveTarget: Target<SparseFile> = {
  name: "drive",
  isWatched: false,
  seeds,
  mutate: (input, random) => {
    const hasBegin = input.lbas.some((lba) => lba < 400);
    if (hasBegin && random.chance(1, 3)) return mutateIso(input, random);
    const file = input.clone();
    file.mutate(random);
    return file;
  },
  async run(input) {
    reader ??= new PythonReader(READER);
    const { outcome, defect } = JSON.parse(
      await reader.ask(Buffer.from(input.pack()).toString("base64")),
    );
    if (defect !== undefined) throw new Error(defect);
    return outcome.replaceAll(/\d+/g, "N");
  },
  pack: (input) => input.pack(),
  unpack: (bytes) => SparseFile.unpack(bytes),
  async stop() {
    await reader?.stop();
    reader = undefined;
  },
};
