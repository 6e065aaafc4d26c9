"""Files that cloud-config brings (`write_files`) → entries of the host description."""

import base64
import re
import zlib

from hostconf.sources.userdata import SIZE_LIMIT
from hostconf.sources.yamlflow import text_of

# cloud-init's default, and the mode of a file whose permissions cannot be read.
DEFAULT_MODE, ROOT_ONLY = 0o644, 0o600
MODE_MAX = 0o7777
_OWNERS = ("root", "root:root", "root:")


def read(entries, warn, what):
    """Description entries {path, content_base64, mode, append, defer} of write_files.

    @param what: what messages call the source
    """
    if entries is not None and not isinstance(entries, list):
        warn("%s: write_files is not a list and is ignored" % what)
        return []
    files = []
    for entry in entries or []:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not path.startswith("/") or ".." in path.split("/") or _is_odd(path):
            warn("%s: a file without an absolute path is ignored" % what)
            continue
        try:
            content = decoded(entry.get("content"), entry.get("encoding"))
        except ValueError as error:
            warn("%s: %s is ignored: %s" % (what, path, error))
            continue
        if entry.get("owner") not in (None, "") + _OWNERS:
            warn("%s: %s belongs to root: the owner %r is ignored" % (what, path, entry["owner"]))
        if entry.get("source"):
            warn("%s: %s gets what stands in content: its source is not asked for" % (what, path))
        files.append({"path": path, "content_base64": base64.b64encode(content).decode("ascii"),
                      "mode": _mode(entry.get("permissions"), path, lambda text: warn("%s: %s" % (what, text))),
                      "append": entry.get("append") is True, "defer": entry.get("defer") is True})
    return files


def content_of(entry):
    """The bytes of an entry."""
    return base64.b64decode(entry["content_base64"])


def decoded(content, encoding):
    """The bytes that an entry's content stands for. @raise ValueError: it cannot be decoded"""
    content = "" if content is None else text_of(content)
    if content is None:
        raise ValueError("its content is not text")
    data = content.encode("utf-8")
    names = str(encoding or "text/plain").lower().replace("gzip", "gz").replace("base64", "b64").split("+")
    if not set(names) <= {"text/plain", "gz", "b64"}:
        raise ValueError("its encoding %s is unknown" % encoding)
    try:
        # What is packed cannot stand in a text as it is: gzip alone is base64 too.
        if "b64" in names or "gz" in names:
            data = base64.b64decode(re.sub(rb"\s", b"", data), validate=True)
        if "gz" in names:
            decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = decoder.decompress(data, SIZE_LIMIT)
            if not decoder.eof:
                raise ValueError("cut short or too large")
    except (ValueError, zlib.error) as error:
        raise ValueError("its content cannot be decoded (%s)" % error)
    return data


def _mode(permissions, path, warn):
    """A mode such as "0600"; a number is the mode itself, as YAML makes it of 0600."""
    if permissions is None or permissions == "":
        return DEFAULT_MODE
    try:
        if isinstance(permissions, int) and not isinstance(permissions, bool):
            written = text_of(permissions) or str(permissions)
            if permissions <= 0o777 or written.startswith("0"):
                return _bounded(permissions)
            # 644 is 0o1204, which nobody means.
            return _bounded(int(written, 8))
        return _bounded(int((text_of(permissions) or "").strip(), 8))
    except ValueError:
        warn("the permissions %r of %s are no mode; %04o is used" % (permissions, path, ROOT_ONLY))
        return ROOT_ONLY


def _bounded(mode):
    if not 0 <= mode <= MODE_MAX:
        raise ValueError("no mode")
    return mode


def _is_odd(path):
    return path.endswith("/") or any(ord(char) < 32 or ord(char) == 127 for char in path)
