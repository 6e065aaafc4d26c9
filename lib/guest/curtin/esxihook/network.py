"""curtin's network configuration, version 1, as MAAS writes it → the network part of the host description.

Types: physical, bond, vlan, bridge, nameserver, route. Only what carries an address is looked at: a NIC without one
is left alone, even if the configuration names it.
"""

import ipaddress

from esxihook import HookError
from esxihook import netvalues as values

_SUBNET_TYPES = {
    "static": "static", "static4": "static", "static6": "static",
    "dhcp": "ipv4-dhcp", "dhcp4": "ipv4-dhcp", "dhcp6": "ipv6-dhcp", "ipv6_dhcpv6-stateful": "ipv6-dhcp",
    "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless", "ipv6_slaac": "ipv6-slaac",
}
_NO_ADDRESS = (None, "manual", "none")
_BOND_MODES = {"0": "balance-rr", "1": "active-backup", "2": "balance-xor", "3": "broadcast",
               "4": "802.3ad", "5": "balance-tlb", "6": "balance-alb"}
_SUPPORTED_MODES = ("active-backup", "balance-rr", "802.3ad")


def read(section, warn):
    """(network, dns) that curtin's network section asks for; network is None when it asks for nothing.

    @param section: the value of "network" in the configuration
    @param warn: called with a sentence for everything that is ignored or guessed
    @raise HookError: for what a host cannot have; nothing was changed then
    """
    entries = _entries(section)
    reader = _Reader([entry for entry in entries if isinstance(entry, dict)], warn)
    for entry in reader.entries:
        for subnet in values.objects(entry.get("subnets")):
            reader.add_subnet(entry, subnet)
    for entry in reader.entries:
        if entry.get("type") == "route":
            reader.add_route(entry, None)
    reader.refuse_shared_nics()
    network = reader.network if reader.network["interfaces"] else None
    if network is None:
        warn("the network configuration gives no address to any interface; the installer's network stays")
    return network, reader.dns


def _entries(section):
    if not section:
        return []
    if not isinstance(section, dict):
        raise HookError("the network configuration is not an object")
    if section.get("version") not in (1, "1"):
        raise HookError("the network configuration has version %s; version 1 is supported" % section.get("version"))
    entries = section.get("config")
    if entries in (None, "disabled"):
        return []
    if not isinstance(entries, list):
        raise HookError("the network configuration is not a list")
    return entries


