"""Bonding modes, and what a standard vSwitch does in their stead."""

# Kernel bonding modes (Linux Documentation/networking/bonding) and the policy that stands in for each
# (esxcli network vswitch standard policy failover set --load-balancing). A standard vSwitch speaks no LACP.
TEAMING = {"active-backup": "explicit", "balance-rr": "portid", "802.3ad": "iphash", "balance-xor": "iphash",
           "balance-tlb": "portid", "balance-alb": "portid", "broadcast": "explicit"}

# The same modes by number, as some emitters write them.
_BY_NUMBER = {"0": "balance-rr", "1": "active-backup", "2": "balance-xor", "3": "broadcast",
              "4": "802.3ad", "5": "balance-tlb", "6": "balance-alb"}
# Ironic's API had no word for 802.3ad before its release 26.0, and operators wrote this one.
_OTHER_NAMES = {"802.1ad": "802.3ad", "lacp": "802.3ad"}
_DEFAULT = "active-backup"
_NOTES = {
    "802.3ad": "a standard vSwitch speaks no LACP; IP hash is used, which needs a static port channel on the physical "
               "switch",
    "balance-xor": "IP hash is used, which needs a static port channel on the physical switch, as balance-xor does",
    "balance-tlb": "balance-tlb is approximated: each VMkernel interface keeps to one uplink (by port id)",
    "balance-alb": "balance-alb is approximated: each VMkernel interface keeps to one uplink (by port id)",
    "broadcast": "broadcast is approximated by a failover order: one uplink is used at a time",
}


def mode(text, bond, warn):
    """The name of a bond's mode.

    @param text: name or number, or None when nothing was said
    @param bond: the bond's name, for messages
    @raise ValueError: naming the bond, for a mode that is none
    """
    if text is None:
        warn("bond %s has no mode; %s is used" % (bond, _DEFAULT))
        return _DEFAULT
    name = _BY_NUMBER.get(text, text)
    name = _OTHER_NAMES.get(name.lower(), name)
    if name not in TEAMING:
        raise ValueError("bond %s has the mode %s; known are %s" % (bond, name, ", ".join(sorted(TEAMING))))
    if name in _NOTES:
        warn("bond %s: %s" % (bond, _NOTES[name]))
    return name


def failover(link, uplinks):
    """What a vSwitch does in a link's stead.

    @param link: a link of the description; a NIC needs no more than the default
    @param uplinks: names of its NICs, in failover order
    @return: {load_balancing, active, standby}
    """
    policy = TEAMING[link["mode"]] if link["kind"] == "bond" else "portid"
    active = uplinks[:1] if policy == "explicit" else uplinks
    return {"load_balancing": policy, "active": active, "standby": uplinks[len(active):]}
