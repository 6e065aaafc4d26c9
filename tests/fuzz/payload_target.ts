/**
 * Finished payloads and boot modules, which users bring along.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { makePayload } from "../../lib/esxi/make_payload.ts";
import { unpackPayload } from "../../lib/esxi/payload.ts";
import { withinMemory } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { changeBytes, changeInPlace, wordsOf } from "./mutators.ts";
import type { Random } from "./random.ts";

const TAR_BLOCK_BYTES = 512;
/** Where a tar header keeps what is worth changing: offset and length (GNU tar manual). */
const FIELDS = [[0, 100], [100, 8], [124, 12], [136, 12], [148, 8], [156, 1], [157, 100], [257, 8]];
const VALUES = wordsOf(
  "77777777777\0",
  "00000000000\0",
  "-0000000001\0",
  "99999999999\0",
  "\x80\0\0\0\0\0\0\xff\xff\xff\xff\xff",
  "esxiimg/KS.CFG\0",
  "../../etc/passwd\0",
  "/etc/passwd\0",
  "././@LongLink\0",
  ..."01234567gxLKSVMDN".split(""),
  "ustar\x0000",
  "ustar  \0",
);

async function seeds(): Promise<Uint8Array[]> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const payload = await makePayload(
    {
      guestFiles: packGuestFiles([
        { path: "pre.sh", bytes: bytes("exit\n") },
        { path: "hostconf/a.py", bytes: bytes("pass\n") },
      ]),
      metadata: [{ path: "meta_data.json", bytes: bytes("{}") }],
      kickstart: bytes("vmaccepteula\n"),
    },
    new Uint8Array(32),
    0,
    undefined,
  );
  return [payload, new Uint8Array(gunzipSync(payload))];
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Changes the archive itself as often as its compressed form. */
function mutate(input: Uint8Array, random: Random): Uint8Array {
  if (random.chance(1, 4)) return changeBytes(input, random, VALUES);
  let tar: Uint8Array;
  try {
    tar = isGzip(input) ? gunzipSync(input, { maxOutputLength: 100_000 }).slice() : input.slice();
  } catch {
    return changeBytes(input, random, VALUES);
  }
  if (random.chance(1, 6)) tar = changeBytes(tar, random, VALUES);
  else changeHeader(tar, random);
  return isGzip(input) ? new Uint8Array(gzipSync(tar)) : tar;
}

function changeHeader(tar: Uint8Array, random: Random): void {
  const blocks = Math.floor(tar.length / TAR_BLOCK_BYTES);
  if (blocks === 0) return;
  const header = tar.subarray(random.below(blocks) * TAR_BLOCK_BYTES).subarray(0, TAR_BLOCK_BYTES);
  const [offset, length] = random.pick(FIELDS);
  const field = header.subarray(offset, offset! + length!);
  if (random.chance(1, 2)) field.set(random.pick(VALUES).subarray(0, length));
  else changeInPlace(field, random);
  if (random.chance(1, 8)) return;
  header.fill(0x20, 148, 156); // the sum is taken over a checksum of blanks
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}

export const payloadTarget: Target<Uint8Array> = {
  name: "payload",
  seeds,
  mutate,
  run: (bytes) =>
    withinMemory(bytes.length, async () => {
      await unpackPayload(bytes, "fuzz.tgz");
      return undefined;
    }),
  pack: (bytes) => bytes,
  unpack: (bytes) => bytes,
};
