"""FAT12, FAT16 and FAT32 with long names (Microsoft, FAT specification of 2000, 1.03; UEFI 2.10 section 13.3).

| where                  | what                                                                |
| ---------------------- | ------------------------------------------------------------------- |
| sector 0               | boot sector with the BIOS parameter block                           |
| after the reserved     | the FATs: 12, 16 or 32 bits for each cluster, the number of the next |
| after the FATs         | FAT12 and FAT16: the root directory                                 |
| after that             | the clusters, the first of which is number 2                        |
"""

import struct

from hostconf.media.structure import MediaError, Structure

MAX_DIRECTORY_BYTES = 2 * 1024 * 1024  # 65,536 entries, what Windows allows
MAX_LABEL_ENTRIES = 4096

# Section "Boot Sector and BPB".
_BPB = Structure(
    512, jump=(0, "B"), sector_bytes=(11, "<H"), cluster_sectors=(13, "B"), reserved=(14, "<H"), fats=(16, "B"),
    root_entries=(17, "<H"), sectors16=(19, "<H"), media=(21, "B"), fat_sectors16=(22, "<H"), sectors32=(32, "<I"),
    fat_sectors32=(36, "<I"), root_cluster=(44, "<I"), boot16=(38, "B"), label16=(43, "11s"), boot32=(66, "B"),
    label32=(71, "11s"), signature=(510, "<H"))
_JUMPS = (0xEB, 0xE9)
_SIGNATURE = 0xAA55
_EXTENDED_BOOT = (0x28, 0x29)  # whether a label follows
# Section "FAT Directory Structure".
_ENTRY = Structure(32, name=(0, "11s"), attributes=(11, "B"), high=(20, "<H"), low=(26, "<H"), size=(28, "<I"))
_END, _DELETED, _KANJI = 0x00, 0xE5, 0x05
_VOLUME, _FOLDER, _LONG, _LONG_MASK = 0x08, 0x10, 0x0F, 0x3F
# Section "FAT Long Directory Entries".
_LONG_ENTRY = Structure(32, order=(0, "B"), name1=(1, "10s"), checksum=(13, "B"), name2=(14, "12s"), name3=(28, "4s"))
_LAST_LONG = 0x40
_MAX_LONG_ENTRIES = 20
# Section "FAT Type Determination".
_FAT12_CLUSTERS = 4085
_FAT16_CLUSTERS = 65525


