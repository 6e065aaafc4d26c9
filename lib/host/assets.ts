/**
 * The files that travel with the program: guest code and FatFs.
 *
 * @module
 */

import type { PayloadFile } from "../esxi/payload.ts";

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

/** Reads FatFs. It lies beside the package's module, under `deno run` and when compiled. */
export async function readFatfsWasm(): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL("./ff.wasm", import.meta.resolve("fatfs-wasm")));
}
