"""Write the files that metadata bring."""

import os

from hostconf.sources import files

# Until the mode is set, nobody but root reads a file that is made here.
_FRESH_MODE = 0o600


class FilesError(Exception):
    """Some files could not be written; the message names them."""


def write_all(entries, host, log):
    """Write description entries {path, content_base64, mode, append, defer}; those that are deferred come last.

    @raise FilesError: after all have been tried
    """
    failed = []
    for entry in sorted(entries, key=lambda entry: entry["defer"]):
        try:
            _write(host.path(entry["path"]), entry)
            log.info("wrote %s" % entry["path"])
        except OSError as error:
            failed.append("%s could not be written: %s" % (entry["path"], error.strerror))
    if failed:
        raise FilesError("; ".join(failed))


def _write(place, entry):
    if not os.path.isdir(os.path.dirname(place)):
        os.makedirs(os.path.dirname(place))
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if entry["append"] else os.O_TRUNC)
    number = os.open(place, flags, _FRESH_MODE)
    with os.fdopen(number, "wb") as file:
        file.write(files.content_of(entry))
    os.chmod(place, entry["mode"])
