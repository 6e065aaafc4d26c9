/**
 * Collects the root file system of the container image: the executable, and what it needs of
 * glibc, taken from this machine. There is no shell, no /etc and no package manager in it.
 *
 * @module
 */

import { readNeeds } from "./elf.ts";
import type { PackedFile } from "./packed_file.ts";

/** Where Linux distributions keep libraries, Debian's folders first. */
const LIBRARY_FOLDERS: Readonly<Record<"amd64" | "arm64", readonly string[]>> = {
  amd64: ["lib/x86_64-linux-gnu", "lib64", "usr/lib64", "usr/lib"],
  arm64: ["lib/aarch64-linux-gnu", "lib64", "usr/lib64", "usr/lib"],
};
/** The licences of what is taken from glibc and GCC. */
const COPYRIGHTS = ["usr/share/doc/libc6/copyright", "usr/share/doc/libgcc-s1/copyright"];

/**
 * The loader and the libraries that an executable needs, where they are on this machine.
 *
 * @throws {Error} if this machine is of another architecture or has not all of them.
 */
export async function containerLibraries(
  executable: Uint8Array,
  architecture: "amd64" | "arm64",
): Promise<PackedFile[]> {
  const here = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
  if (here !== architecture || Deno.build.os !== "linux") {
    throw new Error(`its libraries are taken from Linux on ${architecture}, and this is not`);
  }
  const { loader, libraries } = readNeeds(executable);
  const files = [await readFirst([loader.slice(1)], 0o755)];
  for (const name of libraries.toSorted()) {
    if (loader.endsWith(`/${name}`)) continue;
    const folders = LIBRARY_FOLDERS[architecture];
    files.push(await readFirst(folders.map((folder) => `${folder}/${name}`), 0o644));
  }
  for (const path of COPYRIGHTS) {
    files.push(...await readFirst([path], 0o644).then((f) => [f], () => []));
  }
  return files;
}

async function readFirst(paths: readonly string[], mode: number): Promise<PackedFile> {
  for (const path of paths) {
    try {
      return { path, bytes: await Deno.readFile(`/${path}`), mode };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(`this machine has no ${paths.map((path) => `/${path}`).join(" or ")}`);
}
