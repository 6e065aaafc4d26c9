"""The program partedUtil."""
from . import disks, gpt, partitions, volumes
from ..errors import EsxiError
from ..registry import program

_USAGE = """\
Not enough arguments
Usage:
 Get Partitions : get <diskName>
 Set Partitions : set <diskName> ["partNum startSector endSector type attr"]*
 Delete Partition : delete <diskName> <partNum>
 Resize Partition : resize <diskName> <partNum> <start> <end>
 Get Partitions : getptbl <diskName>
 Set Partitions : setptbl <diskName> <label> ["partNum startSector endSector type/guid attr"]*
 Fix Partition Table : fix <diskName>
 Create New Label (all existing data will be lost): mklabel <diskName> <label>
 Show commonly used partition type guids : showGuids
 Get usable first and last sectors : getUsableSectors <diskName>
 Fix GPT Table interactively : fixGpt <diskName>
"""


def _geometry(sectors):
    return f"{sectors // (255 * 63)} 255 63 {sectors}"


def _line(part):
    return (f"{part['number']} {part['start']} {part['end']} {part['type']} "
            f"{partitions.TYPES.get(part['type'], 'unknown')} {part['attributes']}")


def _in_table_order(table):
    return sorted(table["partitions"], key=lambda part: part["start"])


def _numbers(words):
    if not all(word.isdigit() for word in words):
        raise EsxiError(f"Error: Invalid number in {' '.join(words)}")
    return [int(word) for word in words]


def _require_gpt(world, name):
    table = partitions.load(world, name)
    if table is None or table["label"] != "gpt":
        raise EsxiError("Error: Unable to open disk: no partition table found")
    return table


def _require_idle(world, name, number=None):
    """EsxiError when a mounted volume uses the partition (or any of the disk)."""
    if volumes.busy(world, name, number):
        if world.switch("parted_busy_text") == "read-only":
            raise EsxiError(f"Error: Read-only file system during write on /dev/disks/{name}")
        raise EsxiError(f"Error: Device /dev/disks/{name} is in use")


def _new_partition(world, table, text):
    words = text.split()
    if len(words) != 5:
        raise EsxiError(f"Error: Invalid partition information: {text}")
    number, start, end, attributes = _numbers([*words[:3], words[4]])
    kind = words[3].upper()
    if len(kind) != 32 or set(kind) - set("0123456789ABCDEF"):
        raise EsxiError(f"Error: Invalid GUID: {words[3]}")
    partitions.add(world, table, number, start, end, kind, attributes)


def _getptbl(world, name, _rest, _stdin):
    table = partitions.load(world, name)
    sectors = disks.sectors(world, name)
    label = table["label"] if table else "unknown"
    lines = [label, _geometry(sectors)] + [_line(part) for part in (_in_table_order(table) if table else [])]
    return "\n".join(lines) + "\n"


def _get(world, name, _rest, _stdin):
    table = partitions.load(world, name)
    lines = [_geometry(disks.sectors(world, name))]
    for part in _in_table_order(table) if table else []:
        code = 251 if partitions.TYPES.get(part["type"]) == "vmfs" else 0
        lines.append(f"{part['number']} {part['start']} {part['end']} {code} {part['attributes']}")
    return "\n".join(lines) + "\n"


def _usable(world, name, _rest, _stdin):
    return f"{gpt.FIRST_USABLE} {_require_gpt(world, name)['last_usable']}\n"


def _mklabel(world, name, rest, _stdin):
    label = rest[0]
    if label not in ("gpt", "msdos"):
        raise EsxiError(f"Error: Unknown label type {label}")
    _require_idle(world, name)
    volumes.forget_disk(world, name)
    table = gpt.blank(disks.sectors(world, name), partitions.new_guid(world))
    table["label"] = label
    partitions.save(world, name, None)
    partitions.save(world, name, table)
    return ""


def _add(world, name, rest, _stdin):
    if rest[0] != "gpt":
        raise EsxiError(f"Error: Unknown label type {rest[0]}")
    table = _require_gpt(world, name)
    _new_partition(world, table, rest[1])
    partitions.save(world, name, table)
    return ""


