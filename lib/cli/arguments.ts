/**
 * What is done to the arguments before they are parsed, so that old habits keep working.
 *
 * @module
 */

/** Options whose values may begin with a dash, as kickstart arguments do. */
const DASHED_VALUES = new Set(["--install-disk", "--kernelopt"]);

/**
 * Rewrites arguments: `esxi-img -o OUT ISO` means build, and `--install-disk --firstdisk` is
 * `--install-disk=--firstdisk`.
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (before !== undefined && DASHED_VALUES.has(before) && arg.startsWith("-")) {
      joined[joined.length - 1] = `${before}=${arg}`;
    } else {
      joined.push(arg);
    }
  }
  return meansBuild(joined) ? ["build", ...joined] : joined;
}

function meansBuild([first]: readonly string[]): boolean {
  if (first === undefined || ["-h", "--help", "-v", "--version"].includes(first)) return false;
  return first.startsWith("-") || /\.iso$/i.test(first);
}
