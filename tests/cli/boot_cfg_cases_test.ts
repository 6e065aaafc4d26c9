// The boot.cfg files in testdata/cases/boot-cfg, each in a small installer, from the command line.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Folder } from "../support/folder.ts";
import { readFromImage } from "../support/inside.ts";
import { type IsoInput, writeIso } from "../support/iso_writer.ts";
import { esxiImg, mustEsxiImg, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";

const CASES = `${import.meta.dirname}/../../testdata/cases/boot-cfg/`;
const UEFI = "in.iso: /EFI/BOOT/BOOT.CFG";

/** A file of a case, if it has it: `files` are names of further files, `rm` of those to leave out. */
function read(name: string, file: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(`${CASES}${name}/${file}`);
  } catch {
    return undefined;
  }
}

/** A folder with the case's ISO as in.iso. */
function withCase(name: string): Folder {
  const folder = new Folder();
  const gzip = (text: string) => new Uint8Array(gzipSync(text));
  const names = (file: string) =>
    new TextDecoder().decode(read(name, file)).split("\n").filter((line) => line !== "");
  const cfg = read(name, "boot.cfg")!;
  const files: IsoInput[] = [
    { path: "BOOT.CFG", content: read(name, "root.cfg") ?? cfg },
    { path: "EFI/BOOT/BOOT.CFG", content: cfg },
    { path: "EFI/BOOT/BOOTX64.EFI", content: new TextEncoder().encode("MZ".padEnd(5000, "\0")) },
    ...["B.B00", "IMGDB.TGZ", "JUMPSTRT.GZ", "K.B00", "USEROPTS.GZ", ...names("files")]
      .map((path) => ({ path, content: gzip(path) })),
  ];
  const left = new Set(names("rm"));
  const kept = files.filter(({ path }) => !left.has(path)).map((file) =>
    file.path === "EFI/BOOT/BOOTAA64.EFI"
      ? { ...file, content: new TextEncoder().encode("MZ arm") }
      : file
  );
  writeIso(folder.file("in.iso"), "ESXI-8.0U3-24022510-STANDARD", kept);
  return folder;
}

const BUILD = ["build", "in.iso", "--root-password-file", "pw"];

/** Builds the case's image; what it says on standard error. */
async function build(folder: Folder, output: string, ...options: string[]): Promise<string> {
  folder.write("pw", "Example#Pass-77\n");
  const { stderr } = await mustEsxiImg([...BUILD, "-o", output, ...options], { cwd: folder.path });
  return stderr;
}

async function refused(name: string, names: string, says: RegExp, advises: RegExp) {
  using folder = withCase(name);
  folder.write("pw", "Example#Pass-77\n");
  const before = folder.names();
  const outcome = await esxiImg(BUILD, { cwd: folder.path });
  assertRefused(outcome, { names, says, advises });
  assert.deepEqual(folder.names(), before);
  const check = await esxiImg(["check", ...BUILD.slice(1), "--json"], { cwd: folder.path });
  assert.equal(check.code, 1);
  const { ok, findings } = JSON.parse(check.stdout);
  assert.equal(ok, false);
  assert.deepEqual([findings[0].code, findings[0].where], ["boot-cfg", names]);
  assert.match(findings[0].what, says);
  assert.deepEqual(folder.names(), before, "check writes nothing");
}

testWith(["mcopy"], "boot.cfg case arm: built, inspected and named to MAAS", async () => {
  using folder = withCase("arm");
  const { path: cwd } = folder;
  const said = await build(folder, "out.img.gz");
  assert.match(said, /architecture='arm64\/generic'/);
  for (const file of ["in.iso", "out.img.gz"]) {
    const { stdout } = await mustEsxiImg(["inspect", file], { cwd });
    assert.match(stdout, /ESXi +8\.0\.3, build 24022510, for arm64/);
    const { installer } = JSON.parse(
      (await mustEsxiImg(["inspect", "--json", file], { cwd })).stdout,
    );
    assert.equal(installer.architecture, "arm64");
  }
  await mustEsxiImg(["verify", "out.img.gz", "--iso", "in.iso"], { cwd });
});

testWith(
  ["mcopy"],
  "boot.cfg case hook-one-module-too-many: room for the hook, or none",
  async () => {
    await refused(
      "hook-one-module-too-many",
      UEFI,
      /names 240 modules and 1 that MAAS's hook adds; the boot loader hangs above 240/,
      /--no-maas/,
    );
    using folder = withCase("hook-one-module-too-many");
    await build(folder, "out.img", "--no-maas");
    assert.equal(
      await readFromImage(folder.file("out.img"), "curtin/curtin-hooks").catch(() => 0),
      0,
    );
  },
);

testWith(["mcopy"], "boot.cfg case ks-of-the-iso-replaced: built, and that is said", async () => {
  using folder = withCase("ks-of-the-iso-replaced");
  const said = await build(folder, "out.img");
  const lines = said.split("\n").filter((line) => line.startsWith("warning: "));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /ks=cdrom:\/KS_CUST\.CFG of the ISO is replaced .* -k/);
});

Deno.test("boot.cfg case leading-separator: refused, with its place", async () => {
  await refused(
    "leading-separator",
    UEFI,
    /line 7 names an empty module, item 1 of modules=.* drops the first character of the next one/,
    /remove/,
  );
});

Deno.test("boot.cfg cases limit-with-prefix and limit-relative: what the loader counts", async () => {
  await refused(
    "limit-with-prefix",
    UEFI,
    /have 4103 characters as the boot loader counts/,
    /boot\.cfg/,
  );
  await refused(
    "limit-relative",
    UEFI,
    /have 4105 characters as the boot loader counts/,
    /boot\.cfg/,
  );
});

Deno.test("boot.cfg case nbsp-before-kernelopt: refused", async () => {
  await refused("nbsp-before-kernelopt", UEFI, /line 6 holds the byte A0/, /space/);
});

testWith(["mcopy"], "boot.cfg case no-root-boot-cfg: built", async () => {
  using folder = withCase("no-root-boot-cfg");
  const { path: cwd } = folder;
  assert.doesNotMatch(await build(folder, "out.img"), /warning/);
  await mustEsxiImg(["verify", "out.img", "--iso", "in.iso"], { cwd });
});

Deno.test("boot.cfg case number-not-a-number: refused", async () => {
  await refused("number-not-a-number", UEFI, /line 3: timeout= wants a number/, /digits/);
});

Deno.test("boot.cfg case remedy-names-an-option-not-given: it is the ISO's", async () => {
  await refused("remedy-names-an-option-not-given", UEFI, /names 241 modules/, /^the ISO itself/);
});
