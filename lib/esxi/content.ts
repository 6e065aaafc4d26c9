/**
 * What all media share: the installer of an ISO, what is edited in it, and what is added. How it is
 * laid out, on a disk, in an ISO or as a tree of files, is no matter here.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { FAT_END_MS, FAT_EPOCH_MS } from "../blocks/fat_time.ts";
import {
  byFirstByte,
  type ContentTree,
  fileExtents,
  findFile,
  parentFolders,
} from "../blocks/file_tree.ts";
import type { Guid } from "../blocks/guid.ts";
import { sha256 } from "../blocks/hashing.ts";
import { encodeLatin1 } from "../blocks/latin1.ts";
import { extentOf, type NewFile, sizeOf, type SourceFile } from "../blocks/new_file.ts";
import { type IsoVolume, readIso } from "../iso/volume.ts";
import type { VibDescriptor } from "./drivers/descriptor.ts";
import type { DriverOptions, NamedModule } from "./drivers/medium.ts";
import { type BootCfgEdits, editBootCfg } from "./edit_boot_cfg.ts";
import { type BootCfgFile, type Installer, recognizeInstaller } from "./installer.ts";
import { KICKSTART_URL } from "./kickstart/render.ts";
import { digest, makePayload, payloadInputs, type PayloadOptions } from "./make_payload.ts";
import { PAYLOAD_NAME, type PayloadFile } from "./payload.ts";
import type { Reserve } from "./boot_cfg_limits.ts";

/** What decides about the content of every medium, besides the ISO. */
export interface ContentOptions extends PayloadOptions, DriverOptions {
  /** A finished payload, used instead of one made from the options above. */
  readonly payload?: Uint8Array | undefined;
  /** Boot modules to add, by their names on the medium. They are read now, and when it is written. */
  readonly modules?: readonly NamedModule[] | undefined;
  /** Options of the kernel, in both boot.cfg: `NAME=VALUE` replaces one of that name. */
  readonly kernelOptions?: readonly string[] | undefined;
  /** Keys of boot.cfg itself, in lower case, and their values. */
  readonly bootOptions?: readonly (readonly [key: string, value: string])[] | undefined;
  /** Replaces the inputs as what all identifiers derive from. */
  readonly seed?: string | undefined;
  /** Replaces the ISO's date as the time stamp of everything. */
  readonly timeSeconds?: number | undefined;
}

/** What a layout adds to the content. */
export interface MediumTraits {
  /** The options of the layout, from which identifiers derive as well. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Files that it has beside the payload. */
  readonly files?: readonly PayloadFile[];
  /** The GUID of the disk that the medium will be, if it is one. */
  diskGuid?(identity: Uint8Array): Guid;
  /** Room that is kept in boot.cfg for what is added to it there later. */
  readonly reserve?: Reserve | undefined;
  /** What else a boot.cfg needs there, after the edits that every medium has. */
  editBootCfg?(text: string, file: BootCfgFile): string;
}

/** The installer and what is different in it. */
export interface InstallerContent {
  /** The ISO. */
  readonly volume: IsoVolume;
  /** What boots in it. */
  readonly installer: Installer;
  /** What identifiers derive from. */
  readonly identity: Uint8Array;
  /** The time stamp of everything, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Files of the ISO that get other bytes: both boot.cfg; in an ISO of ours, the payload. */
  readonly edited: readonly PayloadFile[];
  /** New files: the payload, those of the layout, modules. */
  readonly added: readonly NewFile[];
}

/**
 * Reads an installer and edits it. Of the ISO only directories, boot.cfg and version are read, of
 * modules everything.
 *
 * @throws {Failure} `not-iso`, `damaged-iso` or `truncated` if it is no whole ISO, `not-installer`
 * or `boot-cfg` if it is no ESXi installer, `exists` if it has a file of the
 * name of one that is to be added, `usage` if
 * a module or kernel option cannot stand in a boot.cfg, `io` from the source.
 */
export async function readContent(
  iso: Source,
  options: ContentOptions,
  traits: MediumTraits,
): Promise<InstallerContent> {
  const volume = await readIso(iso);
  const installer = await recognizeInstaller(volume);
  const timeMs = mediumTimeMs(volume, options.timeSeconds);
  const modules = await examineModules(options, timeMs);
  const identity = identify(volume, installer, options, modules, traits);
  const payload = options.payload ??
    makePayload(options, identity, timeMs, traits.diskGuid?.(identity));
  const others = [...traits.files ?? [], ...modules];
  checkNew(volume, others);
  const old = findFile(volume, PAYLOAD_NAME);
  const { edited, otherProblem } = editBootCfgs(installer, options, modules, traits);
  const payloadFile = { path: old?.path ?? PAYLOAD_NAME, bytes: payload };
  return {
    volume,
    installer: { ...installer, otherProblem, vibs: await listVibs(volume, options) },
    identity,
    timeMs,
    edited: old === undefined ? edited : [...edited, payloadFile],
    added: old === undefined ? [payloadFile, ...others] : others,
  };
}

/** What the installer brings already; only drivers are compared with it. */
async function listVibs(
  volume: IsoVolume,
  { drivers = [] }: ContentOptions,
): Promise<readonly VibDescriptor[] | undefined> {
  if (drivers.length === 0) return undefined;
  const { readImageDatabase } = await import("./drivers/image_database.ts");
  return (await readImageDatabase(volume)).vibs;
}

