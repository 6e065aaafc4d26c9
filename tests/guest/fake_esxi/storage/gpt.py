"""Read and write a GUID partition table in a disk's backing file (UEFI 2.10, section 5.3), 512-byte sectors."""
import struct
import uuid
import zlib

SECTOR = 512
ENTRIES = 128
_ENTRY_BYTES = 128
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")  # table 5-5
_ENTRY = struct.Struct("<16s16sQQQ72s")  # table 5-6
FIRST_USABLE = 34


def _sectors(file):
    return file.seek(0, 2) // SECTOR


def _read_header(file, lba):
    file.seek(lba * SECTOR)
    block = file.read(SECTOR)
    if len(block) < SECTOR or block[:8] != b"EFI PART":
        return None
    fields = _HEADER.unpack(block[:_HEADER.size])
    head = bytearray(block[:fields[2]])
    head[16:20] = bytes(4)
    if zlib.crc32(head) != fields[3]:
        return None
    return fields


def read(file):
    """The table as {label, guid, sectors, last_usable, backup_lba, partitions}, or None without a valid header.

    Partitions are {number, start, end, type, guid, attributes}, GUIDs as 32 upper-case digits.
    """
    sectors = _sectors(file)
    header = _read_header(file, 1) or _read_header(file, sectors - 1)
    if header is None:
        return None
    _, _, _, _, _, my_lba, other_lba, _, last_usable, guid, entries_lba, count, size, _ = header
    file.seek(entries_lba * SECTOR)
    data = file.read(count * size)
    partitions = []
    for at in range(count):
        kind, unique, start, end, attributes, _ = _ENTRY.unpack(data[at * size:at * size + _ENTRY.size])
        if kind != bytes(16):
            partitions.append({"number": at + 1, "start": start, "end": end, "type": _text(kind),
                               "guid": _text(unique), "attributes": attributes})
    backup = other_lba if my_lba == 1 else my_lba
    return {"label": "gpt", "guid": _text(guid), "sectors": sectors, "last_usable": last_usable,
            "backup_lba": backup, "partitions": partitions}


def _text(raw):
    return uuid.UUID(bytes_le=raw).hex.upper()


def _raw(text):
    return uuid.UUID(hex=text).bytes_le


def _header(my_lba, other_lba, entries_lba, table, crc):
    def packed(header_crc):
        return _HEADER.pack(b"EFI PART", 0x10000, _HEADER.size, header_crc, 0, my_lba, other_lba, FIRST_USABLE,
                            table["last_usable"], _raw(table["guid"]), entries_lba, ENTRIES, _ENTRY_BYTES, crc)
    return packed(zlib.crc32(packed(0))).ljust(SECTOR, b"\0")


def write(file, table):
    """Write both copies and the protective MBR; the backup goes to table["backup_lba"]."""
    entries = bytearray(ENTRIES * _ENTRY_BYTES)
    for part in table["partitions"]:
        _ENTRY.pack_into(entries, (part["number"] - 1) * _ENTRY_BYTES, _raw(part["type"]), _raw(part["guid"]),
                         part["start"], part["end"], part["attributes"], b"")
    crc = zlib.crc32(entries)
    backup = table["backup_lba"]
    mbr = bytearray(SECTOR)
    length = min(table["sectors"] - 1, 0xFFFFFFFF)
    struct.pack_into("<B3sB3sII", mbr, 446, 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, length)
    mbr[510:] = b"\x55\xaa"
    file.seek(0)
    file.write(mbr + _header(1, backup, 2, table, crc) + entries)
    file.seek((backup - len(entries) // SECTOR) * SECTOR)
    file.write(entries + _header(backup, 1, backup - len(entries) // SECTOR, table, crc))


def blank(sectors, guid):
    """An empty table for a disk."""
    return {"label": "gpt", "guid": guid, "sectors": sectors, "last_usable": sectors - 34,
            "backup_lba": sectors - 1, "partitions": []}
