"""Binary structures as tables of named fields."""

import collections
import struct


class MediaError(Exception):
    """What is on a device is damaged, or is none of what is looked for."""


class Structure:
    """A table of named fields at fixed places.

    @param total: its length, in bytes
    @param fields: by name: (offset in bytes, format as of the module struct)
    """

    def __init__(self, total, **fields):
        self.length = total
        self._fields = sorted(fields.items())
        self._type = collections.namedtuple("Fields", [name for name, _ in self._fields])

    def read(self, data, at=0):
        """The values at an offset, by name. @raise MediaError: the data end before the structure does"""
        if at + self.length > len(data):
            raise MediaError("a structure of %d bytes is cut short" % self.length)
        return self._type(*[struct.unpack_from(form, data, at + offset)[0] for _, (offset, form) in self._fields])
