/**
 * Standard output and standard error.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { Failure } from "../blocks/failure.ts";
import { ioFailure } from "./io_failure.ts";

/** What a terminal that does not know its size is taken for. */
const UNKNOWN_COLUMNS = 80;
/** null(4) in Linux: device 1:3. */
const NULL_DEVICE = 0x103;

/** Writes text or bytes, all of it, before it returns. */
function writeAll(
  stream: typeof Deno.stdout | typeof Deno.stderr,
  content: string | Uint8Array,
): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

/**
 * Writes a result.
 *
 * @throws {Failure} `io` if it cannot be written.
 */
export function writeStdout(content: string | Uint8Array): void {
  try {
    writeAll(Deno.stdout, content);
  } catch (error) {
    throw ioFailure(error, "standard output", "cannot write");
  }
}

/**
 * Checks that standard output is there. The runtime opens /dev/null in the place of one that is
 * closed, for reading too, which a shell's `> /dev/null` does not.
 *
 * @throws {Failure} `io` if what is written to it would be lost.
 */
export function checkStdoutOpen(): void {
  if (Deno.build.os !== "linux") return;
  let isLost = false;
  try {
    // proc(5): the link's permissions are those that the file was opened with
    const isReadable = ((Deno.lstatSync("/proc/self/fd/1").mode ?? 0) & 0o400) !== 0;
    isLost = isReadable && fstatSync(1).rdev === NULL_DEVICE;
  } catch {
    return; // no /proc
  }
  if (!isLost) return;
  const remedy = "redirect it, or pass the name of a file";
  throw new Failure("io", "standard output", "it is closed, or the null device", remedy);
}

/** Writes what is not a result. A standard error that is closed stops nothing. */
export function writeStderr(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // nobody is listening
  }
}

/** What TERM says of a terminal that cannot move its cursor. */
const DUMB = "dumb";

/**
 * How many characters a line on standard error may have to be redrawn; undefined where it cannot be,
 * in a file, a pipe, or on a terminal that is a printer. A terminal may change its size.
 */
export function redrawableColumns(): number | undefined {
  const isRedrawn = Deno.stderr.isTerminal() && Deno.env.get("TERM") !== DUMB;
  return isRedrawn ? terminalColumns() : undefined;
}

/** How many characters a line on standard output has. */
export function stdoutColumns(): number {
  return Deno.stdout.isTerminal() ? terminalColumns() : UNKNOWN_COLUMNS;
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || UNKNOWN_COLUMNS;
  } catch {
    return UNKNOWN_COLUMNS;
  }
}

/** Whether colours are wanted, see https://no-color.org. */
export function wantsColor(): boolean {
  return Deno.stdout.isTerminal() && Deno.env.get("TERM") !== DUMB &&
    (Deno.env.get("NO_COLOR") ?? "") === "";
}
