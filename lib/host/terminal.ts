/**
 * Standard output and standard error.
 *
 * @module
 */

import { ioFailure } from "./io_failure.ts";

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

/** Writes what is not a result. A standard error that is closed stops nothing. */
export function writeStderr(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // nobody is listening
  }
}

/** Whether somebody watches standard error. */
export function isWatched(): boolean {
  return Deno.stderr.isTerminal();
}

/** Whether colours are wanted, see https://no-color.org. */
export function wantsColor(): boolean {
  return Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "";
}
