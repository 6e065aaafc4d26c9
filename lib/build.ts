/**
 * The pipeline: ISO → edits → layout → extents. What comes out is a disk whose bytes are still in
 * the ISO; an encoder reads them once, front to back.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { bytesExtent, type Source } from "./blocks/extent.ts";
import type { FatContent, FatFile } from "./disk/fat32.ts";
import { deriveGuid, formatGuid, type Guid } from "./blocks/guid.ts";
import { type DiskLayout, layOutDisk } from "./disk/layout.ts";
import { editBootCfg } from "./esxi/boot_cfg.ts";
import { type Installer, recognizeInstaller } from "./esxi/installer.ts";
import { KICKSTART_URL, renderKickstart } from "./esxi/kickstart.ts";
import { hashPassword } from "./esxi/password.ts";
import { packPayload, PAYLOAD_NAME, type PayloadFile } from "./esxi/payload.ts";
import { Failure } from "./blocks/failure.ts";
import { byFirstByte, parentFolders } from "./blocks/file_tree.ts";
import { sha256 } from "./blocks/hashing.ts";
import { type IsoVolume, readIso } from "./iso/volume.ts";
import { encodeLatin1 } from "./blocks/latin1.ts";

/** The folder of the guest files that MAAS runs: it lies on the partition, not in the payload. */
const CURTIN_FOLDER = "curtin/";
/** The folder of what those share with the payload: it lies in both. */
const COMMON_FOLDER = "common/";
/** FAT knows no earlier time: 1980-01-01. */
export const FAT_EPOCH_MS = 315_532_800_000;

/** Nor a later one: the last two seconds of 2107. */
const FAT_END_MS = 4_354_819_198_000;

/** What goes into the payload; all but the guest files may be left out. */
export interface PayloadOptions {
  /** What `lib/guest` holds. */
  readonly guestFiles: readonly PayloadFile[];
  /** A kickstart that replaces the default one, byte for byte. */
  readonly kickstart?: Uint8Array | undefined;
  /** A password, or a crypt(3) hash. */
  readonly rootPassword?: string | undefined;
  /** Public keys that root may log in with, one line of authorized_keys each. */
  readonly sshKeys?: readonly string[] | undefined;
  /** Arguments of the kickstart's `install`. */
  readonly installDisk?: string | undefined;
  /** Metadata to embed. */
  readonly metadata?: readonly PayloadFile[] | undefined;
}

/** What decides about an image, besides the ISO. */
export interface ImageOptions extends PayloadOptions {
  /** The bytes of FatFs, `ff.wasm`. */
  readonly fatfsWasm: BufferSource;
  /** A finished payload, used instead of one made from the options above. */
  readonly payload?: Uint8Array | undefined;
  /** The disk's GUID, if that payload names one: the guest looks for the image's disk by it. */
  readonly diskGuid?: Guid | undefined;
  /** Boot modules to add, by their names in the image. */
  readonly modules?:
    | readonly { readonly name: string; readonly bytes: Uint8Array }[]
    | undefined;
  /** Options to append to the kernel's, in both boot.cfg. */
  readonly kernelOptions?: readonly string[] | undefined;
  /** The label of the file system: up to 11 of A–Z, 0–9, `-` and `_`. */
  readonly label: string;
  /** How much of the file system stays free, at least. */
  readonly freeBytes: number;
  /** The size of the whole disk; without it, as small as its content allows. */
  readonly diskBytes?: number | undefined;
  /** Replaces the inputs as what all identifiers derive from. */
  readonly seed?: string | undefined;
  /** Replaces the ISO's date as the time stamp of everything. */
  readonly timeSeconds?: number | undefined;
  /** Gives the source that a file of the ISO is read through, for whoever wants to see its bytes. */
  readonly tapFile?: ((path: string, source: Source, fileBytes: number) => Source) | undefined;
}

/** An image that only needs to be encoded. */
export interface ImagePlan {
  /** The ISO. */
  readonly volume: IsoVolume;
  /** What boots in it. */
  readonly installer: Installer;
  /** The disk to encode. */
  readonly disk: DiskLayout;
  /** The GUID of the disk's partition table. */
  readonly diskGuid: Guid;
  /** The GUID of the EFI system partition. */
  readonly partitionGuid: Guid;
  /** The time stamp of everything, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Every file of the image, in the order of its bytes. */
  readonly files: readonly FatFile[];
  /** By path, where the files come from that are not the ISO's as they stand. */
  readonly origins: ReadonlyMap<string, "edited" | "added">;
  /** What encoders derive their identifiers from. */
  readonly identity: Uint8Array;
}

