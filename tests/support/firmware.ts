/**
 * The machines with UEFI that tests start, one for each processor that ESXi runs on.
 *
 * @module
 */

import { GRUB_ARM64 } from "./judges.ts";

/** What the firmware of a processor needs to be tested. */
export interface UefiMachine {
  /** QEMU's program and the machine that it is to be. */
  readonly qemu: string;
  readonly options: readonly string[];
  /** The firmware, and the variables that it begins with. */
  readonly firmware: string;
  readonly variables: string;
  /** GRUB's name of the target, and the folder with its modules. */
  readonly grubTarget: string;
  readonly grubFolder: string;
  /** How GRUB says something on the serial port; on arm64 the firmware does that for it. */
  readonly grubOutput: string;
  readonly grubModules: readonly string[];
  /** What the firmware starts from a disk. */
  readonly loader: string;
}

/** By the architecture as `inspect` calls it. */
export const UEFI_MACHINES = {
  "x86_64": {
    qemu: "qemu-system-x86_64",
    options: ["-machine", "q35,accel=tcg", "-cpu", "max"],
    firmware: "/usr/share/OVMF/OVMF_CODE_4M.fd",
    variables: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    grubTarget: "x86_64-efi",
    grubFolder: "/usr/lib/grub/x86_64-efi",
    grubOutput: "serial --unit=0 --speed=115200\nterminal_output serial",
    grubModules: ["serial"],
    loader: "EFI/BOOT/BOOTX64.EFI",
  },
  "arm64": {
    qemu: "qemu-system-aarch64",
    options: ["-machine", "virt,accel=tcg", "-cpu", "cortex-a72"],
    firmware: "/usr/share/AAVMF/AAVMF_CODE.fd",
    variables: "/usr/share/AAVMF/AAVMF_VARS.fd",
    grubTarget: "arm64-efi",
    grubFolder: `${GRUB_ARM64}/usr/lib/grub/arm64-efi`,
    grubOutput: "terminal_output console",
    grubModules: [],
    loader: "EFI/BOOT/BOOTAA64.EFI",
  },
} as const satisfies Readonly<Record<string, UefiMachine>>;

/** What starting a machine and making a GRUB for it need. */
export function bootNeeds(
  { qemu, firmware, variables, grubFolder }: UefiMachine,
): readonly string[] {
  return [qemu, firmware, variables, "grub-mkstandalone", `${grubFolder}/kernel.img`];
}
