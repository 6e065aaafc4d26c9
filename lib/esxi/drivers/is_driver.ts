/**
 * What a driver is; apart from what reads descriptors, which few builds load.
 *
 * @module
 */

import type { VibDescriptor } from "./descriptor.ts";

/** Whether a VIB holds a module of the kernel: drivers do, tools and themes do not. */
export function isDriver({ files }: VibDescriptor): boolean {
  return files.some((file) => /(^|\/)vmkmod\//.test(file));
}