class FatVolume:
    """A FAT file system.

    @param device: has read(at, count)
    @raise MediaError: there is none
    """

    def __init__(self, device):
        self._device = device
        boot = _BPB.read(device.read(0, _BPB.length))
        is_power = boot.cluster_sectors and not boot.cluster_sectors & (boot.cluster_sectors - 1)
        if (boot.jump not in _JUMPS or boot.signature != _SIGNATURE or boot.sector_bytes not in (512, 1024, 2048, 4096)
                or not is_power or not boot.reserved or not boot.fats or boot.media < 0xF0):
            raise MediaError("there is no FAT file system")
        self._cluster_bytes = boot.sector_bytes * boot.cluster_sectors
        self._fat_at = boot.reserved * boot.sector_bytes
        fat_sectors = boot.fat_sectors16 or boot.fat_sectors32
        self._fat_bytes = fat_sectors * boot.sector_bytes
        self._root_at = self._fat_at + boot.fats * self._fat_bytes
        self._root_bytes = boot.root_entries * _ENTRY.length
        self._data_at = self._root_at + -(-self._root_bytes // boot.sector_bytes) * boot.sector_bytes
        sectors = boot.sectors16 or boot.sectors32
        self._clusters = (sectors * boot.sector_bytes - self._data_at) // self._cluster_bytes
        if self._clusters < 1 or not fat_sectors:
            raise MediaError("there is no FAT file system")
        # A FAT32 with fewer clusters than its type asks for is one all the same: mkfs.vfat -F 32 makes them.
        self._bits = 32 if not boot.fat_sectors16 else 12 if self._clusters < _FAT12_CLUSTERS else 16
        self._root_cluster = boot.root_cluster if self._bits == 32 else None
        label = boot.label32 if self._bits == 32 else boot.label16
        extended = boot.boot32 if self._bits == 32 else boot.boot16
        self.label = self._root_label() or (_short_text(label) if extended in _EXTENDED_BOOT else "")
        self.roots = [FatNode(self, None)]

    def _root_label(self):
        """The name of the volume in the root directory, which counts more than the boot sector's."""
        data = self.directory(None)
        for at in range(0, min(len(data), MAX_LABEL_ENTRIES * _ENTRY.length), _ENTRY.length):
            if data[at] == _END:
                break
            entry = _ENTRY.read(data, at)
            if data[at] != _DELETED and entry.attributes & _LONG_MASK != _LONG and entry.attributes & _VOLUME:
                return _short_text(entry.name)
        return ""

    def cluster_of(self, entry):
        """The first cluster of a directory entry; the upper half means something else before FAT32."""
        return entry.high << 16 | entry.low if self._bits == 32 else entry.low

    def directory(self, cluster):
        """The bytes of a directory, whole entries of it. None is the root."""
        if cluster is None and self._root_cluster is None:
            return self._device.read(self._root_at, min(self._root_bytes, MAX_DIRECTORY_BYTES))
        return self._read_chain(self._root_cluster if cluster is None else cluster, MAX_DIRECTORY_BYTES, False)

    def content(self, cluster, count):
        """The first `count` bytes of a file. @raise MediaError: its chain of clusters ends before"""
        return self._read_chain(cluster, count, True) if count else b""

    def _read_chain(self, cluster, count, is_exact):
        pieces, wanted, seen = [], count, set()
        while wanted > 0:
            if not 2 <= cluster < self._clusters + 2:
                if is_exact:
                    raise MediaError("a file's chain of clusters ends before the file does")
                break
            if cluster in seen:
                raise MediaError("a chain of clusters is a loop")
            seen.add(cluster)
            piece = min(wanted, self._cluster_bytes)
            pieces.append(self._device.read(self._data_at + (cluster - 2) * self._cluster_bytes, piece))
            wanted -= piece
            if wanted > 0:
                cluster = self._next(cluster)
        return b"".join(pieces)

    def _next(self, cluster):
        """The number that follows in a chain; those that mean its end name no cluster either."""
        at = cluster * self._bits // 8
        width = 4 if self._bits == 32 else 2
        if at + width > self._fat_bytes:
            raise MediaError("a cluster lies outside the FAT")
        data = self._device.read(self._fat_at + at, width)
        if self._bits == 32:
            return struct.unpack("<I", data)[0] & 0x0FFFFFFF
        value = struct.unpack("<H", data)[0]
        if self._bits == 12:
            return value >> 4 if cluster % 2 else value & 0x0FFF
        return value


class FatNode:
    """A folder or a file of the volume.

    @param entry: of the directory it stands in; None for the root
    """

    def __init__(self, volume, entry):
        self._volume = volume
        self._cluster = None if entry is None else volume.cluster_of(entry)
        self._size = 0 if entry is None else entry.size
        self.is_folder = entry is None or bool(entry.attributes & _FOLDER)

    def entries(self):
        """What is in the folder: a dict of nodes by long name, or by short name where there is no long one."""
        found, long_name = {}, _LongName()
        data = self._volume.directory(self._cluster)
        for at in range(0, len(data) - len(data) % _ENTRY.length, _ENTRY.length):
            if data[at] == _END:
                break
            entry = _ENTRY.read(data, at)
            if data[at] == _DELETED:
                long_name = _LongName()
            elif entry.attributes & _LONG_MASK == _LONG:
                long_name.add(_LONG_ENTRY.read(data, at))
            else:
                name = long_name.of(entry.name) or _short_name(entry.name)
                long_name = _LongName()
                if not entry.attributes & _VOLUME and name not in (".", ".."):
                    found.setdefault(name, FatNode(self._volume, entry))
        return found

    def read(self, limit):
        """The file's bytes, at most `limit` of them."""
        return self._volume.content(self._cluster, min(self._size, limit))


class _LongName:
    """The long name that stands before a short one, last part first."""

    def __init__(self):
        self._parts = []
        self._expected = 0
        self._checksum = None

    def add(self, part):
        number = part.order & 0x3F
        if part.order & _LAST_LONG:
            self._parts, self._expected, self._checksum = [], number, part.checksum
        if number == self._expected and 0 < number <= _MAX_LONG_ENTRIES and part.checksum == self._checksum:
            self._parts.insert(0, part.name1 + part.name2 + part.name3)
            self._expected = number - 1
        else:
            self._parts, self._expected = [], -1

    def of(self, short):
        """The name, if it is whole and belongs to this short name; else None."""
        checksum = 0
        for byte in bytearray(short):
            checksum = ((checksum & 1) << 7) + (checksum >> 1) + byte & 0xFF
        if not self._parts or self._expected != 0 or checksum != self._checksum:
            return None
        return b"".join(self._parts).decode("utf-16-le", "replace").partition("\0")[0]


def _short_text(raw):
    if raw[:1] == bytes(bytearray([_KANJI])):
        raw = bytes(bytearray([_DELETED])) + raw[1:]
    return raw.decode("ascii", "replace").rstrip(" \0")


def _short_name(raw):
    base, extension = _short_text(raw[:8]), raw[8:].decode("ascii", "replace").rstrip(" \0")
    return base + ("." + extension if extension else "")
