/**
 * Folders and what is in them, to compare what several programs read from the same image.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mustRun } from "./programs.ts";

/** SHA-256 by path; paths are in upper case, because FAT and plain ISO 9660 know no other. */
export type Tree = Readonly<Record<string, string>>;

/** SHA-256 in hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256 of a file of any size. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/** Reads what is in a folder. */
export async function readTree(folder: string): Promise<Tree> {
  const found: Record<string, string> = {};
  const walk = async (prefix: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder + prefix)) {
      const path = `${prefix}/${name}`;
      if (isDirectory) await walk(path);
      else found[path.slice(1).toUpperCase()] = await sha256OfFile(folder + path);
    }
  };
  await walk("");
  return sorted(found);
}

/** Sorts by path. */
export function sorted(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** What is in an ISO, as xorriso sees it. */
export async function readIsoTree(iso: string, folder: string): Promise<Tree> {
  const args = ["-osirrox", "on", "-indev", iso, "-extract", "/", folder];
  await mustRun("xorriso", ["-report_about", "WARNING", ...args]);
  await mustRun("chmod", ["-R", "u+rwX", folder]);
  return await readTree(folder);
}

/** What is on the partition of a raw image, as mtools sees it. */
export async function readImageTree(image: string, folder: string): Promise<Tree> {
  await Deno.mkdir(folder);
  await mustRun("mcopy", ["-s", "-n", "-b", "-i", `${image}@@1M`, "::*", folder]);
  return await readTree(folder);
}
