import fc from "fast-check";
import assert from "node:assert/strict";
import { decodeLatin1, encodeLatin1 } from "../../lib/blocks/latin1.ts";
import {
  findVersion,
  readBootCfgs,
  recognizeInstaller,
  versionOfBootCfg,
} from "../../lib/esxi/installer.ts";
import { failure } from "../support/failures.ts";
import { memoryTree } from "../support/memory_tree.ts";

const BOOT_CFG =
  "title=Loading ESXi installer\nprefix=\nkernel=/b.b00\nkernelopt=runweasel cdromBoot\n" +
  "modules=/k.b00 --- /net.v00 opt=1\nbuild=8.0.3-0.35.24280767\n";
const FILES = {
  "BOOT.CFG": BOOT_CFG,
  "B.B00": "kernel",
  "K.B00": "module",
  "NET.V00": "module",
  "EFI/BOOT/BOOT.CFG": BOOT_CFG,
  "EFI/BOOT/BOOTX64.EFI": "mboot",
};

function without(...paths: string[]) {
  return memoryTree(
    Object.fromEntries(Object.entries(FILES).filter(([path]) => !paths.includes(path))),
  );
}

Deno.test("an installer is recognised, the UEFI boot.cfg first", async () => {
  const installer = await recognizeInstaller(memoryTree(FILES));
  assert.deepEqual(installer.bootCfgs.map(({ file }) => file.path), [
    "EFI/BOOT/BOOT.CFG",
    "BOOT.CFG",
  ]);
  assert.equal(installer.version, "8.0.3");
  assert.equal(installer.build, "24280767");
  assert.equal(installer.bootCfgs[0]!.cfg.kernel, "/b.b00");
  assert.equal(installer.bootCfgs[0]!.text, BOOT_CFG);
});

Deno.test("the version is that of the UEFI boot.cfg", async () => {
  const other = { ...FILES, "BOOT.CFG": BOOT_CFG.replace("8.0.3-0.35", "7.0.0-0.1") };
  assert.equal((await recognizeInstaller(memoryTree(other))).version, "8.0.3");
  const metadata = { ...FILES, "UPGRADE/METADATA.XML": "<esxVersion>9.1.0</esxVersion>" };
  const empty = BOOT_CFG.replace(/build=.*/, "build=");
  const { version, build } = await recognizeInstaller(
    memoryTree({ ...metadata, "EFI/BOOT/BOOT.CFG": empty }, "ESXI-8.0-20513097"),
  );
  assert.deepEqual([version, build], ["8.0.0", "20513097"], "both from one place");
});

Deno.test("names are found whatever their case", async () => {
  const lower = Object.fromEntries(
    Object.entries(FILES).map(([path, text]) => [path.toLowerCase(), text]),
  );
  const { bootCfgs } = await recognizeInstaller(memoryTree(lower));
  assert.deepEqual(bootCfgs.map(({ file }) => file.path), ["efi/boot/boot.cfg", "boot.cfg"]);
});

Deno.test("the root boot.cfg may be missing, what UEFI needs may not", async () => {
  assert.equal((await readBootCfgs(without("BOOT.CFG"))).bootCfgs.length, 1);
  for (const path of ["EFI/BOOT/BOOT.CFG", "EFI/BOOT/BOOTX64.EFI"]) {
    await assert.rejects(
      readBootCfgs(without(path)),
      failure("not-installer", new RegExp(`holds no /${path}`)),
    );
  }
  await assert.rejects(readBootCfgs(memoryTree({})), failure("not-installer"));
});

Deno.test("kernel and every module must be there", async () => {
  await assert.rejects(
    readBootCfgs(without("B.B00")),
    failure("not-installer", /names \/b\.b00, which it does not hold/),
  );
  await assert.rejects(
    readBootCfgs(without("NET.V00")),
    failure("not-installer", /\/EFI\/BOOT\/BOOT\.CFG names \/net\.v00/),
  );
  const tables = { ...FILES, "EFI/BOOT/BOOT.CFG": `${BOOT_CFG}acpitables=/a.aml\n` };
  await assert.rejects(
    readBootCfgs(memoryTree(tables)),
    failure("not-installer", /\/EFI\/BOOT\/BOOT\.CFG names \/a\.aml/),
  );
  await readBootCfgs(memoryTree({ ...tables, "A.AML": "table" }));
});

Deno.test("only the boot.cfg beside the loader decides, the other one may be anything", async () => {
  for (
    const [text, says] of [
      [BOOT_CFG.replace("/net.v00", "/other.v00"), /\/BOOT\.CFG names \/other\.v00/],
      [BOOT_CFG.replace("kernel=", "kernel ="), /^test\.iso: \/BOOT\.CFG: .* line 3/],
      ["", /names no kernel/],
    ] as const
  ) {
    const { bootCfgs, otherProblem } = await readBootCfgs(
      memoryTree({ ...FILES, "BOOT.CFG": text }),
    );
    assert.deepEqual(bootCfgs.map(({ file }) => file.path), ["EFI/BOOT/BOOT.CFG"]);
    assert.match(otherProblem ?? "", says);
    await assert.rejects(readBootCfgs(memoryTree({ ...FILES, "EFI/BOOT/BOOT.CFG": text })));
  }
});

