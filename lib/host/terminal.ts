/**
 * Standard output and standard error.
 *
 * @module
 */

/** Writes text, all of it, before it returns. */
function writeText(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

/** Writes a result. */
export function writeStdout(text: string): void {
  writeText(Deno.stdout, text);
}

/** Writes what is not a result. A standard error that is closed stops nothing. */
export function writeStderr(text: string): void {
  try {
    writeText(Deno.stderr, text);
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
