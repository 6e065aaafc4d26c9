"""What a network gets besides addresses: tags of its VMkernel interface, what its vSwitch allows, "VM Network", the
name of management's port group. Pure.

Works on a target (see target.py) that the host has reached.
"""

from hostconf.model.command import Command
from hostconf.planning.portgroups import port_group_name
from hostconf.planning.target import MANAGEMENT_VMK

VM_PORT_GROUP = "VM Network"
_SECURITY = (("promiscuous", "--allow-promiscuous"), ("mac_changes", "--allow-mac-change"),
             ("forged_transmits", "--allow-forged-transmits"))


def are_wanted(description):
    """Whether a description asks for anything of this."""
    interfaces = description["network"]["interfaces"] if description["network"] else []
    return description["vm_network"] is False or any(
        i["tags"] or i["security"] or i["port_group"] for i in interfaces)


def commands(description, target, present, warn):
    """The commands that are left to do.

    @param target: None where the network is left as the installer made it
    @param present: {"portgroups": as in the inventory, "tags": {vmk: [tag]}, "security": {vSwitch: {name: bool}}};
        what could not be read is missing
    """
    plan = []
    interfaces = dict((i["id"], i) for i in description["network"]["interfaces"]) if target else {}
    for vmk in target["vmks"] if target else []:
        interface = interfaces[vmk["interface"]]
        if vmk is not _first(target, vmk["interface"]):
            continue
        for tag in interface["tags"]:
            if tag not in present["tags"].get(vmk["name"], ()):
                plan.append(Command("esxcli", "network", "ip", "interface", "tag", "add", "-i", vmk["name"], "-t", tag))
    for name, security in _securities(target, interfaces, warn):
        now = present["security"].get(name, {})
        words = []
        for key, option in _SECURITY:
            if security[key] is not None and security[key] != now.get(key):
                words.append("%s=%s" % (option, "true" if security[key] else "false"))
        if words:
            plan.append(Command("esxcli", "network", "vswitch", "standard", "policy", "security", "set", "-v", name,
                                *words))
    group = present["portgroups"].get(VM_PORT_GROUP)
    if description["vm_network"] is False and group:
        plan.append(Command("esxcli", "network", "vswitch", "standard", "portgroup", "remove", "-p", VM_PORT_GROUP,
                            "-v", group["vswitch"]))
    return plan + _renamed_management(target, interfaces, present["portgroups"])


def _renamed_management(target, interfaces, groups):
    """vmk0 stays on its port group, which the installer made; only the name of that changes. esxcli cannot do it."""
    vmk = next((vmk for vmk in target["vmks"] if vmk["name"] == MANAGEMENT_VMK), None) if target else None
    name = interfaces[vmk["interface"]]["port_group"] if vmk else None
    if not name or vmk["portgroup"] not in groups:
        return []
    wanted = port_group_name(name, [group for group in groups if group != vmk["portgroup"]])
    if wanted == vmk["portgroup"]:
        return []
    return [Command("vim-cmd", "hostsvc/net/portgroup_set", "--portgroup-name=" + wanted,
                    groups[vmk["portgroup"]]["vswitch"], vmk["portgroup"])]


def _first(target, interface_id):
    """The VMkernel interface that stands for an interface: its first one."""
    return next(vmk for vmk in target["vmks"] if vmk["interface"] == interface_id)


def _securities(target, interfaces, warn):
    """[(vSwitch, security)] in the order of the switches; of networks on one switch the first decides."""
    found = {}
    groups = dict((group["name"], group["vswitch"]) for group in target["portgroups"]) if target else {}
    for vmk in target["vmks"] if target else []:
        interface = interfaces[vmk["interface"]]
        vswitch = groups[vmk["portgroup"]]
        if interface["security"] is None:
            continue
        first, security = found.setdefault(vswitch, (interface["id"], interface["security"]))
        if security != interface["security"]:
            warn("networks %s and %s are on %s and differ in security: that of %s is used"
                 % (first, interface["id"], vswitch, first))
    return [(vswitch, found[vswitch][1]) for vswitch in sorted(found)]
