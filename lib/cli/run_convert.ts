/**
 * What `esxi-img convert` does.
 *
 * @module
 */

import { formatFor } from "../formats/formats.ts";
import { DeflatePool } from "../host/deflate_pool.ts";
import { FileSource } from "../host/files.ts";
import { abortOnSignal } from "../host/signals.ts";
import { writeStderr } from "../host/terminal.ts";
import { openImage } from "../formats/open.ts";
import { readPartitionTable } from "../image/partition_table.ts";
import { usedMap } from "../image/used_map.ts";
import type { ConvertFlags } from "./convert.ts";
import { Progress } from "./progress.ts";
import { formatSize } from "./sizes.ts";
import { openTarget } from "./target.ts";

/** An image may hold a password hash, which convert does not look for. */
const IS_SECRET = true;
/** Formats that carry a time get this one: when the disk was made is not recorded in it. */
const TIME_SECONDS = 315_532_800;

/** Converts an image. */
export async function runConvert(flags: ConvertFlags, imagePath: string): Promise<void> {
  const format = formatFor(flags.format, flags.output);
  using file = FileSource.open(imagePath);
  const image = await openImage(file);
  const { diskGuid } = await readPartitionTable(image.disk);
  const used = await usedMap(image.disk);
  const { output, map } = await openTarget(flags.output, format, used, {
    force: flags.force,
    isSecret: IS_SECRET,
    others: [imagePath],
  });
  using signals = abortOnSignal(() => output.abort());
  try {
    using deflater = new DeflatePool();
    using progress = new Progress("converting", flags.quiet);
    await format.encode(map, output, {
      seed: diskGuid,
      timeSeconds: TIME_SECONDS,
      compress: flags.compress,
      deflater,
      onProgress: (doneBytes) => progress.update(doneBytes, map.sizeBytes),
    });
    await output.finish();
    await signals.hearLast();
    await output.commit();
  } catch (error) {
    output.abort();
    throw error;
  }
  if (!flags.quiet) {
    const size = formatSize(output.writtenBytes);
    writeStderr(`${output.name}: ${size} as ${format.name}, from ${image.format}\n`);
  }
}
