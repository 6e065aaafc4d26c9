"""The image's partition as curtin mounted it: names in any case, files replaced whole or not at all."""

import os

from common import erase
from esxihook import HookError

_SUFFIX = ".new"


def find(folder, path):
    """The real path of a file or folder below `folder`, whatever the case of its name; None when there is none."""
    place = folder
    for name in path.strip("/").split("/"):
        try:
            names = os.listdir(place)
        except OSError:
            return None
        matches = [name] if name in names else [other for other in sorted(names) if other.lower() == name.lower()]
        if not matches:
            return None
        place = os.path.join(place, matches[0])
    return place


def read(path):
    """The bytes of a file. @raise HookError: when it cannot be read"""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise HookError("cannot read %s: %s" % (path, error.strerror))


def replace_all(contents, secret=()):
    """Replace several files by new contents: all of them, or none.

    Everything is written beside its final name before the first file is renamed. A file that has its content
    already is left alone.

    @param contents: list of (path, bytes), in the order of renaming
    @param secret: paths whose old content is overwritten
    @raise HookError: when one cannot be written; every file then is as it was before
    """
    changes = [(path, content) for path, content in contents if _present(path) != content]
    done = []
    try:
        for path, content in changes:
            _write(path + _SUFFIX, content)
        for path, _ in changes:
            before = _present(path)
            _rename(path, path in secret)
            done.append((path, before))
    except OSError as error:
        for path, before in reversed(done):
            _put_back(path, before, path in secret)
        raise HookError("cannot write %s: %s" % (error.filename, error.strerror))
    finally:
        for path, _ in changes:
            remove(path + _SUFFIX)
    for folder in sorted(set(os.path.dirname(path) for path, _ in changes)):
        erase.sync_folder(folder)


def remove(path):
    """Overwrite a file and remove it, if it is there. @return: whether it was"""
    try:
        erase.remove(path)
    except FileNotFoundError:
        return False
    return True


def _present(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _write(path, content):
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename(path, is_secret):
    (erase.replace if is_secret else os.replace)(path + _SUFFIX, path)


def _put_back(path, before, is_secret):
    if before is None:
        remove(path)
    else:
        _write(path + _SUFFIX, before)
        _rename(path, is_secret)
