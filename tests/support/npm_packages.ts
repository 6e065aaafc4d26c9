/**
 * Copies of the npm packages that a newcomer's machine fetches, for tests without a network: Deno,
 * and what `deno.lock` has for this machine.
 *
 * @module
 */

import { DENO_VERSION } from "../../release/npm.ts";
import { runProgram } from "../../release/run.ts";
import { DOWNLOADS } from "../../release/runtime.ts";
import { ROOT } from "./executable.ts";

const FOLDER = `${DOWNLOADS}/npm`;

/** Deno's package for this machine. */
export const DENO_PACKAGE = `@deno/linux-${
  { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch]
}-glibc@${DENO_VERSION}`;

interface LockedPackage {
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

/** Which packages: `NAME@VERSION`. */
function packages(): string[] {
  const lock: { readonly npm: Readonly<Record<string, LockedPackage>> } = JSON.parse(
    Deno.readTextFileSync(`${ROOT}deno.lock`),
  );
  const cpu = { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch];
  const locked = Object.entries(lock.npm).filter(([, made]) =>
    (made.os?.includes(Deno.build.os) ?? true) && (made.cpu?.includes(cpu) ?? true)
  );
  const names = locked.map(([name]) => name.replace(/_.*/, "")); // without its peers
  return [`deno@${DENO_VERSION}`, DENO_PACKAGE, ...names];
}

/** The file of a package, as `npm pack` calls it. */
export function packageFile(name: string): string {
  return `${FOLDER}/${name.replace(/^@/, "").replace("/", "-").replace(/@(?=[^@]*$)/, "-")}.tgz`;
}

/** The files of all packages. */
export function packageFiles(): string[] {
  return packages().map(packageFile);
}

/** Fetches the packages that are not there yet. Without a network they stay missing. */
export async function fetchPackages(): Promise<void> {
  if (Deno.build.os !== "linux") return;
  const missing = packages().filter((name) => {
    try {
      return !Deno.statSync(packageFile(name)).isFile;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  await Deno.mkdir(FOLDER, { recursive: true });
  try {
    await runProgram("npm", ["pack", "--silent", ...missing], { cwd: FOLDER });
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    console.error(`npm cannot fetch ${missing.join(" ")}\nTests that need them are skipped.`);
  }
}
