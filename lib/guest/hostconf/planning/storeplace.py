"""Which disk each extent of a datastore lies on, and where on it: the first half of storeplan. Pure."""

from hostconf.model.disk import MIB_BYTES
from hostconf.planning import diskmatch

SECTOR_BYTES = 512
ALIGN_SECTORS = 2048  # 1 MiB, the block size of VMFS-6
GPT_TAIL_SECTORS = 34  # `partedUtil getUsableSectors` ends so far before the end
MIN_BYTES = 2 * 1024 ** 3  # a little more than VMFS-6 needs
# A layout that leaves less than this of a disk was meant to fill it.
SLACK_BYTES = 1024 ** 3


class StorageError(Exception):
    """The datastores cannot be made as asked for; the message says which and why."""


def assign(storage, disks, warn):
    """(extents, disks to wipe) of a layout.

    An extent is {datastore, index, disk, number, size_bytes, place}; disk is a Disk, number the partition number
    asked for, place is not known yet.

    @raise StorageError: when a disk with a datastore is not there, could be several, or is ESXi's own
    """
    wanted = []
    for datastore in storage["datastores"]:
        wanted += [extent["disk"] for extent in datastore["extents"] if extent["disk"] not in wanted]
    needed = len(wanted)
    wanted += [disk for disk in storage["wipe"] if disk not in wanted]
    found = diskmatch.find_all(wanted, disks, warn)
    for entry, disk in list(zip(wanted, found))[:needed]:
        _check_found(entry, disk, [other for other in found if other is disk])
    extents = []
    for datastore in storage["datastores"]:
        for i, extent in enumerate(datastore["extents"]):
            extents.append({"datastore": datastore["name"], "index": i, "place": None,
                            "disk": found[wanted.index(extent["disk"])], "number": extent["partition"],
                            "size_bytes": extent["size_bytes"]})
    return extents, _to_wipe([(entry, found[wanted.index(entry)]) for entry in storage["wipe"]], warn)


def _check_found(entry, disk, same):
    if isinstance(disk, str):
        raise StorageError(disk)
    if len(same) > 1:
        raise StorageError("%s and another one are both %s" % (diskmatch.label(entry), disk.name))
    if disk.boot and not entry["boot_disk"]:
        raise StorageError("%s is %s, which ESXi runs from" % (diskmatch.label(entry), disk.name))
    if disk.sectors is None:
        raise StorageError("the partition table of %s cannot be read: %s" % (disk.name, disk.trouble))


def _to_wipe(pairs, warn):
    disks = []
    for entry, disk in pairs:
        if isinstance(disk, str):
            warn("%s; it is not wiped" % disk)
        elif disk.boot:
            warn("%s is not wiped: ESXi runs from it" % diskmatch.label(entry))
        elif disk not in disks:
            disks.append(disk)
    return disks


def divide(extents, first, last, fill, warn):
    """Last sector of each extent, one after the other.

    @param first: where the first one begins; last: the last sector that may be used
    @param fill: whether the last one takes everything up to there
    @raise StorageError: when one of them would be too small
    """
    ends = []
    for i, extent in enumerate(extents):
        size = extent["size_bytes"]
        end = last
        if size is not None and not (fill and i == len(extents) - 1):
            end = min(last, first + size // SECTOR_BYTES - 1)
        size_bytes = max(0, end - first + 1) * SECTOR_BYTES
        if size_bytes < MIN_BYTES:
            raise StorageError("there is no room for the datastore %s: %s has %d MiB left for it%s" % (
                extent["datastore"], extent["disk"].name, size_bytes // MIB_BYTES,
                ". ESXi's own partitions take less of a disk with the boot option systemMediaSize=min"
                if extent["disk"].boot else ""))
        _compare_size(extent, size_bytes, warn)
        ends.append(end)
        first = aligned(end + 1)
    return ends


def _compare_size(extent, size_bytes, warn):
    """ESXi's own partitions may leave less than was planned; any other disk must have what was planned."""
    wanted = extent["size_bytes"]
    if wanted is None or size_bytes >= wanted - SLACK_BYTES:
        return
    text = "%s has %d MiB for the datastore %s, %d MiB were planned" % (
        extent["disk"].name, size_bytes // MIB_BYTES, extent["datastore"], wanted // MIB_BYTES)
    if not extent["disk"].boot:
        raise StorageError(text + ": it is not the disk that was meant")
    warn(text)


def aligned(sector):
    """The next sector at which a partition may begin."""
    return -(-sector // ALIGN_SECTORS) * ALIGN_SECTORS
