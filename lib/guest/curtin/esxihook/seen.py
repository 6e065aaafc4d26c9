"""The disks that Ubuntu sees on the machine that is being deployed: what names, numbers and size each has.

MAAS knows disks by serial number; ESXi shows many of them by WWN, EUI-64 or NGUID alone. Ubuntu has both: udev's
names in /dev/disk/by-id, and sysfs. They are joined here, where the disks are at hand and a deployment can still fail
with a reason.
"""

import os
import re

SECTOR_BYTES = 512  # /sys/block/*/size counts these, whatever the disk's own sectors are

_BY_ID = "dev/disk/by-id"
_BLOCK = "sys/block"
_NUMBER = re.compile(r"[0-9a-f]{16}([0-9a-f]{16})?\Z")
# The kinds of links that begin with a number: wwn-0xNUMBER, scsi-TNUMBER (T: the designator's type), nvme-eui.NUMBER.
_LINK_NUMBER = re.compile(r"(?:wwn-0x|scsi-[23]|nvme-eui\.|wwn-eui\.)([0-9a-fA-F]+)\Z")
_WWID = re.compile(r"(?:naa|eui)\.([0-9a-fA-F]+)\Z")


class Seen:
    """One disk: device (kernel name, "sda"), links (names in by-id), numbers, serials, model, size_bytes."""

    def __init__(self, device):
        self.device = device
        self.links = []
        self.numbers = []
        self.serials = []
        self.model = None
        self.size_bytes = None

    def add_number(self, text):
        number = text.lower()
        if _NUMBER.match(number) and number not in self.numbers and set(number) != {"0"}:
            self.numbers.append(number)

    def shows_serial(self, serial):
        """Whether the disk has the serial number, in sysfs or at the end of one of its names.

        udev's serial number of a volume of a controller is the number of the volume itself (ID_SERIAL with the
        designator's type before it, ID_SERIAL_SHORT without).
        """
        if serial.strip() in self.serials or re.sub(r"\A0x", "", serial.strip().lower()) in self.numbers:
            return True
        wanted = re.sub(r"\s", "_", serial.strip())
        for link in self.links:
            rest = link.partition("-")[2]
            if rest == wanted or re.sub(r"_[0-9]{1,3}\Z", "", rest).endswith("_" + wanted) or rest.endswith("_" + wanted):
                return True
        return False


def read(root="/"):
    """The disks, in the order of their names; none where udev and sysfs say nothing.

    @param root: a folder that stands for the machine's root
    """
    disks = {}
    for link, device in _links(os.path.join(root, _BY_ID)):
        disk = disks.setdefault(device, Seen(device))
        disk.links.append(link)
        match = _LINK_NUMBER.match(link)
        if match:
            disk.add_number(match.group(1))
    for device in _names(os.path.join(root, _BLOCK)):
        folder = os.path.join(root, _BLOCK, device)
        if device.startswith(("loop", "ram", "sr", "zram", "dm-", "md", "fd")):
            continue
        _read_sysfs(disks.setdefault(device, Seen(device)), folder)
    return [disks[device] for device in sorted(disks)]


def find(disks, serial, path, model):
    """The disks that a serial number or a path may mean; the path decides between equal serials.

    @return: list of Seen
    """
    found = [disk for disk in disks if serial and disk.shows_serial(serial)]
    if len(found) != 1 and path:
        by_path = [disk for disk in (found or disks) if path_means(disk, path)]
        found = by_path or found
    if model and len(found) != 1:
        same = [disk for disk in (found or disks) if _has_model(disk, model)]
        # A controller may show its own serial number for its disks: then the model must do.
        found = same or found
    return found


def _has_model(disk, model):
    """Whether the disk is of a model; sysfs cuts a SCSI disk's off after 16 characters, udev's names hold it whole."""
    wanted = _alike(model)
    shown = _alike(disk.model or "")
    if shown and (shown == wanted or len(disk.model) >= 16 and wanted.startswith(shown)):
        return True
    return any(wanted in _alike(link) for link in disk.links)


def path_means(disk, path):
    """Whether a path below /dev means the disk."""
    name = path.rpartition("/")[2]
    return name in disk.links if "/by-id/" in path else path == "/dev/" + disk.device


def disk_of(folder, root="/"):
    """The kernel name of the disk that a mounted folder lies on; None when that cannot be told."""
    try:
        number = os.stat(folder).st_dev
    except OSError:
        return None
    link = os.path.join(root, "sys/dev/block", "%d:%d" % (os.major(number), os.minor(number)))
    place = os.path.realpath(link)
    if not os.path.exists(os.path.join(place, "partition")):
        return os.path.basename(place) if os.path.exists(os.path.join(place, "size")) else None
    return os.path.basename(os.path.dirname(place))


def _links(folder):
    """(name, kernel name of the disk) of each link that is not a partition's."""
    found = []
    for name in _names(folder):
        if not re.search(r"-part[0-9]+\Z", name):
            found.append((name, os.path.basename(os.path.realpath(os.path.join(folder, name)))))
    return found


def _read_sysfs(disk, folder):
    size = _text(folder, "size")
    if size and size.isdigit() and int(size):
        disk.size_bytes = int(size) * SECTOR_BYTES
    disk.model = _text(folder, "device/model")
    for name in ("wwid", "device/wwid"):
        match = _WWID.match(_text(folder, name) or "")
        if match:
            disk.add_number(match.group(1))
    # NVMe: a NGUID is printed with hyphens, an EUI-64 with blanks.
    for name in ("nguid", "eui"):
        disk.add_number(re.sub(r"[- ]", "", _text(folder, name) or ""))
    for name in ("serial", "device/serial"):
        serial = _text(folder, name)
        if serial:
            disk.serials.append(serial)


def _text(folder, name):
    """The content of a file of sysfs; None when there is none."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read().strip() or None
    except OSError:
        return None


def _names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _alike(text):
    return re.sub(r"[^A-Z0-9]", "", text.upper())
