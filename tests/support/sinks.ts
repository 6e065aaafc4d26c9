/**
 * Where tests let encoders write to.
 *
 * @module
 */

import type { Sink } from "../../lib/blocks/sink.ts";

/** A new file, to be disposed of when it is complete. */
export async function fileSink(path: string): Promise<Sink & AsyncDisposable> {
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    },
    async hole(lengthBytes) {
      const end = await file.seek(lengthBytes, Deno.SeekMode.Current);
      await file.truncate(end);
    },
    async [Symbol.asyncDispose]() {
      await file.sync();
      file.close();
    },
  };
}
