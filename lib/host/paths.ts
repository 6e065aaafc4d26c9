/**
 * The parts of a path, by the rules of the system that the program runs on: elsewhere than on
 * Windows a backslash and a colon are letters like others.
 *
 * @module
 */

/** Which system's rules a path follows. */
export type PathRules = "posix" | "windows";

/** The rules of the system that the program runs on. */
export const HOST_RULES: PathRules = Deno.build.os === "windows" ? "windows" : "posix";

/** What ends the folder in a path. A drive without a separator, `C:`, is its current folder. */
const FOLDER: Readonly<Record<PathRules, RegExp>> = {
  posix: /^.*\//s,
  windows: /^(?:.*[\\/]|[A-Za-z]:)/s,
};
/** Naming Files, Paths, and Namespaces (Microsoft Learn), Win32 Device Namespaces. */
const DEVICE_NAMESPACE = /^[\\/]{2}(?:\.[\\/]|\?[\\/](?![A-Za-z]:[\\/]|UNC[\\/]))/i;

/**
 * Splits a path behind its last separator.
 *
 * @returns `folder` ends in its separator, or is empty; both together are the path again.
 */
export function splitPath(
  path: string,
  rules: PathRules = HOST_RULES,
): { readonly folder: string; readonly base: string } {
  const folder = FOLDER[rules].exec(path)?.[0] ?? "";
  return { folder, base: path.slice(folder.length) };
}

/** The name of a file in its folder. */
export function baseName(path: string, rules: PathRules = HOST_RULES): string {
  return splitPath(path, rules).base;
}

/** Whether a path of Windows names a device, as `\\.\PhysicalDrive1` does, and no file. */
export function isWindowsDevice(path: string, rules: PathRules = HOST_RULES): boolean {
  return rules === "windows" && DEVICE_NAMESPACE.test(path);
}
