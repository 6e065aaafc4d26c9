/**
 * Fits a disk to a device that is larger: the backup of the partition table has to be at its end
 * (UEFI 2.10 §5.3.1).
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { type BlockMap, blockMap, readBlocks } from "../blocks/block_map.ts";
import { cutExtent } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { SECTOR_BYTES } from "../blocks/sector.ts";
import { gptExtents, parseEntries, parseHeader, usableLbas } from "./gpt.ts";

/** More than 128 entries of 128 bytes are not to be expected. */
const MAX_ENTRIES_BYTES = 32 * 1024;

/**
 * The same disk with `diskBytes`: both copies of the partition table and the protective MBR are made
 * anew; where the backup was, there is a hole.
 *
 * @param name What the disk is called in messages.
 * @throws {Failure} `not-image` if the disk has no intact partition table, `truncated` or `io` from
 * its sources.
 * @throws {RangeError} if `diskBytes` is less than the disk has.
 */
export async function moveBackupGpt(
  map: BlockMap,
  diskBytes: number,
  name: string,
): Promise<BlockMap> {
  const diskSectors = Math.floor(diskBytes / SECTOR_BYTES);
  if (diskSectors * SECTOR_BYTES < map.sizeBytes) {
    throw new RangeError(`Cannot fit ${map.sizeBytes} bytes on a disk of ${diskBytes}`);
  }
  const damaged = (what: string) =>
    new Failure("not-image", name, `its partition table: ${what}`, "use an intact image");
  const sector = new Uint8Array(SECTOR_BYTES);
  await readBlocks(map, sector, SECTOR_BYTES);
  const header = parseHeader(sector, 1);
  if (typeof header === "string") throw damaged(header);
  if (header.entriesBytes > MAX_ENTRIES_BYTES) throw damaged("it has too many entries");
  const entries = new Uint8Array(header.entriesBytes);
  await readBlocks(map, entries, header.entriesLba * SECTOR_BYTES);
  if (crc32(entries) !== header.entriesCrc) throw damaged("the CRC of its entries is wrong");
  const partitions = parseEntries(entries);
  const fits = header.alternateLba === map.sizeBytes / SECTOR_BYTES - 1 &&
    header.lastUsableLba < header.alternateLba &&
    partitions.every(({ lastLba }) => lastLba <= header.lastUsableLba);
  if (!fits) throw damaged("it was made for a disk of another size");

  const table = gptExtents(diskSectors, header.diskGuid, partitions);
  const tableEndBytes = usableLbas(diskSectors).firstLba * SECTOR_BYTES;
  const backupAtBytes = (header.lastUsableLba + 1) * SECTOR_BYTES;
  const content = map.extents.flatMap((extent) => cutExtent(extent, tableEndBytes, backupAtBytes));
  return blockMap(diskSectors * SECTOR_BYTES, [...table, ...content]);
}