class _Reader:
    """Entries by name, and the network description that grows with each subnet."""

    def __init__(self, entries, warn):
        self.entries = entries
        self.warn = warn
        self.by_name = {}
        for entry in entries:
            for key in ("id", "name"):
                if values.text_of(entry.get(key)):
                    self.by_name.setdefault(values.text_of(entry[key]), entry)
        self.network = {"links": [], "interfaces": [], "routes": [], "gateway4": None, "gateway6": None}
        self.dns = {"servers": [], "search": []}
        for entry in entries:
            if entry.get("type") == "nameserver":
                self.add_dns(entry.get("address"), entry.get("search"))
        self.add_subnet_dns()

    def add_subnet_dns(self):
        """Name servers of subnets come after those of nameserver entries, which are meant for the whole host."""
        for entry in self.entries:
            for subnet in values.objects(entry.get("subnets")):
                self.add_dns(subnet.get("dns_nameservers"), subnet.get("dns_search"))

    def add_dns(self, servers, search):
        for key, items, check in (("servers", servers, values.address), ("search", search, values.domain)):
            for item in values.texts(items):
                try:
                    value = check(item)
                except ValueError as error:
                    self.warn("a DNS entry is ignored: %s" % error)
                    continue
                if value not in self.dns[key]:
                    self.dns[key].append(value)

    def add_subnet(self, entry, subnet):
        name = _name(entry)
        kind = values.text_of(subnet.get("type"))
        if kind in _NO_ADDRESS:
            return
        if kind not in _SUBNET_TYPES:
            raise HookError("interface %s has a subnet of the unknown type %s" % (name, kind))
        interface = self.interface_of(entry)
        address = {"type": _SUBNET_TYPES[kind]}
        if address["type"] == "static":
            ip = values.interface_address(subnet, name, self.warn)
            address = {"type": "ipv%d-static" % ip.version, "address": str(ip.ip), "prefix": ip.network.prefixlen}
            self.refuse_twice(address["address"], interface)
        if address not in interface["addresses"]:
            interface["addresses"].append(address)
        if values.text_of(subnet.get("gateway")):
            self.add_gateway(values.gateway(subnet["gateway"], name), interface)
        for route in sorted(values.objects(subnet.get("routes")), key=values.metric):
            self.add_route(route, interface)

    def refuse_twice(self, address, interface):
        for other in self.network["interfaces"]:
            if other is not interface and any(a.get("address") == address for a in other["addresses"]):
                raise HookError("the address %s is given to %s and to %s" % (address, other["id"], interface["id"]))

    def interface_of(self, entry):
        """The interface on the entry's link and VLAN, made when it is the first to have an address there."""
        name = _name(entry)
        link, vlan = self.place_of(entry, ())
        for interface in self.network["interfaces"]:
            if (interface["link"], interface["vlan"]) == (link, vlan):
                return interface
        interface = {
            "id": name, "link": link, "vlan": vlan, "addresses": [],
            "mtu": values.mtu(entry, name, self.warn),
            "mac": values.mac(entry.get("mac_address")),
        }
        self.network["interfaces"].append(interface)
        return interface

    def place_of(self, entry, above):
        """(id of the NIC or bond, VLAN) that an entry lies on."""
        name = _name(entry)
        if name in above:
            raise HookError("interface %s lies on itself" % name)
        kind = entry.get("type")
        if kind == "physical":
            return self.nic(entry), 0
        if kind == "bond":
            return self.bond(entry), 0
        if kind == "vlan":
            link, vlan = self.place_of(self.entry(entry.get("vlan_link"), name), above + (name,))
            if vlan:
                raise HookError("VLAN %s lies on another VLAN, which ESXi cannot do" % name)
            return link, values.vlan_id(entry, name)
        if kind == "bridge":
            return self.place_of(self.bridge_member(entry), above + (name,))
        raise HookError("interface %s has an address and the type %s, which ESXi cannot have" % (name, kind))

    def entry(self, wanted, user):
        wanted = values.text_of(wanted)
        if wanted not in self.by_name:
            raise HookError("%s uses the interface %s, which the configuration does not have" % (user, wanted))
        return self.by_name[wanted]

    def bridge_member(self, entry):
        name = _name(entry)
        members = values.texts(entry.get("bridge_interfaces"))
        if len(members) != 1:
            raise HookError("bridge %s has %d members; on ESXi only a bridge over one interface can be replaced, "
                            "by a vSwitch on that interface" % (name, len(members)))
        self.warn("ESXi has no bridges: the addresses of bridge %s go onto a vSwitch on %s" % (name, members[0]))
        return self.entry(members[0], "bridge %s" % name)

    def nic(self, entry):
        name = _name(entry)
        mac = values.mac(entry.get("mac_address"))
        if mac is None:
            raise HookError("interface %s has no MAC address" % name)
        self.add_link({"id": name, "kind": "nic", "mac": mac, "mtu": values.mtu(entry, name, self.warn)})
        return name

    def add_link(self, link):
        if link["id"] not in [known["id"] for known in self.network["links"]]:
            self.network["links"].append(link)

    def bond(self, entry):
        name = _name(entry)
        params = values.bond_params(entry.get("params"))
        mode = _BOND_MODES.get(params.get("mode"), params.get("mode"))
        if mode is None:
            self.warn("bond %s has no mode; active-backup is used" % name)
            mode = "active-backup"
        if mode not in _SUPPORTED_MODES:
            raise HookError("bond %s has the mode %s; a standard vSwitch can do %s"
                            % (name, mode, ", ".join(_SUPPORTED_MODES)))
        members = [self.entry(member, "bond %s" % name) for member in values.texts(entry.get("bond_interfaces"))]
        if not members:
            raise HookError("bond %s has no members" % name)
        for member in members:
            if member.get("type") != "physical":
                raise HookError("bond %s has the member %s of type %s" % (name, _name(member), member.get("type")))
        names = [self.nic(member) for member in members]
        self.add_link({"id": name, "kind": "bond", "mode": mode, "members": names,
                       "primary": self.primary(entry, params, members), "mtu": values.mtu(entry, name, self.warn)})
        self.say_ignored(name, mode, params)
        return name

    def primary(self, entry, params, members):
        """The member that goes first: the named one, else the one whose MAC the bond has."""
        names = [_name(member) for member in members]
        if params.get("primary") in names:
            return params["primary"]
        mac = values.mac(entry.get("mac_address"))
        for member in members:
            if mac and values.mac(member.get("mac_address")) == mac:
                return _name(member)
        return None

    def say_ignored(self, name, mode, params):
        ignored = sorted("bond-" + key for key in params if key not in ("mode", "primary"))
        if mode == "802.3ad":
            self.warn("bond %s: a standard vSwitch speaks no LACP; IP hash is used, which needs a static port channel "
                      "on the physical switch" % name)
        if ignored:
            self.warn("bond %s: %s mean nothing on ESXi and are ignored" % (name, ", ".join(ignored)))

    def add_gateway(self, address, interface):
        key = "gateway%d" % address.version
        present = self.network[key]
        if present is None:
            self.network[key] = {"address": str(address), "interface": interface["id"]}
        elif present["address"] != str(address):
            self.warn("%s: a second IPv%d default gateway %s is ignored; %s, listed first, is used"
                      % (interface["id"], address.version, address, present["address"]))

    def add_route(self, route, interface):
        where = interface["id"] if interface else "the network configuration"
        try:
            target, gateway = values.route(route)
        except ValueError as error:
            self.warn("%s: a route is ignored: %s" % (where, error))
            return
        interface = interface or self.interface_reaching(gateway)
        if interface is None:
            self.warn("the route to %s via %s is ignored: no interface reaches the gateway" % (target, gateway))
            return
        if target.prefixlen == 0:
            self.add_gateway(gateway, interface)
            return
        for present in self.network["routes"]:
            if present["network"] == str(target):
                if present["gateway"] != str(gateway):
                    self.warn("%s: a second route to %s via %s is ignored; %s is used"
                              % (where, target, gateway, present["gateway"]))
                return
        if values.metric(route):
            self.warn("%s: the metric of the route to %s is ignored, ESXi has none" % (where, target))
        self.network["routes"].append(
            {"network": str(target), "gateway": str(gateway), "interface": interface["id"]})

    def refuse_shared_nics(self):
        """A NIC is an uplink of one vSwitch: it cannot be in a bond and carry addresses of its own."""
        owner = {}
        for link in [interface["link"] for interface in self.network["interfaces"]]:
            entry = next(known for known in self.network["links"] if known["id"] == link)
            for nic in entry.get("members", [link]):
                if owner.setdefault(nic, link) != link:
                    raise HookError("NIC %s is used by %s and by %s" % (nic, owner[nic], link))

    def interface_reaching(self, gateway):
        for interface in self.network["interfaces"]:
            for address in interface["addresses"]:
                if "address" in address:
                    subnet = ipaddress.ip_interface("%s/%d" % (address["address"], address["prefix"])).network
                    if gateway in subnet:
                        return interface
        return None


def _name(entry):
    name = values.text_of(entry.get("name")) or values.text_of(entry.get("id"))
    if name is None:
        raise HookError("an interface of the network configuration has neither name nor id")
    return name
