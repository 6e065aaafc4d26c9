/**
 * Makes a machine ready for the tests: the programs that judge what we write, and our executable.
 * `deno task test` runs it; on a machine that is ready it does nothing.
 *
 * Without root the missing programs are named, and the tests that need them are skipped; where no
 * executable can be compiled, a script takes its place. With CI=true both are errors.
 *
 * @module
 */

import { makeBundle } from "../../release/bundle.ts";
import { compileHere } from "../../release/compile.ts";
import { isCompiled, isExecutableCurrent, noteExecutable, writeStandIn } from "./executable.ts";
import { exists } from "./folder.ts";
import { unpackCloudInit, unpackGrubArm64, unpackOpenStack } from "./judges.ts";
import { fetchPackages } from "./npm_packages.ts";
import { mustRun } from "./programs.ts";

/** Debian's packages, and a file of each that shows that it is installed. */
const PACKAGES: Readonly<Record<string, string>> = {
  xorriso: "/usr/bin/xorriso",
  genisoimage: "/usr/bin/genisoimage",
  "libarchive-tools": "/usr/bin/bsdtar",
  isomd5sum: "/usr/bin/implantisomd5",
  isolinux: "/usr/lib/ISOLINUX/isolinux.bin",
  pxelinux: "/usr/lib/PXELINUX/pxelinux.0",
  gcc: "/usr/bin/gcc", // a loader for legacy BIOS
  mtools: "/usr/bin/mcopy",
  dosfstools: "/sbin/fsck.fat",
  gdisk: "/sbin/sgdisk",
  parted: "/sbin/parted",
  "btrfs-progs": "/sbin/mkfs.btrfs",
  xfsprogs: "/sbin/mkfs.xfs",
  "xz-utils": "/usr/bin/xz",
  bzip2: "/bin/bzip2",
  fdisk: "/sbin/sfdisk",
  "qemu-utils": "/usr/bin/qemu-img",
  "qemu-system-x86": "/usr/bin/qemu-system-x86_64",
  ovmf: "/usr/share/OVMF/OVMF_CODE_4M.fd",
  "qemu-system-arm": "/usr/bin/qemu-system-aarch64", // with its firmware 11 MB, unpacked 300 MB
  "qemu-efi-aarch64": "/usr/share/AAVMF/AAVMF_CODE.fd",
  "grub-efi-amd64-bin": "/usr/lib/grub/x86_64-efi/kernel.img",
  "grub-common": "/usr/bin/grub-mkstandalone",
  pigz: "/usr/bin/pigz",
  python3: "/usr/bin/python3",
  "python3-pycdlib": "/usr/share/doc/python3-pycdlib",
  "python3-yaml": "/usr/share/doc/python3-yaml",
  "busybox-static": "/bin/busybox",
  shellcheck: "/usr/bin/shellcheck",
  "man-db": "/usr/bin/man",
  mandoc: "/usr/bin/mandoc",
  zsh: "/usr/bin/zsh",
  fish: "/usr/bin/fish",
  lintian: "/usr/bin/lintian",
  skopeo: "/usr/bin/skopeo",
  umoci: "/usr/bin/umoci",
  unzip: "/usr/bin/unzip",
  binutils: "/usr/bin/readelf",
  openssl: "/usr/bin/openssl",
  bubblewrap: "/usr/bin/bwrap",
  make: "/usr/bin/make",
  strace: "/usr/bin/strace",
  faketime: "/usr/bin/faketime",
  "util-linux": "/usr/bin/setpriv",
  ipxe: "/usr/lib/ipxe/ipxe.iso",
  "ipxe-qemu": "/usr/lib/ipxe/qemu/efi-virtio.rom",
  "grub-rescue-pc": "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
  "memtest86+": "/usr/lib/memtest86+/memtest86+x64.iso",
};

async function installPackages(): Promise<void> {
  const missing = Object.entries(PACKAGES).filter(([, path]) => !exists(path)).map(([name]) =>
    name
  );
  if (missing.length === 0) return;
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...missing];
  if (Deno.uid() !== 0 || !exists("/usr/bin/apt-get")) {
    const hint = `missing programs; as root: apt-get ${install.join(" ")}`;
    if (Deno.env.get("CI") === "true") throw new Error(hint);
    console.error(`${hint}\nTests that need them are skipped.`);
    return;
  }
  console.error(`installing ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await mustRun("apt-get", ["update", "-qq"], { env });
  await mustRun("apt-get", install, { env });
}

/**
 * Compiles the executable, unless nothing has changed since it was compiled. Where it cannot be
 * compiled, a script takes its place that runs the bundle with the same rights.
 */
async function compile(): Promise<void> {
  if (isExecutableCurrent() && isCompiled()) return;
  console.error("compiling the executable");
  try {
    await compileHere();
    noteExecutable();
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    const hint = "no executable can be compiled here; set DENORT_BIN to a runtime for Deno";
    console.error(`${(error as Error).message}\n${hint}\nTests run the bundle by Deno instead.`);
    await makeBundle();
    writeStandIn();
    noteExecutable();
  }
}

/** Unpacks the judges that are not installed; without them their tests are skipped. */
async function unpackJudges(): Promise<void> {
  if (!exists("/usr/bin/apt-get")) return;
  const judges = {
    "cloud-init": unpackCloudInit,
    "GRUB for arm64": unpackGrubArm64,
    "OpenStack": unpackOpenStack,
  };
  for (const [name, unpack] of Object.entries(judges)) {
    try {
      await unpack();
    } catch (error) {
      if (Deno.env.get("CI") === "true") throw error;
      const reason = /^E: .*$/m.exec((error as Error).message)?.[0] ?? "it cannot be fetched";
      console.error(`${name} is not there (${reason}); its tests are skipped.`);
    }
  }
}

await installPackages();
await unpackJudges();
await compile();
await fetchPackages();
