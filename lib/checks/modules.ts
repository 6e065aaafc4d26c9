/**
 * Checks the boot modules that are added.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { Finding } from "../blocks/finding.ts";
import { decodeLatin1 } from "../blocks/latin1.ts";
import { checkGzipHeader } from "../esxi/boot_module.ts";
import { finding } from "./codes.ts";
import type { InputFile, Inputs } from "./inputs.ts";

/** How files begin that are no modules, but are taken for some. */
const OTHERS: readonly (readonly [mark: string, what: string, remedy: string])[] = [
  ["PK\x03\x04", "it is a zip", "pass an offline bundle with --driver"],
  [
    "!<arch>\n",
    "it is a VIB",
    "pass it with --driver",
  ],
  ["\xfd7zXZ\0", "it is compressed with xz", "compress it with gzip, which the boot loader reads"],
  ["BZh", "it is compressed with bzip2", "compress it with gzip, which the boot loader reads"],
  ["\x28\xb5\x2f\xfd", "it is compressed with zstd", "compress it with gzip"],
];
const ELF = "\x7fELF";
const GZIP = "\x1f\x8b";
/** Where the mark of a tar stands: "ustar", in every dialect; "visor" in VMware's own. */
const TAR_MARK = { offsetBytes: 257, texts: ["ustar", "visor"] };
/** ECMA-119 §8.1.2: the mark of an ISO 9660 volume. */
const ISO_MARK = { offsetBytes: 16 * 2048 + 1, text: "CD001" };

/** Checks the modules that were given, if any were. */
export function checkModules({ modules = [] }: Inputs): Finding[] {
  return modules.flatMap(checkModule);
}

function checkModule({ path, bytes }: InputFile): Finding[] {
  const at = (offset: number, length: number) =>
    decodeLatin1(bytes.subarray(offset, offset + length));
  const other = OTHERS.find(([mark]) => at(0, mark.length) === mark);
  if (other !== undefined) return [finding("module-kind", path, other[1], other[2])];
  if (at(ISO_MARK.offsetBytes, ISO_MARK.text.length) === ISO_MARK.text) {
    return [finding("module-kind", path, "it is an ISO", "pass a module out of it")];
  }
  if (at(0, GZIP.length) === GZIP) {
    try {
      checkGzipHeader(bytes, path);
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const what = error.message.slice(path.length + 2).replace(/; [^;]*$/, "");
      return [finding("module-gzip", path, what)];
    }
  }
  const isTar = TAR_MARK.texts.includes(at(TAR_MARK.offsetBytes, 5));
  if (isTar || at(0, ELF.length) === ELF) return [];
  const what = bytes.length === 0 ? "it is empty" : "it is neither gzip nor tar nor ELF";
  return [finding("module-kind", path, what)];
}
