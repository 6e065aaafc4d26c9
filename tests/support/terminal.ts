/**
 * Runs our executable on a terminal.
 *
 * @module
 */

import { EXECUTABLE } from "./executable.ts";
import { type Outcome, run, type RunOptions } from "./programs.ts";

/**
 * Runs our executable on a pseudo-terminal of script(1). What it says arrives in `stdout`, from
 * both of its outputs, with line ends as terminals have them.
 *
 * @param redirection What a shell is to redirect elsewhere, as in `> file`.
 */
export async function onTerminal(
  args: readonly string[],
  redirection: string = "",
  options: RunOptions = {},
): Promise<Outcome> {
  const quoted = [EXECUTABLE, ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");
  const command = ["-q", "-e", "-c", `${quoted} ${redirection}`, "/dev/null"];
  return await run("script", command, {
    ...options,
    env: { TERM: "xterm", NO_COLOR: "", ...options.env },
  });
}
