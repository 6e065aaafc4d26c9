/**
 * The text that a VMDK image carries about itself ("Virtual Disk Format 5.0", The Descriptor File).
 *
 * @module
 */

import { structureAt } from "../../blocks/fields.ts";
import { deriveGuid } from "../../blocks/guid.ts";
import { SECTOR_BYTES } from "../../blocks/sector.ts";
import { DESCRIPTOR_SECTORS } from "./format.ts";

/** How the extent is laid out. */
export type VmdkVariant = "streamOptimized" | "monolithicSparse";

/** The extent is this very file, which must not depend on what it is called. */
const EXTENT_NAME = "disk.vmdk";
/** The geometry of any disk above 4 GiB on an LSI Logic adapter. */
const HEADS = 255;
const SECTORS_PER_TRACK = 63;
const MAX_CYLINDERS = 65_535;
/** "The Disk Database": the only value that every product accepts; those since ESX 4 ignore it. */
const HARDWARE_VERSION = 4;
/** "The Header": CID values that mean that there is no parent or no content. */
const RESERVED_CONTENT_IDS = [0xffff_ffff, 0xffff_fffe];
/** Where the CID lies in the 16 bytes of ddb.longContentID, highest byte first. */
const CID_OFFSET_BYTES = 12;

/** The descriptor, filled up with zeros to the room it has. */
export function encodeDescriptor(
  variant: VmdkVariant,
  capacitySectors: number,
  seed: Uint8Array,
): Uint8Array {
  const cylinders = Math.floor(capacitySectors / (HEADS * SECTORS_PER_TRACK));
  const longContentId = Array.from(
    contentId(deriveGuid(seed, "vmdk")),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const text = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=${longContentId.slice(-8)}
parentCID=ffffffff
createType="${variant}"

# Extent description
RW ${capacitySectors} SPARSE "${EXTENT_NAME}"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "${Math.min(Math.max(cylinders, 1), MAX_CYLINDERS)}"
ddb.geometry.heads = "${HEADS}"
ddb.geometry.sectors = "${SECTORS_PER_TRACK}"
ddb.longContentID = "${longContentId}"
ddb.virtualHWVersion = "${HARDWARE_VERSION}"
`;
  const bytes = new Uint8Array(DESCRIPTOR_SECTORS * SECTOR_BYTES);
  bytes.set(new TextEncoder().encode(text));
  return bytes;
}

/**
 * The ID of an image's content: 16 bytes, of which the last four are the CID.
 *
 * @param digest 16 bytes that tell one content from another.
 */
export function contentId(digest: Uint8Array): Uint8Array {
  const id = digest.slice();
  const view = structureAt(id);
  const cid = view.getUint32(CID_OFFSET_BYTES);
  if (RESERVED_CONTENT_IDS.includes(cid)) view.setUint32(CID_OFFSET_BYTES, cid ^ 0x80);
  return id;
}
