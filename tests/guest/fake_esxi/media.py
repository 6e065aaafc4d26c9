"""What a test puts into drives and onto disks: ISO9660 and FAT images, disk images."""
import shutil

from .storage import disks, gpt, partitions
from .tools import iso9660

_ALIGN = 2048  # sectors; partitions begin at a MiB


def attach_iso(world, device, path):
    """An ISO9660 image in a partition, on a whole disk, or in a CD drive that appears with it.

    `device` is DISK:N, a known disk, or the name of the new drive. A partition that the disk's table lacks is made at
    the end of the disk. ValueError when the file is no ISO9660 image, or the disk has no room.
    """
    with open(path, "rb") as file:
        data = file.read()
    if iso9660.label(data) is None:
        raise ValueError(f"{path}: not an ISO9660 image")
    _attach(world, device, data, {"Device Type": "CD-ROM", "Model": "Sample CD-ROM"})
    world.hardware["isos"][device] = {"path": path, "bytes": len(data)}


def attach_fat(world, device, path):
    """The same for a FAT image; the new drive is a USB stick. Nothing of it can be mounted here.

    ValueError when the file is no FAT image, or the disk has no room.
    """
    with open(path, "rb") as file:
        data = file.read()
    if not _is_fat(data):
        raise ValueError(f"{path}: not a FAT image")
    _attach(world, device, data, {"Device Type": "Direct-Access", "Model": "Sample Stick", "Is USB": "true"})


def _attach(world, device, data, drive):
    disk, _, number = device.rpartition(":")
    if disk in world.hardware["disks"] and number.isdigit():
        _into_partition(world, disk, int(number), data)
    elif device not in world.hardware["disks"]:
        world.hardware["disks"][device] = dict(drive, **{
            "Size": str(-(-len(data) // 2**20)), "Is Boot Device": "false", "Is Removable": "true"})
        disks.make_node(world, device, 0)
    _overwrite(world, disks.node(world, device), 0, data)


def _is_fat(data):
    """Microsoft's FAT specification, section "Boot Sector and BPB": the jump, the signature, the name of the type."""
    return data[:1] in (b"\xeb", b"\xe9") and data[510:512] == b"\x55\xaa" and b"FAT" in (data[54:57], data[82:85])


def _into_partition(world, disk, number, data):
    table = partitions.load(world, disk) or gpt.blank(disks.sectors(world, disk), partitions.new_guid(world))
    entry = partitions.part(table, number)
    if entry is None:
        length = -(-len(data) // gpt.SECTOR // _ALIGN) * _ALIGN
        start = (table["last_usable"] + 1 - length) // _ALIGN * _ALIGN
        if any(start <= other["end"] for other in table["partitions"]):
            raise ValueError(f"{disk}: no room for a partition at the end")
        partitions.add(world, table, number, start, start + length - 1, partitions.GUID["linuxNative"], 0)
        partitions.save(world, disk, table)
        entry = partitions.part(table, number)
    _overwrite(world, disks.node(world, disk), entry["start"] * gpt.SECTOR, data)


def _overwrite(world, path, at, data):
    """Write into a node's backing file; in memory nodes have no content."""
    if hasattr(world.files, "real"):
        with open(world.files.real(path), "r+b") as file:
            file.seek(at)
            file.write(data)


def write_disk(world, disk, path):
    """Copy a disk image onto a disk, as dd does; its partitions and config drives are found as at a boot.

    ValueError when the image is larger than the disk.
    """
    size = disks.sectors(world, disk) * gpt.SECTOR
    with open(path, "rb") as source, open(world.files.real(disks.node(world, disk)), "r+b") as target:
        if source.seek(0, 2) > size:
            raise ValueError(f"{path} is larger than {disk}")
        source.seek(0)
        target.truncate(0)
        shutil.copyfileobj(source, target, 1 << 20)
        target.truncate(size)
    partitions.sync_nodes(world, disk)
    table = partitions.load(world, disk)
    for entry in table["partitions"] if table else []:
        _find_medium(world, disk, entry)


def _find_medium(world, disk, entry):
    """Show the partition's content when it is an ISO9660 image (ECMA-119, section 8.4: sector 16) or FAT."""
    node = disks.node(world, f"{disk}:{entry['number']}")
    with open(world.files.real(disks.node(world, disk)), "rb") as file:
        file.seek(entry["start"] * gpt.SECTOR)
        is_fat = _is_fat(file.read(gpt.SECTOR))
        file.seek(entry["start"] * gpt.SECTOR + 16 * iso9660.SECTOR + 1)
        is_iso = file.read(5) == b"CD001"
        file.seek(entry["start"] * gpt.SECTOR)
        data = file.read((entry["end"] - entry["start"] + 1) * gpt.SECTOR) if is_iso or is_fat else b""
    if data:
        _overwrite(world, node, 0, data)
    if is_iso:
        world.hardware["isos"][f"{disk}:{entry['number']}"] = {"path": world.files.real(node), "bytes": len(data)}
