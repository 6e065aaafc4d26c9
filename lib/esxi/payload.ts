/**
 * The payload: a boot module, `esxiimg.tgz`, that the boot loader unpacks into the root of the
 * installer. It holds the kickstart and everything that the kickstart runs.
 *
 * | path                  | what                                                     |
 * | --------------------- | -------------------------------------------------------- |
 * | `esxiimg/KS.CFG`      | the kickstart                                            |
 * | `esxiimg/image.json`  | what the build knows and the host needs: {@link ImageFacts} |
 * | `esxiimg/metadata/…`  | metadata embedded at build time                          |
 * | `esxiimg/theirs/…`    | %pre scripts of the user's kickstart                     |
 * | `esxiimg/…`           | guest scripts, Python packages `common` and `hostconf`   |
 *
 * The last of these are always the same: they come deflated, at the tar's end. Everything else is
 * stored, so that nothing but the content decides the bytes, no processor and no version of zlib.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { parentFolders } from "../blocks/file_tree.ts";
import { type Guid, parseGuid } from "../blocks/guid.ts";
import type { DeflatedPart } from "../formats/deflate/portable.ts";
import { storeGzip } from "../formats/gzip/store.ts";
import type { KickstartFacts } from "./kickstart/merge.ts";
import { KICKSTART_PATH } from "./kickstart/render.ts";
import { packOldGnuTar, TAR_END_BYTES, type TarEntry } from "./tar.ts";

/** The payload's name on the image, and how boot.cfg names it. */
export const PAYLOAD_NAME = "esxiimg.tgz";
/** The folder that the payload unpacks to. */
const FOLDER = "esxiimg";
const FACTS_NAME = "image.json";
const FACTS_PATH = `${FOLDER}/${FACTS_NAME}`;

/** A file of the payload, its path relative to `esxiimg/`. */
export interface PayloadFile {
  /** Names joined by `/`, without a leading one. */
  readonly path: string;
  /** The whole content. */
  readonly bytes: Uint8Array;
}

/** What the build knows and the host needs, as the guest reads it in `image.json`. */
export interface ImageFacts {
  readonly format: 1;
  /** The GUID of this image's GPT, by which the guest finds the disk that the image is on, if any. */
  readonly disk_guid: string | null;
  /** Arguments of `install`, or null if the guest is to choose. */
  readonly install_disk: string | null;
  /** A crypt(3) hash, or null if the metadata must bring the password. */
  readonly root_password_hash: string | null;
  /** Public keys for root, one line of authorized_keys each. */
  readonly ssh_keys: readonly string[];
  /** What the kickstart of the user's brings; missing for one that is used byte for byte. */
  readonly kickstart?: KickstartFacts;
  /** The kickstart of the user's sets root's password. */
  readonly kickstart_password?: true;
  /** Stop the installation where no metadata is found. */
  readonly require_metadata?: true;
  /** Count Ed25519 keys as a login on ESXi 8 and later. */
  readonly allow_ed25519?: true;
  /** Let the MAAS hook go on under UEFI Secure Boot. */
  readonly allow_secure_boot?: true;
  /** CA certificates in PEM form, to check vCenter by. */
  readonly vcenter_ca?: string;
  /** Do not check vCenter's certificate. */
  readonly vcenter_insecure?: true;
  /** Let the MAAS hook name management's port group as MAAS names the interface. */
  readonly maas_port_group?: true;
}

