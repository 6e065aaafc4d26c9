"""Remove the credentials that curtin leaves behind.

curtin writes its whole configuration to root/curtin-install-cfg.yaml on the target, and its log to
root/curtin-install.log once everything, every hook included, has run. So the first is removed, and the log is
masked where curtin will copy it from.
"""

import os

from common import erase
from esxihook import HookError, partition

_FOLDER = "root"
_LEFT_BY_CURTIN = ("curtin-install-cfg.yaml", "curtin-install.log")
_MASK = b"*"
_MASKED_CHARACTERS = 8  # shorter values are no credentials, and would mask half the log


def remove_leftovers(target, config, secrets):
    """Remove curtin's own files, and every file that it was told to write and that holds a credential.

    @return: the removed paths, relative to the target
    @raise HookError: when one cannot be removed
    """
    removed = []
    for path in _candidates(target, config):
        relative = os.path.relpath(path, target)
        own = os.path.basename(path).lower() in _LEFT_BY_CURTIN
        if own or _holds(path, secrets):
            try:
                erase.remove(path)
            except OSError as error:
                raise HookError("cannot remove %s: %s" % (relative, error.strerror))
            removed.append(relative)
            _remove_empty_folders(target, os.path.dirname(path))
    return removed


def mask_log(config, secrets):
    """Overwrite credentials in curtin's log, at equal length because curtin goes on writing to it.

    @return: how many were overwritten
    @raise HookError: when they cannot be
    """
    install = config.get("install")
    path = install.get("log_file") if isinstance(install, dict) else None
    if not isinstance(path, str) or not os.path.isfile(path):
        return 0
    try:
        return _mask(path, [text.encode("utf-8") for text in secrets if len(text) >= _MASKED_CHARACTERS])
    except OSError as error:
        raise HookError("cannot mask the credentials in curtin's log %s: %s" % (path, error.strerror))


def _mask(path, secrets):
    count = 0
    with open(path, "r+b") as file:
        content = file.read()
        for secret in secrets:
            at = content.find(secret)
            while at >= 0:
                file.seek(at)
                file.write(_MASK * len(secret))
                count += 1
                at = content.find(secret, at + len(secret))
    return count


def _candidates(target, config):
    """Files in root/, and those that the configuration names, as they stand on the partition."""
    paths = []
    root = partition.find(target, _FOLDER)
    for folder, _, names in os.walk(root or os.devnull):
        paths += [os.path.join(folder, name) for name in sorted(names)]
    for section in ("write_files", "cloudconfig"):
        entries = config.get(section)
        for entry in entries.values() if isinstance(entries, dict) else []:
            name = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(name, str) and name.strip("/") and ".." not in name.split("/"):
                paths.append(partition.find(target, name))
    return [path for i, path in enumerate(paths) if path and path not in paths[:i] and os.path.isfile(path)]


def _holds(path, secrets):
    content = partition.read(path)
    return any(secret.encode("utf-8") in content for secret in secrets)


def _remove_empty_folders(target, folder):
    while os.path.realpath(folder) != os.path.realpath(target):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
