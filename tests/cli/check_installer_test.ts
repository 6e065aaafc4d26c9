// What is found in an installer, or of the medium that is made of it, from the command line.
import assert from "node:assert/strict";
import { KINDS } from "../../lib/checks/codes.ts";
import { Folder } from "../support/folder.ts";
import {
  bootCfgText,
  type InstallerOptions,
  moduleNames,
  writeInstallerIso,
} from "../support/installer_iso.ts";
import { esxiImg } from "../support/programs.ts";
import { SMALL } from "../support/sample_isos.ts";

const text = (content: string) => new TextEncoder().encode(content);
const CFG = bootCfgText(moduleNames(SMALL.moduleCount!));

/** Where a kind of finding comes from. */
interface Row {
  readonly installer?: InstallerOptions;
  readonly args?: readonly string[];
  readonly says: RegExp;
  /** The command that tells it when it works; check always does, but for what only netboot makes. */
  readonly command: "build" | "netboot" | "check";
}

const ROWS: Readonly<Record<string, Row>> = {
  "boot-cfg-kickstart": {
    installer: { ...SMALL, bootCfg: CFG.replace("cdromBoot", "cdromBoot ks=cdrom:/MY.CFG") },
    says: /ks=cdrom:\/MY\.CFG of the ISO is replaced/,
    command: "build",
  },
  "boot-cfg-other": {
    installer: { ...SMALL, files: [{ path: "BOOT.CFG", content: text("timeout=soon\n") }] },
    says: /the boot\.cfg that UEFI does not read stays as it is: .*timeout=/,
    command: "build",
  },
  "installer-loader": {
    installer: { ...SMALL, files: [{ path: "EFI/BOOT/BOOTX64.EFI", content: text("\x7fELF") }] },
    says: /\/EFI\/BOOT\/BOOTX64\.EFI is no program of UEFI: it does not begin with MZ/,
    command: "build",
  },
  "iso-large": {
    installer: { moduleCount: 12, modulesBytes: 2_600_000_000, isSparse: true },
    args: ["-f", "iso"],
    says: /the ISO has \d+ bytes, more than many BMCs serve as a CD/,
    command: "check", // building it would write gigabytes
  },
  "install-disk-none": {
    says: /every host that boots this is installed on the first disk/,
    command: "netboot",
  },
};

for (const [code, { installer = SMALL, args = [], says, command }] of Object.entries(ROWS)) {
  Deno.test(`${command}: ${code}`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    writeInstallerIso(folder.file("in.iso"), installer);
    folder.write("pw", "Example#Pass-77\n");
    const { severity } = KINDS[code as keyof typeof KINDS];
    assert.equal(severity, "warning");
    const options = ["in.iso", "--root-password-file", "pw", ...args];
    const names = folder.names();
    const check = command === "netboot" ? "netboot" : "check";
    const out = command === "netboot" ? ["-o", "net"] : [];
    const told = await esxiImg([check, ...options, ...out, "--json"], { cwd });
    assert.equal(told.code, 0, told.stderr);
    const found = JSON.parse(told.stdout).findings.filter((one: { code: string }) =>
      one.code === code
    );
    assert.equal(found.length, 1, told.stdout);
    assert.deepEqual([found[0].severity, says.test(found[0].what)], [severity, true]);
    if (command === "check") return assert.deepEqual(folder.names(), names);
    const named = command === "build" ? ["-f", "raw"] : [];
    const built = await esxiImg([command, ...options, "-o", "made", ...named], { cwd });
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /^warning: /m);
    assert.match(built.stderr, says);
    const strict = await esxiImg(
      [command, ...options, "-o", "strict", ...named, "--strict"],
      { cwd },
    );
    assert.notEqual(strict.code, 0);
    assert.match(strict.stderr, says);
    assert.ok(!folder.names().includes("strict"));
  });
}
