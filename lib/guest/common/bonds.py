"""Bonding modes, and what a standard vSwitch does in their stead."""

# Kernel bonding modes that a standard vSwitch can stand in for, and the policy it uses instead
# (esxcli network vswitch standard policy failover set --load-balancing).
TEAMING = {"active-backup": "explicit", "balance-rr": "portid", "802.3ad": "iphash"}

# Kernel bonding modes by number (Linux Documentation/networking/bonding), as some emitters write them.
_BY_NUMBER = {"0": "balance-rr", "1": "active-backup", "2": "balance-xor", "3": "broadcast",
              "4": "802.3ad", "5": "balance-tlb", "6": "balance-alb"}
_DEFAULT = "active-backup"


def mode(text, bond, warn):
    """The name of a bond's mode.

    @param text: name or number, or None when nothing was said
    @param bond: the bond's name, for messages
    @raise ValueError: naming the bond, for a mode that a standard vSwitch cannot stand in for
    """
    if text is None:
        warn("bond %s has no mode; %s is used" % (bond, _DEFAULT))
        return _DEFAULT
    name = _BY_NUMBER.get(text, text)
    if name not in TEAMING:
        raise ValueError("bond %s has the mode %s; a standard vSwitch can do %s" % (bond, name, ", ".join(TEAMING)))
    if name == "802.3ad":
        warn("bond %s: a standard vSwitch speaks no LACP; IP hash is used, which needs a static port channel on the "
             "physical switch" % bond)
    return name
