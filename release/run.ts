/**
 * @module
 */

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program that must succeed.
 *
 * @returns What it wrote to standard output.
 * @throws {Error} with what it said, if it fails or is not there.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    ...options,
    args: [...args],
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  if (success) return said;
  throw new Error(`${command} ${args.join(" ")}: ${said}${new TextDecoder().decode(stderr)}`);
}
