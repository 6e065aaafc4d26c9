"""The storage part of a host description → commands that make the partitions and VMFS-6 volumes. Pure.

Of the disk that ESXi runs from, only the VMFS partition and the free space behind the system partitions are ever
changed. The datastore that the installer made there is kept wherever it can serve: renamed and grown rather than
made again. Disks for datastores lose their old partition table.
"""

from hostconf.model.command import Command
from hostconf.model.disk import VMFS_GUID, DiskError, boot_disk
from hostconf.planning.storeplace import (ALIGN_SECTORS, GPT_TAIL_SECTORS, MIN_BYTES, SECTOR_BYTES, SLACK_BYTES,
                                          StorageError, aligned, assign, divide)

DEFAULT_NAME = "datastore1"
DEFAULT_NUMBERS = (8, 3)  # the installer's datastore: 8 since 7.0, 3 before

_SYSTEM_NUMBERS = 9  # of the boot disk, the first nine partition numbers are ESXi's


def commands(storage, present, warn, can_rename=True):
    """The commands that make the datastores; none where everything is as wanted.

    @param present: {"disks": [Disk], "volumes": [{name, uuid, extents: [(disk name, partition number)]}]}
    @param can_rename: whether hostd is there to rename a datastore
    @raise StorageError: naming the datastore or disk that does not fit; nothing was changed then
    """
    planner = _Planner(storage, present, warn, can_rename)
    if storage["extend_default"]:
        planner.extend_default()
    else:
        # Old volumes go first: their names may be wanted.
        for disk in planner.data_disks():
            planner.data_disk(disk)
        planner.wipe()
        planner.boot_disk()
        planner.volumes()
    return planner.plan


