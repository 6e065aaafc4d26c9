/**
 * Starts images in QEMU with UEFI firmware (OVMF), as a PC would.
 *
 * @module
 */

import { Folder } from "./folder.ts";
import { mustRun } from "./programs.ts";
import { sorted, type Tree } from "./trees.ts";

const FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd";
const QEMU = "qemu-system-x86_64";
/** Machines that run at a time. */
const PARALLEL = 2;
/** What {@linkcode boot} and {@linkcode makeGrub} need. */
export const BOOT_NEEDS: readonly string[] = [
  QEMU,
  FIRMWARE,
  VARIABLES,
  "grub-mkstandalone",
  "/usr/lib/grub/x86_64-efi/kernel.img",
];

/** How a disk is attached, as QEMU's options. */
export const DISK_KINDS: Readonly<Record<string, readonly string[]>> = {
  virtio: ["-device", "virtio-blk-pci,drive=disk"],
  SATA: ["-device", "ide-hd,drive=disk"],
  USB: ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk,removable=on"],
  NVMe: ["-device", "nvme,drive=disk,serial=1"],
};

/** How a CD is attached. */
export const CD_KINDS: Readonly<Record<string, readonly string[]>> = {
  "SATA CD": ["-device", "ide-cd,drive=disk"],
  "SCSI CD": ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=disk"],
  "USB CD": ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk"],
};

/** GRUB's modules for this script. */
const MODULES =
  "part_gpt fat iso9660 search search_fs_file regexp test hashsum gcry_sha256 serial terminal" +
  " echo normal halt true";
/** Finds the volume it came from, and says the SHA-256 of every file there. */
const SCRIPT = `
serial --unit=0 --speed=115200
terminal_output serial
insmod part_gpt
insmod fat
insmod regexp # for file names with *
echo BEGIN $cmdpath
if search --no-floppy --set=root --file /esxiimg.tgz; then true
else search --no-floppy --set=root --file /ESXIIMG.TGZ; fi
for file in /* /*/* /*/*/* /*/*/*/*; do
  if test -f "$file"; then sha256sum "$file"; fi
done
echo END
halt
`;

/** Makes a GRUB that reads every file, to stand for VMware's boot loader. */
export async function makeGrub(): Promise<Uint8Array> {
  using folder = new Folder();
  const script = folder.write("grub.cfg", SCRIPT);
  const output = folder.file("BOOTX64.EFI");
  await mustRun("grub-mkstandalone", [
    ...["-O", "x86_64-efi", "-o", output, `--install-modules=${MODULES}`],
    ...["--fonts=", "--locales=", "--themes="],
    `boot/grub/grub.cfg=${script}`,
  ]);
  return await Deno.readFile(output);
}

/** A disk to start from. */
export interface BootDisk {
  readonly path: string;
  /** As QEMU calls it. */
  readonly format: string;
  /** A key of {@linkcode DISK_KINDS} or {@linkcode CD_KINDS}. */
  readonly kind: string;
  /** With the firmware of old PCs (SeaBIOS) instead of UEFI. */
  readonly isBios?: boolean;
}

function drive(...options: string[]): string[] {
  return ["-drive", options.join(",")];
}

/**
 * Starts a machine and waits until it turns itself off.
 *
 * @param limitMs After this it is turned off: what it said until then is returned.
 * @returns What it said on its serial port.
 */
export async function boot(disk: BootDisk, limitMs: number = 120_000): Promise<string> {
  using folder = new Folder();
  const variables = folder.file("variables.fd");
  await Deno.copyFile(VARIABLES, variables);
  const log = folder.file("serial.log");
  const medium = disk.kind in CD_KINDS ? ["media=cdrom", "readonly=on"] : ["snapshot=on"];
  const firmware = disk.isBios ? ["-boot", "d"] : [
    ...drive("if=pflash", "format=raw", "readonly=on", `file=${FIRMWARE}`),
    ...drive("if=pflash", "format=raw", `file=${variables}`),
  ];
  const child = new Deno.Command(QEMU, {
    args: [
      ...["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "1024", "-nodefaults"],
      ...["-display", "none", "-monitor", "none", "-serial", `file:${log}`, "-no-reboot"],
      ...firmware,
      ...drive("if=none", "id=disk", `format=${disk.format}`, `file=${disk.path}`, ...medium),
      ...DISK_KINDS[disk.kind] ?? CD_KINDS[disk.kind]!,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const { stderr } = await child.output();
  clearTimeout(timer);
  const said = await Deno.readTextFile(log).catch(() => "");
  return new TextDecoder().decode(stderr) + said.replaceAll("\r", "");
}

/** What GRUB says: a hash and a path, broken where the line is full. */
export function filesRead(said: string): Tree {
  const found = [...said.matchAll(/([0-9a-f]{64})\s+\/(\S+)/g)];
  return sorted(Object.fromEntries(found.map(([, hash, path]) => [path!.toUpperCase(), hash!])));
}

/** Runs a few at a time; a failure is its own result's. */
export function runAll<T, R>(
  inputs: readonly T[],
  work: (input: T, index: number) => Promise<R>,
): Promise<R>[] {
  const results: Promise<R>[] = [];
  inputs.forEach((input, i) => {
    const before = results[i - PARALLEL]?.catch(() => {}) ?? Promise.resolve();
    const result = before.then(() => work(input, i));
    result.catch(() => {});
    results.push(result);
  });
  return results;
}
