/**
 * Packs a Debian package, without Debian's tools: an `ar` archive of two tar archives.
 *
 * Source: deb(5), deb-control(5); the layout of `ar` is in its member header: name 16 bytes, time
 * 12, owner 6, group 6, mode 8, size 10, all text padded with blanks, then a grave accent and a
 * line feed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { inOrder, joined, type PackedFile, textFile } from "./packed_file.ts";
import { gzip, packFiles } from "./tar.ts";

/** What a package is called and needs. */
export interface DebOptions {
  readonly name: string;
  readonly version: string;
  readonly architecture: "amd64" | "arm64";
  /** Who makes it, `NAME <ADDRESS>`. */
  readonly maintainer: string;
  /** As deb-control(5) has it: `libc6 (>= 2.27), libgcc-s1`. */
  readonly depends: string;
  readonly brief: string;
  /** One paragraph. */
  readonly description: string;
  readonly homepage?: string | undefined;
  /** The time stamp of everything, in seconds since 1970. */
  readonly timeSeconds: number;
}

/** Packs a package of these files, whose paths begin at the root. */
export async function packDeb(
  files: readonly PackedFile[],
  options: DebOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { timeSeconds } = options;
  const sums = inOrder(files).map(({ path, bytes }) =>
    `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`
  );
  const control = [
    textFile("control", controlText(files, options)),
    textFile("md5sums", sums.join("")),
  ];
  const tarOptions = { timeSeconds, prefix: "./" };
  return packAr([
    textFile("debian-binary", "2.0\n"),
    { path: "control.tar.gz", bytes: gzip(await packFiles(control, tarOptions)) },
    { path: "data.tar.gz", bytes: gzip(await packFiles(files, tarOptions)) },
  ], timeSeconds);
}

function controlText(files: readonly PackedFile[], options: DebOptions): string {
  // Policy 5.6.20: an estimate, in units of 1024 bytes, each file rounded up, folders taken as one.
  const kib = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 1024), 0);
  const words = options.description.split(/\s+/);
  const lines = words.slice(1).reduce((made, word) => {
    const longer = `${made.at(-1)} ${word}`;
    return longer.length <= 78 ? [...made.slice(0, -1), longer] : [...made, word];
  }, [words[0]!]);
  return [
    `Package: ${options.name}`,
    `Version: ${options.version}`,
    `Architecture: ${options.architecture}`,
    `Maintainer: ${options.maintainer}`,
    `Installed-Size: ${kib}`,
    `Depends: ${options.depends}`,
    "Section: admin",
    "Priority: optional",
    ...(options.homepage === undefined ? [] : [`Homepage: ${options.homepage}`]),
    `Description: ${options.brief}`,
    ...lines.map((line) => ` ${line}`),
    "",
  ].join("\n");
}

function packAr(members: readonly PackedFile[], timeSeconds: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = [encoder.encode("!<arch>\n")];
  for (const { path, bytes } of members) {
    const fields = [[path, 16], [timeSeconds, 12], [0, 6], [0, 6], ["100644", 8], [
      bytes.length,
      10,
    ]] as const;
    const header = fields.map(([value, width]) => `${value}`.padEnd(width)).join("") + "`\n";
    parts.push(encoder.encode(header), new Uint8Array(bytes));
    if (bytes.length % 2 === 1) parts.push(encoder.encode("\n"));
  }
  return joined(parts);
}