/**
 * Plans an image. Of the ISO only directories, boot.cfg and version are read.
 *
 * @throws {Failure} `not-iso`, `damaged-iso` or `truncated` if it is no whole ISO, `not-installer`
 * or `boot-cfg` if it is no ESXi installer, `unfit-for-fat` or `too-small` if FAT cannot hold it,
 * `usage` if a module or kernel option cannot stand in a boot.cfg, `io` from the source.
 * @throws {RangeError} if a path of metadata or guest files has more than 100 bytes in the payload.
 * @throws {FatFsError} `INVALID_NAME` if the label is none.
 */
export async function planImage(iso: Source, options: ImageOptions): Promise<ImagePlan> {
  const volume = await readIso(iso);
  const installer = await recognizeInstaller(volume);
  const identity = identify(volume, installer, options);
  const diskGuid = options.diskGuid ?? deriveGuid(identity, "disk");
  const partitionGuid = deriveGuid(identity, "partition");
  const timeMs = imageTimeMs(volume, options.timeSeconds);

  const payload = options.payload ?? makePayload(options, identity, timeMs);
  const edited = editInstaller(installer, options);
  const added = addedFiles(payload, options);
  const content = mergeContent(volume, edited, added, options.tapFile);
  const disk = await layOutDisk(content, {
    fatfsWasm: options.fatfsWasm,
    label: options.label,
    freeBytes: options.freeBytes,
    diskBytes: options.diskBytes,
    timeMs,
    image: iso.name,
    diskGuid,
    partitionGuid,
  });
  return {
    volume,
    installer,
    disk,
    diskGuid,
    partitionGuid,
    timeMs,
    files: content.files,
    origins: new Map([
      ...edited.map(({ path }) => [path, "edited"] as const),
      ...added.map(({ path }) => [path, "added"] as const),
    ]),
    identity,
  };
}

/**
 * Makes the payload by itself.
 *
 * @param identity What GUID and salt derive from.
 * @throws {RangeError} if the path of a file has more than 100 bytes.
 */
export function makePayload(
  options: PayloadOptions,
  identity: Uint8Array,
  timeMs: number,
): Uint8Array {
  const { kickstart, rootPasswordHash } = makeKickstart(options, identity);
  return packPayload({
    kickstart,
    facts: {
      format: 1,
      disk_guid: formatGuid(deriveGuid(identity, "disk")),
      install_disk: options.installDisk ?? null,
      root_password_hash: rootPasswordHash ?? null,
      ssh_keys: options.sshKeys ?? [],
    },
    guestFiles: options.guestFiles.filter(({ path }) => !path.startsWith(CURTIN_FOLDER)),
    metadata: options.metadata,
    timeSeconds: Math.floor(timeMs / 1000),
  });
}

/**
 * Makes the kickstart by itself, unless a whole one was given.
 *
 * @param identity What the salt of the password's hash derives from.
 */
export function makeKickstart(
  options: PayloadOptions,
  identity: Uint8Array,
): { readonly kickstart: Uint8Array; readonly rootPasswordHash: string | undefined } {
  const rootPasswordHash = options.rootPassword === undefined
    ? undefined
    : hashPassword(options.rootPassword, identity);
  const kickstart = options.kickstart ??
    new TextEncoder().encode(renderKickstart({ ...options, rootPasswordHash }));
  return { kickstart, rootPasswordHash };
}

/** What GUID and salt of a payload derive from that is made for no image in particular. */
export function payloadIdentity(options: PayloadOptions): Uint8Array {
  return digest(payloadInputs(options));
}

/** The time stamp of everything in an image: the given one, else the ISO's, else FAT's first. */
function imageTimeMs(volume: IsoVolume, timeSeconds: number | undefined): number {
  const timeMs = timeSeconds === undefined ? volume.createdMs : timeSeconds * 1000;
  return Math.min(Math.max(timeMs ?? FAT_EPOCH_MS, FAT_EPOCH_MS), FAT_END_MS);
}

/**
 * A digest of everything that tells one image from another, but for the password: its hash takes
 * its salt from here.
 */
