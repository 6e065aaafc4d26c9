/**
 * A machine as a newcomer has it: a root of its own that holds Node, npm, a shell and what they are
 * linked with; no other program, no network but loopback, no privileges, an empty home.
 *
 * @module
 */

import type { Folder } from "./folder.ts";
import { type Outcome, pathOf, rightTo, run } from "./programs.ts";
import { unprivileged } from "./users.ts";

/** What every such machine has: npm starts what it installs by `sh` and `env`. */
const PROGRAMS = ["sh", "env", "cat", "ls", "mkdir"];
const ROOT = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"];
/** In the sandbox: where npm is. */
const NPM = "/usr/lib/npm";

/** What a test needs so that it can have such a machine, for `testWith`. */
export const NEEDED_FOR_MACHINES: readonly string[] = [
  "node",
  "npm",
  "sh",
  ...await rightTo(
    "the right to make namespaces",
    unprivileged(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]),
  ),
];

/** What else a machine has. */
export interface MachineOptions {
  /** More programs, by name. */
  readonly programs?: readonly string[];
  /** Without Node and npm. */
  readonly isWithoutNode?: boolean;
  /** Files and folders that can be read, by their paths in the sandbox. */
  readonly binds?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a shell script on a bare machine, in `/home/user`, which is kept in a folder of the test.
 *
 * @param folder Everybody must be able to enter it.
 */
export async function onBareMachine(
  folder: Folder,
  script: string,
  { programs = [], isWithoutNode = false, binds = {}, env = {} }: MachineOptions = {},
): Promise<Outcome> {
  const home = folder.file("home");
  await Deno.mkdir(home, { recursive: true });
  await Deno.chmod(folder.path, 0o755);
  await Deno.chmod(home, 0o777);
  const readable = [...PROGRAMS, ...programs].map((name) => [`/usr/bin/${name}`, pathOf(name)!]);
  readable.push(...Object.entries(binds));
  const links = [["usr/bin", "/bin"], ["usr/lib", "/lib"], ["usr/lib64", "/lib64"]];
  if (!isWithoutNode) {
    readable.push(["/usr/bin/node", pathOf("node")!]);
    const npm = await Deno.realPath(pathOf("npm")!);
    readable.push([NPM, npm.replace(/\/bin\/npm-cli\.js$/, "")]);
    for (const name of ["npm", "npx"]) {
      links.push([`${NPM}/bin/${name}-cli.js`, `/usr/bin/${name}`]);
    }
  }
  const libraries = ["/usr/lib64", ...await libraryFolders()];
  const variables = { HOME: "/home/user", PATH: "/usr/bin", LANG: "C.UTF-8", ...env };
  const command = unprivileged([
    "bwrap",
    ...ROOT,
    ...libraries.flatMap((path) => ["--ro-bind", path, path]),
    ...readable.flatMap(([inside, outside]) => ["--ro-bind", outside!, inside!]),
    ...links.flatMap(([to, path]) => ["--symlink", to!, path!]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...["--bind", home, "/home/user", "--chdir", "/home/user"],
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--remount-ro", "/", "sh", "-c", script],
  ]);
  return await run(command[0]!, command.slice(1));
}

/** Where this machine's shared libraries are. */
async function libraryFolders(): Promise<string[]> {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
  const there = await Promise.all(
    folders.map((path) => Deno.stat(path).then(() => [path], () => [])),
  );
  return there.flat();
}