class _Planner:
    """The plan so far, and where each extent of each datastore comes to lie."""

    def __init__(self, storage, present, warn, can_rename):
        self.storage = storage
        self.present = present
        self.warn = warn
        self.can_rename = can_rename
        self.plan = []
        self.extents, self.wiped = assign(storage, present["disks"], warn)
        self.kept = set()  # places whose volume serves as it is; a place is (disk name, partition number)

    def add(self, *words, **how):
        self.plan.append(Command(*words, **how))

    # The boot disk --------------------------------------------------------------------------------

    def boot_disk(self):
        """The datastores on the boot disk lie one after the other behind ESXi's partitions."""
        mine = sorted((extent for extent in self.extents if extent["disk"].boot), key=lambda extent: extent["number"])
        if not mine:
            self.free_names()
        if not mine or len(mine) > 1 and self.keep_all(mine):
            return
        disk = mine[0]["disk"]
        first, last = self.free_region(disk)
        ends = divide(mine, first, last, self.fills_boot_disk(disk), self.warn)
        existing = _vmfs_partition(disk)
        if existing and len(mine) == 1 and self.can_keep(mine[0], existing, ends[0]):
            self.keep(mine[0], existing, ends[0])
            return
        taken = [part["number"] for part in disk.partitions if part is not existing]
        if existing:
            self.remove_partition(disk, existing["number"])
        for extent, end in zip(mine, ends):
            number = _free_number(extent["number"], taken)
            taken.append(number)
            first = self.add_partition(extent, number, first, end)

    def free_region(self, disk):
        """First and last sector behind every partition but the installer's VMFS one."""
        existing = _vmfs_partition(disk)
        end = max([part["end"] for part in disk.partitions if part is not existing] or [ALIGN_SECTORS - 1])
        return existing["start"] if existing else aligned(end + 1), disk.sectors - GPT_TAIL_SECTORS

    def fills_boot_disk(self, disk):
        planned = self.storage["boot_disk_planned_bytes"]
        return planned is not None and disk.sectors * SECTOR_BYTES - planned <= SLACK_BYTES

    def can_keep(self, extent, existing, end):
        """Whether the installer's datastore can become the wanted one by renaming and growing."""
        volume = self.volume_at(extent["disk"].name, existing["number"])
        if volume is None or extent["index"] != 0 or end < existing["end"]:
            return False
        if len(volume["extents"]) > 1 and self.volume_of(extent["datastore"]) is not volume:
            return False
        return volume["name"] == extent["datastore"] or self.can_rename

    def keep(self, extent, existing, end):
        disk = extent["disk"]
        volume = self.volume_at(disk.name, existing["number"])
        self.rename(volume, extent["datastore"])
        self.grow(disk, existing, end)
        extent["place"] = (disk.name, existing["number"])
        self.kept.add(extent["place"])

    def rename(self, volume, name):
        if volume["name"] != name:
            self.add("vim-cmd", "hostsvc/datastore/rename", volume["name"], name, retries=2)

    def grow(self, disk, part, end):
        if end > part["end"]:
            self.add("partedUtil", "resize", disk.path, str(part["number"]), str(part["start"]), str(end))
            node = "%s:%d" % (disk.path, part["number"])
            self.add("vmkfstools", "--growfs", node, node, retries=2)

    def free_names(self):
        """The installer's datastore stays, and gives way if a datastore on another disk has its name."""
        names = [datastore["name"] for datastore in self.storage["datastores"]]
        boot = [disk.name for disk in self.present["disks"] if disk.boot]
        for volume in self.present["volumes"]:
            if volume["name"] in names and volume["extents"][0][0] in boot:
                if not self.can_rename:
                    raise StorageError("the installer's datastore is called %s too, and cannot be renamed without hostd"
                                       % volume["name"])
                other = volume["name"] + "-boot"
                self.warn("the installer's datastore %s is renamed to %s: the layout gives that name to another one"
                          % (volume["name"], other))
                self.rename(volume, other)

    def extend_default(self):
        """No layout: the installer's datastore takes what is left of the boot disk, or one is made there."""
        try:
            disk = boot_disk(self.present["disks"])
        except DiskError as error:
            self.warn("the default datastore stays as it is: %s" % error)
            return
        if disk.sectors is None:
            self.warn("the default datastore stays as it is: the partition table of %s cannot be read: %s"
                      % (disk.name, disk.trouble))
            return
        first, last = self.free_region(disk)
        existing = _vmfs_partition(disk)
        if existing and self.volume_at(disk.name, existing["number"]):
            if last - existing["end"] >= ALIGN_SECTORS:
                self.grow(disk, existing, last)
        elif (last - first + 1) * SECTOR_BYTES < MIN_BYTES:
            self.warn("%s has no room for a datastore besides ESXi's own partitions" % disk.name)
        elif DEFAULT_NAME in [volume["name"] for volume in self.present["volumes"]]:
            self.warn("there is a datastore %s already; none is made on %s" % (DEFAULT_NAME, disk.name))
        else:
            if existing:
                self.remove_partition(disk, existing["number"])
            taken = [part["number"] for part in disk.partitions if part is not existing]
            extent = {"datastore": DEFAULT_NAME, "index": 0, "disk": disk, "place": None}
            self.add_partition(extent, _free_number(DEFAULT_NUMBERS[0], taken), first, last)
            self.create(extent)

    # Other disks ----------------------------------------------------------------------------------

    def data_disks(self):
        found = []
        for extent in self.extents:
            if not extent["disk"].boot and extent["disk"] not in found:
                found.append(extent["disk"])
        return found

    def data_disk(self, disk):
        """A new partition table with the extents one after the other; a disk that is as wanted stays."""
        mine = sorted((extent for extent in self.extents if extent["disk"] is disk),
                      key=lambda extent: extent["number"])
        if self.keep_all(mine):
            return
        self.clear(disk)
        first = ALIGN_SECTORS
        for extent, end in zip(mine, divide(mine, first, disk.sectors - GPT_TAIL_SECTORS, False, self.warn)):
            first = self.add_partition(extent, extent["number"], first, end)

    def keep_all(self, extents):
        """Keep the extents' volumes if all of them are there already, made by an earlier run."""
        there = [self.volume_of(extent["datastore"]) for extent in extents]
        if None in there:
            return False
        for extent, volume in zip(extents, there):
            extent["place"] = volume["extents"][extent["index"]]
            self.kept.add(extent["place"])
        return True

    def volume_of(self, datastore):
        """The volume that is this datastore as wanted, or None. On the boot disk the partition number is free."""
        places = [(other["disk"].name, None if other["disk"].boot else other["number"])
                  for other in self.extents if other["datastore"] == datastore]
        boot = [other["disk"].name for other in self.extents if other["disk"].boot]
        for volume in self.present["volumes"]:
            shown = [(name, None if name in boot else number) for name, number in volume["extents"]]
            if volume["name"] == datastore and shown == places:
                return volume
        return None

    def extents_head(self, extent):
        return next(other for other in self.extents
                    if other["datastore"] == extent["datastore"] and other["index"] == 0)

    def clear(self, disk):
        """An empty partition table; volumes on the disk are unmounted first, they would keep it busy."""
        for volume in self.present["volumes"]:
            if any(name == disk.name for name, _ in volume["extents"]):
                self.unmount(volume)
        self.add("partedUtil", "mklabel", disk.path, "gpt")

    def wipe(self):
        """Disks on which nothing is planned lose an old partition table."""
        used = self.data_disks()
        for disk in self.wiped:
            if disk not in used and disk.partitions:
                self.clear(disk)

    # Volumes --------------------------------------------------------------------------------------

    def volumes(self):
        for extent in self.extents:
            if extent["place"] in self.kept:
                continue
            if extent["index"] == 0:
                self.create(extent)
            else:
                self.span(extent)

    def create(self, extent):
        self.add("vmkfstools", "-C", "vmfs6", "-S", extent["datastore"], _node(extent), retries=2)

    def span(self, extent):
        """vmkfstools asks whether it may; 0 means yes."""
        self.add("sh", "-c", 'echo 0 | vmkfstools -Z "$1" "$2"', "sh", _node(extent),
                 _node(self.extents_head(extent)), retries=2)

    def add_partition(self, extent, number, first, end):
        """@return: where the next partition may begin"""
        self.add("partedUtil", "add", extent["disk"].path, "gpt", "%d %d %d %s 0" % (number, first, end, VMFS_GUID))
        extent["place"] = (extent["disk"].name, number)
        return aligned(end + 1)

    def remove_partition(self, disk, number):
        volume = self.volume_at(disk.name, number)
        if volume:
            self.unmount(volume)
        self.add("partedUtil", "delete", disk.path, str(number))
        self.add("esxcli", "storage", "filesystem", "rescan")

    def unmount(self, volume):
        # It fails for a volume that is not mounted; one that is busy makes the next step fail.
        self.add("esxcli", "storage", "filesystem", "unmount", "-u", volume["uuid"], optional=True)

    def volume_at(self, disk_name, number):
        return next((volume for volume in self.present["volumes"] if (disk_name, number) in volume["extents"]), None)


def _vmfs_partition(disk):
    """The partition of the installer's datastore: the last one on the disk, if it is VMFS."""
    last = max(disk.partitions, key=lambda part: part["start"]) if disk.partitions else None
    return last if last and last["vmfs"] and last["number"] in DEFAULT_NUMBERS else None


def _free_number(wanted, taken):
    """The partition number asked for, if it is free; else the installer's own choice; else one behind the system's."""
    for number in (wanted,) + DEFAULT_NUMBERS + tuple(range(_SYSTEM_NUMBERS + 1, 129)):
        if number not in taken:
            return number
    raise StorageError("the boot disk has no free partition number")


def _node(extent):
    return "/vmfs/devices/disks/%s:%d" % extent["place"]
