// ISOs of other systems, in the shapes that their makers give them, from the command line.
import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { esxiImg, mustRun, testWith } from "../support/programs.ts";
import { assertRefused } from "../support/refusals.ts";
import { writeSampleIso } from "../support/sample_isos.ts";

/** What an ISO holds, and what it has to be called. */
interface Medium {
  readonly files: readonly string[];
  readonly says: RegExp;
  /** Who makes it, with which options. */
  readonly maker: readonly string[];
}

const GENISOIMAGE = ["genisoimage", "-quiet"];
const XORRISO = ["xorriso", "-as", "mkisofs", "-quiet"];
const ROCK_RIDGE = ["-R", "-J"];
const MEDIA: Readonly<Record<string, Medium>> = {
  "Windows, bridged": {
    files: ["BOOTMGR", "BOOTMGR.EFI", "SOURCES/BOOT.WIM", "SOURCES/INSTALL.ESD", "SETUP.EXE"],
    says: /it is a Windows installer/,
    maker: [...GENISOIMAGE, "-udf", "-iso-level", "3"],
  },
  "Windows, in UDF alone": {
    files: ["README.TXT", "SOURCES/BOOT.WIM", "BOOTMGR.EFI"],
    says: /it is a medium whose files are in UDF alone, as Windows' are/,
    maker: [...GENISOIMAGE, "-udf", "-hide", "SOURCES", "-hide", "BOOTMGR.EFI"],
  },
  "Debian": {
    files: [".disk/info", "install.amd/vmlinuz", "EFI/boot/bootx64.efi", "dists/stable/Release"],
    says: /it is a Debian installer/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "Debian without Rock Ridge": {
    files: ["install/initrd.gz", "README"],
    says: /it is a Debian installer/,
    maker: [...GENISOIMAGE],
  },
  "Ubuntu": {
    files: [".disk/info", "casper/vmlinuz", "EFI/boot/bootx64.efi", "boot/grub/grub.cfg"],
    says: /it is an Ubuntu installer/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "Red Hat": {
    files: [".treeinfo", ".discinfo", "EFI/BOOT/BOOTX64.EFI", "images/install.img", "media.repo"],
    says: /it is an installer of Red Hat's family/,
    maker: [...GENISOIMAGE, ...ROCK_RIDGE],
  },
  "Proxmox": {
    files: [
      ".pve-cd-id.txt",
      "pve-installer.squashfs",
      "boot/grub/grub.cfg",
      "proxmox/packages/a.deb",
    ],
    says: /it is a Proxmox installer/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "XCP-ng": {
    files: ["boot/xen.gz", "boot/vmlinuz", "install.img", ".treeinfo", "EFI/xenserver/grub.cfg"],
    says: /it is a XenServer or XCP-ng installer/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "SUSE": {
    files: ["media.1/media", "boot/x86_64/loader/linux", "EFI/BOOT/bootx64.efi"],
    says: /it is a SUSE installer/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "FreeBSD": {
    files: ["bin/freebsd-version", "usr/freebsd-dist/base.txz", "boot/loader.efi"],
    says: /it is a FreeBSD installer/,
    maker: [...GENISOIMAGE, ...ROCK_RIDGE],
  },
  "vCenter": {
    files: ["vcsa/version.txt", "vcsa-ui-installer/lin64/installer", "readme.txt"],
    says: /it is VMware's vCenter Server appliance/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
  "a depot on a disc": {
    files: ["index.xml", "vendor-index.xml", "metadata.zip", "vib20/esx-base.vib"],
    says: /it is a depot of ESXi packages, not its installer/,
    maker: [...GENISOIMAGE, ...ROCK_RIDGE],
  },
  "ESXi for BIOS alone": {
    files: ["ISOLINUX.CFG", "BOOT.CFG", "MBOOT.C32", "B.B00"],
    says: /it is an ESXi installer for BIOS alone/,
    maker: [...GENISOIMAGE],
  },
  "a disc with a note": {
    files: ["README.TXT"],
    says: /not an ESXi installer: it is a medium whose files are in UDF alone/,
    maker: [...XORRISO],
  },
  "nothing known": {
    files: ["photos/1.jpg"],
    says: /not an ESXi installer: it holds no \/EFI\/BOOT\/BOOT\.CFG/,
    maker: [...XORRISO, ...ROCK_RIDGE],
  },
};

for (const [name, { files, says, maker }] of Object.entries(MEDIA)) {
  testWith(["genisoimage", "xorriso"], `an ISO that is no installer: ${name}`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    for (const file of files) {
      const path = folder.file(`files/${file}`);
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, file === "README.TXT" ? "Its file system is UDF.\n" : file);
    }
    const [program = "", ...options] = maker;
    await mustRun(program, [...options, "-o", "in.iso", "files"], { cwd });
    for (const command of ["build", "netboot"]) {
      const outcome = await esxiImg([command, "in.iso", "-o", "out.img"], { cwd });
      assertRefused(outcome, { names: "in.iso", says, advises: /pass the installer ISO/ });
      assert.deepEqual(folder.names(), ["files", "in.iso"]);
    }
    const check = await esxiImg(["check", "in.iso", "--json"], { cwd });
    assert.equal(check.code, 1);
    const { findings: [finding] } = JSON.parse(check.stdout);
    assert.equal(finding.code, "not-installer");
    assert.match(finding.what, says);
    const { stdout } = await esxiImg(["inspect", "in.iso", "--json"], { cwd });
    assert.match(JSON.parse(stdout).installer.problem, says);
  });
}

/** What is passed instead of an ISO: who makes it of in.iso, and what it has to be called. */
const WRAPPED: Readonly<Record<string, readonly [says: RegExp, ...maker: string[]]>> = {
  "depot.zip": [/it is a zip, as depots/, "python3", "-m", "zipfile", "-c", "depot.zip", "in.iso"],
  "in.iso.gz": [/it is compressed with gzip/, "gzip", "-k", "in.iso"],
  "in.iso.xz": [/it is compressed with xz/, "xz", "-k", "in.iso"],
  "in.iso.bz2": [/it is compressed with bzip2/, "bzip2", "-k", "in.iso"],
  "in.qcow2": [/it is a qcow2 image/, "qemu-img", "convert", "-O", "qcow2", "in.iso", "in.qcow2"],
  "in.vmdk": [/it is a VMDK image/, "qemu-img", "convert", "-O", "vmdk", "in.iso", "in.vmdk"],
  "in.vhd": [/it is a VHD image/, "qemu-img", "convert", "-O", "vpc", "in.iso", "in.vhd"],
};

for (const [name, [says, program, ...args]] of Object.entries(WRAPPED)) {
  testWith([program!, "qemu-img", "xorriso"], `what is no ISO: ${name}`, async () => {
    using folder = new Folder();
    const { path: cwd } = folder;
    await writeSampleIso(folder.file("in.iso"));
    await mustRun(program!, args, { cwd });
    const before = folder.names();
    for (const command of ["build", "check", "netboot"]) {
      const out = command === "check" ? [] : ["-o", "out.img"];
      const outcome = await esxiImg([command, name, ...out], { cwd });
      assert.equal(outcome.code, 1);
      assert.match(outcome.stdout + outcome.stderr, says);
      assert.deepEqual(folder.names(), before);
    }
  });
}