def _delete(world, name, rest, _stdin):
    number = _numbers(rest)[0]
    table = _require_gpt(world, name)
    entry = partitions.part(table, number)
    world.require(entry, f"Error: Unable to delete partition {number}: it does not exist")
    _require_idle(world, name, number)
    volumes.forget(world, name, number)
    table["partitions"].remove(entry)
    partitions.save(world, name, table)
    return ""


def _resize(world, name, rest, _stdin):
    number, start, end = _numbers(rest)
    table = _require_gpt(world, name)
    entry = partitions.part(table, number)
    world.require(entry, f"Error: Unable to resize partition {number}: it does not exist")
    if start != entry["start"] or end < entry["end"]:
        _require_idle(world, name, number)
    others = [part for part in table["partitions"] if part is not entry]
    if start > end or start < gpt.FIRST_USABLE or end > table["last_usable"]:
        raise EsxiError("Error: The location is outside of the device.")
    if any(start <= part["end"] and part["start"] <= end for part in others):
        raise EsxiError("Error: Can't have overlapping partitions.")
    entry.update(start=start, end=end)
    partitions.save(world, name, table)
    return ""


def _setptbl(world, name, rest, _stdin):
    if rest[0] != "gpt":
        raise EsxiError(f"Error: Unknown label type {rest[0]}")
    _require_idle(world, name)
    table = gpt.blank(disks.sectors(world, name), partitions.new_guid(world))
    for text in rest[1:]:
        _new_partition(world, table, text)
    volumes.forget_disk(world, name)
    partitions.save(world, name, table)
    return "\n".join(["gpt", "0 0 0 0"] + [_line(part) for part in _in_table_order(table)]) + "\n"


def _repair(world, name, table):
    sectors = disks.sectors(world, name)
    table.update(sectors=sectors, last_usable=sectors - 34, backup_lba=sectors - 1)
    partitions.save(world, name, table)


def _fix(world, name, _rest, _stdin):
    _repair(world, name, _require_gpt(world, name))
    return ""


def _fix_gpt(world, name, _rest, stdin):
    table = _require_gpt(world, name)
    wrong = table["backup_lba"] != disks.sectors(world, name) - 1
    text = ""
    if wrong or world.switch("fixgpt_asks_when_fine") == "yes":
        answers = stdin.split()
        text = "FixGpt tries to fix any problems detected in GPT table.\n"
        text += "Please ensure that you don't run this on any RDM disk.\nAre you sure you want to continue (Y/N): "
        if not answers or answers[0] not in ("Y", "y"):
            raise EsxiError(text)
        if wrong:
            text += "\nThe backup GPT table is not at the end of the disk. Fix/Ignore/Cancel? "
            if len(answers) < 2 or answers[1] not in ("Fix", "Ignore"):
                raise EsxiError(text)
            if answers[1] == "Fix":
                _repair(world, name, table)
    return text + _getptbl(world, name, [], "")


_COMMANDS = {"getptbl": (_getptbl, 0, 0), "get": (_get, 0, 0), "getUsableSectors": (_usable, 0, 0),
             "mklabel": (_mklabel, 1, 1), "add": (_add, 2, 2), "delete": (_delete, 1, 1), "resize": (_resize, 3, 3),
             "setptbl": (_setptbl, 1, 129), "fix": (_fix, 0, 0), "fixGpt": (_fix_gpt, 0, 0)}


@program("partedUtil")
def parted_util(world, words, stdin):
    if words == ["showGuids"]:
        rows = [f" {name:<28}{guid}" for guid, name in partitions.TYPES.items()]
        return 0, "\n".join([" Partition Type              GUID", *rows]) + "\n"
    if len(words) < 2:
        return 255, _USAGE
    if words[0] not in _COMMANDS:
        return 255, f"Invalid command {words[0]}\n" + _USAGE.partition("\n")[2]
    function, least, most = _COMMANDS[words[0]]
    if not least <= len(words) - 2 <= most:
        return 255, _USAGE
    try:
        name, number = disks.name_in_path(world, words[1])
        world.require(number is None, f"Error: {words[1]} is a partition")
        return 0, function(world, name, words[2:], stdin)
    except EsxiError as error:
        return 255, f"{error}\n"
