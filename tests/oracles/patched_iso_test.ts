/**
 * Patched ISOs, before those who read ISOs: each finds the same files as in the source but for the
 * edits, in every tree.
 *
 * @module
 */

import assert from "node:assert/strict";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { FileSource } from "../../lib/host/files.ts";
import { patchIso } from "../../lib/iso/patch/patch.ts";
import { Folder } from "../support/folder.ts";
import { READERS } from "../support/iso_readers.ts";
import { ISO_ZOO, type Specimen, writeSpecimen } from "../support/iso_zoo.ts";
import { testWith } from "../support/programs.ts";
import { fileSink } from "../support/sinks.ts";
import { sha256, sorted, type Tree } from "../support/trees.ts";

const text = (content: string) => new TextEncoder().encode(content);
const EDITS = {
  replaced: [
    {
      path: "EFI/BOOT/BOOT.CFG",
      bytes: text("kernel=/b.b00\nfor UEFI, longer than a sector" + "x".repeat(3000)),
    },
    { path: "BOOT.CFG", bytes: text("kernel=/b.b00\nfor BIOS\n") },
  ],
  added: [
    { path: "esxiimg.tgz", bytes: text("payload".repeat(1000)) },
    { path: "a.v00", bytes: new Uint8Array(0) },
    { path: "zz-driver.v00", bytes: text("driver") },
  ],
};

/** Patches an ISO. */
async function patch(from: string, to: string, moveAlways: boolean): Promise<void> {
  using source = FileSource.open(from);
  const { map } = await patchIso(source, { ...EDITS, moveAlways });
  await using sink = await fileSink(to);
  await encodeRaw(map, sink);
}

/** What a reader has to find: what it found in the source, with the edits. */
function edited(tree: Tree): Tree {
  const result: Record<string, string> = { ...tree };
  for (const { path, bytes } of EDITS.replaced) {
    assert.ok(path in result, path);
    result[path] = sha256(bytes);
  }
  for (const { path, bytes } of EDITS.added) result[path.toUpperCase()] = sha256(bytes);
  return sorted(result);
}

for (const [name, specimen] of Object.entries<Specimen>(ISO_ZOO)) {
  testWith([...specimen.needed, "xorriso"], `patched ISO: ${name}`, async (t) => {
    using folder = new Folder();
    const iso = folder.file("source.iso");
    await writeSpecimen(iso, specimen);
    await patch(iso, folder.file("in place.iso"), false);
    await patch(iso, folder.file("moved.iso"), true);
    for (const [reader, read] of Object.entries(READERS)) {
      const before = await read(iso, folder);
      if (before === undefined) continue;
      for (const patched of ["in place", "moved"]) {
        // libarchive takes no continuation that lies behind the bytes of its file.
        if (patched === "moved" && specimen.hasLongName && reader === "bsdtar") continue;
        await t.step(`${reader}: ${patched}`, async () => {
          assert.deepEqual(await read(folder.file(`${patched}.iso`), folder), edited(before));
        });
      }
    }
  });
}
