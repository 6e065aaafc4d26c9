/**
 * ISOs that no image can be made from: each is refused in one line, and nothing is left behind.
 *
 * @module
 */

import assert from "node:assert/strict";
import { changeRecords, rootSector } from "../support/damaged_iso.ts";
import { Folder } from "../support/folder.ts";
import { bootCfgText, installerFiles, moduleNames } from "../support/installer_iso.ts";
import { type IsoInput, writeIso } from "../support/iso_writer.ts";
import { esxiImg, mustRun, testWith } from "../support/programs.ts";
import { assertRefused, type Refusal } from "../support/refusals.ts";
import { SMALL, writeSampleIso } from "../support/sample_isos.ts";

const SECTOR = 2048;
const DAMAGED = /^the ISO is damaged, download it again$/;
const REMAKE = /remake the ISO/;
const AS_SHIPPED = /^pass the installer ISO as VMware ships it$/;
const HUGE = 4 * 1024 ** 3;

/** A case: what the ISO is, and what is said about it. */
interface BadIso extends Omit<Refusal, "names"> {
  readonly title: string;
  /** Writes the ISO. */
  readonly make: (path: string) => Promise<unknown> | void;
  /** What inspect says: nothing if it can read it all the same, else the same as build. */
  readonly inspect?: "reads it" | Omit<Refusal, "names">;
  readonly needs?: readonly string[];
}

/** An installer with other files, or without some. */
async function withFiles(path: string, files: readonly IsoInput[]): Promise<void> {
  await writeSampleIso(path, undefined, { ...SMALL, files });
}

/** A sound installer, with the records of one name changed. */
async function withRecords(
  path: string,
  name: string,
  change: Parameters<typeof changeRecords>[2],
): Promise<void> {
  await writeSampleIso(path);
  changeRecords(path, name, change);
}

function without(path: string, ...names: string[]): void {
  const files = installerFiles(SMALL).filter((file) => !names.includes(file.path));
  writeIso(path, "ESXI", files);
}

const text = (content: string) => new TextEncoder().encode(content);

