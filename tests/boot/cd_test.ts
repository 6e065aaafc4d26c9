/**
 * Real firmware starts from a patched ISO as a CD: OVMF through the UEFI boot image, SeaBIOS through
 * isolinux, and what they start reads the edited files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { findFile, readSmallFile } from "../../lib/blocks/file_tree.ts";
import { encodeRaw } from "../../lib/formats/raw/write.ts";
import { FileSource } from "../../lib/host/files.ts";
import { patchIso } from "../../lib/iso/patch/patch.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { Folder } from "../support/folder.ts";
import { installerFiles } from "../support/installer_iso.ts";
import { ISO_ZOO, writeSpecimen } from "../support/iso_zoo.ts";
import { mustEsxiImg, mustRun, testWith } from "../support/programs.ts";
import { boot, BOOT_NEEDS, filesRead, machineStep, makeGrub, runAll } from "../support/qemu.ts";
import { fileSink } from "../support/sinks.ts";
import { sha256, sorted } from "../support/trees.ts";

const ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin";
const SYSLINUX = "/usr/lib/syslinux/modules/bios";
/** Shows what it finds, and ends the machine. */
const ISOLINUX_CFG = `SERIAL 0 115200
DEFAULT show
TIMEOUT 1
ONTIMEOUT end
LABEL show
  COM32 cat.c32
  APPEND boot.cfg note.v00
LABEL end
  COM32 reboot.c32
`;

/** An ISO, and the machine that starts from it. */
interface Machine {
  /** A key of {@linkcode ISO_ZOO}. */
  readonly iso: string;
  readonly kind: string;
  readonly isBios?: boolean;
  /** Whether its directories are moved. */
  readonly isMoved?: boolean;
}

/** Room for GRUB with its modules, in FAT16. */
const BOOT_IMAGE_BYTES = 8 * 1024 * 1024;
const PLAIN = "8.3 names alone, genisoimage";
const MACHINES: readonly Machine[] = [
  { iso: PLAIN, kind: "SATA CD" },
  { iso: PLAIN, kind: "SATA CD", isMoved: true },
  { iso: "VMware's documented command", kind: "SCSI CD" },
  { iso: "Rock Ridge and Joliet, xorriso", kind: "USB CD", isMoved: true },
  { iso: PLAIN, kind: "SATA CD", isBios: true },
  // This isolinux minds the letter case of Rock Ridge's names.
  { iso: "Rock Ridge and Joliet, genisoimage", kind: "SATA CD", isBios: true, isMoved: true },
];
const NEEDS = [
  ...BOOT_NEEDS,
  "xorriso",
  "genisoimage",
  "mcopy",
  ISOLINUX,
  `${SYSLINUX}/reboot.c32`,
];

/** A file system with GRUB, as the El Torito specification wants it of UEFI. */
async function makeBootImage(folder: Folder, grub: Uint8Array): Promise<Uint8Array> {
  const image = folder.write("efiboot.img", new Uint8Array(BOOT_IMAGE_BYTES));
  const loader = folder.write("grub.efi", grub);
  await mustRun("mformat", ["-i", image, "-T", String(BOOT_IMAGE_BYTES / 512), "::"]);
  await mustRun("mmd", ["-i", image, "::EFI", "::EFI/BOOT"]);
  await mustRun("mcopy", ["-i", image, loader, "::EFI/BOOT/BOOTX64.EFI"]);
  return await Deno.readFile(image);
}

/** Lays out the same edits again with all directories moved, as where a root has no room. */
async function moveDirectories(iso: string, built: string, moved: string): Promise<void> {
  using source = FileSource.open(iso);
  using image = FileSource.open(built);
  const volume = await readIso(image);
  const take = async (path: string) => {
    const file = findFile(volume, path);
    assert.ok(file, path);
    return { path, bytes: await readSmallFile(volume, file, 2 ** 20) };
  };
  const { map } = await patchIso(source, {
    replaced: [await take("EFI/BOOT/BOOT.CFG"), await take("BOOT.CFG")],
    added: [await take("esxiimg.tgz"), await take("note.v00")],
    moveAlways: true,
  });
  await using sink = await fileSink(moved);
  await encodeRaw(map, sink);
}

testWith(NEEDS, "firmware starts from a CD", async (t) => {
  using folder = new Folder();
  const efiBoot = await makeBootImage(folder, await makeGrub());
  const programs = ["ldlinux.c32", "libcom32.c32", "libutil.c32", "cat.c32", "reboot.c32"];
  const installer = {
    moduleCount: 12,
    modulesBytes: 400_000,
    files: [
      { path: "EFIBOOT.IMG", content: efiBoot },
      { path: "ISOLINUX.BIN", content: Deno.readFileSync(ISOLINUX) },
      { path: "ISOLINUX.CFG", content: new TextEncoder().encode(ISOLINUX_CFG) },
      ...programs.map((name) => (
        { path: name.toUpperCase(), content: Deno.readFileSync(`${SYSLINUX}/${name}`) }
      )),
    ],
  };
  const note = folder.write("note.v00", "\x7fELF a module that is added\n");
  const results = runAll(MACHINES, async ({ iso: name, isMoved, ...machine }, i) => {
    const iso = folder.file(`${i}.iso`);
    const built = folder.file(`${i}-unattended.iso`);
    await writeSpecimen(iso, ISO_ZOO[name]!, installer);
    const manifest = `${built}.json`;
    await mustEsxiImg(["build", iso, "-o", built, "--module", note, "--manifest", manifest]);
    const path = isMoved ? `${built}.moved` : built;
    if (isMoved) await moveDirectories(iso, built, path);
    const said = await boot({ ...machine, path, format: "raw" });
    return {
      said: said.slice(Math.max(said.indexOf("BEGIN"), 0)),
      manifest: JSON.parse(await Deno.readTextFile(manifest)),
    };
  });
  for (const [i, { iso, kind, isBios, isMoved }] of MACHINES.entries()) {
    const firmware = isBios ? "SeaBIOS" : "OVMF";
    await machineStep(
      t,
      [firmware, kind, iso, ...isMoved ? ["moved"] : []].join(", "),
      async () => {
        const { said, manifest } = await results[i]!;
        if (isBios) {
          assert.match(said, /ISOLINUX/);
          assert.match(said, /ks=file:\/\/\/esxiimg\/KS\.CFG/);
          assert.match(said, /--- \/esxiimg\.tgz --- \/note\.v00/);
          assert.match(said, /a module that is added/);
          return;
        }
        assert.match(said, /BEGIN[^\n]*\n[\s\S]*\nEND\n/, said.slice(-500));
        const expected: Record<string, string> = {};
        for (const { path, sha256: hash } of manifest.files) expected[path.toUpperCase()] = hash;
        const found = filesRead(said);
        // isolinux' table and the catalogue are written when the ISO is made.
        for (const written of ["ISOLINUX.BIN", "BOOT.CAT"]) assert.ok(written in found);
        assert.deepEqual(found, sorted(expected));
        for (const { path, content } of installerFiles(installer)) {
          if (/BOOT\.CFG|ISOLINUX\.BIN/.test(path)) continue;
          assert.equal(found[path], sha256(content as Uint8Array), path);
        }
      },
    );
  }
});
