"""What this machine is known by: its NICs' MACs, its SMBIOS UUID and its serial numbers."""

import re

from hostconf.host import listing
from hostconf.host.inventory import parse_nics
from hostconf.model.inventory import InventoryError
from hostconf.sources.hosts import Machine, serial, uuids

_SERIALS = ("Serial Number", "Enclosure Serial Number")
# vsish prints "   UUID:…" and "   Serial Number:…" among much else [not tested on real systems].
_DMI_LINE = re.compile(r"\s*(UUID|Serial Number|System Serial Number)\s*:\s*(.*)\Z", re.IGNORECASE)


def read(run):
    """The machine's identity; what cannot be read is left out.

    @param run: function(argv) → (exit status, output)
    """
    status, output = run(["localcli", "network", "nic", "list"])
    try:
        macs = set(nic["mac"] for nic in parse_nics(output if status == 0 else ""))
    except InventoryError:
        macs = set()
    found_uuids, found_serials = set(), set()
    status, output = run(["localcli", "hardware", "platform", "get"])
    if status == 0:
        fields = listing.struct(output)
        found_uuids |= uuids(fields.get("UUID"))
        found_serials |= set(serial(fields.get(name)) for name in _SERIALS)
    status, output = run(["vsish", "-e", "get", "/hardware/bios/dmiInfo"])
    for line in output.splitlines() if status == 0 else []:
        match = _DMI_LINE.match(line)
        if match and match.group(1).lower() == "uuid":
            found_uuids |= uuids(match.group(2))
        elif match:
            found_serials.add(serial(match.group(2)))
    return Machine(macs, found_uuids, found_serials - {None})