Deno.test("paths follow prefix, or the folder of boot.cfg", async () => {
  const relative = BOOT_CFG.replaceAll(/\/([bk]\.b00|net\.v00)/g, "$1");
  const tree = (prefix: string, folder: string) =>
    memoryTree({
      "EFI/BOOT/BOOT.CFG": relative.replace("prefix=", `prefix=${prefix}`),
      "EFI/BOOT/BOOTX64.EFI": "mboot",
      [`${folder}B.B00`]: "kernel",
      [`${folder}K.B00`]: "module",
      [`${folder}NET.V00`]: "module",
    });
  assert.equal((await readBootCfgs(tree("", "EFI/BOOT/"))).bootCfgs.length, 1);
  assert.equal((await readBootCfgs(tree("/esxi", "ESXI/"))).bootCfgs.length, 1);
  await assert.rejects(readBootCfgs(tree("", "")), failure("not-installer", /names b\.b00/));
});

Deno.test("a boot.cfg that names no kernel or no modules is none", async () => {
  for (const key of ["kernel", "modules"]) {
    const text = BOOT_CFG.replace(`${key}=`, `no${key}=`);
    await assert.rejects(
      readBootCfgs(memoryTree({ ...FILES, "EFI/BOOT/BOOT.CFG": text })),
      failure("not-installer", new RegExp(`names no ${key}`)),
    );
  }
});

Deno.test("a boot.cfg larger than any is not read", async () => {
  const huge = BOOT_CFG + "#".repeat(64 * 1024);
  await assert.rejects(
    readBootCfgs(memoryTree({ ...FILES, "EFI/BOOT/BOOT.CFG": huge })),
    failure("not-installer", /more than any such file/),
  );
});

Deno.test("version and build: from boot.cfg, METADATA.XML or the label", () => {
  const xml = (build: string) =>
    `<vum><product><build>${build}</build><esxVersion>7.0.2</esxVersion></product></vum>`;
  const cases:
    readonly (readonly [string, string, string, string | undefined, string | undefined])[] = [
      ["8.0.3-0.35.24280767", "", "", "8.0.3", "24280767"],
      ["7.0.0-1.0.15843807", "", "ESXI-6.5.0-1", "7.0.0", "15843807"],
      ["9.0.0-24755229", xml("1"), "", "9.0.0", "24755229"],
      [" 8.0.3-0.35.24280767 ", "", "", "8.0.3", "24280767"],
      ["", xml("17630552"), "ESXI-8.0U1-21495797-STANDARD", "7.0.2", "17630552"],
      ["", "<esxRelease>1.0.17630552</esxRelease>", "", undefined, "17630552"],
      ["", "", "ESXI-8.0U3B-24280767-STANDARD", "8.0.3", "24280767"],
      ["", "", "ESXI-8.0-20513097-STANDARD", "8.0.0", "20513097"],
      ["", "", "ESXI-7.0U3N-21930508-STANDARD", "7.0.3", "21930508"],
      ["", "", "ESXI-9.0U1-12345", "9.0.1", "12345"],
      ["", "", "ESXI-8.0U2-1234-CUSTOM", "8.0.2", undefined],
      ["", "", "ESXI-7.0.0-15843807-STANDARD", "7.0.0", "15843807"],
      ["", "", "ESXI-6.7.0-8169922-STANDARD", "6.7.0", "8169922"],
      ["", "", "ESXI-6.7U3-14320388-STANDARD", "6.7.0", "14320388"],
      ["", "", "ESXI-6.7.0-20190802001-STANDARD", "6.7.0", undefined],
      ["", "", "ESX-9.0.0-24755229", "9.0.0", "24755229"],
      ["9.1.1.0-25714478", "", "", "9.1.1", "25714478"],
      ["9.0.1.0100-0.24957456", "", "", "9.0.1", "24957456"],
      ["", "", "HPE-ESXI-7.0.3-19193900", "7.0.3", "19193900"],
      ["", "", "ESXI-7.0U3D-19482537-LNV", "7.0.3", "19482537"],
      ["", "", "VMWARE-ESXI-7.0.0.UPDATE03-19482537", "7.0.3", "19482537"],
      ["", "", "ESXI_8.0.2_22380479_DELL", "8.0.2", "22380479"],
      ["", "<esxVersion>7.0.2</esxVersion>", "ESXI-8.0U1-21495797", "8.0.1", "21495797"],
      ["", "<esxVersion>7.0.2</esxVersion>", "CUSTOM-21495797", "7.0.2", undefined],
      ["", "", "", undefined, undefined],
      ["custom", "<esxVersion>?</esxVersion>", "MY-INSTALLER", undefined, undefined],
    ];
  for (const [build, metadata, label, version, number] of cases) {
    const found = versionOfBootCfg(build) ?? findVersion(metadata, label);
    assert.deepEqual(found, { version, build: number }, label);
  }
});

Deno.test("version and build: hostile texts are looked at once", () => {
  const digits = "1".repeat(4 * 1024 * 1024);
  assert.equal(versionOfBootCfg(`1.1.1-${digits.slice(0, 60_000)}x`), undefined);
  const nothing = { version: undefined, build: undefined };
  assert.deepEqual(findVersion(`<build>${digits}`, ""), nothing);
  const blanks = `<esxVersion>${" ".repeat(1024)}`.repeat(1024);
  assert.equal(findVersion(blanks, "").version, undefined);
});

Deno.test("latin-1: every byte comes back", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    const text = decodeLatin1(bytes);
    assert.equal(text.length, bytes.length);
    assert.deepEqual(encodeLatin1(text), new Uint8Array(bytes));
  }));
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(encodeLatin1(decodeLatin1(all)), all);
});
