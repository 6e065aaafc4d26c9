"""Storage devices as the installer shows them below /dev/disks, and the GUID of their partition tables."""

import os
import re
import uuid

from hostconf.host import listing

DISKS = "/dev/disks"
CDROMS = ("/dev/cdrom", "/vmfs/devices/cdrom")

# UEFI 2.10, section 5.3.2: the GPT header is in LBA 1, signature first, disk GUID at byte 56.
SECTOR_BYTES = 512
GPT_SIGNATURE = b"EFI PART"
GPT_GUID_OFFSET = 56

_PARTITION = re.compile(r"(.+):(\d+)\Z")


def names(host, folder=DISKS):
    """Device names in a folder, without the vml aliases that stand for the same devices."""
    try:
        found = os.listdir(host.path(folder))
    except OSError:
        return []
    return sorted(name for name in found if not name.startswith("vml."))


def disks(host):
    """Names of whole disks: those that are not NAME:NUMBER of another one."""
    found = names(host)
    return [name for name in found if disk_of(name, found) is None]


def disk_of(name, found):
    """The disk of a partition NAME:NUMBER; None for what is none.

    @param found: the names of all devices
    """
    match = _PARTITION.match(name)
    return match.group(1) if match and match.group(1) in found else None


def disk_guid(host, name):
    """The disk GUID of a GPT in upper case, or None when there is none or the disk cannot be read."""
    try:
        with open(host.path(DISKS + "/" + name), "rb") as file:
            data = file.read(2 * SECTOR_BYTES)
    except OSError:
        return None
    header = data[SECTOR_BYTES:]
    if header[:len(GPT_SIGNATURE)] != GPT_SIGNATURE or len(header) < GPT_GUID_OFFSET + 16:
        return None
    return str(uuid.UUID(bytes_le=header[GPT_GUID_OFFSET:GPT_GUID_OFFSET + 16])).upper()


def with_guid(host, guid):
    """Names of the disks whose partition table has the GUID: where this image was written to."""
    return [name for name in disks(host) if guid and disk_guid(host, name) == guid.upper()]


def listed(host):
    """What `storage core device list` says: a dict of fields by device name."""
    status, output = host.run(["localcli", "storage", "core", "device", "list"])
    return dict(listing.blocks(output)) if status == 0 else {}


def is_usb(device):
    """Whether the fields of a device say that it hangs on USB."""
    return any(device.get(field) == "true" for field in ("Is USB", "Is Boot USB Device"))


def repair_gpt(host, name, log):
    """Move the backup partition table to the end of a disk that got the image of a smaller one."""
    path = "/vmfs/devices/disks/" + name
    status, output = host.run(["partedUtil", "fix", path])
    if status != 0:
        log.warn("partedUtil fix %s failed: %s" % (path, " ".join(output.split())))
