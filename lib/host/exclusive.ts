/**
 * Holds a disk so that nothing else can begin to use it. open(2): `O_EXCL` without `O_CREAT` fails
 * with EBUSY if a block device is in use by the system (mounted in whatever namespace, swap, RAID)
 * or held by another program in the same way (ZFS, QEMU); the kernel refuses both while we hold it.
 *
 * The runtime's own functions cannot open like that, so this calls the C library.
 *
 * @module
 */

import { Failure } from "../blocks/failure.ts";
import { ioFailure } from "./io_failure.ts";

/** fcntl.h of Linux, the same on x86 and Arm. */
const O_RDWR = 0o2;
const O_EXCL = 0o200;
const O_CLOEXEC = 0o2000000;
/** posix_fadvise(2): what is in memory will not be needed. */
const POSIX_FADV_DONTNEED = 4;

const LIBRARY = "libc.so.6";
const FUNCTIONS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  posix_fadvise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
} as const;

/** A disk that is held. */
export interface HeldDisk extends Disposable {
  /** To be read and written. */
  readonly file: Deno.FsFile;
  /** Opens it once more, to be written from its beginning. */
  reopen(): Deno.FsFile;
  /** Lets the system forget what it remembers of the disk, so that the disk itself is read next. */
  forget(): void;
}

/**
 * Opens a disk for reading and writing, and holds it.
 *
 * @throws {Failure} `io` if it is in use, or cannot be opened.
 */
export function holdDisk(path: string): HeldDisk {
  const library = openLibrary(path);
  const descriptor = library.symbols.open(
    new TextEncoder().encode(`${path}\0`),
    O_RDWR | O_EXCL | O_CLOEXEC,
  );
  const release = () => {
    if (descriptor >= 0) library.symbols.close(descriptor);
    library.close();
  };
  try {
    if (descriptor < 0) throw reasonNotHeld(path);
    // The very disk that is held, whatever its name means by now.
    const open = () => Deno.openSync(`/proc/self/fd/${descriptor}`, { read: true, write: true });
    const file = open();
    return {
      file,
      reopen: open,
      forget: () => void library.symbols.posix_fadvise(descriptor, 0n, 0n, POSIX_FADV_DONTNEED),
      [Symbol.dispose]() {
        file.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw ioFailure(error, path, "cannot write");
  }
}

function openLibrary(path: string): Deno.DynamicLibrary<typeof FUNCTIONS> {
  try {
    return Deno.dlopen(LIBRARY, FUNCTIONS);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw ioFailure(error, path, "cannot write");
    const what = `without ${LIBRARY} it cannot be held, and something else might use it`;
    throw new Failure("io", path, what, "pass -o - and redirect standard output there", error);
  }
}

/** Why a disk could not be held: if it opens without, somebody else holds it. */
function reasonNotHeld(path: string): unknown {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
  } catch (error) {
    return error;
  }
  return new Failure(
    "io",
    path,
    "it is in use: mounted, or held by another program",
    "release it first, or pass another disk",
  );
}
