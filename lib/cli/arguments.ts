/**
 * What is done to the arguments before they are parsed, so that compatible spellings keep working.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";

/** Options whose values may begin with a dash, as kickstart arguments do. */
const DASHED_VALUES = new Set(["--install-disk", "--kernelopt"]);

/** What every command takes, and may stand before its name. */
const COMMON = new Set(["-q", "--quiet", "--json", "--no-color", "--debug"]);

/** What asks about the program itself. */
const QUESTIONS = ["-h", "--help", "-v", "--version"];

/**
 * Rewrites arguments: `esxi-img -o OUT ISO` means build, `esxi-img --json inspect FILE` is
 * `esxi-img inspect --json FILE`, `esxi-img help build` is `esxi-img build --help`, `esxi-img
 * version` is `esxi-img --version`, and `--install-disk --firstdisk` is
 * `--install-disk=--firstdisk`.
 *
 * @param commands The names of the commands.
 */
export function normalizeArguments(
  args: readonly string[],
  commands: readonly string[] = [],
): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (before !== undefined && DASHED_VALUES.has(before) && arg.startsWith("-")) {
      joined[joined.length - 1] = `${before}=${arg}`;
    } else {
      joined.push(arg);
    }
  }
  const [first, topic, ...more] = joined;
  if (first === "help" && more.length === 0) {
    if (topic === undefined || topic === first) return ["--help"];
    if (commands.includes(topic)) return [topic, "--help"];
  }
  if (first === "version" && more.length === 0) {
    return ["--version", ...(topic === undefined ? [] : [topic])];
  }
  const start = joined.findIndex((arg) => !COMMON.has(arg));
  if (start > 0 && QUESTIONS.includes(joined[start]!)) {
    return [joined[start]!, ...joined.slice(0, start), ...joined.slice(start + 1)];
  }
  if (start > 0 && commands.includes(joined[start]!)) {
    return [joined[start]!, ...joined.slice(0, start), ...joined.slice(start + 1)];
  }
  return meansBuild(joined) ? ["build", ...joined] : joined;
}

/**
 * Checks that no argument is empty, as `"$ISO"` is where ISO is not set: an empty path would mean the
 * current folder here, and nothing at all there.
 *
 * @throws {Failure} `usage` if one is.
 */
export function checkNotEmpty(args: readonly string[]): void {
  const remedy = "check the variable that it comes from";
  args.forEach((arg, i) => {
    const option = /^(--?[a-zA-Z][\w-]*)=$/.exec(arg)?.[1];
    if (option !== undefined) throw new Failure("usage", option, "its value is empty", remedy);
    if (arg !== "") return;
    const before = args[i - 1] ?? "";
    const what = /^--?[a-zA-Z]/.test(before) ? `it is empty, after ${before}` : "it is empty";
    throw new Failure("usage", `argument ${i + 1}`, what, remedy);
  });
}

function meansBuild([first]: readonly string[]): boolean {
  if (first === undefined || QUESTIONS.includes(first)) return false;
  return first.startsWith("-") || /\.iso$/i.test(first);
}
