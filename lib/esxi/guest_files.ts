/**
 * What the guest runs, made ready once for every build: the part of the payload that is always the
 * same, deflated, and what MAAS's deployment runs from the disk.
 *
 * @module
 */

import { FAT_EPOCH_MS } from "../blocks/fat_time.ts";
import { sha256 } from "../blocks/hashing.ts";
import { type DeflatedPart, deflatePortably } from "../formats/deflate/portable.ts";
import { payloadEntries, type PayloadFile } from "./payload.ts";
import { packOldGnuTar } from "./tar.ts";

/** The folder of what MAAS runs: it lies on the partition, not in the payload. */
const CURTIN_FOLDER = "curtin/";
/** The folder of what host and MAAS's hook share: it lies in both. */
const COMMON_FOLDER = "common/";
/** The time stamp of the program's own files, in seconds since 1970. */
const TIME_SECONDS = FAT_EPOCH_MS / 1000;

/** What the guest runs. */
export interface GuestFiles {
  /** What MAAS's deployment runs, by paths on the disk. */
  readonly hook: readonly PayloadFile[];
  /** All that is in every payload: the end of its tar. */
  readonly payload: DeflatedPart;
  /** SHA-256 of all of them, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Makes guest files ready.
 *
 * @param files What `lib/guest` holds, by paths there.
 * @throws {RangeError} if a path has more than 100 bytes in the payload.
 */
export function packGuestFiles(files: readonly PayloadFile[]): GuestFiles {
  const sorted = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const below = (folder: string) => sorted.filter(({ path }) => path.startsWith(folder));
  const inPayload = sorted.filter(({ path }) => !path.startsWith(CURTIN_FOLDER));
  return {
    hook: [
      ...below(CURTIN_FOLDER),
      ...below(COMMON_FOLDER).map(({ path, bytes }) => ({ path: CURTIN_FOLDER + path, bytes })),
    ],
    payload: deflatePortably(packOldGnuTar(payloadEntries(inPayload), TIME_SECONDS)),
    sha256: sha256(JSON.stringify(sorted.map(({ path, bytes }) => [path, sha256(bytes)]))),
  };
}
