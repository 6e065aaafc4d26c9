/**
 * Reads zips: offline bundles and components. Their files stay where they are: one that is stored is
 * a part of the zip, one that is deflated is inflated whenever it is read. Sections are those of
 * PKWARE's APPNOTE.TXT.
 *
 * @module
 */

import { type Entry, Reader, ZipReader } from "@zip.js/zip.js";
import { readBytes, type Source } from "../../blocks/extent.ts";
import { Failure } from "../../blocks/failure.ts";
import { structureAt, uint16, uint32 } from "../../blocks/fields.ts";
import { sliceSource } from "../../blocks/slice.ts";
import { InflatedSource } from "../../formats/deflate/inflated_source.ts";
import { notDriver } from "./not_driver.ts";

/** §4.4.5 */
const METHOD = { stored: 0, deflated: 8 } as const;
/** §4.3.7: what stands before a file's data. */
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = {
  signature: uint32(0),
  nameBytes: uint16(26),
  extraBytes: uint16(28),
} as const;
const LOCAL_SIGNATURE = 0x04034b50;
/** A depot of all of ESXi has a few hundred; it also bounds what a hostile zip costs. */
const MAX_FILES = 20_000;

/** A file in a zip. */
export interface ZipFile {
  /** Names joined by `/`. Nothing is ever written under it. */
  readonly path: string;
  readonly sizeBytes: number;
  /**
   * Finds its bytes.
   *
   * @throws {Failure} `not-driver` if it is encrypted, compressed in a way that zips rarely are, or
   * not where the zip says.
   */
  open(): Promise<Source>;
}

/** Lets the library read a source. */
class SourceReader extends Reader<Source> {
  readonly #file: Source;

  constructor(file: Source) {
    super(file);
    this.#file = file;
    this.size = file.sizeBytes;
  }

  override async readUint8Array(
    index: number,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const lengthBytes = Math.max(Math.min(length, this.#file.sizeBytes - index), 0);
    return new Uint8Array(await readBytes(this.#file, index, lengthBytes));
  }
}

/**
 * Lists the files of a zip.
 *
 * @throws {Failure} `not-driver` if it is none, or damaged; `truncated` or `io` from the file.
 */
export async function readZip(file: Source): Promise<ZipFile[]> {
  const files: ZipFile[] = [];
  try {
    for await (const entry of new ZipReader(new SourceReader(file)).getEntriesGenerator()) {
      if (entry.directory) continue;
      if (files.length >= MAX_FILES) throw new RangeError("it holds too many files");
      files.push({
        path: entry.filename,
        sizeBytes: entry.uncompressedSize,
        open: () => openFile(file, entry),
      });
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw notDriver(file.name, `it cannot be read as a zip: ${reason}`, undefined, cause);
  }
  return files;
}

async function openFile(file: Source, entry: Entry): Promise<Source> {
  const name = `${file.name}: ${entry.filename}`;
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.encrypted) throw notDriver(name, "it is encrypted", "unpack the zip first");
  if (compressionMethod !== METHOD.stored && compressionMethod !== METHOD.deflated) {
    throw notDriver(
      name,
      `its compression ${compressionMethod} is not known`,
      "unpack the zip first",
    );
  }
  if (entry.offset + LOCAL_HEADER_BYTES > file.sizeBytes) throw notDriver(name, "it is missing");
  const header = structureAt(await readBytes(file, entry.offset, LOCAL_HEADER_BYTES));
  const start = entry.offset + LOCAL_HEADER_BYTES + LOCAL_HEADER.nameBytes.get(header) +
    LOCAL_HEADER.extraBytes.get(header);
  const isThere = LOCAL_HEADER.signature.get(header) === LOCAL_SIGNATURE &&
    start + compressedSize <= file.sizeBytes;
  if (!isThere) throw notDriver(name, "it is not where the zip says");
  const stored = sliceSource(file, name, start, compressedSize);
  if (compressionMethod === METHOD.stored) return stored;
  return new InflatedSource(stored, {
    kind: "deflate-raw",
    damaged: (cause) => notDriver(name, "its data is damaged", undefined, cause),
  }, uncompressedSize);
}
