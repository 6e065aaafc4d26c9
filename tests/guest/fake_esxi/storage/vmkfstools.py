"""The program vmkfstools: make, span, grow and query VMFS volumes."""
from . import disks, partitions, volumes
from ..errors import EsxiError
from ..registry import program

_SMALLEST_BYTES = 1300 * 1024 * 1024
_LABEL_LIMIT = 80


def _partition(world, path):
    """(disk, number) of a partition that may hold VMFS."""
    disk, number = disks.name_in_path(world, path)
    if number is None:
        raise EsxiError(f"Error: {path} is not a partition")
    entry = partitions.part(partitions.load(world, disk), number)
    if entry is None:
        raise EsxiError(f"Error: Could not open {path}: No such file or directory")
    if partitions.TYPES.get(entry["type"]) != "vmfs":
        raise EsxiError(f"Error: partition {number} of {disk} is not of type vmfs")
    return disk, number, entry


def _require_idle(world, disk, number):
    if any(volume["mounted"] for volume in volumes.on_partition(world, disk, number)):
        raise EsxiError(f"Error: Device or resource busy: {disk}:{number}")


def _create(world, kind, label, block, path):
    if kind not in ("vmfs5", "vmfs6"):
        raise EsxiError(f"Error: Invalid file system type {kind}")
    if block not in (None, "1m"):
        raise EsxiError(f"Error: Invalid block size {block}")
    if label is not None and (not 1 <= len(label) <= _LABEL_LIMIT or "/" in label):
        raise EsxiError(f"Error: Invalid volume label {label}")
    disk, number, entry = _partition(world, path)
    _require_idle(world, disk, number)
    if (entry["end"] - entry["start"] + 1) * 512 < _SMALLEST_BYTES:
        raise EsxiError("Error: The partition is too small for VMFS")
    labels = [volume["label"] for volume in world.storage["volumes"].values()]
    if label in labels and world.switch("vmfs_label_in_use") == "fail":
        raise EsxiError(f"Error: A volume with the label {label} already exists")
    node = f"{disk}:{number}"
    volumes.forget(world, disk, number)
    uuid = volumes.create(world, "VMFS-" + kind[-1], label or "", disk, number)
    long = world.switch("vmkfstools_unmap_text") == "long"
    unmap = ", unmapGranularity 1048576, unmapPriority default" if long else ""
    return (f"create fs deviceName:'/vmfs/devices/disks/{node}', fsShortName:'{kind}', fsName:'{label or ''}'\n"
            f"deviceFullPath:/dev/disks/{node} deviceFile:{node}\n"
            f"ATS on device /dev/disks/{node}: not supported\n.\n"
            "Checking if remote hosts are using this device as a valid file system. This may take a few seconds...\n"
            f'Creating {kind} file system on "{node}" with blockSize 1048576{unmap} '
            f'and volume label "{label or "none"}".\n'
            f"Successfully created new volume: {uuid}\n")


def _span(world, extent_path, head_path, stdin):
    disk, number, entry = _partition(world, extent_path)
    head_disk, head_number, _ = _partition(world, head_path)
    heads = [volume for volume in volumes.on_partition(world, head_disk, head_number)
             if volume["extents"][0] == [head_disk, head_number]]
    if not heads:
        raise EsxiError(f"Error: {head_path} is not the head of a VMFS volume")
    if volumes.on_partition(world, disk, number):
        raise EsxiError(f"Error: {extent_path} belongs to a volume")
    if entry["end"] - entry["start"] + 1 < 4194304:
        raise EsxiError("Error: The partition is too small for an extent")
    text = (f"VMware ESX Question:\nAll data on device {disk}:{number} will be lost. Continue and format?\n\n"
            "0) _Yes\n1) _No\n\nSelect a number from 0-1: ")
    if stdin.strip() != "0":
        raise EsxiError(text)
    heads[0]["extents"].append([disk, number])
    heads[0]["size"] = volumes.extent_bytes(world, heads[0])
    return text + "\n"


def _grow(world, first, second):
    disk, number, _ = _partition(world, first)
    if _partition(world, second)[:2] != (disk, number):
        raise EsxiError("Error: The device to grow must be given twice")
    found = volumes.on_partition(world, disk, number)
    if not found:
        raise EsxiError(f"Error: {first} holds no VMFS volume")
    found[0]["size"] = volumes.extent_bytes(world, found[0])
    return ""


def _query(world, path):
    volume = volumes.find(world, {"volume-path": path})
    extents = "".join(f"\t{disk}:{number}\n" for disk, number in volume["extents"])
    return (f"{volume['type']} file system spanning {len(volume['extents'])} partitions.\n"
            f"File system label (if any): {volume['label']}\nMode: public\n"
            f"Capacity {volume['size']}, {volume['size'] // 2} available\nUUID: {volume['uuid']}\n"
            f"Partitions spanned (on \"lvm\"):\n{extents}Is Native Snapshot Capable: NO\n")


_VALUES = {"-C": "create", "--createfs": "create", "-S": "label", "--setfsname": "label", "-b": "block",
           "--blocksize": "block", "-Z": "span", "--spanfs": "span", "-G": "grow", "--growfs": "grow"}


def _parse(words):
    given, rest = {}, []
    words = list(words)
    while words:
        word = words.pop(0)
        name, sign, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if name in _VALUES:
            if not sign:
                if not words:
                    raise EsxiError(f"Error: option {name} requires an argument")
                value = words.pop(0)
            given[_VALUES[name]] = value
        elif word in ("-P", "--queryfs"):
            given["query"] = True
        elif word.startswith("-"):
            raise EsxiError(f"Error: unrecognized option {word}")
        else:
            rest.append(word)
    return given, rest


@program("vmkfstools")
def vmkfstools(world, words, stdin):
    try:
        given, rest = _parse(words)
        if len(rest) != 1:
            raise EsxiError("No valid command specified\n\nOPTIONS FOR FILE SYSTEMS:\n\n"
                            "vmkfstools -C --createfs [vmfs5|vmfs6]\n               -S --setfsname fsName\n"
                            "           -Z --spanfs span-partition\n           -G --growfs grown-partition\n"
                            "           -P --queryfs\n           deviceName")
        if "create" in given:
            return 0, _create(world, given["create"], given.get("label"), given.get("block"), rest[0])
        if "span" in given:
            return 0, _span(world, given["span"], rest[0], stdin)
        if "grow" in given:
            return 0, _grow(world, given["grow"], rest[0])
        if "query" in given:
            return 0, _query(world, rest[0])
        raise EsxiError("No valid command specified")
    except EsxiError as error:
        return 255, f"{error}\n"
