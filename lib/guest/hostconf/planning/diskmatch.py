"""Which of a host's disks a deployer means. Pure.

Linux and ESXi name disks differently. What both know is the serial number, yet ESXi shows it in different places:

  t10.ATA_____MODEL____SERIAL      at the end of the name; characters but letters and digits as two hex digits
  naa.NUMBER, eui.NUMBER           the number that Linux gives as serial (RAID volumes) or as wwn- or eui. path
  NVMe                             the controller has it (`nvme device get`), the name ends in an EUI-64 instead

What shows no serial at all is matched by elimination only where nothing else is possible; anything less is refused.
"""

import re

from hostconf.model.disk import DiskError, alike, boot_disk, same_model

_NUMBERED = ("naa.", "eui.")
_NAA_NUMBER = re.compile(r"[0-9a-f]{16}([0-9a-f]{16})?\Z")
_ATA_SERIAL_CHARACTERS = 20
_SHORT_TOKEN = 4


def find_all(wanted, disks, warn):
    """The disks that a deployer means: a list of Disk or of reasons (str) why there is none, one for each wanted.

    @param wanted: disks as in the host description's storage part
    @param warn: called with a sentence when something but a serial number decided
    """
    found = [_by_evidence(entry, disks) for entry in wanted]
    for i, entry in enumerate(wanted):
        if found[i] is None:
            found[i] = _by_model(entry, i, wanted, found, disks, warn)
    missing = [i for i, entry in enumerate(wanted) if found[i] is None]
    if len(missing) == 1 and not wanted[missing[0]]["serial"]:
        found[missing[0]] = _by_elimination(wanted[missing[0]], found, disks, warn)
    for i, entry in enumerate(wanted):
        if found[i] is None:
            found[i] = "%s was not found; the host has %s" % (
                label(entry), ", ".join(disk.name for disk in disks) or "no disks")
    return found


def label(entry):
    """How messages speak of a wanted disk."""
    known = ["%s %s" % (key, entry[key]) for key in ("serial", "model", "path", "device") if entry[key]]
    return "the disk with %s" % ", ".join(known) if known else "the boot disk"


def shows_serial(disk, serial):
    """Whether the host shows this serial number for the disk."""
    if alike(serial) in [alike(other) for other in disk.serials]:
        return True
    kind, _, rest = disk.name.partition(".")
    if kind in ("naa", "eui"):
        number = serial.lower()
        # Linux puts the designator's type, 3, before the number.
        return rest.lower() in (number, number[1:] if number.startswith("3") else number)
    if kind == "t10":
        rest = rest.rstrip("_")
        escaped = _escaped(serial.strip())
        if rest.lower().endswith("_" + escaped.lower()):
            return True
        return len(serial.strip()) >= _ATA_SERIAL_CHARACTERS and rest.lower().endswith(escaped.lower())
    return any(_vml_serial(uid) == serial.strip() for uid in disk.uids)


def _by_evidence(entry, disks):
    """The disk that shows the serial or the number in the path; a reason when several do; None when none does."""
    if entry["boot_disk"]:
        try:
            return boot_disk(disks)
        except DiskError as error:
            return str(error)
    # The disk that ESXi runs from is known: it is no other disk's twin.
    for among in ([disk for disk in disks if not disk.boot], disks):
        found = _that_show(entry, among)
        if found:
            break
    if len(found) > 1:
        return "%s could be any of %s" % (label(entry), ", ".join(disk.name for disk in found))
    return found[0] if found else None


def _that_show(entry, disks):
    """The disks that show one of the numbers; else the serial, among which path and size decide; else the path.

    ESXi's own name decides alone.
    """
    if entry["device"]:
        return [disk for disk in disks if entry["device"] in [disk.name] + disk.uids]
    found = [disk for disk in disks if any(_shows_number(disk, number) for number in entry["numbers"])]
    if found:
        return _of_size(found, entry)
    found = _of_size([disk for disk in disks if entry["serial"] and shows_serial(disk, entry["serial"])], entry)
    if len(found) != 1 and entry["path"]:
        by_path = [disk for disk in (found or disks) if _shows_path(disk, entry["path"])]
        found = by_path or found
    return found


