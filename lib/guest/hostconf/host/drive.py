"""Find an OpenStack config drive, copy it into memory and let go of it.

The drive may be a partition of the very disk that is about to be overwritten. Only devices that hold an
ISO 9660 volume of that name are mounted, and those that cannot be looked at beforehand.
"""

import os

from hostconf.host import devices
from hostconf.sources import metadata

LABEL = "config-2"
VOLUMES = "/vmfs/volumes"

# ECMA-119, section 8.4: volume descriptors begin at sector 16 of 2048 bytes; identifier at 1, volume name at 40.
PVD_OFFSET = 16 * 2048
PVD_BYTES = 2048
NAME_OFFSET = 40
NAME_BYTES = 32


def find(host, log):
    """The files of the config drive by name (see metadata.load), or {} when there is none."""
    files = _read_volume(host)
    if files:
        log.info("config drive: already mounted")
        return files
    candidates = _candidates(host)
    if not candidates:
        return {}
    host.run(["localcli", "system", "module", "load", "--module", "iso9660"])  # fails when it is loaded already
    for name in candidates:
        status, _ = host.run(["vsish", "-e", "set", "/vmkModules/iso9660/mount", name])
        if status != 0:
            continue
        try:
            files = _read_volume(host)
        finally:
            host.run(["vsish", "-e", "set", "/vmkModules/iso9660/umount", name])
        if files:
            log.info("config drive: %s" % name)
            return files
    return {}


def _candidates(host):
    """Devices with the label first; then those whose content could not be read."""
    places = [(name, devices.DISKS + "/" + name) for name in devices.names(host)]
    for folder in devices.CDROMS:
        places += [(name, folder + "/" + name) for name in devices.names(host, folder)]
    listed = devices.listed(host)
    places += [(name, devices.DISKS + "/" + name) for name in sorted(listed)
               if "CD-ROM" in listed[name].get("Device Type", "")]
    labelled, unknown, seen = [], [], set()
    for name, path in places:
        if name not in seen:
            seen.add(name)
            label = volume_label(host.path(path))
            if label is None:
                unknown.append(name)
            elif label.lower() == LABEL:
                labelled.append(name)
    return labelled + unknown


def volume_label(path):
    """The name of the ISO 9660 volume on a device; "" when it holds none, None when it cannot be read that far."""
    try:
        with open(path, "rb") as file:
            file.seek(PVD_OFFSET)
            block = file.read(PVD_BYTES)
    except OSError:
        return None
    if len(block) < PVD_BYTES:
        return None
    if block[:6] != b"\x01CD001":
        return ""
    return block[NAME_OFFSET:NAME_OFFSET + NAME_BYTES].decode("ascii", "replace").strip()


def _read_volume(host):
    try:
        names = sorted(os.listdir(host.path(VOLUMES)))
    except OSError:
        return {}
    for name in names:
        if name.lower() == LABEL:
            files = metadata.load(host.path(VOLUMES + "/" + name))
            if files:
                return files
    return {}
