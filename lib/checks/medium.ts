/**
 * Checks what is built itself, where it is no image of a disk.
 *
 * @module
 */

import type { Finding } from "../blocks/finding.ts";
import { finding } from "./codes.ts";
import type { Inputs } from "./inputs.ts";

/** Linux' USB gadget cuts a CD after 256 × 60 × 75 sectors less one. */
const MAX_CD_BYTES = (256 * 60 * 75 - 1) * 2048;

/** Checks whether somebody chooses the install disk of a network boot, and the size of an ISO. */
export function checkMedium(inputs: Inputs): Finding[] {
  const { medium, mediumBytes = 0, installDisk, kickstart, hasPayload } = inputs;
  if (medium === "net" && (installDisk ?? kickstart) === undefined && !hasPayload) {
    const what =
      "every host that boots this is installed on the first disk that the installer finds";
    return [finding("install-disk-none", "--install-disk", what)];
  }
  if (medium === "iso" && mediumBytes > MAX_CD_BYTES) {
    const what = `the ISO has ${mediumBytes} bytes, more than many BMCs serve as a CD`;
    return [finding("iso-large", "--format", what)];
  }
  return [];
}
