/**
 * What else in an image counts on its bytes: checksums that makers of ISOs leave behind, and what
 * makes an ISO more than an ISO.
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { bytesField, structureAt, uint16, uint32, uint8 } from "../../blocks/fields.ts";
import { decodeLatin1 } from "../../blocks/latin1.ts";
import type { VolumeDescriptor } from "../descriptors.ts";
import { DESCRIPTOR, FIRST_DESCRIPTOR_SECTOR, SECTOR_BYTES } from "../format.ts";
import type { Patches } from "./patches.ts";

/** A partition record of a master boot record (UEFI 2.10 §5.2.1), in blocks of 512 bytes. */
const MBR = {
  records: [446, 462, 478, 494].map((offsetBytes) => bytesField(offsetBytes, 16)),
  signature: uint16(510),
} as const;
const MBR_RECORD = {
  type: uint8(4),
  lastChs: bytesField(5, 3),
  firstBlock: uint32(8),
  blocks: uint32(12),
} as const;
const MBR_SIGNATURE = 0xaa55;
const BLOCK_BYTES = 512;
/** UEFI 2.10 §5.3.2: the header of a GPT, in the second block. */
const GPT_SIGNATURE = bytesField(BLOCK_BYTES, 8);
const GPT_PROTECTIVE = 0xee;
/** What stands for an end that cylinders cannot tell. */
const CHS_BEYOND = [0xfe, 0xff, 0xff];
/** ECMA-167 §2/8.3.1 and UDF: descriptors that follow those of ISO 9660. */
const UDF = ["BEA01", "NSR02", "NSR03", "TEA01", "BOOT2"];
const MAX_RECOGNITION_SECTORS = 64;
/** isomd5sum's mark. */
const IMPLANTED = "ISO MD5SUM";
/** libisofs' checksum tags: the first one follows the descriptors, each names the next. */
const TAG = /^libisofs_[a-z0-9_]*checksum_tag_v1 [^\0]*/;
const MAX_TAGS = 16;

/**
 * Refuses an ISO that something else than ISO 9660 describes, too: that would not know of the edits.
 *
 * @throws {Failure} `unfit-for-iso` for UDF and GPT, `truncated` if sectors of the volume are missing.
 */
export async function checkPatchable(source: Source, volumeBytes: number): Promise<void> {
  const unfit = (what: string) => {
    const remedy = "pass the ISO as VMware ships it, or another --format";
    return new Failure("unfit-for-iso", source.name, what, remedy);
  };
  const head = await readBytes(source, 0, FIRST_DESCRIPTOR_SECTOR * SECTOR_BYTES);
  if (
    decodeLatin1(GPT_SIGNATURE.of(structureAt(head))) === "EFI PART" ||
    partitions(head).some((record) => MBR_RECORD.type.get(record) === GPT_PROTECTIVE)
  ) throw unfit("it has a GPT, which would not know of the edits");
  for (let i = 0; i < MAX_RECOGNITION_SECTORS; i++) {
    const offsetBytes = (FIRST_DESCRIPTOR_SECTOR + i) * SECTOR_BYTES;
    if (offsetBytes + 6 > source.sizeBytes) break;
    const mark = decodeLatin1((await readBytes(source, offsetBytes, 6)).subarray(1));
    if (UDF.includes(mark)) throw unfit("it is UDF as well, which would not know of the edits");
    if (mark !== "CD001") break;
  }
  const missingBytes = volumeBytes - source.sizeBytes;
  if (missingBytes <= 0) return;
  throw new Failure(
    "truncated",
    source.name,
    `the ISO is truncated: ${missingBytes} of ${volumeBytes} bytes are missing`,
    "download or copy it again",
  );
}

/** Blanks the checksums over the image: they would no longer hold. */
export async function blankChecksums(
  patches: Patches,
  descriptors: readonly VolumeDescriptor[],
): Promise<void> {
  for (const { sector, bytes } of descriptors) {
    const used = DESCRIPTOR.applicationUse.of(structureAt(bytes));
    if (!decodeLatin1(used).includes(IMPLANTED)) continue;
    DESCRIPTOR.applicationUse.of(structureAt(await patches.sector(sector))).fill(0x20);
  }
  // The tag of the descriptors follows their terminator.
  let next: number | undefined = (descriptors.at(-1)?.sector ?? 0) + 2;
  for (let i = 0; i < MAX_TAGS && next !== undefined; i++) {
    const bytes: Uint8Array | undefined = await patches.peek(next);
    const tag: string | undefined = bytes && TAG.exec(decodeLatin1(bytes))?.[0];
    if (tag === undefined) break;
    (await patches.sector(next)).fill(0);
    const following = / next=(\d+)/.exec(tag)?.[1];
    next = following === undefined ? undefined : Number(following);
  }
}

/** Lets a partition that covers the image (isohybrid) cover what is appended, too. */
export async function growPartitions(
  patches: Patches,
  volumeBytes: number,
  newBytes: number,
): Promise<void> {
  const head = await patches.peek(0);
  if (head === undefined || !partitions(head).some(isCovering)) return;
  for (const record of partitions(await patches.sector(0)).filter(isCovering)) {
    const blocks = newBytes / BLOCK_BYTES - MBR_RECORD.firstBlock.get(record);
    if (blocks <= MBR_RECORD.blocks.get(record)) continue;
    MBR_RECORD.lastChs.of(record).set(CHS_BEYOND);
    MBR_RECORD.blocks.set(record, blocks);
  }

  function isCovering(record: DataView): boolean {
    const first = MBR_RECORD.firstBlock.get(record);
    const volumeBlocks = volumeBytes / BLOCK_BYTES;
    return MBR_RECORD.type.get(record) !== 0 && first < volumeBlocks &&
      first + MBR_RECORD.blocks.get(record) >= volumeBlocks;
  }
}

/** The partition records in the first sector, if it is a master boot record. */
function partitions(head: Uint8Array): DataView[] {
  const mbr = structureAt(head);
  if (MBR.signature.get(mbr) !== MBR_SIGNATURE) return [];
  return MBR.records.map((record) => structureAt(record.of(mbr)));
}
