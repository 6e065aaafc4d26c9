"""Boot banks: keep payload and description in them as boot modules, and take both out again.

A bank is a FAT volume with a boot.cfg that names its modules: labelled BOOTBANK1 and BOOTBANK2 on 7.0 and later,
without label (partitions 5 and 6) on 6.7.
"""

import gzip
import io
import os
import re
import tarfile

from hostconf.host.places import HOST_FOLDER, PAYLOAD

VOLUMES = "/vmfs/volumes"
LABELS = ("BOOTBANK1", "BOOTBANK2")
LINKS = ("/bootbank", "/altbootbank")

PAYLOAD_MODULE = "esxiimg.tgz"
DESCRIPTION_MODULE = "hostdesc.tgz"
MODULES = (PAYLOAD_MODULE, DESCRIPTION_MODULE)
SEPARATOR = " --- "

# What the installed host needs of the payload. The kickstart, image.json and embedded metadata hold secrets.
_PACKAGES = ("common", "hostconf")
_SCRIPTS = ("firstbt.sh",)

_LINE = re.compile(r"\s*([A-Za-z]+)=(.*?)\r?\Z")


def find(host, disk=None):
    """Folders of the boot banks, each once.

    @param disk: name of the disk that was installed to, or None; banks of other disks are left out where the
        host can tell
    """
    places = [VOLUMES + "/" + name for name in LABELS] + list(LINKS)
    banks = _existing(host, places)
    if not banks:
        try:
            names = sorted(os.listdir(host.path(VOLUMES)))
        except OSError:
            names = []
        banks = _existing(host, [VOLUMES + "/" + name for name in names])
    return [bank for bank in banks if disk is None or _disk_of(host, bank) in (None, disk)]


def _existing(host, places):
    found = {}
    for place in places:
        folder = os.path.realpath(host.path(place))
        if folder not in found and _is_bank(folder):
            found[folder] = place
    return sorted(found, key=lambda folder: places.index(found[folder]))


def _is_bank(folder):
    """Whether boot.cfg starts an installed system: an installer's says runweasel."""
    try:
        values = read_cfg(os.path.join(folder, "boot.cfg"))
    except OSError:
        return False
    return bool(values.get("modules")) and "runweasel" not in values.get("kernelopt", "")


def _disk_of(host, folder):
    """The disk that the bank's volume lies on, or None when the host does not say."""
    if host.root:
        folder = "/" + os.path.relpath(folder, os.path.realpath(host.root))
    status, output = host.run(["vmkfstools", "-P", folder])
    match = re.search(r"^\s+(\S+):\d+\s*$", output, re.MULTILINE) if status == 0 else None
    return match.group(1) if match else None


def read_cfg(path):
    """The settings of a boot.cfg. As in the boot loader keys have no case, and the last line of a key counts."""
    values = {}
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        for line in file.read().split("\n"):
            match = _LINE.match(line)
            if match and not line.startswith("#"):
                values[match.group(1).lower()] = match.group(2).strip()
    return values


def add_modules(folder, modules):
    """Put boot modules into a bank. Doing it twice leaves boot.cfg as doing it once.

    @param modules: contents (bytes) by file name
    """
    for name in sorted(modules):
        _replace(os.path.join(folder, name), modules[name])
    _edit_cfg(folder, lambda names: names + [name for name in MODULES if name in modules and name not in names])


def remove_modules(folder):
    """Take this project's modules out of a bank: first their names, so that none is missed at the next boot."""
    _edit_cfg(folder, lambda names: [name for name in names if name not in MODULES])
    for name in MODULES:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            size = os.path.getsize(path)
            with open(path, "r+b") as file:
                # The description holds secrets, and FAT keeps the clusters of a removed file as they were.
                file.write(b"\0" * size)
                file.flush()
                os.fsync(file.fileno())
            os.remove(path)


def _edit_cfg(folder, change):
    path = os.path.join(folder, "boot.cfg")
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    lines = text.split("\n")
    at = max(i for i, line in enumerate(lines) if _key(line) == "modules")
    match = _LINE.match(lines[at])
    names = [name.strip() for name in match.group(2).split("---") if name.strip()]
    changed = change(names)
    if changed != names:
        end = "\r" if lines[at].endswith("\r") else ""
        lines[at] = lines[at][:match.start(2)] + SEPARATOR.join(changed) + end
        _replace(path, "\n".join(lines).encode("utf-8", "surrogateescape"))


def _key(line):
    match = _LINE.match(line)
    return match.group(1).lower() if match and not line.startswith("#") else None


def _replace(path, data):
    """Write beside and rename: a power cut leaves the old file or the new one."""
    temporary = path + ".new"
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


def payload_module(host):
    """The payload as the installed host needs it, as a boot module."""
    folder = host.path(PAYLOAD)
    files = list(_SCRIPTS)
    for package in _PACKAGES:
        for place, _, names in os.walk(os.path.join(folder, package)):
            files += [os.path.relpath(os.path.join(place, name), folder) for name in names if name.endswith(".py")]
    contents = []
    for name in sorted(files):
        with open(os.path.join(folder, name), "rb") as file:
            contents.append((PAYLOAD.lstrip("/") + "/" + name, file.read(), 0o644))
    return boot_module(contents)


def description_module(text):
    """A host description as a boot module, readable by root only."""
    return boot_module([(HOST_FOLDER.lstrip("/") + "/description.json", text.encode("utf-8"), 0o600)])


def boot_module(files):
    """A module that a boot unpacks into the root: old GNU tar, parents first, owned by root; one gzip member.

    @param files: (path, bytes, mode) each
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        known = set()
        for path, data, mode in files:
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                parent = "/".join(parts[:depth])
                if parent not in known:
                    known.add(parent)
                    entry = tarfile.TarInfo(parent + "/")
                    entry.type = tarfile.DIRTYPE
                    entry.mode = 0o755
                    archive.addfile(entry)
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            entry.mode = mode
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue())
