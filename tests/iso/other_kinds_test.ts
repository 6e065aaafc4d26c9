import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bytesSource } from "../../lib/blocks/extent.ts";
import { encodeLatin1 } from "../../lib/blocks/latin1.ts";
import { readIso } from "../../lib/iso/volume.ts";
import { failure } from "../support/failures.ts";
import { Folder } from "../support/folder.ts";
import { mustRun, testWith } from "../support/programs.ts";

Deno.test("what is passed instead of an ISO is called what it is", async () => {
  const udf = new Uint8Array(40 * 2048);
  udf.set(encodeLatin1("BEA01"), 16 * 2048 + 1);
  const cases: readonly (readonly [content: Uint8Array, says: RegExp])[] = [
    [encodeLatin1("PK\x03\x04depot"), /it is a zip/],
    [new Uint8Array(gzipSync(new Uint8Array(100_000))), /compressed with gzip/],
    [encodeLatin1("\xfd7zXZ\0\0\0\0"), /compressed with xz/],
    [encodeLatin1("QFI\xfb\0\0\0\x03"), /a qcow2 image/],
    [udf, /UDF alone/],
    [new Uint8Array(0), /the file is empty/],
    [new Uint8Array(100_000), /not an ISO 9660 image; pass/],
  ];
  for (const [content, says] of cases) {
    await assert.rejects(readIso(bytesSource("x", content)), failure("not-iso", says));
  }
});

testWith(["xorriso"], "files that are compressed with zisofs are refused by name", async () => {
  using folder = new Folder();
  const file = folder.write("a.txt", "a".repeat(200_000));
  const iso = folder.file("z.iso");
  await mustRun("xorriso", [
    ...["-outdev", iso, "-map", file, "/A.TXT", "-set_filter", "--zisofs", "/A.TXT", "--"],
    "-commit",
  ]);
  const bytes = Deno.readFileSync(iso);
  await assert.rejects(
    readIso(bytesSource("x", bytes)),
    failure("damaged-iso", /\/A\.TXT is compressed/),
  );
});