const CASES: readonly BadIso[] = [
  {
    title: "an empty file",
    make: (path) => Deno.writeFile(path, new Uint8Array(0)),
    inspect: { says: /the file is empty/, advises: /^pass an ISO or an image$/ },
    says: /the file is empty/,
    advises: /^pass the ESXi installer ISO$/,
  },
  {
    title: "a file that is not an ISO",
    make: (path) => Deno.writeFile(path, new Uint8Array(100_000).fill(7)),
    inspect: { says: /not a disk image/, advises: /image/ },
    says: /not an ISO 9660 image/,
    advises: /^pass the ESXi installer ISO$/,
  },
  {
    title: "a file shorter than an ISO's system area",
    make: (path) => Deno.writeTextFile(path, "hello"),
    inspect: { says: /not a disk image/, advises: /image/ },
    says: /not an ISO 9660 image/,
    advises: /^pass the ESXi installer ISO$/,
  },
  {
    title: "an ISO truncated inside a file",
    make: async (path) => {
      await writeSampleIso(path);
      await Deno.truncate(path, (await Deno.stat(path)).size - 12_345);
    },
    says: /truncated: 12345 of \d+ bytes are missing, and \/\S+ needs them/,
    advises: /^download or copy it again$/,
  },
  {
    title: "an ISO truncated inside its directories",
    make: async (path) => {
      await writeSampleIso(path);
      await Deno.truncate(path, rootSector(path) * SECTOR + 100);
    },
    says: /truncated: \d+ of \d+ bytes are missing, and the directory \/ needs them/,
    advises: /^download or copy it again$/,
  },
  {
    title: "a directory that contains itself",
    make: (path) => withRecords(path, "BOOT", (record) => record.sector = rootSector(path)),
    says: /the directory \/EFI\/BOOT contains itself/,
    advises: DAMAGED,
  },
  {
    title: "an extent past the end",
    make: (path) => withRecords(path, "B.B00;1", (record) => record.sector = 0x7000_0000),
    says: /\/B\.B00 reaches past the end of the volume/,
    advises: DAMAGED,
  },
  {
    title: "a file longer than the volume",
    make: (path) => withRecords(path, "B.B00;1", (record) => record.lengthBytes = 0xffff_fff0),
    says: /\/B\.B00 reaches past the end of the volume/,
    advises: DAMAGED,
  },
  {
    title: "a directory longer than the volume",
    make: (path) => withRecords(path, "EFI", (record) => record.lengthBytes = 0xffff_f800),
    says: /the directory \/EFI reaches past the end of the volume/,
    advises: DAMAGED,
  },
  {
    title: "two files of one name",
    make: async (path) => {
      const files = ["X0", "X1"].map((name) => ({ path: name, content: text("x") }));
      await withFiles(path, files);
      changeRecords(path, "X1;1", (record) => record.name = "X0;1");
    },
    inspect: "reads it",
    says: /\/X0.*\/X0/,
    advises: REMAKE,
  },
  {
    title: "two names that differ only in case",
    make: (path) => withFiles(path, [{ path: "b.b00", content: text("x") }]),
    inspect: "reads it",
    says: /\/B\.B00.*\/b\.b00|\/b\.b00.*\/B\.B00/,
    advises: REMAKE,
  },
  {
    title: "a file and a directory of one name",
    make: (path) => withFiles(path, [{ path: "B.B00/X", content: text("x") }]),
    inspect: "reads it",
    says: /\/B\.B00/,
    advises: REMAKE,
  },
  ...["A?B.TXT", "A:B.TXT", "A*B", "A|B", 'A"B', "A<B", "END. ", "TAB\tX", "LINE\nX", "ESC\x1b[2J"]
    .map((name): BadIso => ({
      title: `the name ${JSON.stringify(name)}, which FAT forbids`,
      make: (path) => withFiles(path, [{ path: name, content: text("x") }]),
      inspect: "reads it",
      says: /FAT cannot hold/,
      advises: REMAKE,
    })),
  ...["..", "A\\B", "A\0B"].map((name): BadIso => ({
    title: `the name ${JSON.stringify(name)}`,
    make: (path) => withFiles(path, [{ path: name, content: text("x") }]),
    says: /cannot be a file name/,
    advises: DAMAGED,
  })),
  {
    title: "the name ../X",
    make: (path) =>
      withFiles(path, [{ path: "12345", content: text("x") }]).then(() =>
        changeRecords(path, "12345;1", (record) => record.name = "../X1;1")
      ),
    says: /"\.\.\/X1" in \/ cannot be a file name/,
    advises: DAMAGED,
  },
  {
    title: "a file of 4 GiB",
    make: async (path) => {
      const first = HUGE - SECTOR;
      writeIso(path, "ESXI", [
        ...installerFiles(SMALL),
        { path: "HUGE.V00", content: first },
        { path: "HUGE.V01", content: SECTOR },
      ]);
      changeRecords(path, "HUGE.V00;1", (record) => record.continues = true);
      changeRecords(path, "HUGE.V01;1", (record) => record.name = "HUGE.V00;1");
      assert.ok((await Deno.stat(path)).size > HUGE);
    },
    inspect: "reads it",
    says: /\/HUGE\.V00: it has 4294967296 bytes, 4 GiB or more/,
    advises: REMAKE,
  },
  {
    title: "no boot.cfg for UEFI",
    make: (path) => without(path, "EFI/BOOT/BOOT.CFG"),
    inspect: "reads it",
    says: /it holds no \/EFI\/BOOT\/BOOT\.CFG/,
    advises: AS_SHIPPED,
  },
  {
    title: "no boot.cfg at all",
    make: (path) => without(path, "EFI/BOOT/BOOT.CFG", "BOOT.CFG"),
    inspect: "reads it",
    says: /it holds no \/EFI\/BOOT\/BOOT\.CFG/,
    advises: AS_SHIPPED,
  },
  {
    title: "no boot loader",
    make: (path) => without(path, "EFI/BOOT/BOOTX64.EFI"),
    inspect: "reads it",
    says: /it holds no \/EFI\/BOOT\/BOOTX64\.EFI/,
    advises: AS_SHIPPED,
  },
  {
    title: "a boot.cfg that names a missing module",
    make: (path) => without(path, "MOD00003.V00"),
    inspect: "reads it",
    says: /BOOT\.CFG names \/mod00003\.v00, which it does not hold/,
    advises: AS_SHIPPED,
  },
  {
    title: "a boot.cfg that names a missing kernel",
    make: (path) => without(path, "B.B00"),
    inspect: "reads it",
    says: /BOOT\.CFG names \/b\.b00, which it does not hold/,
    advises: AS_SHIPPED,
  },
  {
    title: "a boot.cfg without modules",
    make: (path) => writeSampleIso(path, undefined, { ...SMALL, bootCfg: "kernel=/b.b00\n" }),
    inspect: "reads it",
    says: /names no modules/,
    advises: AS_SHIPPED,
  },
  {
    title: "a boot.cfg that the boot loader would misread",
    make: (path) => {
      const bootCfg = bootCfgText(moduleNames(12)).replace("modules=", "modules =");
      return writeSampleIso(path, undefined, { ...SMALL, bootCfg });
    },
    inspect: "reads it",
    says: /BOOT\.CFG/,
    advises: /./,
  },
  {
    title: "a boot.cfg of a megabyte",
    make: (path) =>
      withFiles(path, [{ path: "EFI/BOOT/BOOT.CFG", content: new Uint8Array(1024 * 1024) }]),
    inspect: "reads it",
    says: /\/EFI\/BOOT\/BOOT\.CFG has 1048576 bytes/,
    advises: /^pass the installer ISO/,
  },
  {
    title: "names in Rock Ridge that differ only in case",
    needs: ["xorriso"],
    make: async (path) => {
      const folder = `${path}.files`;
      for (const { path: name, content } of installerFiles(SMALL)) {
        const file = `${folder}/${name}`;
        await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
        await Deno.writeFile(file, content as Uint8Array);
      }
      await Deno.writeTextFile(`${folder}/efi`, "x");
      await mustRun("xorriso", ["-as", "mkisofs", "-quiet", "-R", "-o", path, folder]);
      await Deno.remove(folder, { recursive: true });
    },
    inspect: "reads it",
    says: /\/EFI/i,
    advises: REMAKE,
  },
];

for (const { title, make, needs = [], inspect, ...refusal } of CASES) {
  testWith(needs, `build refuses ${title}`, async () => {
    using folder = new Folder();
    const iso = folder.file("in.iso");
    await make(iso);
    for (const name of ["out.img", "out.img.gz"]) {
      const outcome = await esxiImg(["build", iso, "-o", folder.file(name)]);
      const names = outcome.stderr.startsWith("esxi-img: /EFI") ? "/EFI/BOOT/BOOT.CFG" : iso;
      assertRefused(outcome, { ...refusal, names });
      assert.deepEqual(folder.names(), ["in.iso"]);
    }
    const inspected = await esxiImg(["inspect", iso]);
    if (inspect !== "reads it") {
      return assertRefused(inspected, { ...refusal, ...inspect, names: iso });
    }
    assert.deepEqual({ code: inspected.code, stderr: inspected.stderr }, { code: 0, stderr: "" });
    // deno-lint-ignore no-control-regex -- nothing in an ISO may control the terminal
    assert.doesNotMatch(inspected.stdout, /[\x00-\x09\x0b-\x1f\x7f]/);
  });
}
