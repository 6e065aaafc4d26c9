/**
 * Programs that nobody here wrote judge the disks that we write.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { mustEsxiImg, mustRun, run, testWith } from "../support/programs.ts";
import { ISO_MAKERS, writeSampleIso } from "../support/sample_isos.ts";
import { readImageTree, readIsoTree, type Tree } from "../support/trees.ts";

const MIB = 1024 * 1024;
const BOOT_CFGS = ["BOOT.CFG", "EFI/BOOT/BOOT.CFG"];

for (const maker of ISO_MAKERS) {
  const needed = ["xorriso", "sgdisk", "sfdisk", "fsck.fat", "mcopy", "zcat", "cmp"];
  testWith(needed, `an image from an ISO by ${maker}`, async (t) => {
    using folder = new Folder();
    const [iso, image, gz] = folder.files("in.iso", "out.img", "out.img.gz");
    await writeSampleIso(iso, maker);
    await mustEsxiImg(["build", iso, "-o", image]);
    await mustEsxiImg(["build", iso, "-o", gz]);

    await t.step("sgdisk and sfdisk find no problem", () => judgePartitionTable(image));
    await t.step("fsck.fat finds no problem", () => judgeFileSystem(image, folder));
    await t.step("mcopy returns every file as it is in the ISO", async () => {
      const expected = await readIsoTree(iso, folder.file("from-iso"));
      judgeFiles(expected, await readImageTree(image, folder.file("from-image")));
      for (const path of BOOT_CFGS) await judgeBootCfg(folder, path);
    });
    await t.step("zcat returns the raw image", async () => {
      await mustRun("gzip", ["-t", gz]);
      await mustRun("bash", ["-o", "pipefail", "-c", 'zcat "$0" | cmp - "$1"', gz, image]);
    });
    await t.step("ours says the same", async () => {
      for (const path of [image, gz]) await mustEsxiImg(["verify", path, "--iso", iso]);
    });
  });
}

/** Both write what they find to standard output and exit with 0 whatever they find. */
async function judgePartitionTable(image: string): Promise<void> {
  const sgdisk = await mustRun("sgdisk", ["-v", image]);
  assert.match(sgdisk.stdout, /No problems found/);
  assert.equal(sgdisk.stderr, "");
  const sfdisk = await mustRun("sfdisk", ["--verify", image]);
  assert.match(sfdisk.stdout + sfdisk.stderr, /No errors detected/);
  const { partitiontable } = JSON.parse((await mustRun("sfdisk", ["-J", image])).stdout);
  assert.equal(partitiontable.label, "gpt");
  assert.deepEqual(
    partitiontable.partitions.map(({ start, type }: { start: number; type: string }) => ({
      start,
      type,
    })),
    [{ start: 2048, type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" }],
  );
  const { size } = await Deno.stat(image);
  assert.equal(size % MIB, 0);
}

async function judgeFileSystem(image: string, folder: Folder): Promise<void> {
  const { size } = await Deno.stat(image);
  const partition = folder.file("partition");
  const blocks = [`skip=1`, `count=${size / MIB - 2}`];
  await mustRun("dd", [`if=${image}`, `of=${partition}`, "bs=1M", "conv=sparse", ...blocks]);
  // From inside the folder: fsck.fat prints the path, and the folder's name is random.
  const { stdout, stderr } = await mustRun("fsck.fat", ["-n", "-v", "partition"], {
    cwd: folder.path,
  });
  assert.equal(stderr, "");
  assert.match(stdout, /FATs, 32 bit entries/);
  // fsck.fat reports what it would repair with lines of its own between these.
  assert.doesNotMatch(stdout, /differ|wrong|dirty|orphan|bad|Reclaimed|Leaving|Auto/i);
}

/** What was there is as it was, and what was added is what a build adds. */
function judgeFiles(iso: Tree, image: Tree): void {
  assert.ok(Object.keys(iso).length >= 19);
  for (const path of Object.keys(iso).filter((path) => !BOOT_CFGS.includes(path))) {
    assert.equal(image[path], iso[path], path);
  }
  const added = Object.keys(image).filter((path) => iso[path] === undefined);
  const others = added.filter((path) => path !== "ESXIIMG.TGZ" && !path.startsWith("CURTIN/"));
  assert.deepEqual(others, []);
  assert.ok(added.includes("ESXIIMG.TGZ"));
}

/** diff shows the two edits and nothing else. */
async function judgeBootCfg(folder: Folder, path: string): Promise<void> {
  const find = async (place: string) =>
    (await mustRun("find", [folder.file(place), "-ipath", `*/${place}/${path}`])).stdout.trim();
  const [before, after] = [await find("from-iso"), await find("from-image")];
  const { stdout } = await run("diff", [before, after]);
  const lines = stdout.split("\n").filter((line) => /^[<>]/.test(line));
  const of = (sign: string) => lines.filter((line) => line.startsWith(sign)).map((l) => l.slice(2));
  assert.deepEqual(of("<").map((line) => line.split("=")[0]), ["kernelopt", "modules"]);
  const [options, modules] = of("<");
  assert.deepEqual(of(">"), [
    `${options} ks=file:///esxiimg/KS.CFG`,
    `${modules} --- /esxiimg.tgz`,
  ]);
}
