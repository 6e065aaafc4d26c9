/**
 * The pipeline: ISO → edits → layout → extents. What comes out is a medium whose bytes are still in
 * the ISO; an encoder reads them once, front to back.
 *
 * | medium | layout                                               |
 * | ------ | ---------------------------------------------------- |
 * | disk   | GPT and FAT32, for every disk format                 |
 * | ISO    | the ISO that was given, patched where it has to be   |
 * | net    | a tree of files for a server                         |
 *
 * @module
 */

import type { BlockMap } from "./blocks/block_map.ts";
import type { Source } from "./blocks/extent.ts";
import type { ContentFile, ContentTree, TreeFile } from "./blocks/file_tree.ts";
import { deriveGuid, type Guid } from "./blocks/guid.ts";
import { type DiskLayout, layOutDisk } from "./disk/layout.ts";
import {
  type ContentOptions,
  contentTree,
  type InstallerContent,
  readContent,
} from "./esxi/content.ts";

/** What MAAS's hook adds to boot.cfg: `hostdesc.tgz` and ` systemMediaSize=min`. */
const HOOK_RESERVE = {
  modules: 1,
  characters: " systemMediaSize=min".length,
  by: "MAAS's hook",
  remedy: "pass --no-maas to leave the hook out",
};

/** What decides about an image of a disk, besides the ISO. */
export interface ImageOptions extends ContentOptions {
  /** The bytes of FatFs, `ff.wasm`. */
  readonly fatfsWasm: BufferSource;
  /** The disk's GUID, if a finished payload names one: the guest looks for the image's disk by it. */
  readonly diskGuid?: Guid | undefined;
  /** The label of the file system: up to 11 of A–Z, 0–9, `-` and `_`. */
  readonly label: string;
  /** How much of the file system stays free, at least. */
  readonly freeBytes: number;
  /** The size of the whole disk; without it, as small as its content allows. */
  readonly diskBytes?: number | undefined;
  /** Whether the disk lacks what MAAS's deployment runs on it. */
  readonly withoutMaasHook?: boolean | undefined;
  /** Gives the source that a file of the ISO is read through, for whoever wants to see its bytes. */
  readonly tapFile?: ((path: string, source: Source, fileBytes: number) => Source) | undefined;
}

/** What decides about an ISO, besides the one that it is made from. */
export interface IsoOptions extends ContentOptions {
  /** Gives the source that the ISO is read through, for whoever wants to see the bytes of its files. */
  readonly tapFiles?: ((source: Source, files: readonly TreeFile[]) => Source) | undefined;
}

/** A medium that only needs to be encoded. */
export interface MediumPlan extends Omit<InstallerContent, "edited" | "added"> {
  /** Its bytes. */
  readonly map: BlockMap;
  /** Every file of it, ours first, then in the order of the ISO's bytes. */
  readonly files: readonly ContentFile[];
  /** By path, where the files come from that are not the ISO's as they stand. */
  readonly origins: ReadonlyMap<string, "edited" | "added">;
}

/** An image of a disk that only needs to be encoded. */
export interface ImagePlan extends MediumPlan {
  /** Tells it from an {@linkcode IsoPlan}. */
  readonly medium: "disk";
  /** The disk to encode. */
  readonly disk: DiskLayout;
  /** The GUID of the disk's partition table. */
  readonly diskGuid: Guid;
  /** The GUID of the EFI system partition. */
  readonly partitionGuid: Guid;
}

/** An ISO that only needs to be encoded. */
export interface IsoPlan extends MediumPlan {
  /** Tells it from an {@linkcode ImagePlan}. */
  readonly medium: "iso";
}

/** What decides about a tree for network boot, besides the ISO. */
export interface NetbootOptions extends ContentOptions {
  /** Where the server has the files: a folder, or a URL. Without it they are found by boot.cfg. */
  readonly prefix?: string | undefined;
}

/** A tree for network boot. */
export interface NetbootPlan extends Omit<InstallerContent, "edited" | "added"> {
  /** Tells it from an {@linkcode ImagePlan}. */
  readonly medium: "net";
  /** Every folder and file of it. */
  readonly tree: ContentTree;
}

