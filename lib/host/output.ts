/**
 * Writes the output so that nothing looks finished that is not: beside its final name, renamed at
 * the end.
 *
 * @module
 */

import { closeSync, constants, openSync } from "node:fs";
import { Failure } from "../blocks/failure.ts";
import type { Sink } from "../blocks/sink.ts";
import { ioFailure } from "./io_failure.ts";
import { outliveSizeLimit } from "./signals.ts";
import { openPartial, removeAbandoned } from "./partial_file.ts";

/** How often a pipe is asked for its reader. */
const PIPE_POLL_MS = 50;
const ZEROS = new Uint8Array(1024 * 1024);

/** Something that an image can be written to. */
export interface Output extends Sink {
  /** The output's name in messages. */
  readonly name: string;
  readonly writtenBytes: number;
  /**
   * Ends the writing.
   *
   * @returns Where what was written can be read back, if it can.
   */
  finish(): Promise<string | undefined>;
  /** Gives the output its final name. */
  commit(): Promise<void>;
  /** Removes what was written, if it can be removed. Harmless after {@linkcode commit}. */
  abort(): void;
}

/** How to open an output. */
export interface OutputOptions {
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
  /** Let nobody else read it. */
  readonly isSecret?: boolean | undefined;
  /** The paths it must not be: whatever else is read or written. */
  readonly others?: readonly string[] | undefined;
}

/**
 * Opens an output.
 *
 * @param path `-` is standard output.
 * @throws {Failure} `exists` if there is a file already, `io` if none can be made.
 */
export async function openOutput(path: string, options: OutputOptions = {}): Promise<Output> {
  if (path === "-") {
    if (Deno.stdout.isTerminal()) {
      throw new Failure(
        "io",
        "standard output",
        "it is a terminal",
        "pass the name of a file, or pipe it into a program",
      );
    }
    return new StreamOutput("standard output", Deno.stdout);
  }
  const target = await lstat(path);
  for (const other of options.others ?? []) await checkDifferent(path, other);
  if (target !== undefined && (target.isFifo || target.isCharDevice)) {
    // Neither can be replaced or left half-written: a pipe's reader decides.
    return new StreamOutput(path, await openStream(path));
  }
  checkReplaceable(path, target, options.force ?? false);
  return await FileOutput.create(path, options);
}

function checkReplaceable(path: string, target: Deno.FileInfo | undefined, force: boolean): void {
  if (target === undefined) return;
  if (target.isDirectory) {
    throw new Failure("exists", path, "it is a folder", "pass the name of a file in it");
  }
  if (!target.isFile && !target.isSymlink) {
    throw new Failure("exists", path, "it is a device", "pass -o - and redirect standard output");
  }
  if (!force) {
    const what = target.isSymlink ? "a symbolic link of that name exists" : "the file exists";
    throw new Failure("exists", path, what, "pass --force to replace it, or another name");
  }
}

async function checkDifferent(output: string, other: string): Promise<void> {
  const [a, b] = await Promise.all([output, other].map(resolve));
  if (a !== undefined && a === b) {
    throw new Failure("exists", output, "the same run reads or writes it", "pass another name");
  }
}

/** The absolute path, without links, of something that need not exist; its folder must. */
async function resolve(path: string): Promise<string | undefined> {
  const { folder, base } = split(path);
  return await Deno.realPath(path).catch(async () =>
    `${await Deno.realPath(folder === "" ? "." : folder)}/${base}`
  ).catch(() => undefined);
}

/** Splits a path behind its last slash. */
function split(path: string): { folder: string; base: string } {
  const at = path.lastIndexOf("/") + 1;
  return { folder: path.slice(0, at), base: path.slice(at) };
}

async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw ioFailure(error, path, "cannot write");
  }
}

