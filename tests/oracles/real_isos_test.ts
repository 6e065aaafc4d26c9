/**
 * ISOs that nobody here made: they hold no ESXi, but their structures are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustEsxiImg, mustRun, testWith } from "../support/programs.ts";

const ISOS = [
  "/usr/lib/ipxe/ipxe.iso",
  "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
  "/usr/lib/memtest86+/memtest86+x64.iso",
  "/usr/lib/memtest86+/memtest86+ia32.iso",
];

for (const iso of ISOS) {
  testWith(["xorriso", iso], `inspect lists ${iso} as xorriso does`, async () => {
    using folder = new Folder();
    const extract = ["-osirrox", "on", "-indev", iso, "-extract", "/", folder.file("all")];
    await mustRun("xorriso", extract);
    await mustRun("chmod", ["-R", "u+rwX", folder.file("all")]);
    const { stdout } = await mustRun("find", [
      folder.file("all"),
      ...["-type", "f", "-printf", "%P %s\\n"],
    ]);
    const inspection = JSON.parse((await mustEsxiImg(["inspect", "--json", iso])).stdout);
    const lines = inspection.files.map((file: { path: string; sizeBytes: number }) =>
      `${file.path} ${file.sizeBytes}`
    );
    assert.deepEqual(lines.toSorted(), stdout.trim().split("\n").toSorted());
    assert.ok("problem" in inspection.installer);
  });

  testWith([iso], `build refuses ${iso}`, async () => {
    using folder = new Folder();
    const { code, stdout, stderr } = await esxiImg(["build", iso, "-o", folder.file("out.img")]);
    assert.equal(
      stderr,
      `esxi-img: ${iso}: not an ESXi installer: it holds no /EFI/BOOT/BOOT.CFG; ` +
        "pass the installer ISO as VMware ships it\n",
    );
    assert.deepEqual({ code, stdout, names: folder.names() }, { code: 1, stdout: "", names: [] });
  });
}
