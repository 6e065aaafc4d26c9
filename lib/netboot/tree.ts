/**
 * Lays an installer out as files for a server.
 *
 * | path                      | what                                                       |
 * | ------------------------- | ---------------------------------------------------------- |
 * | everything of the ISO     | under its name in lower case                               |
 * | `boot.cfg`                | edited, its names relative to it or below the prefix       |
 * | `esxiimg.tgz`, modules    | ours                                                       |
 * | `mboot.efi`               | `efi/boot/bootx64.efi` (or `bootaa64.efi`) beside boot.cfg |
 * | `crypto64.efi`            | what it loads, likewise                                    |
 * | `autoexec.ipxe`           | what iPXE runs                                             |
 * | `pxelinux.cfg/default`    | for legacy BIOS, if the ISO has `mboot.c32`                |
 * | `readme-netboot.txt`      | how to serve it                                            |
 * | `01-MAC/boot.cfg`         | for a single machine, see `hosts.ts`                       |
 *
 * @module
 */

import { bytesExtent } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import type { BytesFile } from "../blocks/new_file.ts";
import { type ContentFile, type ContentTree, parentFolders } from "../blocks/file_tree.ts";
import { decodeLatin1, encodeLatin1 } from "../blocks/latin1.ts";
import { contentTree, type InstallerContent } from "../esxi/content.ts";
import { UEFI_BOOT_LOADERS } from "../esxi/installer.ts";
import { networkBootCfg } from "./boot_cfg.ts";
import { hostFiles, type NetbootHost } from "./hosts.ts";
import { ipxeScript, pxelinuxConfig, readme } from "./texts.ts";

/** Where the ISO keeps the UEFI boot loader. */
const LOADER_FOLDER = "efi/boot/";
const UEFI_BOOT_CFG = `${LOADER_FOLDER}boot.cfg`;
const BOOT_CFG = "boot.cfg";
/** What the loader needs beside itself from 7.0 U3 on. */
const CRYPTO = /^efi\/boot\/(crypto[^/]*\.efi)$/;
const BIOS_LOADER = "mboot.c32";

/**
 * Lays the files of an installer out.
 *
 * @param content The installer, both boot.cfg edited for the network.
 * @param prefix Where the server has the files, if that is known.
 * @param hosts Machines that get files of their own.
 * @throws {Failure} `unfit-for-net` if two names are the same in lower case, or one is ours.
 */
export function netbootTree(
  content: InstallerContent,
  prefix: string | undefined,
  hosts: readonly NetbootHost[] = [],
): ContentTree {
  const name = content.volume.source.name;
  const given = contentTree(content);
  const files = new Map<string, ContentFile>();
  const add = (file: ContentFile) => {
    const other = files.get(file.path);
    if (other !== undefined) {
      const what = `two files would be called /${file.path}, in lower case`;
      throw new Failure("unfit-for-net", name, what, "rename one of them");
    }
    files.set(file.path, file);
  };
  for (const file of given.files) {
    const path = file.path.toLowerCase();
    if (path !== BOOT_CFG) add({ ...file, path });
  }
  const { version, architecture } = content.installer;
  const facts = {
    version,
    architecture,
    prefix,
    hasBios: files.has(BIOS_LOADER),
    hasHosts: hosts.length > 0,
  };
  const put = ({ path, bytes }: BytesFile) => {
    add({ path, sizeBytes: bytes.length, content: [bytesExtent(0, bytes)] });
  };
  const text = (path: string, value: string) => put({ path, bytes: encodeLatin1(value) });
  const copy = (from: string, to: string) => {
    const file = files.get(from);
    if (file !== undefined) add({ ...file, path: to });
  };
  text(BOOT_CFG, rootBootCfg(content, prefix));
  text("autoexec.ipxe", ipxeScript(facts));
  text("readme-netboot.txt", readme(facts));
  if (facts.hasBios) text("pxelinux.cfg/default", pxelinuxConfig(facts));
  for (const host of hosts) {
    for (const file of hostFiles(host, uefiBootCfg(content), prefix)) put(file);
    for (const folder of facts.hasBios ? host.folders : []) {
      text(`pxelinux.cfg/${folder}`, pxelinuxConfig(facts, `${folder}/`));
    }
  }
  copy(UEFI_BOOT_LOADERS[architecture].toLowerCase(), "mboot.efi");
  for (const path of [...files.keys()]) {
    const library = CRYPTO.exec(path)?.[1];
    if (library !== undefined) copy(path, library);
  }
  const folders = [...given.directories.map((path) => path.toLowerCase())]
    .concat([...files.keys()].flatMap(parentFolders));
  const directories = [...new Set(folders)];
  const wrong = directories.find((path) => files.has(path));
  if (wrong !== undefined) {
    const what = `a file and a folder would be called /${wrong}, in lower case`;
    throw new Failure("unfit-for-net", name, what, "rename one of them");
  }
  return { directories, files: [...files.values()] };
}

/** The UEFI boot.cfg, which is always there, with names that are relative to the tree's root. */
function rootBootCfg(content: InstallerContent, prefix: string | undefined): string {
  return networkBootCfg(decodeLatin1(uefiBootCfg(content)), `/${BOOT_CFG}`, prefix, true);
}

function uefiBootCfg({ edited }: InstallerContent): Uint8Array {
  return edited.find(({ path }) => path.toLowerCase() === UEFI_BOOT_CFG)!.bytes;
}
