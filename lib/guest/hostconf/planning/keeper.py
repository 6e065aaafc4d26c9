"""A keeper: the VMkernel interface that stands in for vmk0 while that is made again with another MAC.

It lies beside vmk0 on the same VLAN and asks for an address in the same way. It goes when vmk0 has one. Pure.
"""

from hostconf.model.command import Command
from hostconf.planning.target import KEEPER_PORT_GROUP, MANAGEMENT_VMK

# Setting an address can fail while a link comes up.
_RETRIES = 6
# Numbers that a keeper's name may have: far from those that hosts use.
_NUMBERS = range(99, 0, -1)


def present(inventory):
    """The names of the keepers that an earlier attempt left."""
    vmks = inventory["vmks"]
    return sorted(name for name in vmks if vmks[name]["portgroup"] == KEEPER_PORT_GROUP)


def made(vmk, group, inventory, taken):
    """(name, commands) of a keeper for vmk0. One of an earlier attempt is completed: it may lack anything.

    @param vmk: vmk0 in the target
    @param group: its port group in the target
    @param taken: names of VMkernel interfaces that are in use, or will be
    """
    commands = []
    if KEEPER_PORT_GROUP not in inventory["portgroups"]:
        commands.append(_portgroup("add", "-p", KEEPER_PORT_GROUP, "-v", group["vswitch"]))
    if group["vlan"]:
        commands.append(_portgroup("set", "-p", KEEPER_PORT_GROUP, "-v", str(group["vlan"])))
    earlier = present(inventory)
    name = earlier[0] if earlier else next("vmk%d" % i for i in _NUMBERS if "vmk%d" % i not in taken)
    if not earlier:
        commands.append(_interface("add", "-i", name, "-p", KEEPER_PORT_GROUP, "-m", str(vmk["mtu"])))
    commands.append(_interface("tag", "add", "-i", name, "-t", "Management"))
    if vmk["ipv4"]["type"] != "none":
        commands.append(_interface("ipv4", "set", "-i", name, "-t", "dhcp", "-P", "false", retries=_RETRIES))
    else:
        commands.append(_interface("ipv6", "set", "-i", name, "-e", "true", "-d", "true", "-r", "true",
                                   retries=_RETRIES))
    return name, commands


def removed(names, vswitch, waits):
    """The commands that let keepers go; vmk0, made again, gets its tag before.

    @param vswitch: of their port group; None when that is not there
    @param waits: whether a keeper that has an address stays until vmk0 has one
    """
    commands = []
    if names:
        commands.append(_interface("tag", "add", "-i", MANAGEMENT_VMK, "-t", "Management"))
    for name in names:
        commands.append(_interface("remove", "-i", name, instead_of=(name, MANAGEMENT_VMK) if waits else None))
    if vswitch:
        commands.append(_portgroup("remove", "-p", KEEPER_PORT_GROUP, "-v", vswitch))
    return commands


def _interface(*words, **how):
    return Command("esxcli", "network", "ip", "interface", *words, **how)


def _portgroup(*words):
    return Command("esxcli", "network", "vswitch", "standard", "portgroup", *words)
