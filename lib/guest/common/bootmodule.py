"""Boot modules that the boot loader unpacks into the root: a tar in the dialect of ESXi's own modules, gzipped.

Old GNU tar: magic "ustar  \\0", parents listed before their children, owner 0. One gzip member, and nothing after
it: the boot loader reads size and checksum from the file's last eight bytes. The same files give the same bytes.
"""

import gzip
import io

DESCRIPTION_NAME = "hostdesc.tgz"
DESCRIPTION_FOLDER = "esxiimg-host"
DESCRIPTION_PATH = DESCRIPTION_FOLDER + "/description.json"

_BLOCK_BYTES = 512  # GNU tar manual, "Basic Tar Format"
_NAME_BYTES = 100
_FOLDER_MODE = 0o755
_FILE, _FOLDER = b"0", b"5"


def pack(files):
    """The bytes of a module.

    @param files: (path without a leading slash, bytes, mode) of each
    @raise ValueError: for a path that the tar cannot hold
    """
    tar = io.BytesIO()
    known = set()
    for path, content, mode in files:
        for depth in range(1, path.count("/") + 1):
            parent = "/".join(path.split("/")[:depth]) + "/"
            if parent not in known:
                known.add(parent)
                tar.write(_header(parent, 0, _FOLDER_MODE, _FOLDER))
        tar.write(_header(path, len(content), mode, _FILE))
        tar.write(content + b"\0" * (-len(content) % _BLOCK_BYTES))
    tar.write(b"\0" * (2 * _BLOCK_BYTES))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as member:
        member.write(tar.getvalue())
    return packed.getvalue()


def pack_description(text):
    """A host description as a boot module, readable by root only."""
    return pack([(DESCRIPTION_PATH, text.encode("utf-8"), 0o600)])


def _header(name, size_bytes, mode, kind):
    """GNU tar manual, "Basic Tar Format": `struct posix_header` with the magic of the old GNU format."""
    encoded = name.encode("utf-8")
    if len(encoded) >= _NAME_BYTES:
        raise ValueError("the path %s is too long for a boot module" % name)

    def octal(value, width):
        return b"%0*o\0" % (width - 1, value)

    before = b"".join((
        encoded.ljust(_NAME_BYTES, b"\0"),
        octal(mode, 8),
        octal(0, 8),  # uid
        octal(0, 8),  # gid
        octal(size_bytes, 12),
        octal(0, 12),  # mtime
    ))
    after = b"".join((
        kind,
        b"".ljust(_NAME_BYTES, b"\0"),  # link name
        b"ustar  \0",  # magic and version
        b"root".ljust(32, b"\0"),  # user
        b"root".ljust(32, b"\0"),  # group
    ))
    after = after.ljust(_BLOCK_BYTES - len(before) - 8, b"\0")
    # The sum is taken as if the checksum field held blanks.
    checksum = sum(before) + 8 * ord(" ") + sum(after)
    return before + b"%06o\0 " % checksum + after
