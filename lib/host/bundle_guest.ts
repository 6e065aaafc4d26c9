/**
 * Copies the guest files into the folder that the executable is made from: the task `bundle`.
 *
 * @module
 */

import { readGuestFiles } from "./assets.ts";

if (import.meta.main) {
  const [target] = Deno.args;
  for (const { path, bytes } of await readGuestFiles()) {
    const place = `${target}/${path}`;
    await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(place, bytes);
  }
}
