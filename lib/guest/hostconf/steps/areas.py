"""The areas of %firstboot, in their order: one that fails is logged, told on the console and reported; the rest goes on.

README.md shows this table, and a test compares the two.
"""

import collections

# counts: whether a failure makes the host one that is not what was asked for (exit status 1, FAIL to MAAS)
# repeats: whether running the step again by hand can help: what the area needs is then kept on the host
Area = collections.namedtuple("Area", "name what needs counts repeats")

AREAS = (
    Area("login", "root's keys, SSH server, shell, console: twice, before and after hostd answers", "", True, True),
    Area("network", "vSwitches, port groups, VMkernel interfaces, routes", "", True, True),
    Area("network options", "VMkernel tags, what vSwitches allow, the port group VM Network", "network", True, True),
    Area("vm networks", "vSwitches and port groups for virtual machines, from links without address", "network", True, True),
    Area("maas", "what MAAS's metadata service knows; its keys go through login at once", "network", True, False),
    Area("name", "host name", "maas", True, True),
    Area("dns", "DNS servers and search domains", "network", True, True),
    Area("ntp", "time servers", "dns", True, True),
    Area("syslog", "remote logs", "dns", True, True),
    Area("settings", "advanced and kernel settings", "", True, True),
    Area("licence", "licence key", "", True, True),
    Area("storage", "datastores", "", True, True),
    Area("certificate", "a new certificate when the name changed", "name", False, False),
    Area("vcenter", "joining a vCenter", "certificate, dns, ntp", False, False),
    Area("files", "files that the metadata bring", "", False, False),
    Area("user data", "scripts, in order", "everything before", True, False),
    Area("drivers", "installing the VIBs of the image's drivers; in the second half", "user data", False, False),
    Area("phone home", "telling whom cloud-config names", "everything before", False, False),
)

BY_NAME = dict((area.name, area) for area in AREAS)


def table():
    """The table as README.md has it."""
    rows = [("area", "what", "comes after", "a failure fails the host", "can be repeated"), ("---",) * 5]
    rows += [(area.name, area.what, area.needs or "nothing", "yes" if area.counts else "no",
              "yes" if area.repeats else "no") for area in AREAS]
    return "".join("| %s |\n" % " | ".join(row) for row in rows)
