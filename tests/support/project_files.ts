/**
 * The files of the project, as a clone has them.
 *
 * @module
 */

import { ROOT } from "./executable.ts";
import { mustRun, rightTo } from "./programs.ts";

const LIST = ["ls-files", "-z"];

/** What a test needs that copies the project, for `testWith`: an archive of it has no list. */
export const NEEDED_FOR_COPIES: readonly string[] = [
  "cp",
  ...await rightTo("a clone, and git", ["git", "-C", ROOT, ...LIST]),
];

/** Copies the project's files, as they are now, into a folder. */
export async function copyProject(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const { stdout } = await mustRun("git", LIST, { cwd: ROOT });
  const names = stdout.split("\0").slice(0, -1);
  await mustRun("cp", ["--parents", "-t", folder, ...names], { cwd: ROOT });
}
