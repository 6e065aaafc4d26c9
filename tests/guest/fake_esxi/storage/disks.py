"""Storage devices: what the lists say of them, and their nodes below /dev/disks."""
import re

from . import nvme
from ..errors import EsxiError

SECTORS_PER_MIB = 2048
ONE_DISK = "mpx.vmhba0:C0:T0:L0\n   Size: 204800\n   Is Boot Device: true\n"

# Fields of `storage core device list` in order, with the value for a disk that says nothing else (8.x).
_FIELDS_8 = (
    ("Display Name", None), ("Has Settable Display Name", "false"), ("Size", "145408"),
    ("Device Type", "Direct-Access "), ("Multipath Plugin", "HPP"), ("Devfs Path", None), ("Vendor", "VMware"),
    ("Model", "Virtual disk"), ("Revision", "2.0"), ("SCSI Level", "6"), ("Is Pseudo", "false"), ("Status", "on"),
    ("Is RDM Capable", "false"), ("Is Local", "true"), ("Is Removable", "false"), ("Is SSD", "false"),
    ("Is VVOL PE", "false"), ("Is Offline", "false"), ("Is Perennially Reserved", "false"),
    ("Queue Full Sample Size", "0"), ("Queue Full Threshold", "0"), ("Thin Provisioning Status", "unknown"),
    ("Attached Filters", ""), ("VAAI Status", "unsupported"), ("Other UIDs", None),
    ("Is Shared Clusterwide", "false"), ("Is SAS", "false"), ("Is USB", "false"), ("Is Boot Device", "false"),
    ("Device Max Queue Depth", "1024"), ("No of outstanding IOs with competing worlds", "32"),
    ("Drive Type", "unknown"), ("RAID Level", "unknown"), ("Number of Physical Drives", "unknown"),
    ("Protection Enabled", "false"), ("PI Activated", "false"), ("PI Type", "0"),
    ("PI Protection Mask", "NO PROTECTION"), ("Supported Guard Types", "NO GUARD SUPPORT"),
    ("DIX Enabled", "false"), ("DIX Guard Type", "NO GUARD SUPPORT"), ("Emulated DIX/DIF Enabled", "false"),
)
_PADDED = {"Vendor": 8, "Model": 16, "Revision": 4, "Device Type": 14}


def parse_list(text):
    """Disks from the output of `esxcli storage core device list`: name -> {field: value}."""
    disks = {}
    current = None
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line.startswith(" "):
            current = disks.setdefault(line.strip().rstrip(":"), {})
        elif current is None or ":" not in line:
            raise ValueError(f"not the output of esxcli storage core device list: {line!r}")
        else:
            name, _, value = line.strip().partition(":")
            current[name] = value.strip()
    return disks


def find(world, name):
    disk = world.hardware["disks"].get(name)
    if disk is None:
        raise EsxiError(f"Unable to find device with name {name}")
    return disk


def sectors(world, name):
    return int(world.hardware["disks"][name].get("Size", "145408")) * SECTORS_PER_MIB


def boot_disk(world):
    """The disk the host runs from: the one that says so, else the first."""
    disks = world.hardware["disks"]
    return next((name for name, disk in disks.items() if disk.get("Is Boot Device") == "true"), next(iter(disks), None))


def name_in_path(world, path):
    """(disk, partition number or None) of /vmfs/devices/disks/NAME[:N] or /dev/disks/NAME[:N]."""
    found = re.search(r"(?:^|/)(?:vmfs/devices|dev)/disks/([^/]+)$", path)
    name = found.group(1) if found else None
    if name in world.hardware["disks"]:
        return name, None
    head, colon, number = (name or "").rpartition(":")
    if colon and number.isdigit() and head in world.hardware["disks"]:
        return head, int(number)
    raise EsxiError(f"Error: Could not stat device {path}- No such file or directory.")


def adapter(world, name):
    """The vmhba that a disk hangs on."""
    found = re.match(r"mpx\.(vmhba\d+):", name)
    if found:
        return found.group(1)
    controller = nvme.controller_of(world, name)
    if controller:
        return controller
    return "vmhba1"


def _vml(name):
    """An alias of the device: the hex form of vmhbaA:T:L for mpx names, else of the name's tail."""
    found = re.match(r"mpx\.(vmhba\d+):C\d+:T(\d+):L(\d+)$", name)
    text = ":".join(found.groups()) if found else name[-16:]
    return "vml.0000000000" + text.encode().hex()


def fields(world, name):
    """The block of one device, in the order and with the padding of this release."""
    disk = world.hardware["disks"][name]
    defaults = {"Display Name": f"Local {disk.get('Vendor', 'VMware')} Disk ({name})",
                "Devfs Path": "/vmfs/devices" + node(world, name).removeprefix("/dev"), "Other UIDs": _vml(name)}
    listed = []
    for field, value in _FIELDS_8:
        value = disk.get(field, defaults.get(field, value))
        if field == "Multipath Plugin" and not world.at_least("7.0"):
            value = "NMP"
        if field in _PADDED:
            value = value.ljust(_PADDED[field])
        if field == "Is SAS" and not world.at_least("7.0"):
            listed.append(("Is Local SAS Device", value))
        listed.append((field, value))
        if field == "Protection Enabled" and not world.at_least("7.0"):
            break
    return listed


def node(world, name):
    """The path of a device's or partition's node."""
    cdrom = world.hardware["disks"].get(name, {}).get("Device Type") == "CD-ROM"
    folder = "cdrom" if cdrom and world.switch("cdrom_nodes") == "cdrom" else "disks"
    return f"/dev/{folder}/{name}"


def make_nodes(world):
    """Sparse files for the disks below /dev/disks, which is also /vmfs/devices/disks."""
    world.files.link("/vmfs/devices", "/dev")
    for name in world.hardware["disks"]:
        make_node(world, name, sectors(world, name))


def make_node(world, name, length):
    """One node of `length` sectors; a file that exists keeps its content."""
    path = node(world, name)
    if hasattr(world.files, "real"):
        if not world.files.exists(path):
            world.files.write(path, b"")
        with open(world.files.real(path), "r+b") as file:
            file.truncate(length * 512)
    else:
        world.files.write(path, b"")
