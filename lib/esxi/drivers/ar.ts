/**
 * Reads `ar` archives, which VIBs are. Format: ar(5) of the BSDs and of GNU binutils: a mark, then
 * members, each a header of 60 bytes and its data, padded to an even length. A name stands in the
 * header, plain or with a slash behind it; long ones stand before the data (BSD, `#1/LENGTH`) or in
 * a member `//` (GNU, `/OFFSET`).
 *
 * @module
 */

import { readBytes, type Source } from "../../blocks/extent.ts";
import { type BytesField, bytesField, structureAt } from "../../blocks/fields.ts";
import { decodeLatin1 } from "../../blocks/latin1.ts";
import { notDriver } from "./not_driver.ts";

/** How every archive begins. */
export const AR_MARK = "!<arch>\n";
const HEADER_BYTES = 60;
const HEADER = {
  name: bytesField(0, 16),
  /** In decimal digits; also of a name before the data. */
  sizeBytes: bytesField(48, 10),
  /** Always {@linkcode END}. */
  end: bytesField(58, 2),
} as const;
const END = "`\n";
const GNU_NAMES = "//";
/** More than any VIB has; it also bounds what a hostile one costs. */
const MAX_MEMBERS = 256;
const MAX_NAMES_BYTES = 64 * 1024;

/** A file in an archive. */
export interface ArMember {
  readonly name: string;
  /** Where its data begins in the archive. */
  readonly offsetBytes: number;
  /** Of its data. */
  readonly sizeBytes: number;
}

/**
 * Lists an archive.
 *
 * @throws {Failure} `not-driver` if it is none, or damaged; `truncated` or `io` from the file.
 */
export async function readAr(file: Source): Promise<ArMember[]> {
  const mark = await readBytes(file, 0, Math.min(AR_MARK.length, file.sizeBytes));
  if (decodeLatin1(mark) !== AR_MARK) throw damaged(file, "it is no archive of ar");
  const members: ArMember[] = [];
  let names = "";
  for (let at = AR_MARK.length; at < file.sizeBytes;) {
    if (members.length >= MAX_MEMBERS) throw damaged(file, "it has too many parts");
    if (at + HEADER_BYTES > file.sizeBytes) throw damaged(file, "it is cut short");
    const header = structureAt(await readBytes(file, at, HEADER_BYTES));
    const text = (field: BytesField) => decodeLatin1(field.of(header)).trimEnd();
    const digits = text(HEADER.sizeBytes);
    if (decodeLatin1(HEADER.end.of(header)) !== END || !/^\d+$/.test(digits)) {
      throw damaged(file, `the header at byte ${at} is damaged`);
    }
    const offsetBytes = at + HEADER_BYTES;
    const sizeBytes = Number(digits);
    if (offsetBytes + sizeBytes > file.sizeBytes) throw damaged(file, "it is cut short");
    at = offsetBytes + sizeBytes + sizeBytes % 2;
    const stored = text(HEADER.name);
    if (stored === GNU_NAMES) {
      if (sizeBytes > MAX_NAMES_BYTES) throw damaged(file, "its table of names is too long");
      names = decodeLatin1(await readBytes(file, offsetBytes, sizeBytes));
    } else members.push(await namedMember(file, stored, names, { offsetBytes, sizeBytes }));
  }
  return members;
}

async function namedMember(
  file: Source,
  stored: string,
  names: string,
  place: Omit<ArMember, "name">,
): Promise<ArMember> {
  const [, nameBytes] = /^#1\/(\d+)$/.exec(stored) ?? [];
  if (nameBytes !== undefined) {
    const lengthBytes = Number(nameBytes);
    if (lengthBytes > Math.min(place.sizeBytes, MAX_NAMES_BYTES)) {
      throw damaged(file, "the name of a part is cut short");
    }
    const name = decodeLatin1(await readBytes(file, place.offsetBytes, lengthBytes));
    return {
      name: name.replace(/\0+$/, ""),
      offsetBytes: place.offsetBytes + lengthBytes,
      sizeBytes: place.sizeBytes - lengthBytes,
    };
  }
  const [, nameAt] = /^\/(\d+)$/.exec(stored) ?? [];
  if (nameAt === undefined) return { ...place, name: stored.replace(/\/$/, "") };
  const [name] = names.slice(Number(nameAt)).split("\n");
  if (!name) throw damaged(file, "the name of a part is missing");
  return { ...place, name: name.replace(/\/$/, "") };
}

function damaged(file: Source, what: string) {
  return notDriver(file.name, what);
}
