/**
 * Every format through the executable: built, judged by qemu-img, read back, converted, piped.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DISK_FORMATS } from "../../lib/formats/formats.ts";
import { EXECUTABLE } from "../support/executable.ts";
import { Folder } from "../support/folder.ts";
import { writeInstallerIso } from "../support/installer_iso.ts";
import { mustRun, run, testWith } from "../support/programs.ts";

/** What qemu-img calls our formats. Its name for gz is raw, inflated first. */
const QEMU_NAMES: Readonly<Record<string, string>> = {
  raw: "raw",
  qcow2: "qcow2",
  vmdk: "vmdk",
  "vmdk-sparse": "vmdk",
  vhd: "vpc",
  "vhd-fixed": "vpc",
};
/** Conversions keep all but the time of a VHD, which the disk does not record. */
const WITHOUT_TIME = DISK_FORMATS.map(({ name }) => name).filter((name) => !name.startsWith("vhd"));

/** Unlike assert.deepEqual, which lists every byte that differs. */
function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function buildAll(folder: Folder): Promise<string> {
  const iso = folder.file("esxi.iso");
  writeInstallerIso(iso, { moduleCount: 20, modulesBytes: 5_000_000, compressibleModules: 3 });
  for (const { name } of DISK_FORMATS) {
    await mustRun(EXECUTABLE, ["build", iso, "-f", name, "-o", folder.file(name), "-q"]);
  }
  return iso;
}

testWith(["qemu-img"], "formats: qemu-img finds each identical to the raw image", async () => {
  using folder = new Folder();
  await buildAll(folder);
  const rawBytes = Deno.statSync(folder.file("raw")).size;
  for (const [name, qemuName] of Object.entries(QEMU_NAMES)) {
    const path = folder.file(name);
    await mustRun("qemu-img", ["compare", "-f", "raw", "-F", qemuName, folder.file("raw"), path]);
    const info = await mustRun("qemu-img", ["info", "--output=json", "-f", qemuName, path]);
    assert.equal(JSON.parse(info.stdout)["virtual-size"], rawBytes, name);
  }
  for (const name of ["qcow2", "vmdk", "vmdk-sparse"]) {
    await mustRun("qemu-img", ["check", "-f", QEMU_NAMES[name]!, folder.file(name)]);
  }
});

Deno.test("formats: verify and inspect read each of them", async () => {
  using folder = new Folder();
  const iso = await buildAll(folder);
  const { stdout } = await mustRun(EXECUTABLE, ["inspect", "--json", folder.file("raw")]);
  const { files, diskGuid } = JSON.parse(stdout);
  for (const { name } of DISK_FORMATS) {
    const verified = await mustRun(EXECUTABLE, ["verify", folder.file(name), "--iso", iso]);
    assert.match(verified.stdout, /: verified: /, name);
    const inspected = await mustRun(EXECUTABLE, ["inspect", "--json", folder.file(name)]);
    assert.deepEqual(JSON.parse(inspected.stdout).files, files, name);
    assert.equal(JSON.parse(inspected.stdout).diskGuid, diskGuid, name);
  }
});

Deno.test("convert: any format becomes any other, as if it were built so", async () => {
  using folder = new Folder();
  await buildAll(folder);
  for (const from of DISK_FORMATS) {
    for (const to of WITHOUT_TIME) {
      const path = folder.file(`${from.name}-${to}`);
      await mustRun(EXECUTABLE, ["convert", folder.file(from.name), "-f", to, "-o", path, "-q"]);
      const isSame = equalBytes(Deno.readFileSync(path), Deno.readFileSync(folder.file(to)));
      assert.ok(isSame, `${from.name} to ${to}`);
      Deno.removeSync(path);
    }
  }
});

Deno.test("convert: what is no image of ours is refused in one line", async () => {
  using folder = new Folder();
  const odd = folder.write("odd.img", new Uint8Array(1_000_001).fill(7));
  const output = folder.file("out.qcow2");
  const { code, stderr } = await run(EXECUTABLE, ["convert", odd, "-o", output]);
  assert.equal(code, 1);
  assert.match(stderr, /^esxi-img: [^\n]*odd\.img: not a disk image[^\n]*\n$/);
  assert.deepEqual(folder.names(), ["odd.img"]);
});

Deno.test("formats: standard output carries the same bytes as a file", async () => {
  using folder = new Folder();
  const iso = await buildAll(folder);
  for (const { name } of DISK_FORMATS) {
    const piped = await mustRun(EXECUTABLE, ["build", iso, "-f", name, "-o", "-", "-q"]);
    assert.ok(equalBytes(piped.stdoutBytes, Deno.readFileSync(folder.file(name))), name);
    assert.equal(piped.stderr, "");
  }
});

testWith(["qemu-img"], "formats: compressed qcow2 is smaller and the same disk", async () => {
  using folder = new Folder();
  const iso = await buildAll(folder);
  const path = folder.file("small");
  await mustRun(EXECUTABLE, ["build", iso, "-f", "qcow2", "--compress", "-o", path, "-q"]);
  await mustRun("qemu-img", ["compare", "-f", "raw", "-F", "qcow2", folder.file("raw"), path]);
  assert.ok(Deno.statSync(path).size < Deno.statSync(folder.file("qcow2")).size);
});

Deno.test("formats: a disk too large for VHD is refused in one line", async () => {
  using folder = new Folder();
  const iso = await buildAll(folder);
  const args = ["build", iso, "-f", "vhd", "--size", "2041G", "-o", folder.file("large.vhd")];
  const { code, stderr } = await run(EXECUTABLE, args);
  assert.equal(code, 1);
  assert.match(stderr, /^esxi-img: [^\n]*2040 GiB[^\n]*\n$/);
  assert.ok(!folder.names().includes("large.vhd"));
});
