/**
 * A file that gets its name when it is complete.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { tryClose } from "./files.ts";
import { ioFailure } from "./io_failure.ts";
import { type Output, type OutputOptions, writeAll } from "./output.ts";
import { checkReplacesFile } from "./output_place.ts";
import {
  copyPartial,
  openPartial,
  type PartialFile,
  partialName,
  removeAbandoned,
} from "./partial_file.ts";
import { splitPath } from "./paths.ts";
import { ignoreSigxfsz } from "./signals.ts";

/**
 * Makes a file beside the name that it will get.
 *
 * @throws {Failure} `io` if none can be made.
 */
export async function createFileOutput(path: string, options: OutputOptions): Promise<Output> {
  ignoreSigxfsz();
  await removeAbandoned(path);
  try {
    // At once: no signal comes between making the file and knowing how to remove it.
    return new FileOutput(path, options);
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  }
}

/** Small files end in holes of a few KiB: to skip each takes longer than to write zeros. */
const MIN_HOLE_BYTES = 64 * 1024;

/** Its holes are the file system's. */
class FileOutput implements Output {
  /** In a copy every hole matters. */
  minHoleBytes: number | undefined = MIN_HOLE_BYTES;
  writtenBytes = 0;
  readonly name: string;
  #partial: PartialFile;
  readonly #options: OutputOptions;
  /** `named`: it has its name, which can still be taken back. */
  #state: "partial" | "named" | "kept" | "gone" = "partial";
  #endsInHole = false;
  /** Another name of the file that it has replaced. */
  #replacedPath: string | undefined;

  constructor(name: string, options: OutputOptions) {
    this.name = name;
    this.#options = options;
    this.#partial = openPartial(name, modeFor(options));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#partial.file, bytes, this.name);
    this.writtenBytes += bytes.length;
    this.#endsInHole = false;
  }

  async hole(lengthBytes: number): Promise<void> {
    try {
      await this.#partial.file.seek(lengthBytes, Deno.SeekMode.Current);
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
    this.writtenBytes += lengthBytes;
    this.#endsInHole = true;
  }

  async beginAs(other: Output): Promise<boolean> {
    if (!(other instanceof FileOutput)) return false;
    this.#removePartial();
    try {
      this.#partial = await copyPartial(other.#partial.path, this.#partial.path);
      this.minHoleBytes = undefined;
      if (this.#state !== "gone") return true;
    } catch {
      // Windows copies no locked file. What else is wrong will be told by the writing.
    }
    this.beginAnew();
    return false;
  }

  beginAnew(): void {
    this.#removePartial();
    this.minHoleBytes = MIN_HOLE_BYTES;
    if (this.#state === "gone") return;
    try {
      this.#partial = openPartial(this.name, modeFor(this.#options));
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  #removePartial(): void {
    tryClose(this.#partial.file);
    remove(this.#partial.path);
  }

  async finish(): Promise<string> {
    try {
      if (this.#endsInHole) await this.#partial.file.truncate(this.writtenBytes);
      if (this.#options.sync) await this.#partial.file.sync(); // before the name that promises it
      return this.#partial.path; // not closed, for that would give up its lock
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  commit(isAlone: boolean): void {
    try {
      if (this.#options.force) this.#replace(isAlone);
      else this.#renameToNew();
      this.#state = "named";
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  #replace(isAlone: boolean): void {
    checkReplacesFile(this.name);
    if (!isAlone) this.#replacedPath = keepUnderOtherName(this.name);
    Deno.renameSync(this.#partial.path, this.name);
  }

  /** Renames without replacing what another program may have put there meanwhile. */
  #renameToNew(): void {
    try {
      // Unlike a rename, a hard link fails if its name is taken.
      Deno.linkSync(this.#partial.path, this.name);
    } catch {
      if (exists(this.name)) {
        throw new Failure(
          "exists",
          this.name,
          "another program made the file meanwhile",
          "pass --force to replace it, or another name",
        );
      }
      Deno.renameSync(this.#partial.path, this.name); // the file system has no hard links
      return;
    }
    Deno.removeSync(this.#partial.path);
  }

  async keep(): Promise<void> {
    if (this.#state !== "named") return;
    this.#state = "kept";
    this.#partial.file.close();
    if (this.#replacedPath !== undefined) remove(this.#replacedPath);
    try {
      if (this.#options.sync) await syncFolder(splitPath(this.name).folder);
    } catch (error) {
      throw ioFailure(error, this.name, "cannot make its name durable");
    }
  }

  abort(): undefined {
    if (this.#state === "kept" || this.#state === "gone") return;
    const wasNamed = this.#state === "named";
    this.#state = "gone";
    if (wasNamed) this.#takeBack();
    // Commit may have failed between giving the new name and taking the old one.
    if (this.#replacedPath !== undefined) remove(this.#replacedPath);
    this.#removePartial();
  }

  /** Undoes {@linkcode commit}, unless the name means another file by now. */
  #takeBack(): void {
    try {
      const [there, ours] = [Deno.lstatSync(this.name), this.#partial.file.statSync()];
      if (there.ino !== ours.ino || there.dev !== ours.dev) return;
      if (this.#replacedPath === undefined) Deno.removeSync(this.name);
      else Deno.renameSync(this.#replacedPath, this.name);
    } catch {
      // gone with its folder
    }
  }
}

/** What others on the machine may do with it. */
function modeFor({ isSecret }: OutputOptions): number {
  return isSecret ? 0o600 : 0o666;
}

/** A second name for a file, if there is one and its file system has hard links. */
function keepUnderOtherName(path: string): string | undefined {
  const other = partialName(path);
  try {
    Deno.linkSync(path, other);
    return other;
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // renamed, or gone with its folder
  }
}

/** fsync(2): a file's new name is only durable when its folder is. Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using opened = await Deno.open(folder === "" ? "." : folder);
  await opened.sync();
}
