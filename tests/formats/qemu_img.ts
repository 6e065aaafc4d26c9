/**
 * qemu-img, which nobody here wrote, as the judge of images.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Sink } from "../../lib/blocks/sink.ts";

/** Whether this machine has it. */
export const hasQemuImg: boolean = await new Deno.Command("qemu-img", { args: ["--version"] })
  .output().then(({ success }) => success, () => false);

/** Runs it; it must succeed. @returns What it says. */
export async function qemuImg(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("qemu-img", { args }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, `qemu-img ${args.join(" ")}: ${said}`);
  return said;
}

/** Writes a sparse file. */
export async function writeFile(
  path: string,
  encode: (sink: Sink) => Promise<void>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let sizeBytes = 0;
  await encode({
    async write(bytes) {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      sizeBytes += bytes.length;
    },
    async hole(lengthBytes) {
      sizeBytes += lengthBytes;
      await file.seek(lengthBytes, Deno.SeekMode.Current);
    },
  });
  await file.truncate(sizeBytes);
}