/**
 * Plans an image of a disk. Of the ISO only directories, boot.cfg and version are read.
 *
 * @throws {Failure} `not-iso`, `damaged-iso` or `truncated` if it is no whole ISO, `not-installer`
 * or `boot-cfg` if it is no ESXi installer, `unfit-for-fat` or `too-small` if FAT cannot hold it,
 * `exists` or `usage` if a module or kernel option cannot be added, `io` from the source.
 * @throws {RangeError} if a path of metadata or guest files has more than 100 bytes in the payload.
 * @throws {FatFsError} `INVALID_NAME` if the label is none.
 */
export async function planImage(iso: Source, options: ImageOptions): Promise<ImagePlan> {
  const { label, freeBytes, diskBytes, fatfsWasm, withoutMaasHook } = options;
  const diskGuidOf = (identity: Uint8Array) => options.diskGuid ?? deriveGuid(identity, "disk");
  const content = await readContent(iso, options, {
    inputs: { label, freeBytes, diskBytes, withoutMaasHook: withoutMaasHook || undefined },
    files: withoutMaasHook ? [] : options.guestFiles.hook,
    reserve: withoutMaasHook ? undefined : HOOK_RESERVE,
    diskGuid: diskGuidOf,
  });
  const { identity, timeMs } = content;
  const tree = contentTree(content, options.tapFile);
  const [diskGuid, partitionGuid] = [diskGuidOf(identity), deriveGuid(identity, "partition")];
  const disk = await layOutDisk(tree, {
    ...{ fatfsWasm, label, freeBytes, diskBytes, timeMs, diskGuid, partitionGuid },
    image: iso.name,
  });
  const plan = { ...mediumPlan(content, tree), map: disk.map };
  return { ...plan, medium: "disk", disk, diskGuid, partitionGuid };
}

/**
 * Plans what a format holds.
 *
 * @param medium An ISO, or else a disk.
 * @throws {Failure} as {@linkcode planIso} or {@linkcode planImage}.
 */
export async function planMedium(
  iso: Source,
  medium: "iso" | undefined,
  options: ImageOptions & IsoOptions,
): Promise<ImagePlan | IsoPlan> {
  return medium === "iso" ? await planIso(iso, options) : await planImage(iso, options);
}

/**
 * Plans an ISO: the one that is given, with edits.
 *
 * @throws {Failure} as {@linkcode planImage}, but `unfit-for-iso` if the ISO cannot take the edits.
 * @throws {RangeError} if a path of metadata or guest files has more than 100 bytes in the payload.
 */
export async function planIso(iso: Source, options: IsoOptions): Promise<IsoPlan> {
  const content = await readContent(iso, options, { inputs: { medium: "iso" } });
  const { volume, edited, added } = content;
  const tapped = options.tapFiles?.(iso, volume.files) ?? iso;
  const { patchIso } = await import("./iso/patch/patch.ts"); // most builds make disks
  const { map } = await patchIso(iso, { replaced: edited, added }, tapped);
  return { ...mediumPlan(content, contentTree(content)), map, medium: "iso" };
}

/**
 * Plans a tree of files that a server gives to machines which boot over the network.
 *
 * @throws {Failure} as {@linkcode planImage}, but `unfit-for-net` if the files cannot be called by
 * names in lower case.
 * @throws {RangeError} if a path of metadata or guest files has more than 100 bytes in the payload.
 */
export async function planNetboot(iso: Source, options: NetbootOptions): Promise<NetbootPlan> {
  const { networkBootCfg } = await import("./netboot/boot_cfg.ts");
  const { netbootTree } = await import("./netboot/tree.ts");
  const { netbootHosts } = await import("./netboot/hosts.ts");
  const { prefix } = options;
  const content = await readContent(iso, options, {
    inputs: { medium: "net", prefix },
    editBootCfg: (text, { file: { path } }) => networkBootCfg(text, `/${path}`, prefix, false),
  });
  const { edited: _edited, added: _added, ...plan } = content;
  const hosts = options.payload !== undefined ? [] : netbootHosts(
    options.metadata ?? [],
    Math.floor(content.timeMs / 1000),
  );
  return { ...plan, medium: "net", tree: netbootTree(content, prefix, hosts) };
}

function mediumPlan(content: InstallerContent, tree: ContentTree): Omit<MediumPlan, "map"> {
  const { edited, added, ...rest } = content;
  const origins = new Map([
    ...edited.map(({ path }) => [path, "edited"] as const),
    ...added.map(({ path }) => [path, "added"] as const),
  ]);
  return { ...rest, files: tree.files, origins };
}
