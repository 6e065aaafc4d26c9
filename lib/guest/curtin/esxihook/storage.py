"""curtin's storage configuration, as MAAS writes it → the storage part of the host description.

Only disks, partitions and VMFS datastores (type vmfs6) count. Every disk says "wipe", the boot disk too: that one
belongs to ESXi, and is never wiped. Without a datastore there is no layout for ESXi, whatever else is listed.
"""

import re

from common.netvalues import number_in, objects, text_of
from esxihook import HookError, seen

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?)(i?B?)\Z", re.IGNORECASE)
_UNIT_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_FIRST_OFFSET_BYTES = 4 * 1024 * 1024  # where MAAS begins the first partition
_TAKEN_WHOLE_BYTES = 142 * 1024 ** 3  # below this, ESXi 7.0 and later leave nothing of a disk
_PARTITION_MAX = 128  # entries of a GPT


def read(section, warn, disks=(), boot_device=None):
    """The host description's storage part; with no datastore named, the default one is extended.

    @param section: the value of "storage" in the configuration
    @param warn: called with a sentence for everything that is ignored
    @param disks: the machine's disks (seen.read); none: what the configuration says must do
    @param boot_device: kernel name of the disk that the image was written to, None when it is not known
    @raise HookError: when a datastore cannot be traced to its disks, or one of them could be several
    """
    entries = _entries(section)
    layout = _Layout(entries, _Machine(disks, boot_device, warn))
    layout.machine.settle_boot_device(layout.boot_disk)
    datastores = [layout.datastore(entry) for entry in entries if entry.get("type") == "vmfs6"]
    planned = layout.planned_bytes(layout.boot_disk)
    if not datastores:
        return {"datastores": [], "wipe": [], "extend_default": True, "boot_disk_planned_bytes": planned}
    _refuse_shared_partitions(datastores)
    wipe = [layout.disk(disk) for disk in layout.disks if layout.is_wiped(disk, warn)]
    return {"datastores": datastores, "wipe": wipe, "extend_default": False,
            "boot_disk_planned_bytes": planned}


def _entries(section):
    if not section:
        return []
    if not isinstance(section, dict):
        raise HookError("the storage configuration is not an object")
    entries = section.get("config")
    if entries in (None, "disabled"):
        return []
    if not isinstance(entries, list):
        raise HookError("the storage configuration is not a list")
    return objects(entries)


def needs_room(storage):
    """Whether ESXi must keep to a small part of the boot disk, so that there is room for a datastore.

    That is so when the layout has a datastore there, and without a layout on a disk that ESXi would take whole.
    """
    planned = storage["boot_disk_planned_bytes"]
    if storage["extend_default"]:
        return planned is not None and planned < _TAKEN_WHOLE_BYTES
    return any(extent["disk"]["boot_disk"] for datastore in storage["datastores"] for extent in datastore["extents"])


class _Layout:
    """Entries by id, and which disk is the one that the machine boots from."""

    def __init__(self, entries, machine):
        self.machine = machine
        self.by_id = dict((text_of(entry.get("id")), entry) for entry in entries)
        self.disks = [entry for entry in entries if entry.get("type") == "disk"]
        self.partitions = [entry for entry in entries if entry.get("type") == "partition"]
        self.boot_disk = self._find_boot_disk()
        self.used = set()  # ids of disks with a datastore

    def _find_boot_disk(self):
        """The disk with grub_device; without one, that of a boot partition, or the only disk."""
        flagged = [disk for disk in self.disks if disk.get("grub_device")]
        boot = [self.by_id.get(text_of(part.get("device"))) for part in self.partitions if part.get("flag") == "boot"]
        lone = self.disks if len(self.disks) == 1 else []
        return next((disk for disk in flagged + boot + lone if disk is not None), None)

    def disk(self, entry):
        """What a disk is known by."""
        serial, model, path = (text_of(entry.get(key)) for key in ("serial", "model", "path"))
        boot = entry is self.boot_disk
        if not (boot or serial or path):
            raise HookError("disk %s has neither serial nor path: it cannot be found again" % text_of(entry.get("id")))
        numbers, size = self.machine.numbers_of(entry, boot, text_of(entry.get("id")) in self.used)
        return {"boot_disk": boot, "serial": serial, "model": model, "path": path, "numbers": numbers,
                "size_bytes": size}

    def datastore(self, entry):
        name = text_of(entry.get("name")) or text_of(entry.get("id"))
        if name is None:
            raise HookError("a datastore has neither name nor id")
        devices = entry.get("devices")
        if not isinstance(devices, list) or not devices:
            raise HookError("datastore %s names no devices" % name)
        return {"name": name, "extents": [self.extent(text_of(device), name) for device in devices]}

    def extent(self, device, name):
        entry = self.by_id.get(device)
        if entry is None:
            raise HookError("datastore %s lies on %s, which the configuration does not have" % (name, device))
        if entry.get("type") == "disk":
            if entry is self.boot_disk:
                raise HookError("datastore %s takes the whole disk %s, which ESXi boots from" % (name, device))
            self.used.add(text_of(entry.get("id")))
            return {"disk": self.disk(entry), "partition": 1, "size_bytes": None}
        disk = self.by_id.get(text_of(entry.get("device")))
        if entry.get("type") != "partition" or disk is None or disk.get("type") != "disk":
            raise HookError("datastore %s lies on %s, which is neither a disk nor a partition of one" % (name, device))
        self.used.add(text_of(disk.get("id")))
        return {"disk": self.disk(disk), "partition": _number(entry), "size_bytes": size_bytes(entry.get("size"))}

    def is_wiped(self, disk, warn):
        """Whether the disk's old partition table goes: it has a datastore, or nothing at all is planned on it."""
        name = text_of(disk.get("id"))
        if disk is self.boot_disk or not disk.get("wipe") or disk.get("preserve"):
            return False
        planned = [part for part in self.partitions if text_of(part.get("device")) == name]
        if planned and name not in self.used:
            warn("disk %s has partitions and no datastore: it is left alone" % name)
            return False
        if not (text_of(disk.get("serial")) or text_of(disk.get("path"))):
            warn("disk %s has neither serial nor path: it is left alone" % name)
            return False
        return True

    def planned_bytes(self, disk):
        """Where the last partition planned on a disk ends, or None when none is planned."""
        planned = [part for part in self.partitions if disk and self.by_id.get(text_of(part.get("device"))) is disk]
        sizes = [size_bytes(part.get("size")) or 0 for part in planned]
        return _FIRST_OFFSET_BYTES + sum(sizes) if planned else None


