/**
 * Folders of single machines: the loader looks for `01-aa-bb-cc-dd-ee-ff/boot.cfg` beside itself,
 * named by the MAC that it was loaded through, before it takes the boot.cfg of all.
 *
 * @module
 */

import type { BytesFile } from "../blocks/new_file.ts";
import { decodeLatin1, encodeLatin1 } from "../blocks/latin1.ts";
import { editBootCfg } from "../esxi/edit_boot_cfg.ts";
import { readIdentities } from "../esxi/host_identity.ts";
import { packHostMetadata, type PayloadFile } from "../esxi/payload.ts";
import { networkBootCfg } from "./boot_cfg.ts";

/** ARP's number for Ethernet (RFC 1700), as PXELINUX writes it before a MAC. */
const ETHERNET = "01";

/** What is loaded besides the modules of all. */
const MODULE = "hostmeta.tgz";

/** A host that has files of its own. */
export interface NetbootHost {
  /** The folders that it is looked for in, one for each MAC. */
  readonly folders: readonly string[];
  /** A boot module with its metadata. */
  readonly module: Uint8Array;
}

/**
 * The hosts of some metadata that name MACs, and what each is given.
 *
 * @param metadata Files `hosts/NAME/…`.
 * @param timeSeconds The time stamp of every file in a module, in seconds since 1970.
 */
export function netbootHosts(
  metadata: readonly PayloadFile[],
  timeSeconds: number,
): NetbootHost[] {
  const files = metadata.map(({ path, bytes }) => ({ name: path, bytes }));
  return [...readIdentities(files)].filter(([, { macs }]) => macs.length > 0)
    .map(([name, { macs }]) => {
      const folder = `hosts/${name}/`;
      const own = metadata.filter(({ path }) => path.startsWith(folder))
        .map(({ path, bytes }) => ({ path: path.slice(folder.length), bytes }));
      const folders = macs.map((mac) => `${ETHERNET}-${mac.replaceAll(":", "-")}`);
      return { folders, module: packHostMetadata(own, timeSeconds) };
    });
}

/**
 * The files of a host: its module once, and a boot.cfg in each of its folders.
 *
 * @param bootCfg UEFI's, edited for the network; without a prefix its paths are those of the server.
 * @throws {Failure} `boot-cfg` if the boot loader would misread it.
 */
export function hostFiles(
  { folders, module }: NetbootHost,
  bootCfg: Uint8Array,
  prefix: string | undefined,
): BytesFile[] {
  const modulePath = `${folders[0]}/${MODULE}`;
  const files: BytesFile[] = [{ path: modulePath, bytes: module }];
  for (const folder of folders) {
    const path = `/${folder}/boot.cfg`;
    const text = decodeLatin1(bootCfg);
    const edited = editBootCfg(text, { modules: [`/${modulePath}`], kernelOptions: [] }, path);
    files.push({
      path: path.slice(1),
      bytes: encodeLatin1(networkBootCfg(edited, path, prefix, false)),
    });
  }
  return files;
}
