/**
 * Real firmware finds the partition, starts the boot loader from it and reads every file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bootNeeds, UEFI_MACHINES } from "../support/firmware.ts";
import { Folder } from "../support/folder.ts";
import { installerFiles, type InstallerOptions } from "../support/installer_iso.ts";
import { mustEsxiImg, testWith } from "../support/programs.ts";
import { boot, filesRead, machineStep, makeGrub, runAll } from "../support/qemu.ts";
import { ISO_MAKERS, writeSampleIso } from "../support/sample_isos.ts";
import { sha256, sorted, type Tree } from "../support/trees.ts";

/** An image, and the machine that starts from it. */
interface Machine {
  readonly kind: string;
  /** As `-f` takes it. */
  readonly format: string;
  readonly qemuFormat: string;
  readonly options?: readonly string[];
  readonly maker?: string;
}

const RAW = { format: "raw", qemuFormat: "raw" };
const PCS: readonly Machine[] = [
  { ...RAW, kind: "virtio" },
  { ...RAW, kind: "SATA", options: ["--free", "3G"] }, // the largest clusters
  { ...RAW, kind: "USB", maker: "xorriso with Rock Ridge and Joliet" },
  { ...RAW, kind: "NVMe", maker: "xorriso without Rock Ridge" },
  { kind: "virtio", format: "qcow2", qemuFormat: "qcow2", options: ["--compress"] },
  { kind: "SATA", format: "vmdk", qemuFormat: "vmdk" },
  { kind: "SATA", format: "vhd", qemuFormat: "vpc" },
];
/** The machine of QEMU for arm64 has no SATA. */
const ARM_MACHINES: readonly Machine[] = [
  { ...RAW, kind: "virtio", maker: "xorriso with Rock Ridge and Joliet" },
  { ...RAW, kind: "USB" },
  { kind: "NVMe", format: "qcow2", qemuFormat: "qcow2" },
];

testWith(
  [...bootNeeds(UEFI_MACHINES.x86_64), "xorriso"],
  "firmware starts from an image",
  (t) => startAll(t, "x86_64", PCS),
);

testWith(
  [...bootNeeds(UEFI_MACHINES.arm64), "xorriso"],
  "firmware of arm64 starts from an image",
  (t) => startAll(t, "arm64", ARM_MACHINES),
);

async function startAll(
  t: Deno.TestContext,
  architecture: keyof typeof UEFI_MACHINES,
  machines: readonly Machine[],
): Promise<void> {
  using folder = new Folder();
  const started = UEFI_MACHINES[architecture];
  const { loader } = started;
  const installer: InstallerOptions = {
    moduleCount: 20,
    modulesBytes: 4_000_000,
    loader,
    files: [{ path: loader, content: await makeGrub(started) }],
  };
  const isoOf = (maker: string) => folder.file(`${ISO_MAKERS.indexOf(maker)}.iso`);
  for (const maker of ISO_MAKERS) await writeSampleIso(isoOf(maker), maker, installer);

  const results = runAll(machines, async (machine, index) => {
    const image = folder.file(`${index}.image`);
    const manifest = `${image}.json`;
    const { format, options = [], maker = ISO_MAKERS[0] } = machine;
    const args = ["build", isoOf(maker!), "-f", format, "-o", image, "--manifest", manifest];
    await mustEsxiImg([...args, ...options]);
    const { qemuFormat, kind } = machine;
    const said = await boot({ path: image, format: qemuFormat, kind, machine: started });
    return { said, expected: expectedFiles(installer, await Deno.readTextFile(manifest)) };
  });
  for (const [i, { kind, format, maker = ISO_MAKERS[0], options = [] }] of machines.entries()) {
    const title = [`${kind}, ${format}`, ...options, maker].join(", ");
    await machineStep(t, title, async () => {
      const { said, expected } = (await results[i])!;
      const at = said.indexOf("BEGIN");
      assert.ok(at >= 0, `the boot loader was started: ${said.slice(-500)}`);
      assert.match(said.slice(at), /^BEGIN \S*\/efi\/boot\n/i);
      assert.match(said, /\nEND\n/);
      assert.deepEqual(filesRead(said), expected);
    });
  }
}

/** What is on the image: the ISO's files as they were written, ours as the manifest says. */
function expectedFiles(installer: InstallerOptions, manifest: string): Tree {
  const expected: Record<string, string> = {};
  for (const { path, content } of installerFiles(installer)) {
    expected[path] = sha256(content as Uint8Array);
  }
  for (const { path, origin, sha256: hash } of JSON.parse(manifest).files) {
    if (origin !== "iso") expected[path.toUpperCase()] = hash;
  }
  return sorted(expected);
}