def _of_size(disks, entry):
    """Those of several disks that are as large as the deployer's; all of them when none is, or the size is unknown."""
    if len(disks) < 2 or not entry["size_bytes"]:
        return disks
    return [disk for disk in disks if disk.sectors and disk.sectors * 512 == entry["size_bytes"]] or disks


def _shows_number(disk, number):
    """Whether the disk's name holds a WWN, EUI-64 or NGUID."""
    return disk.name.lower() in [prefix + number for prefix in _NUMBERED] or _shows_eui(disk, number)


def _shows_path(disk, path):
    """Whether a path below /dev/disk/by-id means the disk."""
    kind, _, rest = path.rpartition("/")[2].partition("-")
    if "/by-id/" not in path or not rest:
        return False
    if kind == "wwn" and rest.startswith("0x"):
        return disk.name.lower() in [prefix + rest[2:].lower() for prefix in _NUMBERED]
    if kind == "scsi" and re.match(r"[23][0-9a-fA-F]{16,}\Z", rest):
        return disk.name.lower() in [prefix + rest[1:].lower() for prefix in _NUMBERED]
    if rest.startswith("eui."):
        return _shows_eui(disk, rest[len("eui."):])
    tokens = rest.split("_")
    # Newer systems append the number of an NVMe name space: MODEL_SERIAL_1.
    serials = tokens[-1:] if len(tokens[-1]) > _SHORT_TOKEN or len(tokens) < 3 else tokens[-2:-1]
    return any(len(serial) > _SHORT_TOKEN and shows_serial(disk, serial) for serial in serials)


def _shows_eui(disk, number):
    """Whether the disk's name holds an EUI-64 or NGUID, which ESXi also writes last byte first."""
    number = number.lower()
    if len(number) % 2 or not re.match(r"[0-9a-f]+\Z", number):
        return False
    pairs = [number[i:i + 2] for i in range(0, len(number), 2)]
    tail = disk.name.lower().rstrip("_").rpartition("_")[2].rpartition(".")[2]
    return tail in (number, "".join(reversed(pairs)))


def _by_model(entry, at, wanted, found, disks, warn):
    """The only disk of a model, on both sides, among disks that show no serial number."""
    if not entry["serial"] or not entry["model"]:
        return None
    twins = [other for i, other in enumerate(wanted)
             if i != at and other["model"] == entry["model"] and not other["boot_disk"]]
    model = [disk for disk in disks if same_model(entry["model"], disk.model) and not disk.boot]
    if twins or len(model) != 1 or model[0] in found or _is_another(model[0], entry):
        return None
    warn("%s: ESXi shows no serial number for %s, the only disk of that model; it is used"
         % (label(entry), model[0].name))
    return model[0]


def _is_another(disk, entry):
    """Whether the host would show the number or a serial of this kind for the disk, so that it is another one."""
    serial = entry["serial"]
    if entry["numbers"] and disk.name.startswith(_NUMBERED):
        return True
    if disk.serials or disk.name.startswith("t10.ATA"):
        return True
    if disk.name.startswith(_NUMBERED):
        number = serial.lower()
        return bool(_NAA_NUMBER.match(number) or _NAA_NUMBER.match(number[1:]))
    return False


def _by_elimination(entry, found, disks, warn):
    """The last disk that is left, if it is blank: of a disk without serial nothing else can be known."""
    rest = [disk for disk in disks if disk not in found and not disk.boot]
    if len(rest) != 1 or rest[0].partitions:
        return None
    warn("%s has no serial number; %s is the only blank disk that is left, and is used" % (label(entry), rest[0].name))
    return rest[0]


def _escaped(serial):
    """A serial number as device names of type t10 hold it."""
    return "".join(char if char.isalnum() or char == "_" else "_" if char == " " else "%02X" % ord(char)
                   for char in serial)


def _vml_serial(uid):
    """The serial number in a name such as vml.0100000000HEX: 20 characters, then six of the model; None in others."""
    match = re.match(r"vml\.01[0-9a-f]{8}((?:[0-9a-f]{2}){26})\Z", uid.lower())
    if not match:
        return None
    return bytes.fromhex(match.group(1)).decode("ascii", "replace")[:_ATA_SERIAL_CHARACTERS].strip()
