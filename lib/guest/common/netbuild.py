"""The network of a host description, put together network by network: what cannot be had is left out, by name.

Which network is management is decided first, by what the deployer meant, as if everything were sound: a broken
management network is never silently replaced by another one. Only when management itself cannot be had is the
network refused.
"""

import collections
import ipaddress

from common import consistency
from common.reach import default_way, is_static

# What a deployer asks for, before anything of it is judged. names: what an option may call it by; family: 4 or 6;
# defaults: families of the default routes that it brings.
Wanted = collections.namedtuple("Wanted", "names family defaults")

# Where a network lies. links: those of the description that it needs, the NIC or bond that carries it last;
# id, vlan, mtu, mac: of the interface.
Place = collections.namedtuple("Place", "links id vlan mtu mac")


class Refusal(ValueError):
    """Management cannot be had; the message says which part and why."""


def management_of(wanted, named=None):
    """The number of the network that is management.

    The one that an option names; else the first that brings the IPv4 default route, else the IPv6 one; else the
    first with IPv4; else the first.

    @param wanted: list of Wanted, not empty
    @raise Refusal: no network has the name
    """
    if named is not None:
        for number, entry in enumerate(wanted):
            if named in entry.names:
                return number
        raise Refusal("the management network is to be %s, and there is none of that name" % named)
    for choose in (lambda entry: 4 in entry.defaults, lambda entry: 6 in entry.defaults,
                   lambda entry: entry.family == 4):
        for number, entry in enumerate(wanted):
            if choose(entry):
                return number
    return 0


def build(networks, management, place, warn):
    """The network part of a description, and nothing of what cannot be had.

    @param networks: in their order; each has a name, address(warn) and add_routes(its number, the Builder)
    @param management: the number of the one that is management
    @param place: called with a network, gives its Place
    @param warn: called with a sentence for everything that is left out
    @raise Refusal: management cannot be had
    """
    builder = Builder(management, warn)
    # Management first: nothing may take its uplinks or its address.
    for number in [management] + [i for i in range(len(networks)) if i != management]:
        network = networks[number]
        builder.attempt(number, network.name, lambda network=network, number=number: builder.add(
            number, network.name, place(network), network.address(warn)))
    for number, network in enumerate(networks):
        if number in builder.placed:
            network.add_routes(number, builder)
    return builder.network()


