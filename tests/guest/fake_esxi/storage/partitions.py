"""Partition tables: kept in the state, and in the disk's backing file where there is one."""
import uuid

from . import disks, gpt
from ..errors import EsxiError

TYPES = {
    "AA31E02A400F11DB9590000C2911D1B8": "vmfs", "9D27538040AD11DBBF97000C2911D1B8": "vmkDiagnostic",
    "4EB2EA3978554790A79EFAE495E21F8D": "vmfsl", "381CFCCC728811E092EE000C2911D0B2": "vsan",
    "9198EFFC31C011DB8F78000C2911D1B8": "VMware Reserved", "EBD0A0A2B9E5443387C068B6B72699C7": "linuxNative",
    "C12A7328F81F11D2BA4B00A0C93EC93B": "systemPartition",
}
GUID = {name: guid for guid, name in TYPES.items()}
_LIMITS = {"min": 33, "small": 69, "default": 138, "max": None}  # GiB of system storage, systemMediaSize


def _path(world, name):
    real = getattr(world.files, "real", None)
    return real(disks.node(world, name)) if real else None


def load(world, name):
    """The disk's table, or None when it has none. The backing file wins: somebody may have written to it."""
    path = _path(world, name)
    if path is None:
        return world.storage["tables"].get(name)
    with open(path, "rb") as file:
        table = gpt.read(file)
    world.storage["tables"][name] = table
    return table


def save(world, name, table):
    """Store the table and make the nodes NAME:N fit it."""
    world.storage["tables"][name] = table
    path = _path(world, name)
    if path is not None:
        with open(path, "r+b") as file:
            if table is None:
                file.write(bytes(gpt.FIRST_USABLE * gpt.SECTOR))
            elif table["label"] == "gpt":
                gpt.write(file, table)
    sync_nodes(world, name)


def sync_nodes(world, name):
    """Nodes NAME:N for the partitions of the table, and no others."""
    table = load(world, name)
    wanted = {f"{name}:{part['number']}": part["end"] - part["start"] + 1
              for part in (table["partitions"] if table else [])}
    for node in world.files.names("/dev/disks"):
        if node.startswith(name + ":") and node not in wanted and node not in world.hardware["disks"]:
            world.files.remove(f"/dev/disks/{node}")
    for device in [device for device in world.hardware["isos"] if device.startswith(name + ":")]:
        if device not in wanted and device not in world.hardware["disks"]:
            del world.hardware["isos"][device]
    for node, length in wanted.items():
        disks.make_node(world, node, length)


def new_guid(world):
    """A GUID that differs from the last, and is the same in every run."""
    world.storage["guids_made"] += 1
    return uuid.uuid5(uuid.NAMESPACE_OID, f"fake esxi partition {world.storage['guids_made']}").hex.upper()


def part(table, number):
    """One partition of a table, or None."""
    return next((entry for entry in table["partitions"] if entry["number"] == number), None) if table else None


def add(world, table, number, start, end, kind, attributes):
    """Add a partition. EsxiError when it does not fit."""
    if not 1 <= number <= gpt.ENTRIES or part(table, number):
        raise EsxiError(f"Error: Partition {number} already exists or is out of range")
    if start > end or start < gpt.FIRST_USABLE or end > table["last_usable"]:
        raise EsxiError("Error: The location is outside of the device.")
    if any(start <= other["end"] and other["start"] <= end for other in table["partitions"]):
        raise EsxiError("Error: Can't have overlapping partitions.")
    table["partitions"].append({"number": number, "start": start, "end": end, "type": kind,
                                "guid": new_guid(world), "attributes": attributes})


def system_layout(world, sectors, media_size="default", datastore=True):
    """The partitions that the installer makes: (number, start, end, type name, attributes)."""
    last = sectors - 34
    if not world.at_least("7.0"):
        layout = [(1, 64, 8191, "systemPartition", 128), (5, 8224, 520191, "linuxNative", 0),
                  (6, 520224, 1032191, "linuxNative", 0), (7, 1032224, 1257471, "vmkDiagnostic", 0),
                  (8, 1257504, 1843199, "linuxNative", 0), (9, 1843200, 7086079, "vmkDiagnostic", 0),
                  (2, 7086080, 15472639, "linuxNative", 0)]
        return layout + ([(3, 15472640, last, "vmfs", 0)] if datastore and last > 15472640 + 4194304 else [])
    gib = 2 * 1024 * 1024
    big = media_size in ("default", "max") and sectors > 32 * gib
    banks = [(5, 208896, 8595455), (6, 8597504, 16984063)] if big else [(5, 208896, 2306047), (6, 2308096, 4405247)]
    start = banks[1][2] + 2049
    end = last
    if media_size == "default" and sectors > 142 * gib:
        end = 268435455
    elif _LIMITS[media_size] and sectors > (_LIMITS[media_size] + 4) * gib:
        end = _LIMITS[media_size] * gib - 1
    layout = [(1, 64, 204863, "systemPartition", 128), *((*bank, "linuxNative", 0) for bank in banks),
              (7, start, end, "vmfsl", 0)]
    if datastore and end < last:
        layout.append((8, end + 2049, last, "vmfs", 0))
    return layout
