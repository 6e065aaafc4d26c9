"""Remove files that hold secrets: overwritten first, since a file system leaves the blocks of a removed file as they
were, FAT and VMFS alike."""

import contextlib
import os
import shutil

_CHUNK_BYTES = 1024 * 1024


def overwrite(file):
    """Overwrite the content of a file that is open for writing ("r+b"), at its length and in its place."""
    left = file.seek(0, os.SEEK_END)
    file.seek(0)
    while left > 0:
        left -= file.write(b"\0" * min(left, _CHUNK_BYTES))
    file.flush()
    os.fsync(file.fileno())


def remove(path):
    """Overwrite a file and remove it. @raise OSError: when either cannot be done; it then is still there"""
    if os.path.isfile(path) and not os.path.islink(path):
        with open(path, "r+b") as file:
            overwrite(file)
    os.remove(path)


def replace(source, target):
    """Rename a file over another one, whose old content is overwritten. @raise OSError: when it is not renamed"""
    # A file that is open keeps its blocks when its name goes to another one.
    old = open(target, "r+b") if os.path.isfile(target) else None
    try:
        os.replace(source, target)
        if old:
            # First the new name must last: a power cut leaves the old file or the new one.
            sync_folder(os.path.dirname(target))
            with contextlib.suppress(OSError):
                overwrite(old)
    finally:
        if old:
            old.close()


def sync_folder(folder):
    """Make the names in a folder last. One that cannot be synchronised is written when it is unmounted."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_tree(folder):
    """Overwrite every file below a folder and remove all of it, as far as that can be done. Links are not followed."""
    if os.path.islink(folder):
        return
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                remove(os.path.join(place, name))
    shutil.rmtree(folder, ignore_errors=True)
