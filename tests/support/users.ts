/**
 * Runs programs as somebody without privileges.
 *
 * @module
 */

import { EXECUTABLE, requireExecutable } from "./executable.ts";
import type { Folder } from "./folder.ts";

/** Debian's nobody. */
const NOBODY = "65534";

/** Whether permissions do not bind whoever runs the tests. */
export const isRoot: boolean = Deno.uid() === 0;

/** The command that runs a command without privileges, whoever runs the tests. */
export function unprivileged(command: readonly string[]): string[] {
  if (!isRoot) return [...command];
  return ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--", ...command];
}

/** A copy of our executable that everybody can reach: the project may lie in root's home. */
export async function reachableExecutable(folder: Folder): Promise<string> {
  requireExecutable();
  const path = folder.file("esxi-img");
  await Deno.copyFile(EXECUTABLE, path);
  return path;
}
