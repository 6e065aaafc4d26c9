"""Find an OpenStack config drive and copy its files into memory.

The drive may be a partition of the very disk that is about to be overwritten. Its file system is read from the bytes
of the device. Only where nothing can be found so, the host is asked to mount what it can.

Which drive wins: one on the disk that holds this image, then a whole device labelled config-2, then a partition so
labelled, then a whole device with another label that has a folder openstack. A drive without meta_data.json is none.
"""

import collections

from hostconf.host import devices
from hostconf.media import volumes
from hostconf.media.device import Device
from hostconf.media.structure import MediaError
from hostconf.sources import metadata

LABEL = "config-2"
VOLUMES = "/vmfs/volumes"
# How long to look for a drive that appears late, where nobody could log in without one, and how often.
WAIT_SECONDS = 120
PAUSE_SECONDS = 5

# Why a drive wins, by rank.
_REASONS = ("it is on the disk that holds this image", "it is a whole device labelled config-2",
            "it is labelled config-2", "it has a folder openstack")
_ON_IMAGE_DISK, _WHOLE, _PARTITION, _OTHER = range(4)

# A config drive. rank: lower wins; name: DEVICE or DEVICE:PARTITION; files: contents by name
_Found = collections.namedtuple("_Found", "rank name files")


class Finder:
    """Looks for config drives.

    @param image_guid: the GUID of the disk that holds this image; None where it has none
    """

    def __init__(self, host, log, image_guid=None):
        self.host = host
        self.log = log
        self.image_guid = image_guid
        self.unknown = []  # devices that a mount may still show something of
        self._said = []

    def find(self):
        """The files of the config drive by name (see metadata.read), or {} when there is none."""
        self.unknown = []
        found = sorted(self._all(), key=lambda one: (one.rank, one.name))
        if not found:
            return self._mounted()
        winner = found[0]
        self.log.info("config drive: %s" % winner.name)
        for other in found[1:]:
            if other.files != winner.files and (other.rank < _OTHER or winner.rank == _OTHER):
                self.log.warn("the config drives %s and %s differ: %s is used, because %s" % (
                    winner.name, other.name, winner.name,
                    _REASONS[winner.rank] if winner.rank != other.rank else "its name comes first"))
        return winner.files

    def wait(self, seconds, sleep, clock):
        """As find, again and again for a time: virtual media may appear late.

        @param sleep: function(seconds)
        @param clock: function() → seconds, which only grow
        """
        self.log.info("no config drive yet: it is looked for for %d seconds more" % seconds)
        started, files = clock(), {}
        while not files and clock() - started < seconds:
            sleep(PAUSE_SECONDS)
            files = self.find()
        return files

    def _all(self):
        """Every config drive that can be read from the bytes of a device."""
        image_disks = devices.with_guid(self.host, self.image_guid)
        places = _places(self.host)
        found = []
        for name in sorted(places, key=lambda name: (devices.disk_of(name, places) is not None, name)):
            disk = devices.disk_of(name, places)
            try:
                with open(self.host.path(places[name]), "rb", buffering=0) as file:
                    for number, volume in volumes.find(Device(file)):
                        is_whole = disk is None and number is None
                        full_name = name if number is None else "%s:%d" % (name, number)
                        rank = _rank(volume, (disk or name) in image_disks, is_whole)
                        if rank is not None and full_name not in [one.name for one in found]:
                            files = self._files(volume, full_name)
                            found += [_Found(rank, full_name, files)] if files else []
            except (MediaError, OSError):
                self.unknown.append(name)
        return found

    def _files(self, volume, name):
        """The files of a volume; {} when it holds no metadata, or is damaged."""
        is_labelled = _is_labelled(volume)
        problem = "it holds no " + metadata.REQUIRED
        for root in volume.roots:
            try:
                files = metadata.read(root, metadata.REQUIRED, is_labelled)
            except MediaError as error:
                problem = str(error)
                self.unknown.append(name)
                continue
            if files:
                return files
        if is_labelled and name not in self._said:
            self._said.append(name)
            self.log.warn("the volume %s on %s is not used: %s" % (volume.label, name, problem))
        return {}

    def _mounted(self):
        """The last resort: what is mounted as config-2, and what the host can mount of the devices."""
        files = _read_mounted(self.host)
        if files:
            self.log.info("config drive: already mounted")
            return files
        if self.unknown:
            # Fails when it is loaded already.
            self.host.run(["localcli", "system", "module", "load", "--module", "iso9660"])
        for name in self.unknown:
            status, _ = self.host.run(["vsish", "-e", "set", "/vmkModules/iso9660/mount", name])
            if status != 0:
                continue
            try:
                files = _read_mounted(self.host)
            finally:
                self.host.run(["vsish", "-e", "set", "/vmkModules/iso9660/umount", name])
            if files:
                self.log.info("config drive: %s, mounted" % name)
                return files
        return {}


def _is_labelled(volume):
    return volume.label.lower() == LABEL


def _rank(volume, is_on_image_disk, is_whole):
    """The rank of a volume that may be a config drive; None for one that cannot."""
    if is_on_image_disk:
        return _ON_IMAGE_DISK
    if _is_labelled(volume):
        return _WHOLE if is_whole else _PARTITION
    return _OTHER if is_whole else None


def _places(host):
    """{name: path} of every device: disks, their partitions, CD drives."""
    listed = devices.listed(host)
    places = dict((name, devices.DISKS + "/" + name) for name in sorted(listed)
                  if "CD-ROM" in listed[name].get("Device Type", ""))
    for folder in reversed(devices.CDROMS + (devices.DISKS,)):
        places.update((name, folder + "/" + name) for name in devices.names(host, folder))
    return places


def _read_mounted(host):
    for name, node in sorted(metadata.DiskNode(host.path(VOLUMES)).entries().items()):
        if name.lower() == LABEL:
            files = metadata.read(node, metadata.REQUIRED)
            if files:
                return files
    return {}
