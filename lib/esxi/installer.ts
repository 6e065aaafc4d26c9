/**
 * Recognises an ESXi installer in the files of an ISO: its boot configuration, its version, and
 * whether all that it boots is there.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { type FileTree, findFile, readSmallFile, type TreeFile } from "../blocks/file_tree.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { type BootCfg, parseBootCfg, resolveBootPath } from "./boot_cfg.ts";

/** UEFI mboot reads boot.cfg only in the folder that it was started from. */
export const UEFI_BOOT_CFG = "EFI/BOOT/BOOT.CFG";
/** The copy that BIOS boot reads. */
export const ROOT_BOOT_CFG = "BOOT.CFG";
/** What UEFI firmware starts from a removable disk (UEFI 2.10 §3.5.1.1). */
const UEFI_BOOT_LOADER = "EFI/BOOT/BOOTX64.EFI";
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

/** An ESXi installer. */
export interface Installer {
  /** The files that the installer is among. */
  readonly tree: FileTree;
  /** As in `8.0.3`, if it could be found. */
  readonly version: string | undefined;
  /** As in `24280767`, if it could be found. */
  readonly build: string | undefined;
  /** The UEFI one first. */
  readonly bootCfgs: readonly BootCfgFile[];
}

/**
 * Recognises an installer.
 *
 * @throws {Failure} as {@linkcode readBootCfgs}.
 */
export async function recognizeInstaller(tree: FileTree): Promise<Installer> {
  const bootCfgs = await readBootCfgs(tree);
  const version = versionOfBootCfg(bootCfgs[0]?.cfg.build ?? "") ??
    findVersion(await readMetadata(tree), tree.label);
  return { tree, bootCfgs, ...version };
}

async function readMetadata(tree: FileTree): Promise<string> {
  const file = findFile(tree, METADATA);
  if (file === undefined) return "";
  return decodeLatin1(await readSmallFile(tree, file, MAX_METADATA_BYTES));
}

/**
 * Reads the installer's boot.cfg files, the UEFI one first.
 *
 * @throws {Failure} `not-installer` if the tree does not boot ESXi under UEFI, or names a kernel or
 * module that it does not hold; `boot-cfg` if the boot loader would misread a boot.cfg; `truncated`
 * or `io` from the source of the files.
 */
export async function readBootCfgs(tree: FileTree): Promise<BootCfgFile[]> {
  for (const path of [UEFI_BOOT_CFG, UEFI_BOOT_LOADER]) {
    if (findFile(tree, path) === undefined) throw notInstaller(tree, `it holds no /${path}`);
  }
  const paths = new Set(tree.files.map((file) => file.path.toUpperCase()));
  const bootCfgs: BootCfgFile[] = [];
  for (const path of [UEFI_BOOT_CFG, ROOT_BOOT_CFG]) {
    const file = findFile(tree, path);
    if (file === undefined) continue;
    const bootCfg = await readBootCfg(tree, file);
    checkBootFiles(tree, paths, bootCfg);
    bootCfgs.push(bootCfg);
  }
  return bootCfgs;
}

async function readBootCfg(tree: FileTree, file: TreeFile): Promise<BootCfgFile> {
  const text = decodeLatin1(await readSmallFile(tree, file, MAX_BOOT_CFG_BYTES));
  return { file, text, cfg: parseBootCfg(text, `/${file.path}`) };
}

function checkBootFiles(
  tree: FileTree,
  paths: ReadonlySet<string>,
  { file, cfg }: BootCfgFile,
): void {
  if (cfg.kernel === "") throw notInstaller(tree, `/${file.path} names no kernel`);
  if (cfg.modules.length === 0) throw notInstaller(tree, `/${file.path} names no modules`);
  const folder = file.path.split("/").slice(0, -1).join("/");
  for (const path of [cfg.kernel, ...cfg.modules.map((module) => module.path)]) {
    const resolved = resolveBootPath(path, cfg, folder);
    if (!paths.has(resolved.toUpperCase())) {
      throw notInstaller(tree, `/${file.path} names ${path}, which it does not hold`);
    }
  }
}

type Version = Pick<Installer, "version" | "build">;

/**
 * The most reliable place of version and build.
 *
 * @param build As in `8.0.3-0.35.24280767`; empty in 6.x.
 */
export function versionOfBootCfg(build: string): Version | undefined {
  const match = /^(\d+\.\d+\.\d+)-(?:[\d.]*\.)?(\d+)$/.exec(build.trim());
  return match === null ? undefined : { version: match[1], build: match[2] };
}

/**
 * Finds version and build in the other places, the more reliable one first.
 *
 * @param metadataXml The text of UPGRADE/METADATA.XML, or nothing.
 * @param label As in `ESXI-8.0U3B-24280767-STANDARD`.
 */
export function findVersion(metadataXml: string, label: string): Version {
  const fromXml = /<esxVersion>\s*(\d+\.\d+\.\d+)/.exec(metadataXml);
  // 6.7 reports 6.7.0 whatever its update; from 7.0 on the update is the third number.
  const fromLabel = /^ESXI?-(\d+)\.(\d+)(?:\.(\d+)|U(\d+))?/i.exec(label);
  const update = Number(fromLabel?.[1]) >= 7 ? fromLabel?.[4] : undefined;
  const labelled = fromLabel === null
    ? undefined
    : `${fromLabel[1]}.${fromLabel[2]}.${fromLabel[3] ?? update ?? 0}`;
  return {
    version: fromXml?.[1] ?? labelled,
    // Longer numbers are dates, as in ESXI-6.7.0-20190802001-STANDARD.
    build: /<(?:build|esxRelease)>[^<]{0,64}?(\d{5,9})\s{0,9}</.exec(metadataXml)?.[1] ??
      /-(\d{5,9})(?!\d)/.exec(label)?.[1],
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
