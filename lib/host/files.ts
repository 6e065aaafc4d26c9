/**
 * Reads files.
 *
 * @module
 */

import type { Source } from "../blocks/extent.ts";
import { Failure } from "../blocks/failure.ts";
import { ioFailure } from "./io_failure.ts";

/** A file as a source, to be closed when it is done with. Its reads must not overlap. */
export class FileSource implements Source, Disposable {
  readonly name: string;
  /** The size of the file or disk when it was opened. */
  readonly sizeBytes: number;
  readonly #file: Deno.FsFile;
  readonly #changedMs: number | undefined;
  #positionBytes = 0;

  private constructor(name: string, sizeBytes: number, file: Deno.FsFile) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.#file = file;
    this.#changedMs = file.statSync().mtime?.getTime();
  }

  /**
   * Opens a file or a disk.
   *
   * @throws {Failure} `io` if it cannot be opened or is a folder or a pipe.
   */
  static open(path: string): FileSource {
    try {
      // Looked at before it is opened: opening a pipe would wait for its writer.
      const stat = Deno.statSync(path);
      if (stat.isDirectory) {
        throw new Failure("io", path, "cannot read: it is a folder", "pass a file");
      }
      if (stat.isFifo || stat.isSocket || stat.isCharDevice) {
        throw new Failure("io", path, "cannot read: it is not a file", "save it to a file first");
      }
      const file = Deno.openSync(path);
      // The size of a block device is only known by going to its end.
      const sizeBytes = stat.isFile ? stat.size : file.seekSync(0, Deno.SeekMode.End);
      file.seekSync(0, Deno.SeekMode.Start);
      return new FileSource(path, sizeBytes, file);
    } catch (error) {
      throw ioFailure(error, path, "cannot read");
    }
  }

  /**
   * Reads at once: that, and writing in another thread, is faster than asking threads for both, for
   * what is read is in the page cache more often than not.
   *
   * @throws {Failure} `truncated` if the file ends before `into` is full, `io` if it cannot be read.
   */
  read(into: Uint8Array, offsetBytes: number): void {
    try {
      if (offsetBytes !== this.#positionBytes) {
        this.#file.seekSync(offsetBytes, Deno.SeekMode.Start);
      }
      for (let done = 0; done < into.length;) {
        const count = this.#file.readSync(into.subarray(done));
        if (count === null) throw this.#truncated(into.length - done);
        done += count;
      }
      this.#positionBytes = offsetBytes + into.length;
    } catch (error) {
      this.#positionBytes = -1;
      throw ioFailure(error, this.name, "cannot read");
    }
  }

  /**
   * Checks that what was read belongs together.
   *
   * @throws {Failure} `io` if the file has been written to since it was opened.
   */
  checkUnchanged(): void {
    if (this.#file.statSync().mtime?.getTime() === this.#changedMs) return;
    throw new Failure(
      "io",
      this.name,
      "it was changed while it was read",
      "run again when nothing writes to it",
    );
  }

  #truncated(missingBytes: number): Failure {
    return new Failure(
      "truncated",
      this.name,
      `it ends ${missingBytes} bytes too early: was it changed while it was read?`,
      "run again when nothing writes to it",
    );
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Files that are open together, and closed together. */
export class FileSources implements Disposable {
  /** In the order of their paths. */
  readonly files: readonly FileSource[];

  private constructor(files: readonly FileSource[]) {
    this.files = files;
  }

  /**
   * Opens files.
   *
   * @throws {Failure} `io` if one cannot be opened; those before it are closed then.
   */
  static open(paths: readonly string[]): FileSources {
    const opened: FileSource[] = [];
    try {
      for (const path of paths) opened.push(FileSource.open(path));
      return new FileSources(opened);
    } catch (error) {
      for (const file of opened) file[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Checks that what was read belongs together.
   *
   * @throws {Failure} `io` if one of the files has been written to since it was opened.
   */
  checkUnchanged(): void {
    for (const file of this.files) file.checkUnchanged();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.files) file[Symbol.dispose]();
  }
}

/**
 * Reads a whole file that is known to be small.
 *
 * @param path `-` is standard input.
 * @throws {Failure} `io` if it cannot be read or is larger than `maxBytes`.
 */
export async function readSmall(path: string, maxBytes: number): Promise<Uint8Array> {
  const name = path === "-" ? "standard input" : path;
  try {
    const file = path === "-" ? Deno.stdin : await Deno.open(path);
    const chunks: Uint8Array[] = [];
    let totalBytes = 0;
    try {
      for await (const chunk of file.readable) {
        chunks.push(chunk);
        totalBytes += chunk.length;
        if (totalBytes > maxBytes) {
          throw new Failure("io", name, `it has more than ${maxBytes} bytes`, "pass another file");
        }
      }
    } finally {
      if (file instanceof Deno.FsFile) tryClose(file);
    }
    const bytes = new Uint8Array(totalBytes);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  } catch (error) {
    throw ioFailure(error, name, "cannot read");
  }
}

/** Whether there is a file, or a link to one. */
export async function fileExists(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isFile, () => false);
}

/**
 * The names of the folders in a folder, and of links there that lead to no file; none if it cannot be
 * listed. A link to nothing counts, so that it is told and not passed over.
 */
export function listFolders(path: string): string[] {
  return listEntries(path).filter((entry) =>
    entry.isDirectory || (entry.isSymlink && !isFile(`${path}/${entry.name}`))
  ).map(({ name }) => name).sort();
}

/** The names of all that is in a folder; none if it cannot be listed. */
export function listNames(path: string): Set<string> {
  return new Set(listEntries(path).map(({ name }) => name));
}

function listEntries(path: string): Deno.DirEntry[] {
  return orUndefined(() => [...Deno.readDirSync(path)]) ?? [];
}

/** Whether a path leads to a folder. */
export function isFolder(path: string): boolean {
  return orUndefined(() => Deno.statSync(path))?.isDirectory ?? false;
}

function isFile(path: string): boolean {
  return orUndefined(() => Deno.statSync(path))?.isFile ?? false;
}

/**
 * What the system answers, if it can: for what need not be there. At once, because to hand such a
 * question to a thread takes several times as long as the answer.
 */
export function orUndefined<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Closes a file that may be closed already, as reading a stream to its end does. */
export function tryClose(file: Deno.FsFile): void {
  try {
    file.close();
  } catch {
    // closed
  }
}
