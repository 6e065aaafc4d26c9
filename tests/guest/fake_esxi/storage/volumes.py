"""Volumes: boot banks, OSDATA and datastores, and their folders below /vmfs/volumes."""
from . import partitions
from ..errors import EsxiError

SYSTEM_ROLES = ("bootbank", "altbootbank", "osdata", "locker", "scratch")


def new_uuid(world, kind):
    """A volume UUID in ESXi's 8-8-4-12 form, the same in every run."""
    world.storage["volumes_made"] += 1
    count = world.storage["volumes_made"]
    head = "0f4cb8cf-ca4b3f5c-3f2b-9d3f5e0a1b" if kind == "vfat" else "66e0f9b6-1b4d5a1e-2c52-0050560a00"
    return f"{head}{count:02x}"


def extent_bytes(world, volume):
    """What the partitions of a volume hold together."""
    total = 0
    for disk, number in volume["extents"]:
        entry = partitions.part(partitions.load(world, disk), number)
        total += (entry["end"] - entry["start"] + 1) * 512 if entry else 0
    return total


def create(world, kind, label, disk, number, role="datastore"):
    """Make a volume on a partition and mount it. Returns its UUID."""
    uuid = new_uuid(world, kind)
    volume = {"uuid": uuid, "label": label, "type": kind, "role": role, "extents": [[disk, number]], "mounted": True}
    volume["size"] = extent_bytes(world, volume)
    if role == "osdata":
        volume["label"] = f"OSDATA-{uuid}"
    world.storage["volumes"][uuid] = volume
    show(world, volume)
    return uuid


def show(world, volume):
    """The volume's folder and the link by its label."""
    folder = f"/vmfs/volumes/{volume['uuid']}"
    world.files.folder(folder)
    if volume["label"]:
        world.files.link(f"/vmfs/volumes/{volume['label']}", folder)


def hide(world, volume):
    """An unmounted volume keeps its content out of sight."""
    if volume["label"]:
        world.files.remove(f"/vmfs/volumes/{volume['label']}")


def on_partition(world, disk, number):
    return [volume for volume in world.storage["volumes"].values() if [disk, number] in volume["extents"]]


def busy(world, disk, number=None):
    """Whether a mounted volume lies on the partition, or on any partition of the disk."""
    return any(volume["mounted"] and (name == disk and number in (None, part))
               for volume in world.storage["volumes"].values() for name, part in volume["extents"])


def _drop(world, volume):
    hide(world, volume)
    world.files.remove(f"/vmfs/volumes/{volume['uuid']}")
    del world.storage["volumes"][volume["uuid"]]


def forget(world, disk, number):
    """What was on a partition is gone."""
    for volume in on_partition(world, disk, number):
        _drop(world, volume)


def forget_disk(world, disk):
    for volume in list(world.storage["volumes"].values()):
        if any(name == disk for name, _ in volume["extents"]):
            _drop(world, volume)


def find(world, options):
    """The volume that -l, -u or -p names."""
    given = [key for key in ("volume-label", "volume-uuid", "volume-path") if key in options]
    if len(given) != 1:
        raise EsxiError("Exactly one of volume label, uuid and path must be given")
    wanted = options[given[0]]
    if given[0] == "volume-path":
        wanted = wanted.rstrip("/").rpartition("/")[2]
    for volume in world.storage["volumes"].values():
        if wanted in {"volume-label": (volume["label"],), "volume-uuid": (volume["uuid"],),
                      "volume-path": (volume["label"], volume["uuid"])}[given[0]] and wanted:
            return volume
    raise EsxiError(f"No volume with {given[0].replace('volume-', '')} '{wanted}' was found")


def unmount(world, volume):
    if volume["role"] in SYSTEM_ROLES:
        raise EsxiError(f"Volume '{volume['label'] or volume['uuid']}' cannot be unmounted. Reason: Busy")
    if not volume["mounted"]:
        raise EsxiError(f"Volume '{volume['label'] or volume['uuid']}' is already unmounted")
    volume["mounted"] = False
    hide(world, volume)


def mount(world, volume):
    volume["mounted"] = True
    show(world, volume)


def rename(world, label, new):
    """Give a datastore another label."""
    labels = {volume["label"]: volume for volume in world.storage["volumes"].values() if volume["label"]}
    if label not in labels or labels[label]["role"] != "datastore":
        raise EsxiError(f"Datastore {label} not found")
    if new in labels:
        raise EsxiError(f"The name '{new}' already exists.")
    hide(world, labels[label])
    labels[label]["label"] = new
    if labels[label]["mounted"]:
        show(world, labels[label])
