"""Boot banks: keep payload and description in them as boot modules, and take both out again.

A bank is a FAT volume with a boot.cfg that names its modules: labelled BOOTBANK1 and BOOTBANK2 on 7.0 and later,
without label (partitions 5 and 6) on 6.7.
"""

import gzip
import os
import re
import shutil

from common import bootcfg, bootmodule, erase
from hostconf.host.places import PAYLOAD

VOLUMES = "/vmfs/volumes"
LABELS = ("BOOTBANK1", "BOOTBANK2")
LINKS = ("/bootbank", "/altbootbank")
# Where a running host shows the modules that it was started with.
LOADED = "/tardisks"

PAYLOAD_MODULE = "esxiimg.tgz"
DESCRIPTION_MODULE = bootmodule.DESCRIPTION_NAME
# What carries the VIBs of drivers, see drivers.py.
DRIVERS_MODULE = "esxidrvs.tar"
MODULES = (PAYLOAD_MODULE, DESCRIPTION_MODULE, DRIVERS_MODULE)

_COPY_BYTES = 1024 * 1024

# What the installed host needs of the payload. The kickstart, image.json and embedded metadata hold secrets.
_PACKAGES = ("common", "hostconf")
_SCRIPTS = ("firstbt.sh",)


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
        text = read_cfg(os.path.join(folder, "boot.cfg"))
    except OSError:
        return False
    return bool(bootcfg.settings(text).get("modules")) and not bootcfg.has_option(text, ["runweasel"])


def _disk_of(host, folder):
    """The disk that the bank's volume lies on, or None when the host does not say."""
    if host.root:
        folder = "/" + os.path.relpath(folder, os.path.realpath(host.root))
    status, output = host.run(["vmkfstools", "-P", folder])
    match = re.search(r"^\s+(\S+):\d+\s*$", output, re.MULTILINE) if status == 0 else None
    return match.group(1) if match else None


def read_cfg(path):
    """The text of a boot.cfg, one character for each byte."""
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


def add_modules(folder, modules):
    """Put boot modules into a bank, in the place of those that are there. Doing it twice is doing it once.

    @param modules: contents (bytes) by file name
    @raise BootCfgError: when the boot loader would misread the bank's boot.cfg; nothing was changed then
    """
    path = os.path.join(folder, "boot.cfg")
    edited = bootcfg.edit(read_cfg(path), path, [name for name in MODULES if name in modules])
    if any(_is_other(os.path.join(folder, name), modules[name]) for name in modules):
        remove_modules(folder)
    for name in sorted(modules):
        _replace(os.path.join(folder, name), modules[name])
    _replace(path, edited.encode("latin-1"))


def replace_description(folder, data):
    """Put another host description in the place of the one that is there; the old one's content is overwritten."""
    path = os.path.join(folder, bootmodule.DESCRIPTION_NAME)
    if os.path.exists(path) and _is_other(path, data):
        _write(path + ".new", data)
        erase.replace(path + ".new", path)


def remove_modules(folder):
    """Take this project's modules out of a bank. The description holds secrets."""
    remove_named(folder, MODULES, erase.remove)


def add_loaded(folder, names, host):
    """Put modules that the running system was started with into a bank. boot.cfg names them when they are there.

    @raise BootCfgError: when the boot loader would misread the bank's boot.cfg; nothing was changed then
    @raise OSError: when they are not loaded, or do not fit; none is there then
    """
    path = os.path.join(folder, "boot.cfg")
    edited = bootcfg.edit(read_cfg(path), path, names)
    try:
        for name in names:
            _copy_packed(host.path(LOADED + "/" + name), os.path.join(folder, name))
    except OSError:
        remove_named(folder, names)
        raise
    _replace(path, edited.encode("latin-1"))


def _copy_packed(source, target):
    """What the boot loader has unpacked, packed again: banks are small. The same content gives the same bytes."""
    try:
        with open(source, "rb") as loaded, open(target + ".new", "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as member:
                shutil.copyfileobj(loaded, member, _COPY_BYTES)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        if os.path.exists(target + ".new"):
            os.remove(target + ".new")
        raise
    os.rename(target + ".new", target)


def remove_named(folder, names, remove=os.remove):
    """Take modules out of a bank: first their names, so that none is missed at the next boot.

    @param remove: what removes a file; erase.remove where one holds secrets
    """
    path = os.path.join(folder, "boot.cfg")
    _replace(path, bootcfg.without_modules(read_cfg(path), names).encode("latin-1"))
    for name in names:
        if os.path.exists(os.path.join(folder, name)):
            remove(os.path.join(folder, name))


def forget_loaded(host, names=MODULES):
    """Take modules out of the running host's memory, where root can read them until the next start otherwise.

    @return: those that stay
    """
    stay = []
    for name in names:
        try:
            os.remove(host.path(LOADED + "/" + name))
        except FileNotFoundError:
            pass
        except OSError:
            stay.append(name)
    return stay


def _is_other(path, data):
    """Whether a file is there and holds something else."""
    if not os.path.exists(path):
        return False
    with open(path, "rb") as file:
        return file.read() != data


def _replace(path, data):
    """Write beside and rename, unless it is there: a power cut leaves the old file or the new one."""
    if os.path.exists(path) and not _is_other(path, data):
        return
    _write(path + ".new", data)
    os.rename(path + ".new", path)


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


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
    return bootmodule.pack(contents)
