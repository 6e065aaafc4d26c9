"""Which of many hosts this machine is: an image can hold the metadata of a whole rack, a folder for each host.

A folder hosts/NAME is this machine's when its network_data names MACs that are all on the machine, or when its
meta_data has the machine's SMBIOS UUID ("uuid") or serial number ("serial"). Pure.
"""

import collections
import json
import re

# macs: a set, lower case; uuids: in canonical form, both byte orders of what the machine shows; serials
Machine = collections.namedtuple("Machine", "macs uuids serials")

# What firmware says where nobody filled in a value.
_NO_VALUE = ("", "none", "not specified", "to be filled by o.e.m.", "system serial number", "default string", "0", "n/a")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_HEX_BYTES = re.compile(r"(?:0x)?([0-9a-f]{2})\b")


class HostsError(Exception):
    """This machine is none of the hosts, or could be several; the message says what it has."""


def choose(hosts, machine):
    """The name of the host that this machine is.

    @param hosts: {name: files by the names of openstack.FILES}
    @raise HostsError
    """
    found = sorted(name for name in hosts if _is_it(hosts[name], machine))
    if len(found) == 1:
        return found[0]
    told = "this machine has the MACs %s, the UUID %s and the serial number %s" % (
        ", ".join(sorted(machine.macs)) or "unknown", " or ".join(sorted(machine.uuids)) or "unknown",
        " or ".join(sorted(machine.serials)) or "unknown")
    if found:
        raise HostsError("the embedded metadata of the hosts %s all fit this machine: %s" % (", ".join(found), told))
    raise HostsError("none of the %d hosts whose metadata are embedded is this machine: %s" % (len(hosts), told))


def macs_of(network_data):
    """The MACs of NICs that a parsed network_data names; those of bonds and VLANs may be on no NIC."""
    links = network_data.get("links") if isinstance(network_data, dict) else None
    found = set()
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("type") not in ("bond", "vlan"):
            mac = str(link.get("ethernet_mac_address") or link.get("mac_address") or "").strip().lower().replace("-", ":")
            if _MAC.match(mac):
                found.add(mac)
    return found


def uuids(text):
    """The UUIDs that a machine's text may mean, in canonical form; none where nobody filled it in.

    Some releases print a GUID, others 16 bytes (0x4c 0x4c …) in the order of SMBIOS, whose first three fields are
    little-endian (DMTF DSP0134, section 7.2.1). Both orders count.
    """
    text = str(text or "").strip().lower()
    digits = "".join(_HEX_BYTES.findall(text)) if "0x" in text or " " in text else re.sub(r"[^0-9a-f]", "", text)
    if len(digits) != 32 or set(digits) in ({"0"}, {"f"}):
        return set()
    swapped = digits[6:8] + digits[4:6] + digits[2:4] + digits[0:2] + digits[10:12] + digits[8:10] + digits[14:16] \
        + digits[12:14] + digits[16:]
    return {_canonical(digits), _canonical(swapped)}


def serial(text):
    """A serial number without blanks around it, in upper case; None where nobody filled it in."""
    text = str(text or "").strip()
    return None if text.lower() in _NO_VALUE else text.upper()


def _is_it(files, machine):
    meta, network_data = (_json(files.get(name)) for name in ("meta_data.json", "network_data.json"))
    macs = macs_of(network_data)
    if macs and macs <= machine.macs:
        return True
    if not isinstance(meta, dict):
        return False
    wanted = uuids(meta.get("uuid"))
    # One of the two orders is what the metadata say; the machine's own text has both.
    if wanted and _canonical(re.sub(r"[^0-9a-f]", "", str(meta["uuid"]).lower())) in machine.uuids:
        return True
    number = serial(meta.get("serial"))
    return number is not None and number in machine.serials


def _json(data):
    try:
        return json.loads((data or b"").decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _canonical(digits):
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
