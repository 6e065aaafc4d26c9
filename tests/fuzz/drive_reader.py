"""Gives config drives to the guest code, a case a line: the other half of drive_target.ts.

A case is base64 of a sparse file: its size, then (sector number, sector), numbers as big-endian doubles. The answer is
{"outcome": …}, or {"defect": …} where something happened that must not: another exception than the readers' own, more
reading than the drive is worth, or a case that does not end.
"""

import base64
import os
import struct
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, "..", "..", "lib", "guest")]

import case_loop  # noqa: E402
from hostconf.media import volumes  # noqa: E402
from hostconf.media.device import Device  # noqa: E402
from hostconf.media.structure import MediaError  # noqa: E402
from hostconf.sources import metadata, openstack  # noqa: E402

MEMORY_BYTES = 1024 ** 3
SECTOR = 512
# Five files of at most FILE_BYTES, directories, and every block of them read for itself.
MAX_READS = 40000


class Sparse:
    """A device of which only some sectors are not zero."""

    def __init__(self, packed):
        self.size = int(struct.unpack_from(">d", packed)[0])
        self.sectors = {}
        for at in range(8, len(packed), 8 + SECTOR):
            self.sectors[int(struct.unpack_from(">d", packed, at)[0])] = packed[at + 8:at + 8 + SECTOR]
        self.at = 0
        self.reads = 0

    def seek(self, offset, whence=0):
        self.at = self.size if whence == 2 else offset
        return self.at

    def read(self, count):
        self.reads += 1
        assert self.reads < MAX_READS, "the drive is read %d times" % self.reads
        count = max(0, min(count, self.size - self.at))
        first = self.at // SECTOR
        data = b"".join(self.sectors.get(first + i, bytes(SECTOR)) for i in range(count // SECTOR + 2))
        data = data[self.at % SECTOR:self.at % SECTOR + count]
        self.at += count
        return data


def run_case(packed):
    """What becomes of a drive. @raise: for whatever must not happen"""
    outcomes = []
    try:
        found = volumes.find(Device(Sparse(packed)))
    except MediaError:
        return "nothing can be read"
    for _, volume in found:
        assert isinstance(volume.label, str)
        kind = type(volume).__name__
        for root in volume.roots:
            try:
                files = metadata.read(root, metadata.REQUIRED)
                assert set(files) <= set(openstack.FILES)
                outcomes.append("%s: %d files" % (kind, len(files)))
            except MediaError as error:
                outcomes.append("%s: %s" % (kind, error))
    return ", ".join(sorted(set(outcomes))) or "no volume"


def answer(line):
    try:
        return {"outcome": run_case(base64.b64decode(line))}
    except Exception:  # pylint: disable=broad-except
        return {"defect": traceback.format_exc()}


if __name__ == "__main__":
    case_loop.run(answer, MEMORY_BYTES)
