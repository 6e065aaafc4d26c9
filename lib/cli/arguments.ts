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
  for (let i = 0; i < args.length; i++) {
    const value = args[i + 1];
    if (DASHED_VALUES.has(args[i]) && value?.startsWith("-")) {
      joined.push(`${args[i]}=${value}`);
      i++;
    } else {
      joined.push(args[i]);
    }
  }
  return meansBuild(joined) ? ["build", ...joined] : joined;
}

function meansBuild([first]: readonly string[]): boolean {
  if (first === undefined || ["-h", "--help", "-v", "--version"].includes(first)) return false;
  return first.startsWith("-") || /\.iso$/i.test(first);
}
