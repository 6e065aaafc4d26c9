"""ISO 9660 (ECMA-119), with Joliet's names and Rock Ridge's.

| where             | what                                                                    |
| ----------------- | ----------------------------------------------------------------------- |
| sector 16 and on  | volume descriptors: primary (1), supplementary (2), end (255)           |
| where they say    | a tree of directories for each of them; records do not cross sectors    |
"""

from hostconf.media import rockridge
from hostconf.media.structure import MediaError, Structure

SECTOR_BYTES = 2048
FIRST_DESCRIPTOR = 16
MAX_DESCRIPTORS = 64
MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
MAX_EXTENTS = 64

# ECMA-119, section 8.4; numbers of the kind that are written in both byte orders are read in the first.
_DESCRIPTOR = Structure(
    SECTOR_BYTES, type=(0, "B"), identifier=(1, "5s"), label=(40, "32s"), escapes=(88, "32s"), block_bytes=(128, "<H"),
    root=(156, "34s"))
_PRIMARY, _SUPPLEMENTARY, _TERMINATOR = 1, 2, 255
# ECMA-119, section 9.1.
_RECORD = Structure(
    33, length=(0, "B"), attribute_blocks=(1, "B"), extent=(2, "<I"), size=(10, "<I"), flags=(25, "B"),
    unit_blocks=(26, "B"), gap_blocks=(27, "B"), name_length=(32, "B"))
_FOLDER, _MORE_EXTENTS = 0x02, 0x80
# Joliet Specification, version 1: escape sequences of UCS-2 levels 1, 2 and 3.
_JOLIET = (b"%/@", b"%/C", b"%/E")


class IsoVolume:
    """An ISO 9660 volume.

    label  the volume's name, of the primary descriptor
    roots  its trees: Joliet's first, if there is one, then the one with Rock Ridge's or plain names

    @param device: has read(at, count)
    @raise MediaError: there is none
    """

    def __init__(self, device):
        self._device = device
        self.label = None
        self.roots = []
        for i in range(MAX_DESCRIPTORS):
            descriptor = _DESCRIPTOR.read(device.read((FIRST_DESCRIPTOR + i) * SECTOR_BYTES, SECTOR_BYTES))
            if descriptor.identifier != b"CD001" or descriptor.type == _TERMINATOR:
                break
            if descriptor.type == _PRIMARY and self.label is None:
                self.label = descriptor.label.decode("ascii", "replace").rstrip(" \0")
                self.roots.append(self._root(descriptor, None))
            elif descriptor.type == _SUPPLEMENTARY and descriptor.escapes.rstrip(b" \0") in _JOLIET:
                self.roots.insert(0, self._root(descriptor, "utf-16-be"))
        if self.label is None:
            raise MediaError("there is no ISO 9660 volume")

    def _root(self, descriptor, encoding):
        block_bytes = descriptor.block_bytes if descriptor.block_bytes in (512, 1024, 2048) else SECTOR_BYTES
        tree = _Tree(self._device, block_bytes, encoding)
        root = IsoNode(tree, [_RECORD.read(descriptor.root)])
        if encoding is None:
            tree.look_for_rock_ridge(root)
        return root


class _Tree:
    """What all nodes of one tree share. extensions: rockridge.Names, or None: plain names."""

    def __init__(self, device, block_bytes, encoding):
        self.device = device
        self.block_bytes = block_bytes
        self.encoding = encoding
        self.extensions = None

    def look_for_rock_ridge(self, root):
        """The root's first record says whether the names are Rock Ridge's. A root that cannot be read has none."""
        try:
            data = root.read(SECTOR_BYTES)
            first = _RECORD.read(data)
            skip = rockridge.skip_bytes(data[_RECORD.length + 1:first.length])
        except (MediaError, OSError):
            skip = None
        if skip is not None:
            self.extensions = rockridge.Names(self.device, SECTOR_BYTES, skip)

    def name(self, record, data, at):
        """The name of the record at an offset of a directory's bytes."""
        end = at + _RECORD.length + record.name_length
        raw = data[at + _RECORD.length:end]
        if self.encoding:
            return raw.decode(self.encoding, "replace").partition(";")[0]
        if self.extensions:
            # The area begins at an even place.
            name = self.extensions.name(data[end + (record.name_length + 1) % 2:at + record.length])
            if name:
                return name
        return raw.decode("ascii", "replace").partition(";")[0].rstrip(".")


class IsoNode:
    """A folder or a file of a tree.

    @param records: one for each extent of it
    """

    def __init__(self, tree, records):
        self._tree = tree
        self._records = records
        self.is_folder = bool(records[0].flags & _FOLDER)

    def entries(self):
        """What is in the folder: a dict of nodes by name. Of the same name twice, the first counts."""
        data = self.read(MAX_DIRECTORY_BYTES)
        found, at, continued = {}, 0, []
        while at + _RECORD.length <= len(data):
            if data[at] == 0:  # the rest of the sector is unused
                at = (at // SECTOR_BYTES + 1) * SECTOR_BYTES
                continue
            record = _RECORD.read(data, at)
            end = at + record.length
            if record.length < _RECORD.length + record.name_length or end > len(data):
                raise MediaError("a directory record is damaged")
            raw = data[at + _RECORD.length:at + _RECORD.length + record.name_length]
            if raw not in (b"\0", b"\1"):  # the folder itself, and the one above
                continued.append(record)
                if not record.flags & _MORE_EXTENTS:
                    found.setdefault(self._tree.name(record, data, at), IsoNode(self._tree, continued))
                    continued = []
            at = end
        return found

    def read(self, limit):
        """The node's bytes, at most `limit` of them."""
        pieces = []
        for record in self._records[:MAX_EXTENTS]:
            if record.unit_blocks or record.gap_blocks:
                raise MediaError("an interleaved file cannot be read")
            count = min(record.size, limit)
            at = (record.extent + record.attribute_blocks) * self._tree.block_bytes
            pieces.append(self._tree.device.read(at, count))
            limit -= count
        return b"".join(pieces)