function identify(
  volume: IsoVolume,
  installer: Installer,
  options: ImageOptions,
): Uint8Array {
  return digest(
    options.seed !== undefined ? { seed: options.seed } : {
      descriptor: sha256(volume.descriptor),
      files: volume.files,
      bootCfgs: installer.bootCfgs.map(({ text }) => text),
      ...payloadInputs(options),
      payload: options.payload && sha256(options.payload),
      modules: options.modules?.map(({ name, bytes }) => [name, sha256(bytes)]),
      kernelOptions: options.kernelOptions,
      label: options.label,
      freeBytes: options.freeBytes,
      diskBytes: options.diskBytes,
      timeSeconds: options.timeSeconds,
    },
  );
}

function payloadInputs(options: PayloadOptions): Record<string, unknown> {
  const files = (list: readonly PayloadFile[] = []) =>
    list.map(({ path, bytes }) => [path, sha256(bytes)]);
  return {
    guestFiles: files(options.guestFiles),
    kickstart: options.kickstart && sha256(options.kickstart),
    metadata: files(options.metadata),
    installDisk: options.installDisk,
    sshKeys: options.sshKeys,
  };
}

function digest(inputs: Record<string, unknown>): Uint8Array {
  return new Uint8Array(createHash("sha256").update(JSON.stringify(inputs)).digest());
}

/** Both boot.cfg files, so that the installer runs the kickstart. */
function editInstaller(installer: Installer, options: ImageOptions): FatFile[] {
  const modules = [PAYLOAD_NAME, ...(options.modules ?? []).map((module) => module.name)];
  const edits = {
    modules: modules.map((name) => `/${name}`),
    kickstart: KICKSTART_URL,
    kernelOptions: options.kernelOptions ?? [],
  };
  return installer.bootCfgs.map(({ file, text }) =>
    memoryFile(file.path, encodeLatin1(editBootCfg(text, edits, `/${file.path}`)))
  );
}

function addedFiles(payload: Uint8Array, options: ImageOptions): FatFile[] {
  return [
    memoryFile(PAYLOAD_NAME, payload),
    ...options.guestFiles.filter(({ path }) => path.startsWith(CURTIN_FOLDER))
      .map(({ path, bytes }) => memoryFile(path, bytes)),
    ...options.guestFiles.filter(({ path }) => path.startsWith(COMMON_FOLDER))
      .map(({ path, bytes }) => memoryFile(CURTIN_FOLDER + path, bytes)),
    ...(options.modules ?? []).map(({ name, bytes }) => memoryFile(name, bytes)),
  ];
}

function memoryFile(path: string, bytes: Uint8Array): FatFile {
  return { path, sizeBytes: bytes.length, content: [bytesExtent(0, bytes)] };
}

/**
 * Our files first, where a reader of a compressed image finds them at once; then the ISO's in the
 * order of their bytes, so that a build reads the ISO front to back.
 */
function mergeContent(
  volume: IsoVolume,
  edited: readonly FatFile[],
  added: readonly FatFile[],
  tapFile: ImageOptions["tapFile"] = (_path, source) => source,
): FatContent {
  const taken = new Set(volume.files.map((file) => file.path.toUpperCase()));
  for (const { path } of added) {
    if (!taken.has(path.toUpperCase())) continue;
    throw new Failure(
      "unfit-for-fat",
      volume.source.name,
      `it holds a /${path} already`,
      "pass the ISO as VMware ships it, and modules of other names",
    );
  }
  const replaced = new Set(edited.map((file) => file.path));
  const kept = volume.files.filter((file) => !replaced.has(file.path))
    .toSorted(byFirstByte)
    .map(({ path, sizeBytes, parts }) => {
      let atBytes = 0;
      const source = tapFile(path, volume.source, sizeBytes);
      const content = parts.map(({ offsetBytes, lengthBytes }) => {
        const extent = {
          offsetBytes: atBytes,
          lengthBytes,
          source,
          sourceOffsetBytes: offsetBytes,
        };
        atBytes += lengthBytes;
        return extent;
      });
      return { path, sizeBytes, content };
    });
  const folders = added.flatMap(({ path }) => parentFolders(path));
  const known = new Set(volume.directories.map((path) => path.toUpperCase()));
  return {
    directories: [
      ...volume.directories,
      ...[...new Set(folders)].filter((path) => !known.has(path.toUpperCase())),
    ],
    files: [...edited, ...added, ...kept],
  };
}