/** What goes into a payload. */
export interface PayloadParts {
  /** Kept byte for byte. */
  readonly kickstart: Uint8Array;
  readonly facts: ImageFacts;
  /** What is the same in every payload: a tar of {@linkcode payloadEntries}, with its end. */
  readonly guest: DeflatedPart;
  /** Scripts of the user's, their paths relative to `esxiimg/`. */
  readonly scripts?: readonly PayloadFile[] | undefined;
  /** Metadata to embed, its paths relative to `metadata/`. */
  readonly metadata?: readonly PayloadFile[] | undefined;
  /** The time stamp of every file but the guest's, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Packs a payload: one gzip member, the same bytes for the same parts.
 *
 * @returns The bytes of `esxiimg.tgz`.
 * @throws {RangeError} if the path of a file has more than 100 bytes.
 */
export function packPayload(parts: PayloadParts): Uint8Array {
  const facts = new TextEncoder().encode(JSON.stringify(parts.facts, null, 2) + "\n");
  const metadata = (parts.metadata ?? []).map(({ path, bytes }) => ({
    path: `metadata/${path}`,
    bytes,
  }));
  const tar = packOldGnuTar([
    { path: `${FOLDER}/` },
    ...payloadEntries([
      { path: "KS.CFG", bytes: parts.kickstart },
      { path: FACTS_NAME, bytes: facts },
      ...[...metadata, ...parts.scripts ?? []].toSorted((a, b) => a.path < b.path ? -1 : 1),
    ]),
  ], parts.timeSeconds);
  return storeGzip(tar.subarray(0, -TAR_END_BYTES), parts.guest);
}

/**
 * What stands in a payload's tar for some files. Folders come first: the installer's tar makes none
 * by itself.
 *
 * @param files Their paths relative to `esxiimg/`.
 */
export function payloadEntries(files: readonly PayloadFile[]): TarEntry[] {
  const folders = [...new Set(files.flatMap(({ path }) => parentFolders(path)))].toSorted();
  return [
    ...folders.map((path) => ({ path: `${FOLDER}/${path}/` })),
    ...files.map(({ path, bytes }) => ({ path: `${FOLDER}/${path}`, bytes })),
  ];
}

/**
 * Packs metadata of one host as a module beside the payload: the guest takes it before that of many
 * hosts.
 *
 * @param metadata Its paths relative to `metadata/`.
 * @param timeSeconds The time stamp of every file, in seconds since 1970.
 * @throws {RangeError} if the path of a file has more than 100 bytes.
 */
export function packHostMetadata(
  metadata: readonly PayloadFile[],
  timeSeconds: number,
): Uint8Array {
  const folder = `${FOLDER}/metadata/`;
  return storeGzip(packOldGnuTar([
    { path: `${FOLDER}/` },
    { path: folder },
    ...metadata.map(({ path, bytes }) => ({ path: folder + path, bytes })),
  ], timeSeconds));
}

/**
 * Unpacks a payload.
 *
 * @param path Which file it is, for messages.
 * @returns Its files, with their paths as they stand in the tar.
 * @throws {Failure} `kickstart` if it is not a gzipped tar that holds a kickstart, `boot-cfg` if the
 * boot loader cannot read it.
 */
export async function unpackPayload(payload: Uint8Array, path: string): Promise<PayloadFile[]> {
  const unfit = (what: string, cause?: unknown) =>
    new Failure("kickstart", path, what, "make one with: esxi-img payload", cause);
  const { readBootModule } = await import("./boot_module.ts"); // most builds make their payload
  const { unpackTar } = await import("modern-tar");
  const tar = readBootModule(payload, path);
  let files: PayloadFile[];
  try {
    files = (await unpackTar(tar, { strict: true }))
      .filter(({ header }) => header.type === "file")
      .map(({ header, data }) => ({ path: header.name, bytes: data ?? new Uint8Array() }));
  } catch (cause) {
    throw unfit("not a gzipped tar", cause);
  }
  if (!files.some((file) => file.path === KICKSTART_PATH)) {
    throw unfit(`it holds no ${KICKSTART_PATH}`);
  }
  return files;
}

/**
 * The GUID by which a payload's guest looks for its image's disk, if the payload says so: one that
 * was not made by esxi-img need not.
 *
 * @param files What the payload holds.
 */
export function payloadDiskGuid(files: readonly PayloadFile[]): Guid | undefined {
  const facts = files.find(({ path }) => path === FACTS_PATH);
  try {
    return facts && parseGuid(JSON.parse(new TextDecoder().decode(facts.bytes)).disk_guid);
  } catch {
    return undefined; // the guest takes it for an image without a GUID, too
  }
}
