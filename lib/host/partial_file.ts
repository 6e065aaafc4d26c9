/**
 * Files that are being written, beside their final names. A killed program leaves one behind; the
 * next build of the same output finds and removes it. Each is locked by whoever writes it, and the
 * system takes the lock back when the program ends, however it ends: what can be locked is abandoned.
 *
 * @module
 */

import { splitPath } from "./paths.ts";

/** Ends the name of a file that is being written. */
const PARTIAL = ".esxi-img-partial";
/** What follows the final name: a UUID, which cannot be guessed, and the end above. */
const END = /^[0-9a-f-]{36}\.esxi-img-partial$/;
const REPLACED_END = /^[0-9a-f-]{36}\.esxi-img-replaced$/;
/** How long a runtime that can only wait for a lock waits for it. */
const LOCK_WAIT_MS = 1000;
/** Another build may take a file for abandoned before it is locked, but hardly so often. */
const MAX_TRIES = 100;

/** A file that is being written, open and locked. */
export interface PartialFile {
  readonly path: string;
  readonly file: Deno.FsFile;
}

/**
 * Makes the file for an output.
 *
 * @param output Where the output will be.
 * @throws {Error} as the system does, if the folder does not take it.
 */
export function openPartial(output: string, mode: number): PartialFile {
  for (let tries = 1;; tries++) {
    const path = partialName(output);
    const file = Deno.openSync(path, { write: true, createNew: true, mode });
    if (lockNew(path, file) || tries === MAX_TRIES) return { path, file };
    file.close();
  }
}

/**
 * Makes the file for an output of another file's bytes. It does not exist before: ext4 writes one
 * that was emptied to the disk when it is closed.
 *
 * @param path Where it will be, a {@linkcode partialName}.
 * @throws {Error} as the system does, if it cannot be copied.
 */
export async function copyPartial(from: string, path: string): Promise<PartialFile> {
  // copy_file_range(2) where there is such a thing: no byte of it passes through this program.
  await Deno.copyFile(from, path);
  const file = Deno.openSync(path, { write: true });
  if (lockNew(path, file)) return { path, file };
  file.close();
  throw new Deno.errors.NotFound(path);
}

/** A name beside an output's for what is to go, sooner or later; no two are the same. */
export function partialName(output: string): string {
  const { folder, base } = splitPath(output);
  return `${folder}.${base}.${crypto.randomUUID()}${PARTIAL}`;
}

/** Locks a file. Returns whether it is still there: until it was locked it looked abandoned. */
function lockNew(path: string, file: Deno.FsFile): boolean {
  try {
    file.lockSync(true);
  } catch {
    return true; // the file system has no locks: then nothing is ever taken for abandoned there
  }
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Ends the name of a folder that another is about to replace. */
const REPLACED = ".esxi-img-replaced";

/** A name beside an output's for a folder until another has its name: no system call swaps two. */
export function replacedName(output: string): string {
  return partialName(output).slice(0, -PARTIAL.length) + REPLACED;
}

/**
 * Gives a folder back the name that a run which was killed just then had taken from it.
 *
 * @throws {Error} as the system does, if the folder above cannot be listed.
 */
export function restoreReplaced(output: string): void {
  for (const { path } of listBeside(output, REPLACED_END)) {
    try {
      Deno.lstatSync(output);
      Deno.removeSync(path, { recursive: true }); // the other has its name
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) Deno.renameSync(path, output);
    }
  }
}

/** What lies beside an output under a name of ours with a certain end. */
function* listBeside(
  output: string,
  end: RegExp,
): Generator<{ readonly path: string; readonly isDirectory: boolean }> {
  const { folder, base } = splitPath(output);
  for (const { name, isDirectory } of Deno.readDirSync(folder === "" ? "." : folder)) {
    const isOurs = name.startsWith(`.${base}.`) && end.test(name.slice(base.length + 2));
    if (isOurs) yield { path: folder + name, isDirectory };
  }
}

/** What is locked in a folder that is being written. */
const LOCK = ".esxi-img-lock";

/**
 * Makes the folder for an output, with a file in it whose lock says that somebody is at work.
 *
 * @param output Where the output will be.
 * @throws {Error} as the system does, if the folder above does not take it.
 */
export function lockPartial(
  output: string,
): { path: string; lock: { path: string; file: Deno.FsFile } } {
  for (let tries = 1;; tries++) {
    const path = partialName(output);
    Deno.mkdirSync(path);
    const lock = `${path}/${LOCK}`;
    const file = Deno.openSync(lock, { write: true, createNew: true });
    if (lockNew(lock, file) || tries === MAX_TRIES) return { path, lock: { path: lock, file } };
    file.close();
  }
}

/** Removes the folders that killed runs for the same output left behind. */
export async function removeAbandonedFolders(output: string): Promise<void> {
  try {
    for (const { path, isDirectory } of listBeside(output, END)) {
      if (!isDirectory) continue;
      try {
        await removeIfAbandoned(`${path}/${LOCK}`);
        // Only whoever could remove the lock removes the rest.
        await Deno.lstat(`${path}/${LOCK}`).catch(() => Deno.remove(path, { recursive: true }));
      } catch {
        // somebody else's, or gone
      }
    }
  } catch {
    // A folder that cannot be listed may still be written to; making the output will tell.
  }
}

/** Removes what killed builds of the same output left behind. */
export async function removeAbandoned(output: string): Promise<void> {
  try {
    for (const { path } of listBeside(output, END)) {
      await removeIfAbandoned(path).catch(() => {}); // somebody else's, or gone
    }
  } catch {
    // A folder that cannot be listed may still be written to; opening the file will tell.
  }
}

/** Removes a partial file while its lock is ours, unless it is somebody else's. */
async function removeIfAbandoned(path: string): Promise<void> {
  const file: Deno.FsFile & Partial<TryLock> = await Deno.open(path, { write: true });
  if (file.tryLock !== undefined) {
    using _file = file;
    if (await file.tryLock(true)) await Deno.remove(path);
    return;
  }
  // Before Deno 2.9 a lock can only be waited for. A file at work stays open until the program ends.
  const locked = file.lock(true).then(() => true, () => false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), LOCK_WAIT_MS);
  });
  const isOurs = await Promise.race([locked, waited]);
  clearTimeout(timer);
  if (!isOurs) return;
  using _file = file;
  await Deno.remove(path);
}

interface TryLock {
  tryLock(exclusive: boolean): Promise<boolean>;
}
