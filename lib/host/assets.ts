/**
 * The files that travel with the program: guest code and FatFs.
 *
 * @module
 */

import type { GuestFiles } from "../esxi/guest_files.ts";
import type { PayloadFile } from "../esxi/payload.ts";
import { gather, totalBytes } from "../formats/deflate/deflate.ts";
import type { DeflatedPart } from "../formats/deflate/portable.ts";

/** The executable holds everything as JavaScript, with its assets beside it: `deno task bundle`. */
const isBundled = import.meta.url.endsWith(".js");
/** Where they are beside the sources. */
export const GUEST_FOLDER = `${import.meta.dirname}/../guest`;
/** The guest files beside the program, where it is bundled. */
export const GUEST_BUNDLE = "guest.bin";
/** What the guest runs; documentation and what editors or test runs leave there is left out. */
const GUEST_FILE = /(^|\/)(?!\.)([^/]+\.(py|sh)|curtin-hooks|finalize)$/;

/** Reads the guest files, ready for builds. */
export async function readGuestFiles(): Promise<GuestFiles> {
  if (isBundled) {
    return decodeGuestFiles(await Deno.readFile(new URL(`./${GUEST_BUNDLE}`, import.meta.url)));
  }
  const { packGuestFiles } = await import("../esxi/guest_files.ts");
  return packGuestFiles(await readGuestFolder(GUEST_FOLDER));
}

/** A line of {@linkcode encodeGuestFiles}: what follows it, in this order, and what belongs to it. */
interface GuestIndex {
  readonly hook: readonly (readonly [path: string, lengthBytes: number])[];
  readonly payload: Omit<DeflatedPart, "bytes"> & { readonly lengthBytes: number };
  readonly sha256: string;
}

/**
 * Makes one file of what the guest runs: reading a hundred took the executable 10 ms of every build.
 * A line of JSON, then bytes.
 */
export function encodeGuestFiles({ hook, payload, sha256 }: GuestFiles): Uint8Array {
  const { bytes, crc32, inflatedBytes } = payload;
  const index: GuestIndex = {
    hook: hook.map(({ path, bytes }) => [path, bytes.length]),
    payload: { lengthBytes: bytes.length, crc32, inflatedBytes },
    sha256,
  };
  const line = new TextEncoder().encode(JSON.stringify(index) + "\n");
  const all = [line, ...hook.map(({ bytes }) => bytes), bytes];
  return gather(all, new Uint8Array(totalBytes(all)));
}

/** Takes apart what {@linkcode encodeGuestFiles} made; what comes out are parts of it. */
export function decodeGuestFiles(encoded: Uint8Array): GuestFiles {
  const lineFeed = encoded.indexOf(0x0a);
  const index: GuestIndex = JSON.parse(new TextDecoder().decode(encoded.subarray(0, lineFeed)));
  let at = lineFeed + 1;
  const take = (lengthBytes: number) => encoded.subarray(at, at += lengthBytes);
  const { payload: { lengthBytes, ...facts }, sha256 } = index;
  const hook = index.hook.map(([path, lengthBytes]) => ({ path, bytes: take(lengthBytes) }));
  return { hook, payload: { bytes: take(lengthBytes), ...facts }, sha256 };
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
