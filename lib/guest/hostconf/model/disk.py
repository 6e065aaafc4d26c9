"""A disk as ESXi sees it."""

import re

MIB_BYTES = 1024 * 1024
VMFS_GUID = "AA31E02A400F11DB9590000C2911D1B8"  # partedUtil showGuids


class DiskError(Exception):
    """A disk could not be found, or could be more than one."""


class Disk:
    """One disk as ESXi sees it.

    name        device name below /vmfs/devices/disks
    model       as the host prints it, which may be cut off after 16 characters
    boot        whether the host says it runs from it
    uids        other names of it (vml…)
    serials     serial numbers of the NVMe controller it hangs on
    sectors     size in sectors of 512 bytes, None when the partition table could not be read
    trouble     why it could not, as the host said it
    partitions  [{number, start, end, vmfs, esp}], in sectors
    """

    def __init__(self, name, model="", boot=False, uids=()):
        self.name = name
        self.model = model
        self.boot = boot
        self.uids = list(uids)
        self.serials = []
        self.sectors = None
        self.trouble = "unknown"
        self.partitions = []

    @property
    def path(self):
        return "/vmfs/devices/disks/" + self.name

    def partition(self, number):
        return next((part for part in self.partitions if part["number"] == number), None)


def boot_disk(disks):
    """The disk the host runs from. @raise DiskError: when the host does not say, or names several"""
    found = [disk for disk in disks if disk.boot]
    if len(found) != 1:
        raise DiskError("the disk that ESXi runs from is not known: %d disks say that they are it" % len(found))
    return found[0]


def alike(text):
    """The text's letters and digits in upper case: all that two systems write alike."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def same_model(wanted, shown):
    """ESXi cuts models off after 16 characters (SCSI inquiry data)."""
    return bool(alike(shown)) and (alike(wanted) == alike(shown)
                                   or len(shown) >= 16 and alike(wanted).startswith(alike(shown)))
