/**
 * Recognises an ESXi installer in the files of an ISO: its boot configuration, its version, and
 * whether all that it boots is there.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { type FileTree, findFile, readSmallFile, type TreeFile } from "../blocks/file_tree.ts";
import { readBytes } from "../blocks/extent.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import type { VibDescriptor } from "./drivers/descriptor.ts";
import { otherSystem } from "./other_system.ts";
import { type BootCfg, folderOf, parseBootCfg, resolveBootPath } from "./boot_cfg.ts";

/** UEFI mboot reads boot.cfg only in the folder that it was started from. */
export const UEFI_BOOT_CFG = "EFI/BOOT/BOOT.CFG";
/** The copy that BIOS boot reads. */
export const ROOT_BOOT_CFG = "BOOT.CFG";
/** What UEFI firmware starts from a removable disk (UEFI 2.10 §3.5.1.1), by processor. */
export const UEFI_BOOT_LOADERS: Readonly<Record<Architecture, string>> = {
  "x86_64": "EFI/BOOT/BOOTX64.EFI",
  "arm64": "EFI/BOOT/BOOTAA64.EFI",
};
/** How every program of UEFI begins (PE/COFF §2.1). */
const PROGRAM_MARK = "MZ";
const METADATA = "UPGRADE/METADATA.XML";
/** Ten times the largest boot.cfg seen; it also bounds what is read of a hostile one. */
const MAX_BOOT_CFG_BYTES = 64 * 1024;
const MAX_METADATA_BYTES = 4 * 1024 * 1024;

/** One of the installer's boot.cfg files. */
export interface BootCfgFile {
  /** Where the file is. */
  readonly file: TreeFile;
  /** One character per byte: what is not edited is written back as it was. */
  readonly text: string;
  /** What it says. */
  readonly cfg: BootCfg;
}

/** What an installer runs on. */
export type Architecture = "x86_64" | "arm64";

/** An ESXi installer. */
export interface Installer {
  /** The files that the installer is among. */
  readonly tree: FileTree;
  /** As in `8.0.3`, if it could be found. */
  readonly version: string | undefined;
  /** As in `24280767`, if it could be found. */
  readonly build: string | undefined;
  /** What it runs on. */
  readonly architecture: Architecture;
  /** What is wrong with the boot loader as far as can be seen, if anything is. */
  readonly loaderProblem: string | undefined;
  /** The UEFI one first; the other one, if it is there and can be read. */
  readonly bootCfgs: readonly BootCfgFile[];
  /** What its image database lists, where it was read: for drivers, which may be there already. */
  readonly vibs?: readonly VibDescriptor[] | undefined;
  /** Why the other one, which UEFI does not read, is left as it is. */
  readonly otherProblem: string | undefined;
}

/**
 * Recognises an installer.
 *
 * @throws {Failure} as {@linkcode readBootCfgs}.
 */
export async function recognizeInstaller(tree: FileTree): Promise<Installer> {
  const { bootCfgs, otherProblem } = await readBootCfgs(tree);
  const version = versionOfBootCfg(bootCfgs[0]?.cfg.build ?? "") ??
    findVersion(await readMetadata(tree), tree.label);
  return { tree, bootCfgs, otherProblem, ...await readLoader(tree), ...version };
}

async function readMetadata(tree: FileTree): Promise<string> {
  const file = findFile(tree, METADATA);
  if (file === undefined) return "";
  return decodeLatin1(await readSmallFile(tree, file, MAX_METADATA_BYTES));
}

/**
 * Reads the installer's boot.cfg files, the UEFI one first. Only that one decides: UEFI's mboot reads
 * the one beside itself, and no other.
 *
 * @throws {Failure} `not-installer` if the tree does not boot ESXi under UEFI, or names a kernel or
 * module that it does not hold; `boot-cfg` if the boot loader would misread the boot.cfg; `truncated`
 * or `io` from the source of the files.
 */
export async function readBootCfgs(
  tree: FileTree,
): Promise<Pick<Installer, "bootCfgs" | "otherProblem">> {
  if (findFile(tree, UEFI_BOOT_CFG) === undefined) {
    const system = await otherSystem(tree);
    const what = `it holds no /${UEFI_BOOT_CFG}`;
    throw notInstaller(tree, system === undefined ? what : `it is ${system}, and ${what}`);
  }
  findLoader(tree);
  const paths = new Set(tree.files.map((file) => file.path.toUpperCase()));
  const read = async (path: string) => {
    const file = findFile(tree, path);
    return file && await readBootCfg(tree, file, paths);
  };
  const first = await read(UEFI_BOOT_CFG);
  const bootCfgs = first === undefined ? [] : [first];
  try {
    const other = await read(ROOT_BOOT_CFG);
    if (other !== undefined) bootCfgs.push(other);
    return { bootCfgs, otherProblem: undefined };
  } catch (error) {
    if (!(error instanceof Failure) || !["boot-cfg", "not-installer"].includes(error.code)) {
      throw error;
    }
    return { bootCfgs, otherProblem: error.message };
  }
}

