/**
 * What the manifest says is true: every hash and size is counted again with other programs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { moduleNamed } from "../support/inside.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { ISO_MAKERS, SMALL, writeSampleIso } from "../support/sample_isos.ts";
import { readImageTree, sha256OfFile } from "../support/trees.ts";

const FORMATS = [
  ["raw"],
  ["gz"],
  ["qcow2"],
  ["qcow2", "--compress"],
  ["vmdk"],
  ["vmdk-sparse"],
  ["vhd"],
  ["vhd-fixed"],
];

for (const maker of ISO_MAKERS) {
  testWith(["mcopy", "sha256sum", "sgdisk", "xorriso"], `the manifest, ${maker}`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    const text = new Uint8Array(300_000).fill(0x61);
    const options = { ...SMALL, files: [{ path: "TEXT.TXT", content: text }] };
    await writeSampleIso(folder.file("in.iso"), maker, options);
    folder.write("extra.v00", moduleNamed("extra"));
    const given = ["--module", "extra.v00", "--kernelopt", "a=b", "--seed", "s", "--label", "L"];
    const build = async (output: string, manifest: string, ...more: string[]) => {
      const args = ["build", "in.iso", "-q", "-o", output, "--manifest", manifest];
      await mustEsxiImg([...args, ...given, ...more], { cwd });
      return JSON.parse(await Deno.readTextFile(folder.file(manifest)));
    };
    const manifest = await build("raw.img", "m.json");
    const inspection = JSON.parse(
      (await mustEsxiImg(["inspect", "--json", "raw.img"], { cwd })).stdout,
    );
    const { files, ...rest } = manifest;
    assert.deepEqual(rest, {
      format: 1,
      tool: { name: "esxi-img", version: (await mustEsxiImg(["--version"])).stdout.trim() },
      iso: {
        name: "in.iso",
        sizeBytes: (await Deno.stat(folder.file("in.iso"))).size,
        sha256: await sha256sum(folder.file("in.iso")),
      },
      esxi: { version: "8.0.3", build: "24280767" },
      options: { kernelopt: ["a=b"], label: "L", modules: ["extra.v00"], seed: "s" },
      disk: {
        ...rest.disk,
        sizeBytes: (await Deno.stat(folder.file("raw.img"))).size,
        guid: inspection.diskGuid,
        partitionGuid: inspection.partitions[0].guid,
        clusterBytes: inspection.fileSystem.clusterBytes,
      },
      output: {
        format: "raw",
        sizeBytes: (await Deno.stat(folder.file("raw.img"))).size,
        sha256: await sha256sum(folder.file("raw.img")),
      },
    });
    const { stdout } = await mustRun("sgdisk", ["-i", "1", folder.file("raw.img")]);
    assert.ok(stdout.includes(rest.disk.partitionGuid));
    assert.ok(!Number.isNaN(Date.parse(rest.disk.time)));

    const tree = await readImageTree(folder.file("raw.img"), folder.file("tree"));
    const listed = files.map((file: { path: string; sha256: string }) => [
      file.path.toUpperCase(),
      file.sha256,
    ]);
    assert.deepEqual(Object.fromEntries(listed), tree);
    const ofOrigin = (origin: string) =>
      files.filter((file: { origin: string }) => file.origin === origin)
        .map((file: { path: string }) => file.path.toUpperCase());
    assert.deepEqual(ofOrigin("edited").toSorted(), ["BOOT.CFG", "EFI/BOOT/BOOT.CFG"]);
    const added = ofOrigin("added").filter((path: string) => !path.startsWith("CURTIN/"));
    assert.deepEqual(added.toSorted(), ["ESXIIMG.TGZ", "EXTRA.V00"]);

    for (const [format, ...more] of FORMATS) {
      const output = `${format}${more}.image`;
      const other = await build(output, `${output}.json`, "-f", format!, ...more);
      assert.deepEqual(other.files, files, `${format} ${more}`);
      assert.equal(other.iso.sha256, manifest.iso.sha256);
      assert.deepEqual(other.output, {
        format,
        sizeBytes: (await Deno.stat(folder.file(output))).size,
        sha256: await sha256OfFile(folder.file(output)),
      });
    }
  });
}

async function sha256sum(path: string): Promise<string> {
  return (await mustRun("sha256sum", [path])).stdout.split(" ")[0]!;
}
