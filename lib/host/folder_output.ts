/**
 * A folder of files that gets its name when it is complete.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import type { ContentTree } from "../blocks/file_tree.ts";
import type { Sink } from "../blocks/sink.ts";
import type { Committable } from "./commit.ts";
import { ioFailure } from "./io_failure.ts";
import { type OutputOptions, writeAll } from "./output.ts";
import {
  lockPartial,
  removeAbandonedFolders,
  replacedName,
  restoreReplaced,
} from "./partial_file.ts";
import { ignoreSigxfsz } from "./signals.ts";

const ZEROS = new Uint8Array(1024 * 1024);

/** How to open a folder. */
export interface FolderOptions extends Pick<OutputOptions, "force" | "sync"> {
  /** The files that show that a folder was written by us, and may be replaced. */
  readonly marks: readonly string[];
}

/**
 * Makes a folder beside the name that it will get.
 *
 * @param tree What it will hold; its bytes are to be written one file after the other.
 * @throws {Failure} `exists` if something of that name is there and must not be replaced, `io` if no
 * folder can be made.
 */
export async function createFolderOutput(
  path: string,
  tree: ContentTree,
  options: FolderOptions,
): Promise<FolderOutput> {
  const name = path.replace(/(?<=[^/])\/+$/, "");
  ignoreSigxfsz();
  try {
    restoreReplaced(name);
  } catch {
    // A folder that cannot be listed may still be written to; making the output will tell.
  }
  checkReplaceable(name, options);
  await removeAbandonedFolders(name);
  try {
    const partial = lockPartial(name);
    return new FolderOutput(name, partial.path, partial.lock, tree, options);
  } catch (error) {
    throw ioFailure(error, name, "cannot write");
  }
}

/** The bytes of all files, in order, go into a folder. */
export class FolderOutput implements Sink, Committable {
  readonly name: string;
  writtenBytes = 0;
  readonly #partialPath: string;
  readonly #lock: { readonly path: string; readonly file: Deno.FsFile };
  readonly #tree: ContentTree;
  readonly #options: FolderOptions;
  #nextFile = 0;
  #file: Deno.FsFile | undefined;
  #missingBytes = 0;
  #state: "partial" | "named" | "kept" | "gone" = "partial";
  #replacedPath: string | undefined;

  /** See {@linkcode createFolderOutput}. */
  constructor(
    name: string,
    partialPath: string,
    lock: { readonly path: string; readonly file: Deno.FsFile },
    tree: ContentTree,
    options: FolderOptions,
  ) {
    this.name = name;
    this.#partialPath = partialPath;
    this.#lock = lock;
    this.#tree = tree;
    this.#options = options;
    for (const folder of tree.directories) Deno.mkdirSync(`${partialPath}/${folder}`);
  }

  /** @throws {RangeError} if the files have fewer bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await this.#openNext();
      const part = bytes.subarray(at, at + this.#missingBytes);
      if (this.#file === undefined) throw new RangeError("Cannot write behind the last file");
      await writeAll(this.#file, part, this.name);
      at += part.length;
      this.#missingBytes -= part.length;
      this.writtenBytes += part.length;
    }
  }

  async hole(lengthBytes: number): Promise<void> {
    for (let done = 0; done < lengthBytes; done += ZEROS.length) {
      await this.write(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - done)));
    }
  }

  /**
   * Ends the writing.
   *
   * @throws {Failure} `io` if the last files cannot be written.
   */
  async finish(): Promise<void> {
    await this.#openNext();
    try {
      this.#lock.file.close();
      Deno.removeSync(this.#lock.path);
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  /** Goes on to the next file that is not complete; files without bytes are made on the way. */
  async #openNext(): Promise<void> {
    const { files } = this.#tree;
    try {
      while (
        this.#missingBytes === 0 && (this.#file !== undefined || this.#nextFile < files.length)
      ) {
        if (this.#file !== undefined && this.#options.sync) await this.#file.sync();
        this.#file?.close();
        this.#file = undefined;
        const next = files[this.#nextFile++];
        if (next === undefined) return;
        const path = `${this.#partialPath}/${next.path}`;
        this.#file = Deno.openSync(path, { write: true, createNew: true });
        this.#missingBytes = next.sizeBytes;
      }
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  /** @throws {Failure} `exists` if something was put there meanwhile, `io` if it cannot be replaced. */
  commit(): void {
    try {
      checkReplaceable(this.name, this.#options);
      if (exists(this.name)) {
        this.#replacedPath = replacedName(this.name);
        Deno.renameSync(this.name, this.#replacedPath);
      }
      this.#state = "named";
      Deno.renameSync(this.#partialPath, this.name);
    } catch (error) {
      throw ioFailure(error, this.name, "cannot write");
    }
  }

  keep(): Promise<void> {
    if (this.#state === "named") {
      this.#state = "kept";
      if (this.#replacedPath !== undefined) remove(this.#replacedPath);
    }
    return Promise.resolve();
  }

  abort(): string | undefined {
    if (this.#state === "kept" || this.#state === "gone") return undefined;
    const wasNamed = this.#state === "named";
    this.#state = "gone";
    this.#file?.close();
    this.#file = undefined;
    if (wasNamed && this.#replacedPath !== undefined) {
      remove(this.name);
      try {
        Deno.renameSync(this.#replacedPath, this.name);
      } catch {
        return `what was there is called ${this.#replacedPath} now`;
      }
    } else if (wasNamed) remove(this.name);
    remove(this.#partialPath);
    try {
      this.#lock.file.close();
    } catch {
      // closed when everything was written
    }
    return undefined;
  }
}

/** Checks that nothing is there, or a folder of ours that is to be replaced. */
function checkReplaceable(path: string, { force, marks }: FolderOptions): void {
  const stat = lstat(path);
  if (stat === undefined) return;
  if (!stat.isDirectory) {
    throw new Failure("exists", path, "it is no folder", "pass the name of a folder");
  }
  if (!force) {
    const remedy = "pass --force to replace it, or another name";
    throw new Failure("exists", path, "the folder exists", remedy);
  }
  const isEmpty = Deno.readDirSync(path).next().done;
  if (!isEmpty && !marks.every((mark) => exists(`${path}/${mark}`))) {
    const what = "the folder holds something else than what would replace it";
    throw new Failure("exists", path, what, "pass another name, or remove it yourself");
  }
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw ioFailure(error, path, "cannot write");
  }
}

function exists(path: string): boolean {
  return lstat(path) !== undefined;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // not there
  }
}
