/**
 * Installer-shaped ISOs of all kinds: whatever VMware's own tools, its documentation and its users
 * make them with.
 *
 * @module
 */

import { installerFiles, type InstallerOptions } from "./installer_iso.ts";
import { writeInstallerIso } from "./installer_iso.ts";
import { mustRun } from "./programs.ts";

/** How an ISO of the zoo is made. */
export interface Specimen {
  /** The command that makes it from a folder, `genisoimage` or `xorriso`; without it, our writer. */
  readonly make?: readonly string[];
  readonly needed: readonly string[];
  /** Names in lower case. */
  readonly isLower?: boolean;
  /** How many files the root has besides an installer's. */
  readonly moreFiles?: number;
  /** A file so deep that Rock Ridge has to relocate its folder. */
  readonly isDeep?: boolean;
  /** Both boot.cfg are one file with two names. */
  readonly isLinked?: boolean;
  /** A file whose name and attributes need a continuation area. */
  readonly hasLongName?: boolean;
  /** What is done to the finished ISO. */
  readonly finish?: (iso: string) => Promise<void>;
}

const BOOT = [
  ...["-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4"],
  ...["-boot-info-table", "-eltorito-alt-boot", "-e", "efiboot.img", "-no-emul-boot"],
];
const UPPER_BOOT = BOOT.map((word) => /\./.test(word) ? word.toUpperCase() : word);
const genisoimage = (...args: string[]) => ({
  make: ["genisoimage", "-quiet", ...args],
  needed: ["genisoimage"],
});
const xorriso = (...args: string[]) => ({
  make: ["xorriso", "-as", "mkisofs", "-quiet", ...args],
  needed: ["xorriso"],
});
const HYBRID_MBR = "/usr/lib/ISOLINUX/isohdpfx.bin";

/** The ISOs, by what is special about them. */
export const ISO_ZOO: Readonly<Record<string, Specimen>> = {
  "8.3 names alone, our writer": { needed: [] },
  "8.3 names alone, genisoimage": genisoimage("-iso-level", "1", ...UPPER_BOOT),
  "8.3 names alone, xorriso": xorriso("-iso-level", "1", "--norock", ...UPPER_BOOT),
  "VMware's documented command": {
    ...genisoimage("-relaxed-filenames", "-J", ...BOOT),
    isLower: true,
  },
  "Rock Ridge, genisoimage": genisoimage("-R", ...UPPER_BOOT),
  "Rock Ridge and Joliet, genisoimage": { ...genisoimage("-r", "-J", ...BOOT), isLower: true },
  "Rock Ridge and Joliet, xorriso": xorriso("-R", "-J", ...UPPER_BOOT),
  "Rock Ridge with checksums, xorriso": xorriso("-R", "--md5", ...UPPER_BOOT),
  "Joliet, xorriso": xorriso("--norock", "-J", "-iso-level", "2", ...UPPER_BOOT),
  "lower case in ISO 9660 itself": {
    ...genisoimage("-allow-lowercase", "-relaxed-filenames", "-l", ...BOOT),
    isLower: true,
  },
  "enhanced volume descriptor": genisoimage("-iso-level", "4", "-R", "-J", ...UPPER_BOOT),
  "a large root folder": { ...genisoimage("-R", "-J", ...UPPER_BOOT), moreFiles: 400 },
  "a large root folder, xorriso": { ...xorriso("-R", "-J", ...UPPER_BOOT), moreFiles: 400 },
  "relocated folders, genisoimage": { ...genisoimage("-R", "-J", ...UPPER_BOOT), isDeep: true },
  "relocated folders, xorriso": {
    ...xorriso("-R", "-J", "-rr_reloc_dir", "/moved", ...UPPER_BOOT),
    isDeep: true,
  },
  "continued records, genisoimage": {
    ...genisoimage("-R", "-J", "-joliet-long", ...UPPER_BOOT),
    hasLongName: true,
  },
  "continued records, xorriso": { ...xorriso("-R", "-J", ...UPPER_BOOT), hasLongName: true },
  "hard links, genisoimage": {
    ...genisoimage("-R", "-cache-inodes", ...UPPER_BOOT),
    isLinked: true,
  },
  "hard links, xorriso": { ...xorriso("-R", "--hardlinks", ...UPPER_BOOT), isLinked: true },
  "an implanted checksum": {
    ...genisoimage("-R", "-J", ...UPPER_BOOT),
    needed: ["genisoimage", "implantisomd5"],
    finish: async (iso) => void await mustRun("implantisomd5", [iso]),
  },
  "isohybrid": {
    ...xorriso("-R", "-J", "-isohybrid-mbr", HYBRID_MBR, ...UPPER_BOOT),
    needed: ["xorriso", HYBRID_MBR],
  },
  "trailing bytes": {
    ...genisoimage("-R", ...UPPER_BOOT),
    finish: (iso) => Deno.writeTextFile(iso, "signature", { append: true }),
  },
};

/** More than fits into a record with its other fields. */
const LONG_NAME = `LICENSE-${"long-".repeat(40)}.TXT`;

/** The files of a specimen, and the folder that it is made from. */
function filesOf(specimen: Specimen, options: InstallerOptions) {
  const text = (content: string) => new TextEncoder().encode(content);
  const more = Array.from({ length: specimen.moreFiles ?? 0 }, (_, i) => ({
    path: `X${String(i).padStart(4, "0")}.V00`,
    content: text(`${i}`),
  }));
  const files = [
    { path: "ISOLINUX.BIN", content: new Uint8Array(4096).fill(0x90) },
    { path: "EFIBOOT.IMG", content: new Uint8Array(8192).fill(0x55) },
    ...more,
    ...specimen.isDeep ? [{ path: "A/B/C/D/E/F/G/H/I/DEEP.TXT", content: text("deep") }] : [],
    ...specimen.hasLongName ? [{ path: `UPGRADE/${LONG_NAME}`, content: text("long") }] : [],
  ];
  return installerFiles({ ...options, files: [...files, ...options.files ?? []] });
}

/** Makes one. */
export async function writeSpecimen(
  iso: string,
  specimen: Specimen,
  options: InstallerOptions = { moduleCount: 12, modulesBytes: 120_000 },
): Promise<void> {
  if (specimen.make === undefined) writeInstallerIso(iso, options);
  else {
    const folder = `${iso}.files`;
    for (const { path, content } of filesOf(specimen, options)) {
      const file = `${folder}/${specimen.isLower ? path.toLowerCase() : path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(file, typeof content === "number" ? new Uint8Array(content) : content);
    }
    if (specimen.isLinked) {
      await Deno.remove(`${folder}/BOOT.CFG`);
      await Deno.link(`${folder}/EFI/BOOT/BOOT.CFG`, `${folder}/BOOT.CFG`);
    }
    const [command, ...args] = specimen.make;
    const label = ["-V", options.label ?? "ESXI-8.0U3B-24280767-STANDARD"];
    await mustRun(command!, [...args, ...label, "-o", iso, folder]);
    await Deno.remove(folder, { recursive: true });
  }
  await specimen.finish?.(iso);
}
