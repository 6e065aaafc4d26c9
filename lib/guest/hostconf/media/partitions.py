"""The partitions of a disk: GPT, from its begin or its end, else MBR.

| where            | what                                                    |
| ---------------- | ------------------------------------------------------- |
| LBA 0            | MBR: four entries at 446, AA55 at 510                   |
| LBA 1            | GPT header; entries where it says                       |
| last LBA         | the same header again                                   |
| extended (MBR)   | a chain of sectors with an MBR each: logical partitions |
"""

import collections
import zlib

from hostconf.media.device import Part
from hostconf.media.structure import MediaError, Structure

SECTOR_BYTES = (512, 4096)
MAX_ENTRIES = 1024
MAX_LOGICAL = 64
MIN_ENTRY_BYTES, MAX_ENTRY_BYTES = 128, 4096

# UEFI 2.10, section 5.3.2, table 5-5, and section 5.3.3, table 5-6.
GPT_SIGNATURE = b"EFI PART"
_HEADER = Structure(92, signature=(0, "8s"), header_bytes=(12, "<I"), crc=(16, "<I"), entries_lba=(72, "<Q"),
                    entries=(80, "<I"), entry_bytes=(84, "<I"), entries_crc=(88, "<I"))
_CRC_AT = 16  # counts as zero when the header's checksum is made
_ENTRY = Structure(MIN_ENTRY_BYTES, type=(0, "16s"), first=(32, "<Q"), last=(40, "<Q"))
# UEFI 2.10, section 5.2.1, table 5-1.
_MBR = Structure(512, signature=(510, "<H"))
_MBR_ENTRY = Structure(16, type=(4, "B"), first=(8, "<I"), sectors=(12, "<I"))
_MBR_SIGNATURE = 0xAA55
_MBR_ENTRIES_AT = 446
_EXTENDED = (0x05, 0x0F, 0x85)
_PROTECTIVE = 0xEE

# number: as the system counts; part: its bytes
Partition = collections.namedtuple("Partition", "number part")


def find(device):
    """The partitions that a disk's table names; none when it has no table that can be read.

    @param device: a Device
    """
    for sector_bytes in SECTOR_BYTES:
        # The image of a smaller disk has its second table somewhere in the middle: the first one is looked at first.
        size = device.size()
        for at in [sector_bytes] + ([size - sector_bytes] if size else []):
            try:
                return _gpt(device, at, sector_bytes)
            except (MediaError, OSError):
                continue
    try:
        return _mbr(device)
    except (MediaError, OSError):
        return []


def _gpt(device, at, sector_bytes):
    header = _HEADER.read(device.read(at, _HEADER.length))
    if header.signature != GPT_SIGNATURE:
        raise MediaError("there is no GPT")
    if (not MIN_ENTRY_BYTES <= header.entry_bytes <= MAX_ENTRY_BYTES or header.entries > MAX_ENTRIES
            or not _HEADER.length <= header.header_bytes <= sector_bytes):
        raise MediaError("the GPT is damaged")
    checked = device.read(at, header.header_bytes)
    table = device.read(header.entries_lba * sector_bytes, header.entries * header.entry_bytes)
    if (_crc(checked[:_CRC_AT] + bytes(4) + checked[_CRC_AT + 4:]) != header.crc
            or _crc(table) != header.entries_crc):
        raise MediaError("the GPT is damaged")
    found = []
    for i in range(header.entries):
        entry = _ENTRY.read(table, i * header.entry_bytes)
        if any(entry.type) and entry.first <= entry.last:
            length = (entry.last - entry.first + 1) * sector_bytes
            found.append(Partition(i + 1, Part(device, entry.first * sector_bytes, length)))
    return found


def _crc(data):
    return zlib.crc32(data) & 0xFFFFFFFF


def _mbr_entries(device, lba):
    sector = device.read(lba * SECTOR_BYTES[0], _MBR.length)
    if _MBR.read(sector).signature != _MBR_SIGNATURE:
        raise MediaError("there is no MBR")
    entries = [_MBR_ENTRY.read(sector, _MBR_ENTRIES_AT + i * _MBR_ENTRY.length) for i in range(4)]
    if any(sector[_MBR_ENTRIES_AT + i * _MBR_ENTRY.length] not in (0x00, 0x80) for i in range(4)):
        raise MediaError("there is no MBR, or it is damaged")
    return entries


def _mbr(device):
    found, extended = [], None
    for i, entry in enumerate(_mbr_entries(device, 0)):
        if entry.type in _EXTENDED:
            extended = extended or entry.first
        elif entry.type not in (0, _PROTECTIVE):
            found.append(_mbr_partition(device, i + 1, entry.first, entry))
    return found + (_logical(device, extended) if extended else [])


def _logical(device, extended):
    found, lba, seen = [], extended, set()
    while lba not in seen and len(seen) < MAX_LOGICAL:
        seen.add(lba)
        try:
            entries = _mbr_entries(device, lba)
        except MediaError:
            break
        if entries[0].type:
            found.append(_mbr_partition(device, 5 + len(found), lba + entries[0].first, entries[0]))
        if entries[1].type not in _EXTENDED:
            break
        lba = extended + entries[1].first
    return found


def _mbr_partition(device, number, first, entry):
    return Partition(number, Part(device, first * SECTOR_BYTES[0], entry.sectors * SECTOR_BYTES[0]))
