/**
 * Runs the program as one does from source, allowed everything: only then the runtime opens devices.
 *
 * @module
 */

import type { Folder } from "./folder.ts";
import { type Outcome, run } from "./programs.ts";
import { unprivileged } from "./users.ts";

/** What `deno task bundle` makes of the sources. */
const BUNDLE = `${import.meta.dirname}/../../dist/bundle`;
const RUN = ["run", "-A", "--no-config", "--no-lock", "--no-remote", "--quiet"];

/** The command that runs the program. */
export function fromSource(args: readonly string[]): string[] {
  return [Deno.execPath(), ...RUN, `${BUNDLE}/main.js`, ...args];
}

/** Runs the program. */
export async function runFromSource(args: readonly string[], cwd: string): Promise<Outcome> {
  const [command = "", ...rest] = fromSource(args);
  return await run(command, rest, { cwd });
}

/** Runs the program as somebody without privileges, from copies that everybody can reach. */
export async function runUnprivileged(args: readonly string[], folder: Folder): Promise<Outcome> {
  const deno = folder.file("deno");
  const bundle = folder.file("bundle");
  if (!await Deno.stat(deno).then(() => true, () => false)) {
    await Deno.chmod(folder.path, 0o755);
    await Deno.link(Deno.execPath(), deno).catch(() => Deno.copyFile(Deno.execPath(), deno));
    await run("cp", ["-r", BUNDLE, bundle]);
    await Deno.mkdir(folder.file("cache"));
    await Deno.chmod(folder.file("cache"), 0o777);
  }
  const program = [deno, ...RUN, `${bundle}/main.js`, ...args];
  const [command = "", ...rest] = unprivileged(program);
  return await run(command, rest, { cwd: folder.path, env: { DENO_DIR: folder.file("cache") } });
}
