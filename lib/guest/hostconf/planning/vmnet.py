"""vSwitches and port groups for virtual machines, from what has no address. Pure.

They come after the host's own network, and never take an uplink that another vSwitch has: whoever manages the host
over it would lose it.
"""

from common.bonds import failover
from hostconf.planning.portgroups import port_group_name

DEFAULT_MTU = 1500


def target(description, inventory, warn):
    """What netplan.commands makes of the segments for virtual machines: no vmk, and routes are left as they are.

    @param inventory: of the host, its own network as it is to be
    @param warn: called with a sentence for what is left out
    """
    network = description["network"]
    builder = _Builder(network, inventory, warn)
    for segment in network["vm_networks"] if network else []:
        builder.add(segment)
    return {"vswitches": builder.switches, "portgroups": builder.groups, "vmks": [], "routes": None}


class _Builder:
    def __init__(self, network, inventory, warn):
        self.links = dict((link["id"], link) for link in network["links"]) if network else {}
        self.inventory = inventory
        self.warn = warn
        self.switches = []
        self.groups = []

    def add(self, segment):
        link = self.links[segment["link"]]
        uplinks = self.uplinks_of(link, segment["id"])
        if not uplinks:
            return
        switch = self.switch_for(link, uplinks, segment["id"])
        if switch is None:
            return
        switch["mtu"] = max(switch["mtu"], segment["mtu"] or link["mtu"] or DEFAULT_MTU, link["mtu"] or 0)
        if switch not in self.switches:
            self.switches.append(switch)
        self.groups.append({"name": self.name_for(segment, switch["name"]), "vswitch": switch["name"],
                            "vlan": segment["vlan"]})

    def uplinks_of(self, link, name):
        """The names of the NICs that are there, in failover order."""
        members = [link] if link["kind"] == "nic" else [self.links[member] for member in link["members"]]
        members.sort(key=lambda member: member["id"] != link["primary"])
        found = []
        for member in members:
            key = "mac" if member["mac"] else "name"
            nics = [nic["name"] for nic in self.inventory["nics"] if nic[key] == member[key]]
            if len(nics) != 1:
                self.warn("the network %s for virtual machines does without the NIC %s, which this host has %s"
                          % (name, member[key], "twice" if nics else "not"))
            elif nics[0] not in found:
                found += nics
        return found

    def switch_for(self, link, uplinks, name):
        """The vSwitch that has the uplinks, else a new one; None when another vSwitch has one of them."""
        for switch in self.switches:
            if set(switch["uplinks"]) == set(uplinks):
                return switch
        present = self.inventory["vswitches"]
        for other in sorted(present):
            if set(present[other]["uplinks"]) == set(uplinks):
                # It is the host's own: nothing but a port group is added to it.
                own = present[other]
                return {"name": other, "mtu": own["mtu"] or 0, "uplinks": list(own["uplinks"]),
                        "failover": own["failover"] or failover(link, uplinks)}
        for other in sorted(present):
            taken = [nic for nic in uplinks if nic in present[other]["uplinks"]]
            if taken:
                self.warn("the network %s for virtual machines is left out: %s is an uplink of %s"
                          % (name, ", ".join(taken), other))
                return None
        names = list(present) + [switch["name"] for switch in self.switches]
        number = 0
        while "vSwitch%d" % number in names:
            number += 1
        return {"name": "vSwitch%d" % number, "mtu": 0, "uplinks": uplinks, "failover": failover(link, uplinks)}

    def name_for(self, segment, switch):
        """The segment's name, unless a port group of another vSwitch has it."""
        taken = [name for name, group in self.inventory["portgroups"].items()
                 if group["vswitch"] != switch or group["vlan"] not in (None, segment["vlan"])]
        return port_group_name(segment["id"], taken + [group["name"] for group in self.groups])
