/**
 * Runs programs: ours as its users do, and those that judge it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { EXECUTABLE, requireExecutable } from "./executable.ts";

/** Where programs are: Debian keeps judges of disks where only root has them on its path. */
const FOLDERS = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/sbin",
  "/sbin",
  dirname(Deno.execPath()), // Python's tests run Deno
];

/** How a program ended, and what it said. */
export interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
}

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What it reads from standard input. */
  readonly stdin?: string | undefined;
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} that says what to do, if the program is missing.
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, stdin }: RunOptions = {},
): Promise<Outcome> {
  if ([command, ...args].some((word) => word.includes(EXECUTABLE))) requireExecutable();
  const path = pathOf(command);
  if (path === undefined) {
    throw new Error(
      `this test runs ${command}, which is not there: \`deno task test\` installs it`,
    );
  }
  const child = new Deno.Command(path, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: FOLDERS.join(":"), ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, signal, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, stdout: text(stdout), stderr: text(stderr), stdoutBytes: stdout };
}

/** Runs a program that must succeed. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const outcome = await run(command, args, options);
  const { code, stdout, stderr } = outcome;
  assert.equal(code, 0, `${command} ${args.join(" ")}: ${stdout.slice(-2000)}${stderr}`);
  return outcome;
}

/** Runs our executable. */
export async function esxiImg(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return await run(EXECUTABLE, args, options);
}

/** Runs our executable, which must succeed. */
export async function mustEsxiImg(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return await mustRun(EXECUTABLE, args, options);
}

/**
 * What a test needs if a command works here, to be given to {@linkcode testWith}: some containers
 * forbid to trace, to mount, or to make namespaces.
 *
 * @param right What the machine lacks if the command fails, as in `the right to mount`.
 */
export async function rightTo(right: string, command: readonly string[]): Promise<string[]> {
  const works = await run(command[0]!, command.slice(1)).then(
    ({ code }) => code === 0,
    () => false,
  );
  return works ? [] : [right];
}

/** Finds a program. A path stands for itself, if it exists; that of a folder ends in `/.`. */
export function pathOf(program: string): string | undefined {
  const candidates = program.includes("/") ? [program] : FOLDERS.map((f) => `${f}/${program}`);
  return candidates.find((path) => {
    try {
      return Deno.statSync(path).isDirectory === path.endsWith("/.");
    } catch {
      return false;
    }
  });
}

/**
 * A test that needs programs or files. Where one is missing the test's name says so and it is
 * skipped; with CI=true it runs and fails.
 */
export function testWith(
  needed: readonly string[],
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  const missing = needed.filter((program) => pathOf(program) === undefined);
  Deno.test({
    name: missing.length === 0 ? name : `${name} (skipped without ${missing.join(", ")})`,
    ignore: missing.length > 0 && Deno.env.get("CI") !== "true",
    fn,
  });
}
