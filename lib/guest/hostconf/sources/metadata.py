"""Read the files of an OpenStack metadata folder: a mounted config drive, a copy of one, or loose files."""

import os
import re

from hostconf.sources import openstack

_DATED = re.compile(r"\d{4}-\d\d-\d\d\Z")
FILE_BYTES = 16 * 1024 * 1024


def load(folder):
    """The metadata files of a folder, by the names in openstack.FILES; empty when there are none.

    Looks in openstack/latest, then in the newest dated folder of openstack, then in the folder itself. Case
    does not count: a plain ISO 9660 file system may show names in upper case, with ";1" at the end.
    """
    for place in _places(folder):
        files = {}
        for name in openstack.FILES:
            path = _child(place, name)
            if path is not None and os.path.isfile(path):
                with open(path, "rb") as file:
                    files[name] = file.read(FILE_BYTES)
        if files:
            return files
    return {}


def _places(folder):
    places = []
    top = _child(folder, "openstack")
    if top is not None and os.path.isdir(top):
        latest = _child(top, "latest")
        dated = sorted((name for name in os.listdir(top) if _DATED.match(name)), reverse=True)
        places += [latest] if latest else []
        places += [os.path.join(top, name) for name in dated]
    return [place for place in places + [folder] if os.path.isdir(place)]


def _child(folder, name):
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for same in (_plain, _short):
        for candidate in sorted(names):
            if _plain(candidate) == same(name):
                return os.path.join(folder, candidate)
    return None


def _plain(name):
    return re.sub(r"\.?(;\d+)?\Z", "", name.lower())


def _short(name):
    """The name as interchange level 1 of ISO 9660 (ECMA-119, section 10.1) cuts it: eight characters, then three."""
    base, _, extension = name.partition(".")
    return (base[:8] + "." + extension[:3]).rstrip(".")
