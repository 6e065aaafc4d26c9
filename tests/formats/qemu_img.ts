/**
 * qemu-img, which nobody here wrote, as the judge of images.
 *
 * @module
 */

import type { Sink } from "../../lib/blocks/sink.ts";
import { mustRun } from "../support/programs.ts";

/** Runs it; it must succeed. @returns What it says. */
export async function qemuImg(...args: string[]): Promise<string> {
  const { stdout, stderr } = await mustRun("qemu-img", args);
  return stdout + stderr;
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
