"""The host's disks, read through `esxcli` and `partedUtil` listings."""

from hostconf.host import listing
from hostconf.model.disk import VMFS_GUID, Disk, DiskError, alike, same_model

_ESP_GUID = "C12A7328F81F11D2BA4B00A0C93EC93B"
_BANK_NUMBERS = (5, 6)  # partitions of the two boot banks, on every release


def read(run):
    """The disks of this host, with their partition tables.

    @param run: function(argv) → (exit status, output)
    @raise DiskError: when they cannot be listed
    """
    status, output = run(["esxcli", "storage", "core", "device", "list"])
    if status != 0:
        raise DiskError("the disks cannot be listed: %s" % " ".join(output.split()))
    disks = [Disk(name, fields.get("Model", ""), fields.get("Is Boot Device") == "true",
                  listing.words(fields.get("Other UIDs", "")))
             for name, fields in listing.blocks(output) if _is_disk(fields)]
    _add_nvme_serials(run, disks)
    for disk in disks:
        status, output = run(["partedUtil", "getptbl", disk.path])
        if status == 0:
            disk.sectors, disk.partitions = parse_table(output)
        else:
            disk.trouble = " ".join(output.split())
    _settle_boot_disk(disks)
    return disks


def parse_table(text):
    """(sectors, partitions) in the output of `partedUtil getptbl`: label, geometry, one line for each partition."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    geometry = lines[1] if len(lines) > 1 else []
    sectors = int(geometry[3]) if len(geometry) == 4 and geometry[3].isdigit() else None
    partitions = []
    for words in lines[2:]:
        if len(words) >= 5 and all(word.isdigit() for word in words[:3]):
            partitions.append({"number": int(words[0]), "start": int(words[1]), "end": int(words[2]),
                               "vmfs": words[3].upper() == VMFS_GUID, "esp": words[3].upper() == _ESP_GUID})
    return sectors, partitions


def _is_disk(fields):
    return (fields.get("Device Type", "Direct-Access").strip() == "Direct-Access"
            and fields.get("Is Pseudo") != "true" and fields.get("Is Offline") != "true")


def _add_nvme_serials(run, disks):
    """The serial number of each NVMe controller, for the disks that hang on it."""
    status, output = run(["esxcli", "nvme", "device", "list"])
    adapters = [row.get("HBA Name") for row in listing.table(output)] if status == 0 else []
    if not adapters:
        return
    status, output = run(["esxcli", "storage", "core", "path", "list"])
    paths = [fields for _, fields in listing.blocks(output)] if status == 0 else []
    controllers = []
    for adapter in adapters:
        status, output = run(["esxcli", "nvme", "device", "get", "-A", adapter])
        if status == 0:
            controllers.append((adapter, listing.struct(output)))
    for adapter, fields in controllers:
        names = [path.get("Device") for path in paths if _adapter(path) == adapter]
        on_it = [disk for disk in disks if disk.name in names]
        if not on_it:
            on_it = _lone_with_model(disks, fields.get("Model Number", ""), controllers)
        for disk in on_it:
            if fields.get("Serial Number"):
                disk.serials.append(fields["Serial Number"])


def _adapter(path):
    return path.get("Adapter") or path.get("Runtime Name", "").partition(":")[0]


def _lone_with_model(disks, model, controllers):
    """Where no path says so: the only NVMe disk of a model belongs to the only controller of that model."""
    same = [fields for _, fields in controllers if alike(fields.get("Model Number", "")) == alike(model)]
    found = [disk for disk in disks if disk.name.startswith(("t10.NVMe", "eui.")) and same_model(model, disk.model)]
    return found if len(found) == 1 and len(same) == 1 else []


def _settle_boot_disk(disks):
    """Where no disk says that it is the boot disk: the only one with ESXi's boot banks is it."""
    if any(disk.boot for disk in disks):
        return
    banks = [disk for disk in disks if any(part["esp"] for part in disk.partitions)
             and all(disk.partition(number) for number in _BANK_NUMBERS)]
    if len(banks) == 1:
        banks[0].boot = True