class Builder:
    """Grows the network of a description.

    @param management: the number of the network that is management
    @param warn: called with a sentence for everything that is left out
    """

    def __init__(self, management, warn):
        self.warn = warn
        self.management = management
        self.links = collections.OrderedDict()
        self.interfaces = []
        self.placed = {}  # number of a network: (interface, address)
        self.owners = {}  # id of a NIC: the link whose uplink it is
        self.holders = {}  # address: (number of the network, its name, interface)
        self.defaults = {4: [], 6: []}  # (number, name, gateway, interface id)
        self.routes = []

    def attempt(self, number, name, work):
        """Do what a network needs; what cannot be had is left out, unless it is management's. @raise Refusal"""
        try:
            work()
        except Refusal:
            raise
        except ValueError as error:
            if number == self.management:
                raise Refusal("%s, which is management, cannot be had: %s" % (name, error))
            self.warn("%s is left out: %s" % (name, error))

    def add(self, number, name, place, address):
        """Put an address onto its interface. Management has to come first: nothing takes its uplinks or its address.

        @raise ValueError: the host cannot have it; nothing was added
        """
        self.check_uplinks(place)
        base = place.links[-1]["id"]
        interface = next((i for i in self.interfaces if (i["link"], i["vlan"]) == (base, place.vlan)), None)
        if interface is not None and any(_same(address, present) for present in interface["addresses"]):
            self.warn("%s repeats an earlier one on link %s" % (name, interface["id"]))
            return
        if is_static(address):
            self.check_address(number, name, address, interface)
        if interface is None:
            interface = {"id": place.id, "link": base, "vlan": place.vlan, "mtu": place.mtu, "mac": place.mac,
                         "addresses": []}
            self.interfaces.append(interface)
        interface["addresses"].append(address)
        self.placed[number] = (interface, address)
        if is_static(address):
            self.holders[address["address"]] = (number, name, interface)
        for link in place.links:
            self.links.setdefault(link["id"], link)
        for nic in _uplinks(place):
            self.owners[nic] = base

    def check_uplinks(self, place):
        base = place.links[-1]["id"]
        for nic in _uplinks(place):
            if self.owners.get(nic, base) != base:
                raise ValueError("NIC %r is used by %r and by %r, and ESXi has an uplink in one vSwitch only"
                                 % (nic, self.owners[nic], base))

    def check_address(self, number, name, address, interface):
        ip = ipaddress.ip_address(address["address"])
        if not consistency.is_usable(ip, address["prefix"]):
            raise ValueError("%s/%d cannot be the address of an interface" % (ip, address["prefix"]))
        if address["address"] not in self.holders:
            return
        holder, other, other_interface = self.holders[address["address"]]
        reason = "the address %s is given twice, by %s and by %s" % (ip, other, name)
        if holder == self.management and number != holder and other_interface is not interface:
            # Which of the two segments management is on is not known any more.
            raise Refusal(reason)
        raise ValueError(reason)

    def add_default(self, number, name, version, gateway):
        """A default route of a network that was added. @param gateway: text, judged when all networks are there"""
        interface, address = self.placed[number]
        if is_static(address):
            self.defaults[version].append((number, name, gateway, interface["id"]))
        elif number == self.management and version == 4:
            # The lease brings it: no other network's is wanted beside it.
            self.defaults[4].append((number, name, None, interface["id"]))

    def add_route(self, number, name, target, gateway):
        """A route of a network that was added. @param target: ip_network; @param gateway: ip_address"""
        interface, _ = self.placed[number]
        for present in self.routes:
            if present["network"] == str(target):
                if present["gateway"] != str(gateway):
                    self.warn("%s: a second route to %s via %s is ignored; %s (listed first) is used"
                              % (name, target, gateway, present["gateway"]))
                return
        self.routes.append({"network": str(target), "gateway": str(gateway), "interface": interface["id"]})

    def network(self):
        """The network as a description has it, or None when no network was added. @raise Refusal"""
        if not self.interfaces:
            return None
        for number in sorted(self.placed, reverse=True):
            # Addresses as they were listed, but management's own first.
            interface, address = self.placed[number]
            interface["addresses"].remove(address)
            interface["addresses"].insert(0, address)
        interface, address = self.placed[self.management]
        interface["addresses"].remove(address)
        interface["addresses"].insert(0, address)
        order = [self.placed[number][0]["id"] for number in sorted(self.placed)]
        self.interfaces.sort(key=lambda entry: order.index(entry["id"]))
        return {"links": list(self.links.values()), "interfaces": self.interfaces, "management": interface["id"],
                "gateway4": self.gateway(4), "gateway6": self.gateway(6), "routes": self.routes}

    def gateway(self, version):
        """The default gateway of a family: the first listed one that can be reached."""
        _, own = self.placed[self.management]
        chosen = None
        for number, name, gateway, interface in self.defaults[version]:
            if chosen is not None:
                if gateway not in (None, chosen[1]):
                    self.warn("%s: a second IPv%d default route via %s is ignored; %s" % (
                        name, version, gateway, "DHCP brings that of %s" % chosen[0] if chosen[1] is None else
                        "%s (listed first) is used" % chosen[1]))
                continue
            way, reason = (interface, None) if gateway is None else self.way(version, gateway, interface)
            if way is None and number == self.management and own["type"].startswith("ipv%d" % version):
                raise Refusal("%s: the default gateway %s %s" % (name, gateway, reason))
            if way is None:
                self.warn("%s: the default route via %s is left out: the gateway %s" % (name, gateway, reason))
                continue
            chosen = (name, gateway, interface)
        return {"address": chosen[1], "interface": chosen[2]} if chosen and chosen[1] else None

    def way(self, version, gateway, interface):
        """default_way for a gateway that may be any text."""
        try:
            if ipaddress.ip_address(gateway).version != version:
                return None, "is of another family"
        except ValueError:
            return None, "is not an address"
        return default_way(self.interfaces, gateway, interface)


def _uplinks(place):
    base = place.links[-1]
    return base["members"] if base["kind"] == "bond" else [base["id"]]


def _same(address, other):
    return all(address.get(key) == other.get(key) for key in ("type", "address", "prefix"))