/** What is added to boot with the installer; few builds add anything. */
async function examineModules(options: ContentOptions, timeMs: number): Promise<SourceFile[]> {
  const { modules = [], drivers = [] } = options;
  if (modules.length + drivers.length === 0) return [];
  const { examineBootModule } = await import("./boot_module.ts");
  const { driverModules } = await import("./drivers/medium.ts");
  const files: SourceFile[] = [];
  for (
    const { name, source } of [...modules, ...driverModules(options, Math.floor(timeMs / 1000))]
  ) {
    files.push({ path: name, source, sha256: await examineBootModule(source) });
  }
  return files;
}

/** Checks that everything that is to be added has a name of its own. */
function checkNew(volume: IsoVolume, added: readonly NewFile[]): void {
  const taken = new Set([PAYLOAD_NAME, ...volume.files.map(({ path }) => path)].map(upperCase));
  for (const { path } of added) {
    if (!taken.has(upperCase(path))) {
      taken.add(upperCase(path));
      continue;
    }
    const remedy = "pass the ISO as VMware ships it, and modules of other names";
    throw new Failure("exists", volume.source.name, `it holds a /${path} already`, remedy);
  }
}

function upperCase(path: string): string {
  return path.toUpperCase();
}

/** The time stamp of everything on a medium: the given one, else the ISO's, else FAT's first. */
function mediumTimeMs(volume: IsoVolume, timeSeconds: number | undefined): number {
  const timeMs = timeSeconds === undefined ? volume.createdMs : timeSeconds * 1000;
  return Math.min(Math.max(timeMs ?? FAT_EPOCH_MS, FAT_EPOCH_MS), FAT_END_MS);
}

/**
 * A digest of everything that tells one medium from another, but for the password: its hash takes
 * its salt from here.
 */
function identify(
  volume: IsoVolume,
  installer: Installer,
  options: ContentOptions,
  modules: readonly SourceFile[],
  traits: MediumTraits,
): Uint8Array {
  return digest(
    options.seed !== undefined ? { seed: options.seed } : {
      descriptor: sha256(volume.descriptor),
      files: volume.files,
      bootCfgs: installer.bootCfgs.map(({ text }) => text),
      ...payloadInputs(options),
      payload: options.payload && sha256(options.payload),
      modules: (options.modules ?? options.drivers) &&
        modules.map((module) => [module.path, module.sha256]),
      kernelOptions: options.kernelOptions,
      bootOptions: options.bootOptions?.length ? options.bootOptions : undefined,
      ...traits.inputs,
      timeSeconds: options.timeSeconds,
    },
  );
}

/**
 * Both boot.cfg files, so that the installer runs the kickstart. The one that UEFI does not read is
 * edited if it can be.
 */
function editBootCfgs(
  installer: Installer,
  options: ContentOptions,
  added: readonly SourceFile[],
  traits: MediumTraits,
): { readonly edited: PayloadFile[]; readonly otherProblem: string | undefined } {
  const modules = [PAYLOAD_NAME, ...added.map(({ path }) => path)];
  const edits: BootCfgEdits = {
    modules: modules.map((name) => `/${name}`),
    kickstart: KICKSTART_URL,
    kernelOptions: options.kernelOptions ?? [],
    bootOptions: options.bootOptions ?? [],
    reserve: traits.reserve,
  };
  const edit = (bootCfg: BootCfgFile) => {
    const { file: { path }, text } = bootCfg;
    const edited = editBootCfg(text, edits, path, `${installer.tree.source.name}: /${path}`);
    return { path, bytes: encodeLatin1(traits.editBootCfg?.(edited, bootCfg) ?? edited) };
  };
  const [first, other] = installer.bootCfgs;
  const edited = first === undefined ? [] : [edit(first)];
  try {
    if (other !== undefined) edited.push(edit(other));
    return { edited, otherProblem: installer.otherProblem };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "boot-cfg") throw error;
    return { edited, otherProblem: error.message };
  }
}

/**
 * Every file of a medium: ours first, where a reader of a compressed image finds them at once; then
 * the ISO's in the order of their bytes, so that whoever writes them reads the ISO front to back.
 *
 * @param tapFile Gives the source that a file of the ISO is read through.
 */
export function contentTree(
  { volume, edited, added }: InstallerContent,
  tapFile: (path: string, source: Source, fileBytes: number) => Source = (_path, source) => source,
): ContentTree {
  const ours = [...edited, ...added].map((file) => ({
    path: file.path,
    sizeBytes: sizeOf(file),
    content: [extentOf(file)],
    ...("sha256" in file ? { sha256: file.sha256 } : {}),
  }));
  const replaced = new Set(edited.map((file) => file.path));
  const kept = volume.files.filter((file) => !replaced.has(file.path)).toSorted(byFirstByte)
    .map((file) => {
      const { path, sizeBytes } = file;
      const source = tapFile(path, volume.source, sizeBytes);
      return { path, sizeBytes, content: fileExtents(file, source) };
    });
  const folders = added.flatMap(({ path }) => parentFolders(path));
  const known = new Set(volume.directories.map((path) => path.toUpperCase()));
  return {
    directories: [
      ...volume.directories,
      ...[...new Set(folders)].filter((path) => !known.has(path.toUpperCase())),
    ],
    files: [...ours, ...kept],
  };
}
