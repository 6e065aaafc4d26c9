/**
 * What `esxi-img convert` does.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { FAT_EPOCH_MS } from "../blocks/fat_time.ts";
import { openImage } from "../formats/formats.ts";
import { writeAndCommit } from "../host/commit.ts";
import { DeflatePool } from "../host/deflate_pool.ts";
import { FileSource } from "../host/files.ts";
import { findOutputPlace } from "../host/output_place.ts";
import { writeStderr } from "../host/terminal.ts";
import { readPartitionTable } from "../image/partition_table.ts";
import { usedMap } from "../image/used_map.ts";
import type { CommonFlags } from "./flags.ts";
import { Progress, TO_THE_DISK, withWaiting } from "./progress.ts";
import { printResult } from "./results.ts";
import { formatSize } from "./sizes.ts";
import { checkStays, formatForPlace, openTarget } from "./target.ts";

/** The options of convert. */
export interface ConvertFlags extends CommonFlags {
  readonly output: string;
  readonly format?: string | undefined;
  readonly compress: boolean;
  readonly force: boolean;
  readonly sync: boolean;
}

/** An image may hold a password hash, which convert does not look for. */
const IS_SECRET = true;
/** Formats that carry a time get this one: when the disk was made is not recorded in it. */
const TIME_SECONDS = FAT_EPOCH_MS / 1000;

/**
 * Converts an image.
 *
 * @throws {Failure} `usage` if the output names no format, `not-image` if the image is none, as
 * {@linkcode openTarget} for the output, `truncated` or `io` from either.
 */
export async function runConvert(flags: ConvertFlags, imagePath: string): Promise<void> {
  const place = findOutputPlace(flags.output);
  const format = formatForPlace(flags.format, place);
  if (format.medium === "iso") throw noDisk(flags.output, "an ISO is made of the vendor's ISO");
  if (flags.json && place.kind === "stdout") {
    throw new Failure("usage", "--json", "standard output carries the image", "pass -o FILE");
  }
  checkStays("--sync", flags.sync, "made durable", place);
  using file = FileSource.open(imagePath);
  const image = await openImage(file);
  if (image.format === "iso") throw noDisk(imagePath, "it is an ISO, which holds no disk");
  const { diskGuid } = await readPartitionTable(image.disk);
  const used = await usedMap(image.disk);
  const output = await writeAndCommit(async (add) => {
    const { output, map } = await openTarget(place, format, used, {
      force: flags.force,
      sync: flags.sync,
      isSecret: IS_SECRET,
      others: [imagePath],
    });
    add(output);
    using deflater = new DeflatePool();
    using progress = new Progress("converting", flags);
    await format.encode(map, output, {
      seed: diskGuid,
      timeSeconds: TIME_SECONDS,
      compress: flags.compress,
      deflater,
      onProgress: (doneBytes) => progress.update(doneBytes, map.sizeBytes),
    });
    await withWaiting(TO_THE_DISK, flags, () => output.finish());
    return output;
  });
  if (flags.json) {
    printResult({
      output: output.name,
      format: format.name,
      outputBytes: output.writtenBytes,
      diskBytes: used.sizeBytes,
      image: imagePath,
      imageFormat: image.format,
    });
  } else if (!flags.quiet) {
    const size = formatSize(output.writtenBytes);
    writeStderr(`${output.name}: ${size} as ${format.name}, from ${image.format}\n`);
  }
}

function noDisk(path: string, what: string): Failure {
  return new Failure("usage", path, what, "use: esxi-img build ISO -f FORMAT");
}
