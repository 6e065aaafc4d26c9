/**
 * From ISO to image and back: whatever ISO is accepted, the image made from it must be right.
 *
 * @module
 */

import assert from "node:assert/strict";
import { packGuestFiles } from "../../lib/esxi/guest_files.ts";
import { planImage } from "../../lib/build.ts";
import { readFatfsWasm } from "../../lib/host/assets.ts";
import { verifyImage } from "../../lib/image/verify.ts";
import { mapSource } from "../formats/support.ts";
import { countedSource } from "./bounds.ts";
import type { Target } from "./fuzzer.ts";
import { isoTarget } from "./iso_target.ts";
import type { SparseFile } from "./sparse_file.ts";

let fatfsWasm: BufferSource | undefined;

async function planAndVerify(file: SparseFile): Promise<void> {
  fatfsWasm ??= await readFatfsWasm();
  const { disk } = await planImage(countedSource("fuzz.iso", file), {
    guestFiles: packGuestFiles([]),
    kickstart: new TextEncoder().encode("vmaccepteula\n"),
    fatfsWasm,
    label: "ESXI",
    freeBytes: 0,
    kernelOptions: ["systemMediaSize=min"],
  });
  const image = mapSource("fuzz.img", disk.map);
  const { problems } = await verifyImage(image, countedSource("fuzz.iso", file));
  assert.deepEqual(problems, []);
}

export const planTarget: Target<SparseFile> = {
  ...isoTarget,
  name: "plan",
  async run(file) {
    await isoTarget.run(file); // most are refused here, a hundred times as fast
    await planAndVerify(file);
    return "planned, verified";
  },
};
