"""The folders that describe a deployment, and the hardware that they leave to be guessed."""
import json
import os
import re
import shutil
import subprocess

from .options import RehearsalError

METADATA_FILES = ("meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json")
ANSWERS = ("local-hostname", "public-keys", "vendor-data", "user-data")
_LISTINGS = {"nics": "nics.txt", "disks": "disks.txt", "nvme": "nvme.txt", "by_id": "by-id.txt"}
_NIC_HEADER = (
    "Name     PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n"
    "-------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n")
_MIB = 1024 * 1024
# For a disk of which nothing but its name is known; also what ESXi needs besides what is asked for.
_DISK_MIB = 204800
_SPARE_MIB = 64


def hardware(options, warn):
    """The listings of the machine by the fake's names: {nics, disks, nvme, by_id}, None where there is none.

    @param warn: called with a sentence about each one that had to be guessed
    """
    found = {name: _listing(options, name) for name in _LISTINGS}
    config = maas_config(options) if options.maas else None
    if found["nics"] is None:
        macs = _macs(options, config)
        if macs:
            found["nics"] = nic_list(macs)
            warn("no list of NICs: one with a link is taken for each MAC address in the metadata (%s)" % ", ".join(macs))
    if found["disks"] is None and config is not None:
        found["disks"] = disk_list(config)
        if found["disks"]:
            warn("no list of disks: they are taken from MAAS's storage configuration")
    return found


def _listing(options, name):
    path = getattr(options, name)
    if path is None and options.folder:
        path = os.path.join(options.folder, _LISTINGS[name])
        path = path if os.path.isfile(path) else None
    return None if path is None else read_text(path)


def read_text(path):
    """A text file, whatever is in it."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def maas_config(options):
    """curtin's configuration; a text when it is no JSON object, for the hook to refuse."""
    text = read_text(os.path.join(options.maas, "config.json"))
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return config if isinstance(config, dict) else None


def answers(folder):
    """What the metadata service of a MAAS folder says: {name: bytes or None}."""
    found = {}
    for name in ANSWERS:
        path = os.path.join(folder, name)
        found[name] = None
        if os.path.isfile(path):
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


def metadata_files(folder):
    """{name: path} of OpenStack's files in a folder: loose, or below openstack/latest (or the newest version)."""
    versions = os.path.join(folder, "openstack")
    places = [folder, os.path.join(versions, "latest")]
    if os.path.isdir(versions):
        places += [os.path.join(versions, name) for name in sorted(os.listdir(versions), reverse=True)]
    for place in places:
        found = {name: os.path.join(place, name) for name in METADATA_FILES if os.path.isfile(os.path.join(place, name))}
        if found:
            return found
    raise RehearsalError("--metadata: %s holds none of %s, nor openstack/latest or hosts/" %
                         (folder, ", ".join(METADATA_FILES)))


def config_drive(folder, path, scratch):
    """Write a config drive with the metadata of a folder, by xorriso.

    @return: whether there is an xorriso
    """
    tree = os.path.join(scratch, "drive")
    latest = os.path.join(tree, "openstack", "latest")
    os.makedirs(latest)
    for name, source in metadata_files(folder).items():
        shutil.copyfile(source, os.path.join(latest, name))
    pack_iso(tree, path)
    shutil.rmtree(tree)


def pack_iso(folder, path, label="config-2", *options):
    """Write an ISO 9660 image of a folder with xorriso; without options with the names that Nova's tools write."""
    names = options or ("-J", "-r", "-ldots", "-allow-lowercase", "-allow-multidot", "-l")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-V", label, *names, "-o", path, folder], check=True,
                   capture_output=True)


def nic_list(macs):
    """The output of `esxcli network nic list` of a host with these NICs."""
    rows = ["%-7s  0000:%02x:00.0  i40en   Up            Up           10000  Full    %s  1500  Rehearsed NIC\n"
            % ("vmnic%d" % number, number + 1, mac) for number, mac in enumerate(macs)]
    return _NIC_HEADER + "".join(rows)


def _macs(options, config):
    """MAC addresses of the NICs that the metadata name, in their order."""
    entries = []
    if config is not None:
        network = config.get("network")
        network = network.get("config") if isinstance(network, dict) else None
        entries = [(entry.get("mac_address"), entry.get("type")) for entry in network or [] if isinstance(entry, dict)]
    elif options.metadata and not os.path.isdir(os.path.join(options.metadata, "hosts")):
        path = metadata_files(options.metadata).get("network_data.json")
        try:
            data = json.loads(read_text(path)) if path else {}
        except ValueError:
            data = {}
        links = data.get("links") if isinstance(data, dict) else None
        entries = [(link.get("ethernet_mac_address"), link.get("type")) for link in links or [] if isinstance(link, dict)]
    macs = [mac.lower() for mac, kind in entries
            if kind not in ("bond", "vlan", "bridge") and re.fullmatch(r"(?i)[0-9a-f]{2}(:[0-9a-f]{2}){5}", str(mac))]
    return list(dict.fromkeys(macs))


def disk_list(config):
    """The output of `esxcli storage core device list` for the disks of curtin's storage configuration, or None."""
    storage = config.get("storage")
    entries = storage.get("config") if isinstance(storage, dict) else None
    entries = [entry for entry in entries or [] if isinstance(entry, dict)]
    blocks = []
    for number, disk in enumerate(entry for entry in entries if entry.get("type") == "disk"):
        parts = [entry for entry in entries if entry.get("type") == "partition" and entry.get("device") == disk.get("id")]
        used_mib = sum(_bytes(part.get("size")) for part in parts) // _MIB
        size_mib = _bytes(disk.get("size")) // _MIB or (used_mib + _SPARE_MIB if used_mib else _DISK_MIB)
        boot = disk.get("grub_device") is True
        blocks.append("%s\n   Size: %d\n   Device Type: Direct-Access\n   Model: %s\n   Is Boot Device: %s\n"
                      % (_disk_name(disk, number), size_mib, str(disk.get("model") or "Virtual disk")[:16],
                         "true" if boot else "false"))
    return "\n".join(blocks) or None


def _disk_name(disk, number):
    """As ESXi names a SATA disk: model in 40 characters, serial in 20, other characters as hexadecimal digits."""
    model, serial = disk.get("model"), disk.get("serial")
    if not model or not serial:
        return "mpx.vmhba0:C0:T%d:L0" % number
    escaped = re.sub(r"[^A-Za-z0-9_]", lambda match: "%02X" % (ord(match.group()) & 0xFF), str(model).replace(" ", "_"))
    return "t10.ATA_____%s%s" % (escaped.ljust(40, "_"), str(serial).rjust(20, "_"))


def _bytes(size):
    """The number of bytes in curtin's size: "4293918720B", a number, or a number with K, M, G or T."""
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)i?B?", str(size or "").strip(), re.IGNORECASE)
    if not match:
        return 0
    return int(match.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match.group(2).upper()]
