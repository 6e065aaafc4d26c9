/**
 * What a path to write to stands for. It is asked once, of what the path leads to, before anything
 * is written.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { orUndefined } from "./files.ts";
import { ioFailure } from "./io_failure.ts";
import { isWindowsDevice, splitPath } from "./paths.ts";

/** A place to write to. */
export interface OutputPlace {
  /** The path as it was given; `-` if it is standard output by whatever name. */
  readonly path: string;
  /**
   * `new`: nothing is there; `file`: a regular file or a link to one; `stream`: what takes bytes and
   * keeps none that could be taken back; `disk`: a block device.
   */
  readonly kind: "stdout" | "new" | "file" | "stream" | "disk";
  /** Whether a symbolic link of that name is there. */
  readonly isLink: boolean;
}

/** Linux follows no more (path_resolution(7)). */
const MAX_LINKS = 40;
/** Names of an open file of this program: proc(5), and macOS's fd(4). */
const DESCRIPTOR = new RegExp(`^(?:/proc/(?:self|${Deno.pid})|/dev)/fd/(\\d+)$`);
/** Character devices that are written on purpose: null(4), full(4). */
const WRITABLE_DEVICES: ReadonlySet<string> = new Set(["/dev/null", "/dev/full"]);
/** Their numbers in Linux (admin-guide/devices.rst), under whatever name: 1:3 and 1:7. */
const WRITABLE_NUMBERS: ReadonlySet<number> = new Set([0x103, 0x107]);
/** macOS has each disk a second time, as a character device. */
const MACOS_RAW_DISK = /^\/dev\/rdisk\d/;
/** Where a mistyped device would become a file that fills the memory. */
const DEVICES = /^\/dev(?:\/(?!shm(?:\/|$))|$)/;

/**
 * Finds out what a path stands for.
 *
 * @throws {Failure} `exists` if it is what no output can be, `io` if it cannot be found out.
 */
export function findOutputPlace(path: string): OutputPlace {
  if (path === "-") return { path, kind: "stdout", isLink: false };
  if (isWindowsDevice(path)) return { path, kind: "disk", isLink: false };
  const descriptor = findDescriptor(path);
  if (descriptor === 1) return { path: "-", kind: "stdout", isLink: false };
  try {
    const isLink = lstat(path)?.isSymlink ?? false;
    const stat = statOf(path, Deno.statSync);
    if (descriptor !== undefined) return { path, kind: descriptorKind(path, stat), isLink };
    const kind = kindOf(path, stat);
    if (kind === "new" || kind === "file") checkFolder(path);
    return { path, kind: kind === "new" && isLink ? "file" : kind, isLink };
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  }
}

/**
 * Checks that a file which is about to get its name replaces nothing but a file.
 *
 * @throws {Failure} `exists` if it would.
 */
export function checkReplacesFile(path: string): void {
  const stat = lstat(path);
  if (stat === undefined || stat.isFile || stat.isSymlink) return;
  throw new Failure("exists", path, "what is there now is no file", "pass another name");
}

function kindOf(path: string, stat: Deno.FileInfo | undefined): OutputPlace["kind"] {
  if (stat === undefined) return "new";
  if (stat.isFile) return "file";
  if (stat.isFifo) return "stream";
  if (stat.isBlockDevice) return "disk";
  if (stat.isDirectory) {
    throw new Failure("exists", path, "it is a folder", "pass the name of a file in it");
  }
  if (stat.isCharDevice) {
    const real = Deno.realPathSync(path);
    if (Deno.build.os === "darwin" && MACOS_RAW_DISK.test(real)) return "disk";
    const isWritable = WRITABLE_DEVICES.has(real) ||
      (Deno.build.os === "linux" && WRITABLE_NUMBERS.has(stat.rdev ?? 0));
    if (isWritable) return "stream";
  }
  const what = stat.isCharDevice ? "it is a device that keeps no image" : "it is no file";
  throw new Failure("exists", path, what, "pass the name of a file, or a disk");
}

/** What an open file of this program is, under its name in /dev/fd. */
function descriptorKind(path: string, stat: Deno.FileInfo | undefined): OutputPlace["kind"] {
  if (stat === undefined) {
    throw new Failure("io", path, "no file of that number is open", "open one, as in 3>file");
  }
  if (stat.isBlockDevice) return "disk";
  if (stat.isFile && stat.size > 0) {
    // Opened anew it would be written over from its beginning, and its end might stay.
    const remedy = "pass the file's name, or -o - and redirect standard output";
    throw new Failure("exists", path, "that file holds something already", remedy);
  }
  const isNull = stat.isCharDevice && WRITABLE_NUMBERS.has(stat.rdev ?? 0);
  if (stat.isFile || stat.isFifo || isNull) return "stream";
  throw new Failure("exists", path, "it is neither a file nor a pipe", "pass the name of a file");
}

/** The number of the open file that a path leads to, if it does. */
function findDescriptor(path: string): number | undefined {
  if (Deno.build.os === "windows") return undefined;
  let at = path;
  try {
    for (let links = 0; links < MAX_LINKS; links++) {
      const { folder, base } = splitPath(at);
      if (DESCRIPTOR.test(at)) return Number(base);
      const real = Deno.realPathSync(folder === "" ? "." : folder);
      const number = DESCRIPTOR.exec(`${real}/${base}`)?.[1];
      if (number !== undefined) return Number(number);
      const link = Deno.readLinkSync(`${real}/${base}`);
      at = link.startsWith("/") ? link : `${real}/${link}`;
    }
  } catch {
    // no link, or not there
  }
  return undefined;
}

/** Refuses to make a file where only devices belong. */
function checkFolder(path: string): void {
  const { folder } = splitPath(path);
  const real = orUndefined(() => Deno.realPathSync(folder === "" ? "." : folder)) ?? folder;
  if (!DEVICES.test(real)) return;
  const remedy = "pass a device that is there, or a file elsewhere";
  throw new Failure("exists", path, "no file is made among devices", remedy);
}

function lstat(path: string): Deno.FileInfo | undefined {
  return statOf(path, Deno.lstatSync);
}

/** What a call says of something, unless it is not there. */
function statOf(
  path: string,
  call: (path: string) => Deno.FileInfo,
): Deno.FileInfo | undefined {
  try {
    return call(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
