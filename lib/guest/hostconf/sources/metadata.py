"""Read the files of an OpenStack metadata folder: of a config drive, of a copy of one, or loose files.

A folder is anything with entries() → {name: node}; a node has is_folder, and entries() or read(limit).
"""

import os
import re

from hostconf.sources import openstack

# The file without which a config drive is none.
REQUIRED = "meta_data.json"
_DATED = re.compile(r"\d{4}-\d\d-\d\d\Z")
_CUT_VENDOR_DATA = re.compile(r"vend[a-z0-9_]{1,4}\.jso(;\d+)?\Z")
HOSTS = "hosts"
FILE_BYTES = 16 * 1024 * 1024


def load(path):
    """The metadata files of a folder of the file system, as read() finds them."""
    return read(DiskNode(path))


def load_hosts(path):
    """{name: files} of the folders hosts/NAME below a folder; empty when there are none."""
    top = _child(DiskNode(path).entries(), HOSTS)
    entries = top.entries() if top is not None and top.is_folder else {}
    found = dict((name, read(entries[name])) for name in entries if entries[name].is_folder)
    return dict((name, found[name]) for name in found if found[name])


def read(folder, required=None, loose=True):
    """The metadata files of a folder, by the names in openstack.FILES; empty when there are none.

    Looks in openstack/latest, then in the newest dated folder of openstack, then in the folder itself. Case
    does not count: a plain ISO 9660 file system may show names in upper case, with ";1" at the end.

    @param required: the name of a file without which a place does not count
    @param loose: whether the folder itself counts
    """
    for place in _places(folder, loose):
        nodes = _files_of(place.entries())
        files = dict((name, nodes[name].read(FILE_BYTES)) for name in nodes)
        if files and (required is None or required in files):
            return files
    return {}


class DiskNode:
    """A folder or file of the file system that this program sees."""

    def __init__(self, path):
        self._path = path
        self.is_folder = os.path.isdir(path)

    def entries(self):
        """What is in the folder; nothing where it cannot be read."""
        try:
            names = os.listdir(self._path)
        except OSError:
            return {}
        return dict((name, DiskNode(os.path.join(self._path, name))) for name in names)

    def read(self, limit):
        """The file's bytes, at most `limit` of them."""
        with open(self._path, "rb") as file:
            return file.read(limit)


def _places(folder, loose):
    top = _child(folder.entries(), "openstack")
    places = []
    if top is not None and top.is_folder:
        entries = top.entries()
        latest = _child(entries, "latest")
        places += [latest] if latest else []
        places += [entries[name] for name in sorted(entries, reverse=True) if _DATED.match(name)]
    return [place for place in places if place.is_folder] + ([folder] if loose else [])


def _files_of(entries):
    """The nodes of a folder by the names in openstack.FILES."""
    left = dict((name, entries[name]) for name in entries if not entries[name].is_folder)
    found = {}
    for name in openstack.FILES:
        key = _key(left, name)
        if key is not None:
            found[name] = left.pop(key)
    # Two names that are alike when they are cut short: a number stands at their end, whichever way round.
    others = sorted(name for name in left if _CUT_VENDOR_DATA.match(name.lower()))
    for name in openstack.FILES:
        if name.startswith("vendor_data") and name not in found and others:
            found[name] = left.pop(others.pop(0))
    return found


def _child(entries, name):
    key = _key(entries, name)
    return None if key is None else entries[key]


def _key(entries, name):
    """The name in the folder that stands for a file's name."""
    for same in (_plain, _short):
        for candidate in sorted(entries):
            if _plain(candidate) == same(name):
                return candidate
    return None


def _plain(name):
    return re.sub(r"\.?(;\d+)?\Z", "", name.lower())


def _short(name):
    """The name as interchange level 1 of ISO 9660 (ECMA-119, section 10.1) cuts it: eight characters, then three."""
    base, _, extension = name.partition(".")
    return (base[:8] + "." + extension[:3]).rstrip(".")
