/**
 * Files that are being written, beside their final names. A killed program leaves one behind; the
 * next build of the same output finds and removes it.
 *
 * @module
 */

/** Ends the name of a file that is being written. */
const PARTIAL = ".esxi-img-partial";
/** What follows the final name: a UUID, which cannot be guessed, and {@linkcode PARTIAL}. */
const PARTIAL_END = /^[0-9a-f-]{36}\.esxi-img-partial$/;
/** How long a runtime that can only wait for a lock waits for it. */
const LOCK_WAIT_MS = 1000;

/**
 * Makes the file for an output.
 *
 * @param folder Where the output will be, empty or with a slash at its end.
 * @param base The output's name there.
 */
export function openPartial(
  folder: string,
  base: string,
  mode: number,
): { path: string; file: Deno.FsFile } {
  const path = `${folder}.${base}.${crypto.randomUUID()}${PARTIAL}`;
  const file = Deno.openSync(path, { write: true, createNew: true, mode });
  lockNew(file);
  return { path, file };
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
      const isPartial = name.startsWith(`.${base}.`) &&
        PARTIAL_END.test(name.slice(base.length + 2));
      if (isPartial && await isAbandoned(folder + name)) await Deno.remove(folder + name);
    }
  } catch {
    // A folder that cannot be listed may still be written to; opening the file will tell.
  }
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
