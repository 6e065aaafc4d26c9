/**
 * Turns what the operating system answers into words.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** What is wrong and what to do, by error code. */
const EXPLAINED: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: ["no such file or folder", "check the path"],
  EACCES: ["permission denied", "check the permissions of the file and its folder"],
  EPERM: ["permission denied", "check the permissions of the file and its folder"],
  EISDIR: ["it is a folder", "pass a file"],
  ENOTDIR: ["a part of its path is not a folder", "check the path"],
  ENOSPC: ["the disk is full", "free some space or choose another folder"],
  EDQUOT: ["the disk quota is used up", "free some space or choose another folder"],
  EFBIG: ["the file system cannot hold a file that large", "choose another folder"],
  EROFS: ["the file system is read-only", "choose another folder"],
  EPIPE: ["the reader has closed the pipe", "let it read to the end"],
  EIO: ["the device reports an error", "check the disk"],
  ELOOP: ["too many symbolic links", "check the path"],
  ENAMETOOLONG: ["its name is too long", "choose a shorter one"],
};
/** Errors that the runtime gives a number but no code (errno(3) of Linux). */
const CODES: Readonly<Record<string, string>> = { 5: "EIO", 27: "EFBIG", 122: "EDQUOT" };

/**
 * The failure for an error that a system call raised; other errors are returned as they are.
 *
 * @param path What was being worked on.
 * @param action As in `cannot read`.
 */
export function ioFailure(error: unknown, path: string, action: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  if (error instanceof Deno.errors.NotCapable) {
    const what = "the program opens nothing in /dev, /proc and /sys";
    const remedy = action === "cannot write"
      ? "pass -o - and redirect standard output there"
      : "pass a file that lies elsewhere";
    return new Failure("io", path, `${action}: ${what}`, remedy, error);
  }
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  const code = (error as { code?: string }).code ?? CODES[number ?? ""] ?? "";
  const [what, remedy] = EXPLAINED[code] ?? [];
  if (what === undefined || remedy === undefined) {
    if (code === "" && number === undefined) return error;
    return new Failure("io", path, `${action}: ${error.message}`, "check the path", error);
  }
  const better = code === "ENOENT" ? remedyForMissing(path) : undefined;
  return new Failure("io", path, `${action}: ${what}`, better ?? remedy, error);
}

/** What to do about a path that is not there because it is none, or not yet. */
function remedyForMissing(path: string): string | undefined {
  if (/^file:\/\//i.test(path)) return "pass a path: leave out file://";
  if (/^\$\w/.test(path)) return "put double quotes around it: single ones keep it as it is";
  if (/^[a-z]+:\/\//i.test(path)) return "download it first: the program opens no network";
  if (path.startsWith("~")) return "put a blank before ~, not =, or write $HOME";
  if (path === "-") return "save it to a file first: standard input is read once, front to back";
  if (/^(["'“”‘’]).*["'“”‘’]$/.test(path)) return "leave out its quotes: they are part of the name";
  if (path.trim() !== path) return "leave out the blank at its end: it is part of the name";
  if (/^(ssh|ecdsa|sk)-\S+ AAAA/.test(path)) return "write the key to a file, and pass that";
  if (/[*?]/.test(path)) return "no file matches it";
}

/** Whether a failure is a reader that went away, as in `esxi-img … | head`. */
export function isClosedPipe(error: unknown): boolean {
  const cause = error instanceof Failure ? error.cause : error;
  return cause instanceof Deno.errors.BrokenPipe ||
    (cause instanceof Error && (cause as { code?: string }).code === "EPIPE");
}
