/**
 * The files that travel with the program: guest code and FatFs.
 *
 * @module
 */

import type { PayloadFile } from "../esxi/payload.ts";

/** The executable holds everything as JavaScript, with its assets beside it: `deno task bundle`. */
const isBundled = import.meta.url.endsWith(".js");
const GUEST_FOLDER = `${import.meta.dirname}/../guest`;
/** What explains the guest code, or comes from running it, stays at home. */
const LEFT_OUT = /(^|\/)(README\.md|__pycache__)$/;

/** Reads what is in `lib/guest`, in the order of its paths. */
export async function readGuestFiles(): Promise<PayloadFile[]> {
  const files: PayloadFile[] = [];
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(`${GUEST_FOLDER}/${folder}`)) {
      const path = folder + entry.name;
      if (LEFT_OUT.test(path)) continue;
      if (entry.isDirectory) await walk(`${path}/`);
      else files.push({ path, bytes: await Deno.readFile(`${GUEST_FOLDER}/${path}`) });
    }
  };
  await walk("");
  return files.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

/** Reads FatFs. */
export async function readFatfsWasm(): Promise<Uint8Array<ArrayBuffer>> {
  // The executable takes no file that looks like a module for an asset.
  const url = isBundled
    ? new URL("./ff.wasm.bin", import.meta.url)
    : new URL("./ff.wasm", import.meta.resolve("fatfs-wasm"));
  return await Deno.readFile(url);
}

/** What runs in the threads of {@linkcode DeflatePool}. */
export function deflateWorkerUrl(): URL {
  return new URL(isBundled ? "./deflate_worker.js" : "./deflate_worker.ts", import.meta.url);
}
