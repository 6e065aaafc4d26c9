/**
 * The files that travel with the program: guest code and FatFs.
 *
 * @module
 */

import type { PayloadFile } from "../esxi/payload.ts";
import { gather, totalBytes } from "../formats/deflate/deflate.ts";

/** The executable holds everything as JavaScript, with its assets beside it: `deno task bundle`. */
const isBundled = import.meta.url.endsWith(".js");
const GUEST_FOLDER = `${import.meta.dirname}/../guest`;
/** The guest files beside the program, where it is bundled. */
export const GUEST_BUNDLE = "guest.bin";
/** What the guest runs; documentation and what editors or test runs leave there is left out. */
const GUEST_FILE = /(^|\/)(?!\.)([^/]+\.(py|sh)|curtin-hooks|finalize)$/;

/** Reads the guest files, in the order of their paths. */
export async function readGuestFiles(): Promise<PayloadFile[]> {
  if (!isBundled) return await readGuestFolder(GUEST_FOLDER);
  return unpackGuestFiles(await Deno.readFile(new URL(`./${GUEST_BUNDLE}`, import.meta.url)));
}

/**
 * Makes one file of the guest files: reading a hundred took the executable 10 ms of every build. A
 * line of JSON, `[[path, lengthBytes], …]`, then their bytes.
 */
export function packGuestFiles(files: readonly PayloadFile[]): Uint8Array {
  const index = JSON.stringify(files.map(({ path, bytes }) => [path, bytes.length])) + "\n";
  const all = [new TextEncoder().encode(index), ...files.map(({ bytes }) => bytes)];
  return gather(all, new Uint8Array(totalBytes(all)));
}

/** Takes apart what {@linkcode packGuestFiles} made; the bytes are parts of `packed`. */
export function unpackGuestFiles(packed: Uint8Array): PayloadFile[] {
  const lineFeed = packed.indexOf(0x0a);
  const index = JSON.parse(new TextDecoder().decode(packed.subarray(0, lineFeed)));
  let at = lineFeed + 1;
  return (index as [path: string, lengthBytes: number][]).map(([path, lengthBytes]) => ({
    path,
    bytes: packed.subarray(at, at += lengthBytes),
  }));
}

/**
 * Reads the guest files of a folder, in the order of their paths. Line ends of Windows, which an
 * archive or an editor may have brought, become those that busybox and the kernel can read.
 */
export async function readGuestFolder(guestFolder: string): Promise<PayloadFile[]> {
  const files: PayloadFile[] = [];
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(`${guestFolder}/${folder}`)) {
      const path = folder + entry.name;
      if (entry.isDirectory) await walk(`${path}/`);
      else if (GUEST_FILE.test(path)) {
        const bytes = await Deno.readFile(`${guestFolder}/${path}`);
        files.push({ path, bytes: withUnixLineEnds(bytes) });
      }
    }
  };
  await walk("");
  return files.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

function withUnixLineEnds(bytes: Uint8Array): Uint8Array {
  const [carriageReturn, lineFeed] = [0x0d, 0x0a];
  if (!bytes.includes(carriageReturn)) return bytes; // a call for each byte takes 30 ms
  return bytes.filter((byte, i) => byte !== carriageReturn || bytes[i + 1] !== lineFeed);
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
