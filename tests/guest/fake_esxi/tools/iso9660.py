"""Read the files of an ISO9660 image with the names that ESXi shows (ECMA-119; Rock Ridge on request)."""
import struct

SECTOR = 2048


def _descriptor(data):
    """The primary volume descriptor (ECMA-119, section 8.4), or None."""
    for lba in range(16, 32):
        block = data[lba * SECTOR:(lba + 1) * SECTOR]
        if block[1:6] != b"CD001" or block[0] == 255:
            return None
        if block[0] == 1:
            return block
    return None


def label(data):
    """The volume identifier, or None when this is no ISO9660 image."""
    block = _descriptor(data)
    return block[40:72].decode("ascii", "replace").rstrip() if block else None


def _rock_ridge_name(system_use):
    """The NM entry of the system use area, or None (IEEE P1282, section 4.1.4)."""
    name, at = b"", 0
    while at + 4 <= len(system_use):
        length = system_use[at + 2]
        if length < 4:
            break
        if system_use[at:at + 2] == b"NM":
            name += system_use[at + 5:at + length]
        at += length
    return name.decode("utf-8", "replace") or None


def _plain_name(raw):
    """The identifier without its version, and without the dot of an empty extension."""
    return raw.decode("latin-1").partition(";")[0].rstrip(".")


def files(data, rock_ridge=False):
    """Paths and contents; folders have the content None."""
    found = []
    root = _descriptor(data)[156:190]
    pending = [("", *struct.unpack_from("<I4xI", root, 2))]
    while pending:
        prefix, lba, length = pending.pop()
        area, at = data[lba * SECTOR:lba * SECTOR + length], 0
        while at < len(area):
            size = area[at]
            if size == 0:
                at = (at // SECTOR + 1) * SECTOR
                continue
            record = area[at:at + size]
            at += size
            name_length = record[32]
            raw = record[33:33 + name_length]
            if raw in (b"\0", b"\1"):
                continue
            extent, count = struct.unpack_from("<I4xI", record, 2)
            name = _plain_name(raw)
            if rock_ridge:
                name = _rock_ridge_name(record[33 + name_length + (name_length + 1) % 2:]) or name
            if record[25] & 2:
                found.append((prefix + name, None))
                pending.append((prefix + name + "/", extent, count))
            else:
                found.append((prefix + name, data[extent * SECTOR:extent * SECTOR + count]))
    return found
