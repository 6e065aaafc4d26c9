/**
 * Standard output and standard error.
 *
 * @module
 */

/** Writes text or bytes, all of it, before it returns. */
function writeAll(
  stream: typeof Deno.stdout | typeof Deno.stderr,
  content: string | Uint8Array,
): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

/** Writes a result. */
export function writeStdout(content: string | Uint8Array): void {
  writeAll(Deno.stdout, content);
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
