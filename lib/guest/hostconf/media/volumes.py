"""The file systems on a device."""

from hostconf.media import partitions
from hostconf.media.fat import FatVolume
from hostconf.media.iso9660 import IsoVolume
from hostconf.media.structure import MediaError


def volume(device):
    """The file system that begins where the device (or partition) does: IsoVolume, FatVolume, or None.

    @raise OSError: the device cannot be read
    """
    for kind in (IsoVolume, FatVolume):
        try:
            return kind(device)
        except MediaError:
            continue
    return None


def find(device):
    """[(partition number, volume)] of a device: of the whole of it (number None), else of its partitions.

    @raise OSError, MediaError: the device cannot be read, or shows nothing
    """
    device.read(0, 1)
    whole = volume(device)
    if whole is not None:
        return [(None, whole)]
    found = []
    for entry in partitions.find(device):
        try:
            found.append((entry.number, volume(entry.part)))
        except OSError:
            continue
    return [(number, one) for number, one in found if one is not None]
