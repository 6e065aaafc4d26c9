/**
 * Makes `dist/bundle`: the program as few files that load at once, the names of functions kept for
 * stack traces. `deno task bundle` runs it.
 *
 * @module
 */

import { build, stop } from "esbuild";
import { fileURLToPath } from "node:url";
import { encodeGuestFiles, GUEST_BUNDLE, readGuestFiles } from "../lib/host/assets.ts";

/** The project's folder, with a slash behind it. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));
/** Where the bundle is, from there. */
export const BUNDLE = "dist/bundle";
const FATFS = "fatfs-wasm";
/** `deno compile` notes when files were written. Always the same time means the same bytes. */
const WRITTEN = new Date(Date.UTC(1980, 0, 1));

/**
 * Makes the bundle anew.
 *
 * @returns The npm packages of which something is in it, in the order of their names.
 */
export async function makeBundle(): Promise<string[]> {
  const out = ROOT + BUNDLE;
  await Deno.remove(out, { recursive: true }).catch(() => {});
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["main.ts", "lib/host/deflate_worker.ts"],
    outbase: ".",
    outdir: BUNDLE,
    chunkNames: "lib/host/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    logLevel: "warning",
  }).finally(stop);
  const guest = encodeGuestFiles(await readGuestFiles());
  await Deno.writeFile(`${out}/lib/host/${GUEST_BUNDLE}`, guest);
  const wasm = new URL("./ff.wasm", import.meta.resolve(FATFS));
  await Deno.copyFile(wasm, `${out}/lib/host/ff.wasm.bin`);
  await setTimes(out);
  const bundled = Object.keys(metafile.inputs).flatMap((path) =>
    /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []
  );
  return [...new Set([...bundled, FATFS])].toSorted();
}

async function setTimes(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await setTimes(`${folder}/${name}`);
    await Deno.utime(`${folder}/${name}`, WRITTEN, WRITTEN);
  }
}

if (import.meta.main) await makeBundle();
