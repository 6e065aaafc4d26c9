/**
 * Files that are being written, beside their final names. A killed program leaves one behind; the
 * next build of the same output finds and removes it.
 *
 * @module
 */

/** Ends the name of a file that is being written. */
const PARTIAL = ".esxi-img-partial";
/** Ends it for the instant before it is locked, in which it would look abandoned. */
const NEW = ".esxi-img-new";
/** What follows the final name: a UUID, which cannot be guessed, and one of the ends above. */
const END = /^[0-9a-f-]{36}(\.esxi-img-(?:partial|new))$/;
/** Whoever has not locked a file by now was killed before it could. */
const NEW_LIFE_MS = 60_000;
/** How long a runtime that can only wait for a lock waits for it. */
const LOCK_WAIT_MS = 1000;

/**
 * Makes the file for an output.
 *
 * @param folder Where the output will be, empty or with a slash at its end.
 * @param base The output's name there.
 * @throws {Error} as the system does, if the folder does not take it.
 */
export function openPartial(
  folder: string,
  base: string,
  mode: number,
): { path: string; file: Deno.FsFile } {
  const path = partialName(folder, base);
  const stem = path.slice(0, -PARTIAL.length);
  const file = Deno.openSync(stem + NEW, { write: true, createNew: true, mode });
  lockNew(file);
  try {
    Deno.renameSync(stem + NEW, path);
  } catch (error) {
    file.close();
    Deno.removeSync(stem + NEW);
    throw error;
  }
  return { path, file };
}

/** A name beside an output's for what is to go, sooner or later; no two are the same. */
export function partialName(folder: string, base: string): string {
  return `${folder}.${base}.${crypto.randomUUID()}${PARTIAL}`;
}

/**
 * Tells other builds that a file is at work. The system takes the lock back when the program ends,
 * however it ends.
 */
function lockNew(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch {
    // The file system has no locks: then nothing is ever taken for abandoned there.
  }
}

/** Removes what killed builds of the same output left behind. */
export async function removeAbandoned(folder: string, base: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder === "" ? "." : folder)) {
      if (!name.startsWith(`.${base}.`)) continue;
      const end = END.exec(name.slice(base.length + 2))?.[1];
      const isOver = end === NEW ? isOld : isAbandoned;
      if (end !== undefined && await isOver(folder + name)) await Deno.remove(folder + name);
    }
  } catch {
    // A folder that cannot be listed may still be written to; opening the file will tell.
  }
}

/** Whether a file that is not locked yet is there for longer than that takes. */
async function isOld(path: string): Promise<boolean> {
  const { mtime } = await Deno.stat(path);
  return mtime !== null && Date.now() - mtime.getTime() > NEW_LIFE_MS;
}

/** Whether nobody holds the lock of a partial file. */
async function isAbandoned(path: string): Promise<boolean> {
  const file: Deno.FsFile & Partial<TryLock> = await Deno.open(path, { write: true });
  if (file.tryLock !== undefined) {
    using _file = file;
    return await file.tryLock(true);
  }
  // Before Deno 2.9 a lock can only be waited for. A file at work stays open until the program ends.
  const locked = file.lock(true).then(() => true, () => false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), LOCK_WAIT_MS);
  });
  const isFree = await Promise.race([locked, waited]);
  clearTimeout(timer);
  if (isFree) file.close();
  return isFree;
}

interface TryLock {
  tryLock(exclusive: boolean): Promise<boolean>;
}