class _Machine:
    """What the disks of the configuration are on this machine.

    @param disks: list of seen.Seen
    """

    def __init__(self, disks, boot_device, warn):
        self.disks = list(disks)
        self.boot_device = boot_device
        self.warn = warn

    def settle_boot_device(self, entry):
        """Where nobody says which disk the image was written to, the configuration's boot disk is it."""
        if self.boot_device is None and entry is not None:
            found = self._find(entry, self.disks)
            self.boot_device = found[0].device if len(found) == 1 else None

    def _find(self, entry, disks):
        return seen.find(disks, *(text_of(entry.get(key)) for key in ("serial", "path", "model")))

    def numbers_of(self, entry, is_boot, is_needed):
        """(numbers, size in bytes) of a disk: its WWN, EUI-64, NGUID; ([], None) when nothing is known.

        @param is_needed: whether a datastore lies on it, so that it must be known for sure
        @raise HookError: it could be several disks, or is not there
        """
        if is_boot:
            found = [disk for disk in self.disks if disk.device == self.boot_device]
        else:
            # The disk that the image was written to is no other disk's twin.
            others = [disk for disk in self.disks if disk.device != self.boot_device]
            found = self._find(entry, others)
        if len(found) == 1:
            return list(found[0].numbers), found[0].size_bytes
        name = "disk %s of the configuration (serial %s)" % (
            text_of(entry.get("id")), text_of(entry.get("serial")) or "unknown")
        if found:
            sentence = "%s could be any of %s" % (name, _names(found))
            remedy = "leave it out of the layout, or tell the disks apart by commissioning the machine again"
        else:
            sentence = "%s is none of this machine's: %s" % (name, _names(self.disks))
            remedy = "commission the machine again"
        # Where Ubuntu shows no disks at all, the host has to find them by what the configuration says.
        if is_needed and self.disks and not is_boot:
            raise HookError("%s: %s" % (sentence, remedy))
        if found:
            self.warn(sentence)
        return [], None


def _names(disks):
    return ", ".join("%s (%s)" % (disk.device, ", ".join(disk.links + disk.serials) or "no names") for disk in disks)


def size_bytes(value):
    """A size such as 104857600, "104857600B" or "100M" in bytes; None when there is none. Units are powers of 1024."""
    text = text_of(value)
    if text is None:
        return None
    match = _SIZE.match(text)
    if not match:
        raise HookError("the size %s of a partition cannot be read" % text)
    number = float(match.group(1)) if "." in match.group(1) else int(match.group(1))
    return int(number * 1024 ** _UNIT_POWERS[match.group(2).upper()])


def _number(entry):
    number = number_in(entry.get("number"), 1, _PARTITION_MAX)
    if number is None:
        raise HookError("partition %s has the number %s" % (text_of(entry.get("id")), text_of(entry.get("number"))))
    return number


def _refuse_shared_partitions(datastores):
    names = [datastore["name"] for datastore in datastores]
    for name in names:
        if names.count(name) > 1:
            raise HookError("two datastores are called %s" % name)
    owner = {}
    for datastore in datastores:
        for extent in datastore["extents"]:
            key = (tuple(sorted((k, str(v)) for k, v in extent["disk"].items())), extent["partition"])
            if key in owner:
                raise HookError("partition %d of one disk is given twice, to %s and to %s"
                                % (extent["partition"], owner[key], datastore["name"]))
            owner[key] = datastore["name"]
