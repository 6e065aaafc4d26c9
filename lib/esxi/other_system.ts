/**
 * Recognises what an ISO is that is no ESXi installer, so that a refusal can name it.
 *
 * @module
 */

import { type FileTree, findFile, readSmallFile } from "../blocks/file_tree.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";

/** What only the media of one system hold; the first that fits counts. Paths are in capitals. */
const SYSTEMS: readonly (readonly [what: string, ...paths: RegExp[]])[] = [
  ["VMware's vCenter Server appliance", /^VCSA(-UI-INSTALLER|-CLI-INSTALLER)?\//],
  ["a depot of ESXi packages, not its installer", /^(VENDOR-)?INDEX\.XML$/],
  [
    "an ESXi installer for BIOS alone, older than what is supported",
    /^ISOLINUX\.CFG$/,
    /^BOOT\.CFG$/,
  ],
  ["a Windows installer", /^SOURCES\/(BOOT|INSTALL)\.(WIM|ESD)$/],
  [
    "a Proxmox installer",
    /^\.P[A-Z]+-CD-ID\.TXT$|^PROXMOX\/|^P[VBM][ES]-(BASE|INSTALLER)\.SQUASHFS$/,
  ],
  ["a XenServer or XCP-ng installer", /^BOOT\/XEN\.GZ$/, /^INSTALL\.IMG$/],
  ["an Ubuntu installer", /^CASPER\//],
  [
    "a Debian installer",
    /^INSTALL(\.[A-Z0-9]+)?\/(VMLINUZ|INITRD\.GZ)$|^LIVE\/FILESYSTEM\.SQUASHFS$/,
  ],
  [
    "an installer of Red Hat's family",
    /^\.TREEINFO$|^\.DISCINFO$|^IMAGES\/INSTALL\.IMG$|^LIVEOS\//,
  ],
  ["a SUSE installer", /^MEDIA\.1\/|^BOOT\/(X86_64|AARCH64)\/(LINUX|ROOT)$/],
  ["an Arch Linux installer", /^ARCH\//],
  ["a FreeBSD installer", /^BIN\/FREEBSD-VERSION$|^USR\/FREEBSD-DIST\//],
];
/** What media tell whose files ISO 9660 does not hold. */
const NOTE = "README.TXT";
const MAX_NOTE_BYTES = 4096;

/**
 * What an ISO is, if its files say so.
 *
 * @throws {Failure} `truncated` or `io` from the source of the files.
 */
export async function otherSystem(tree: FileTree): Promise<string | undefined> {
  const paths = tree.files.map(({ path }) => path.toUpperCase());
  const isOnIt = (pattern: RegExp) => paths.some((path) => pattern.test(path));
  const found = SYSTEMS.find(([, ...patterns]) => patterns.every(isOnIt));
  if (found !== undefined) return found[0];
  const note = paths.length === 1 ? findFile(tree, NOTE) : undefined;
  if (note === undefined || note.sizeBytes > MAX_NOTE_BYTES) return undefined;
  const text = decodeLatin1(await readSmallFile(tree, note, MAX_NOTE_BYTES));
  return /\bUDF\b/.test(text)
    ? "a medium whose files are in UDF alone, as Windows' are"
    : undefined;
}
