/**
 * Recognises what is passed instead of an ISO, so that a refusal can name it.
 *
 * @module
 */

import { readBytes, type Source } from "../blocks/extent.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { FIRST_DESCRIPTOR_SECTOR, SECTOR_BYTES } from "./format.ts";

/** What is passed instead of an ISO, by how it begins. */
const OTHER_KINDS: readonly (readonly [mark: string, what: string])[] = [
  ["PK\x03\x04", "a zip, as depots and offline bundles are"],
  ["\x1f\x8b", "compressed with gzip"],
  ["\xfd7zXZ", "compressed with xz"],
  ["BZh", "compressed with bzip2"],
  ["\x28\xb5\x2f\xfd", "compressed with zstd"],
  ["7z\xbc\xaf", "a 7z archive"],
  ["QFI\xfb", "a qcow2 image"],
  ["KDMV", "a VMDK image"],
  ["conectix", "a VHD image"],
];
/** ECMA-167 2/9.1: how the descriptors of UDF begin, behind the first 16 sectors. */
const UDF_MARKS = ["BEA01", "NSR02", "NSR03"];

/**
 * What a file is that is no ISO 9660 image, if that can be seen.
 *
 * @throws {Failure} `io` from the source.
 */
export async function otherKind(source: Source): Promise<string | undefined> {
  const read = async (offsetBytes: number, lengthBytes: number) =>
    source.sizeBytes < offsetBytes + lengthBytes
      ? ""
      : decodeLatin1(await readBytes(source, offsetBytes, lengthBytes));
  const head = await read(0, 8);
  const other = OTHER_KINDS.find(([mark]) => head.startsWith(mark));
  if (other !== undefined) return other[1];
  const mark = await read(FIRST_DESCRIPTOR_SECTOR * SECTOR_BYTES + 1, 5);
  return UDF_MARKS.includes(mark) ? "UDF alone, which VMware's loader does not read" : undefined;
}