/** Opens a pipe or a character device. */
async function openStream(path: string): Promise<Deno.FsFile> {
  let reached: number | undefined;
  try {
    // To open a pipe stops the whole program, deaf to signals, until somebody reads from it.
    while ((reached = tryReach(path)) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, PIPE_POLL_MS));
    }
    return await Deno.open(path, { write: true });
  } catch (error) {
    throw ioFailure(error, path, "cannot write");
  } finally {
    if (reached !== undefined) closeSync(reached);
  }
}

/** Opens a pipe if somebody reads from it; open(2), `O_NONBLOCK`: ENXIO says that nobody does. */
function tryReach(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as { code?: string }).code === "ENXIO") return undefined;
    throw error;
  }
}

/** Writes all of `bytes`; the system may take fewer at a time. */
async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
  name: string,
): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) done += await writer.write(bytes.subarray(done));
  } catch (error) {
    throw ioFailure(error, name, "cannot write");
  }
}

/** A pipe or a character device: written straight through. */
class StreamOutput implements Output {
  writtenBytes = 0;
  readonly name: string;
  readonly #writer: { write(bytes: Uint8Array): Promise<number> };

  constructor(name: string, writer: { write(bytes: Uint8Array): Promise<number> }) {
    this.name = name;
    this.#writer = writer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#writer, bytes, this.name);
    this.writtenBytes += bytes.length;
  }

  async hole(lengthBytes: number): Promise<void> {
    for (let done = 0; done < lengthBytes; done += ZEROS.length) {
      await this.write(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - done)));
    }
  }

  finish(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async commit(): Promise<void> {}

  abort(): void {}
}

/** A file that gets its name when it is complete. Its holes are the file system's. */
class FileOutput implements Output {
  writtenBytes = 0;
  readonly name: string;
  readonly #partialPath: string;
  readonly #file: Deno.FsFile;
  readonly #force: boolean;
  #isOpen = true;
  #endsInHole = false;

  private constructor(name: string, partialPath: string, file: Deno.FsFile, force: boolean) {
    this.name = name;
    this.#partialPath = partialPath;
    this.#file = file;
    this.#force = force;
  }

  static async create(path: string, options: OutputOptions): Promise<FileOutput> {
    const { folder, base } = split(path);
    outliveSizeLimit();
    await removeAbandoned(folder, base);
    try {
      // At once: no signal comes between making the file and knowing how to remove it.
      const partial = openPartial(folder, base, options.isSecret ? 0o600 : 0o666);
      return new FileOutput(path, partial.path, partial.file, options.force ?? false);
    } catch (error) {
      throw ioFailure(error, path, "cannot write");
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#file, bytes, this.name);
    this.writtenBytes += bytes.length;
    this.#endsInHole = false;
  }

  async hole(lengthBytes: number): Promise<void> {
    try {
      await this.#file.seek(lengthBytes, Deno.SeekMode.Current);
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
    this.writtenBytes += lengthBytes;
    this.#endsInHole = true;
  }

  async finish(): Promise<string> {
    try {
      if (this.#endsInHole) await this.#file.truncate(this.writtenBytes);
      return this.#partialPath; // not closed, for that would give up its lock
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  async commit(): Promise<void> {
    try {
      if (this.#force) await Deno.rename(this.#partialPath, this.name);
      else await this.#renameToNew();
      this.#close();
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  /** Renames without replacing what another program may have put there meanwhile. */
  async #renameToNew(): Promise<void> {
    try {
      // Unlike a rename, a hard link fails if its name is taken.
      await Deno.link(this.#partialPath, this.name);
      await Deno.remove(this.#partialPath);
    } catch {
      if (await lstat(this.name) !== undefined) {
        throw new Failure(
          "exists",
          this.name,
          "another program made the file meanwhile",
          "pass --force to replace it, or another name",
        );
      }
      await Deno.rename(this.#partialPath, this.name); // the file system has no hard links
    }
  }

  abort(): void {
    this.#close();
    try {
      Deno.removeSync(this.#partialPath);
    } catch {
      // renamed or gone with its folder
    }
  }

  #close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}
