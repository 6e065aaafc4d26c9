"""The boot module that carries the host description: a tar in the dialect of ESXi's own modules, one gzip member.

Old GNU tar: magic "ustar  \\0", parents listed before their children, owner 0. The same description gives the
same bytes. The boot loader reads size and checksum from the file's last eight bytes, so nothing follows the member.
"""

import gzip
import io
import json

MODULE_NAME = "hostdesc.tgz"
FOLDER = "esxiimg-host"
DESCRIPTION_PATH = FOLDER + "/description.json"

_BLOCK_BYTES = 512  # GNU tar manual, "Basic Tar Format"


def pack(description):
    """The bytes of the module.

    @param description: the host description, plain JSON data
    """
    content = text_of(description).encode("ascii")
    tar = _header(FOLDER + "/", 0, 0o755, b"5") + _header(DESCRIPTION_PATH, len(content), 0o600, b"0")
    tar += content + b"\0" * (-len(content) % _BLOCK_BYTES)
    tar += b"\0" * (2 * _BLOCK_BYTES)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as member:
        member.write(tar)
    return packed.getvalue()


def text_of(description):
    """The description as JSON: sorted, so that equal descriptions are equal bytes."""
    return json.dumps(description, indent=1, sort_keys=True) + "\n"


def _header(name, size_bytes, mode, kind):
    def octal(value, width):
        return b"%0*o\0" % (width - 1, value)

    before = name.encode("ascii").ljust(100, b"\0") + octal(mode, 8) + octal(0, 8) + octal(0, 8)
    before += octal(size_bytes, 12) + octal(0, 12)
    after = kind + b"\0" * 100 + b"ustar  \0" + b"root".ljust(32, b"\0") + b"root".ljust(32, b"\0") + b"\0" * 183
    # The sum is taken as if the checksum field held blanks.
    checksum = sum(before) + 8 * ord(" ") + sum(after)
    return before + b"%06o\0 " % checksum + after