/** Finds the UEFI boot loader; of two the one for x86. */
function findLoader(tree: FileTree): { architecture: Architecture; file: TreeFile } {
  for (const architecture of ["x86_64", "arm64"] as const) {
    const file = findFile(tree, UEFI_BOOT_LOADERS[architecture]);
    if (file !== undefined) return { architecture, file };
  }
  throw notInstaller(tree, `it holds no /${Object.values(UEFI_BOOT_LOADERS).join(" and no /")}`);
}

async function readLoader(
  tree: FileTree,
): Promise<Pick<Installer, "architecture" | "loaderProblem">> {
  const { architecture, file } = findLoader(tree);
  const [part] = file.parts;
  const mark = part === undefined || part.lengthBytes < PROGRAM_MARK.length
    ? ""
    : decodeLatin1(await readBytes(tree.source, part.offsetBytes, PROGRAM_MARK.length));
  const loaderProblem = mark === PROGRAM_MARK
    ? undefined
    : `/${file.path} is no program of UEFI: it does not begin with ${PROGRAM_MARK}`;
  return { architecture, loaderProblem };
}

async function readBootCfg(
  tree: FileTree,
  file: TreeFile,
  paths: ReadonlySet<string>,
): Promise<BootCfgFile> {
  const text = decodeLatin1(await readSmallFile(tree, file, MAX_BOOT_CFG_BYTES));
  const bootCfg = { file, text, cfg: parseBootCfg(text, `${tree.source.name}: /${file.path}`) };
  checkBootFiles(tree, paths, bootCfg);
  return bootCfg;
}

function checkBootFiles(
  tree: FileTree,
  paths: ReadonlySet<string>,
  { file, cfg }: BootCfgFile,
): void {
  if (cfg.kernel === "") throw notInstaller(tree, `/${file.path} names no kernel`);
  if (cfg.modules.length === 0) throw notInstaller(tree, `/${file.path} names no modules`);
  const modules = cfg.modules.map((module) => module.path);
  for (const path of [cfg.kernel, ...modules, ...cfg.acpiTables]) {
    const resolved = resolveBootPath(path, cfg, folderOf(file.path));
    if (!paths.has(resolved.toUpperCase())) {
      throw notInstaller(tree, `/${file.path} names ${path}, which it does not hold`);
    }
  }
}

type Version = Pick<Installer, "version" | "build">;

/**
 * The most reliable place of version and build.
 *
 * @param build As in `8.0.3-0.35.24280767` or `9.1.1.0-25714478`; empty in 6.x.
 */
export function versionOfBootCfg(build: string): Version | undefined {
  const match = /^(\d+\.\d+\.\d+)(?:\.\d+)*-(?:[\d.]*\.)?(\d+)$/.exec(build.trim());
  return match?.[1] === undefined ? undefined : { version: match[1], build: match[2] };
}

/**
 * Finds version and build in the other places: both in the same one, so that they belong together.
 * Without such a place, the version alone, or the build alone.
 *
 * @param metadataXml The text of UPGRADE/METADATA.XML, or nothing.
 * @param label As in `ESXI-8.0U3B-24280767-STANDARD` or `HPE-ESXI-7.0.3-19193900`.
 */
export function findVersion(metadataXml: string, label: string): Version {
  const fromXml: Version = {
    version: /<esxVersion>\s*(\d+\.\d+\.\d+)/.exec(metadataXml)?.[1],
    build: /<(?:build|esxRelease)>[^<]{0,64}?(\d{5,9})\s{0,9}</.exec(metadataXml)?.[1],
  };
  const places = [fromXml, versionOfLabel(label)];
  const both = places.find(({ version, build }) => version !== undefined && build !== undefined);
  if (both !== undefined) return both;
  const version = places.find((place) => place.version !== undefined);
  return version ?? places.find((place) => place.build !== undefined) ?? fromXml;
}

function versionOfLabel(label: string): Version {
  // 6.7 reports 6.7.0 whatever its update; from 7.0 on the update is the third number.
  const pattern = /ESXI?[-_ ]?(\d+)\.(\d+)(?:\.(\d+))?(?:[._-]?U(?:PDATE)?[._-]?0*(\d+))?/i;
  const [, major, minor, third, update] = pattern.exec(label) ?? [];
  const last = Number(major) >= 7 && update !== undefined ? update : third ?? "0";
  return {
    version: major === undefined ? undefined : `${major}.${minor}.${last}`,
    // Longer numbers are dates, as in ESXI-6.7.0-20190802001-STANDARD.
    build: /[-_.](\d{5,9})(?!\d)/.exec(label)?.[1],
  };
}

function notInstaller(tree: FileTree, what: string): Failure {
  return new Failure(
    "not-installer",
    tree.source.name,
    `not an ESXi installer: ${what}`,
    "pass the installer ISO as VMware ships it",
  );
}
