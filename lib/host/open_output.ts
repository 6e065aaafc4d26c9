/**
 * Opens an output of any kind but a disk, which needs to know the image's size.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { createFileOutput } from "./file_output.ts";
import { ioFailure } from "./io_failure.ts";
import type { Output, OutputOptions } from "./output.ts";
import { findOutputPlace, type OutputPlace } from "./output_place.ts";
import { splitPath } from "./paths.ts";
import { checkDifferent } from "./same_file.ts";
import { openStreamOutput, StreamOutput } from "./stream_output.ts";
import { checkStdoutOpen } from "./terminal.ts";

/**
 * Opens an output.
 *
 * @param to A path, or what {@linkcode findOutputPlace} found out about it.
 * @throws {Failure} `exists` if there is a file already or it is an input, `io` if none can be made.
 */
export async function openOutput(
  to: string | OutputPlace,
  options: OutputOptions = {},
): Promise<Output> {
  const place = typeof to === "string" ? findOutputPlace(to) : to;
  const { path, kind } = place;
  checkOutput(place, options);
  if (kind === "stdout") return openStdout();
  if (kind === "stream") return await openStreamOutput(path);
  return await createFileOutput(path, options);
}

/**
 * Checks that an output of any kind but a disk may be written to, as far as can be told without
 * opening it.
 *
 * @throws {Failure} `exists` if there is a file already or it is an input, `io` if its folder is
 * not there.
 */
export function checkOutput(place: OutputPlace, options: OutputOptions): void {
  const { path, kind } = place;
  checkDifferent(place, options.others ?? []);
  if (kind === "disk") {
    throw new Failure("exists", path, "it is a disk", "pass the name of a file");
  }
  if (kind === "new" || kind === "file") checkFolder(path);
  if (kind === "file" && !options.force) {
    const what = place.isLink ? "a symbolic link of that name exists" : "the file exists";
    throw new Failure("exists", path, what, "pass --force to replace it, or another name");
  }
}

/**
 * Checks that the folder of a file is there. Whether it takes a file is known when one is made: the
 * runtime asks for more rights than the program has before it answers access(2).
 */
function checkFolder(path: string): void {
  const { folder } = splitPath(path);
  try {
    Deno.statSync(`${folder === "" ? "." : folder}/.`); // the dot says that it has to be a folder
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  }
}

function openStdout(): Output {
  const name = "standard output";
  if (Deno.stdout.isTerminal()) {
    const remedy = "pass the name of a file, or pipe it into a program";
    throw new Failure("io", name, "it is a terminal", remedy);
  }
  checkStdoutOpen();
  return new StreamOutput(name, Deno.stdout);
}
