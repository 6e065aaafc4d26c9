"""The program vsish: mounting ISO9660 media, boot command line, DMI, log."""
import os

from . import iso9660
from ..errors import EsxiError
from ..registry import program
from ..storage import disks

_MOUNT = "/vmkModules/iso9660/mount"
_UMOUNT = "/vmkModules/iso9660/umount"


def _medium(world, device):
    """The bytes of the ISO that is registered for a device (a disk, or disk:partition)."""
    if "/" in device and world.switch("iso9660_device") == "path-too":
        disk, number = disks.name_in_path(world, device)
        device = disk if number is None else f"{disk}:{number}"
    medium = world.hardware["isos"].get(device)
    if medium is None:
        return device, None
    # In a container the image's own place is not there.
    path = medium["path"] if os.path.exists(medium["path"]) else world.files.real(disks.node(world, device))
    with open(path, "rb") as file:
        return device, file.read(medium["bytes"])


def _mount(world, device):
    device, data = _medium(world, device)
    if data is None or iso9660.label(data) is None:
        raise EsxiError(f"VSI_Set: failed for {_MOUNT}: Not supported")
    if device in world.runtime["iso_mounts"]:
        raise EsxiError(f"VSI_Set: failed for {_MOUNT}: Busy")
    label = iso9660.label(data)
    if world.switch("iso9660_label") == "upper":
        label = label.upper()
    folder = f"/vmfs/volumes/{label}"
    world.files.folder(folder)
    for path, content in iso9660.files(data, world.switch("iso9660_names") == "rock-ridge"):
        if content is None:
            world.files.folder(f"{folder}/{path}")
        else:
            world.files.write(f"{folder}/{path}", content, 0o444)
    world.runtime["iso_mounts"][device] = folder


def _umount(world, device):
    device, _ = _medium(world, device)
    if device not in world.runtime["iso_mounts"]:
        raise EsxiError(f"VSI_Set: failed for {_UMOUNT}: Not found")
    world.files.remove(world.runtime["iso_mounts"].pop(device))


def _set(world, node, value):
    if node == "/system/log":
        world.runtime["log"].append(value)
    elif node in (_MOUNT, _UMOUNT) and "iso9660" in world.runtime["modules"]:
        (_mount if node == _MOUNT else _umount)(world, value)
    else:
        raise EsxiError(f"VSISHCmdSetInt():Could not find node: {node}")
    return ""


def _get(world, node):
    if node == "/system/bootCmdLine":
        options = world.runtime["boot_options"]
        return f"Boot Command Line {{\n   Boot Command Line:{options}\n}}\n"
    if node == "/hardware/bios/dmiInfo":
        return ("System Information (type1) {\n   Product Name:Sample Server\n   Vendor Name:Sample Vendor\n"
                f"   Serial Number:{world.hardware['serial']}\n}}\n")
    raise EsxiError(f"VSISHCmdGetInt():Get failed: {node}: Not found")


@program("vsish")
def vsish(world, words, _stdin):
    try:
        if len(words) == 4 and words[:2] == ["-e", "set"]:
            return 0, _set(world, words[2], words[3])
        if len(words) == 3 and words[:2] == ["-e", "get"]:
            return 0, _get(world, words[2])
        raise EsxiError("Usage: vsish -e get|set NODE [VALUE]")
    except EsxiError as error:
        return 1, f"{error}\n"


@program("smbiosDump")
def smbios_dump(world, words, _stdin):
    if words:
        return 1, "smbiosDump: no arguments\n"
    return 0, ("System Info (type 1): #1\n  Size: 27\n  Manufacturer: \"Sample Vendor\"\n  Product: \"Sample Server\"\n"
               f"  Serial: \"{world.hardware['serial']}\"\n")
