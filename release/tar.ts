/**
 * Packs tar archives that have the same bytes every time: in order, root's, with fixed modes and
 * one time stamp.
 *
 * @module
 */

import { packTar } from "modern-tar";
import { gzipSync } from "node:zlib";
import { foldersOf, inOrder, type PackedFile } from "./packed_file.ts";

/** How to pack. */
export interface TarOptions {
  /** The time stamp of every entry, in seconds since 1970. */
  readonly timeSeconds: number;
  /** What goes before every path, with its slash: `./`. */
  readonly prefix?: string;
  /** Folders that nothing lies in, or whose mode is not 0o755. */
  readonly folders?: readonly { readonly path: string; readonly mode?: number }[];
}

/** Packs files, and the folders that they lie in, as ustar. */
export async function packFiles(
  files: readonly PackedFile[],
  { timeSeconds, prefix = "", folders = [] }: TarOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const mtime = new Date(timeSeconds * 1000);
  const owner = { uid: 0, gid: 0, uname: "root", gname: "root", mtime };
  const modes = new Map(folders.map(({ path, mode = 0o755 }) => [path, mode]));
  for (const path of foldersOf([...modes.keys(), ...files.map(({ path }) => path)])) {
    if (!modes.has(path)) modes.set(path, 0o755);
  }
  const entries = inOrder([
    ...[...modes].map(([path, mode]) => ({ path: `${path}/`, mode, bytes: undefined })),
    ...files,
  ]);
  return await packTar(entries.map(({ path, mode = 0o644, bytes }) => ({
    header: {
      ...owner,
      name: prefix + path,
      mode,
      size: bytes?.length ?? 0,
      type: bytes === undefined ? "directory" as const : "file" as const,
    },
    body: bytes,
  })));
}

/**
 * As gzip, with nothing of this machine in its header.
 *
 * @param level 9 takes two and a half times as long to make an executable half a percent smaller.
 */
export function gzip(bytes: Uint8Array, level: number = 6): Uint8Array<ArrayBuffer> {
  const zipped = new Uint8Array(gzipSync(bytes, { level }));
  zipped[9] = 0xff; // RFC 1952 §2.3.1: the operating system is not known
  return zipped;
}
