"""curtin's network configuration, version 1, as MAAS writes it → the network part of the host description.

Types: physical, bond, vlan, bridge, nameserver, route. Only what carries an address is looked at: a NIC without one
is left alone, even if the configuration names it.
"""

import ipaddress

from common import bonds, checks, netvalues as values
from esxihook import HookError

_SUBNET_TYPES = {
    "static": "static", "static4": "static", "static6": "static",
    "dhcp": "ipv4-dhcp", "dhcp4": "ipv4-dhcp", "dhcp6": "ipv6-dhcp", "ipv6_dhcpv6-stateful": "ipv6-dhcp",
    "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless", "ipv6_slaac": "ipv6-slaac",
}
_NO_ADDRESS = (None, "manual", "none")


def read(section, warn):
    """(network, dns) that curtin's network section asks for; network is None when it asks for nothing.

    @param section: the value of "network" in the configuration
    @param warn: called with a sentence for everything that is ignored or guessed
    @raise HookError: for what a host cannot have; nothing was changed then
    """
    entries = _entries(section)
    try:
        return _read(values.objects(entries), warn)
    except ValueError as error:
        raise HookError(str(error))


def _read(entries, warn):
    reader = _Reader(entries, warn)
    for entry in reader.entries:
        for subnet in values.objects(entry.get("subnets")):
            reader.add_subnet(entry, subnet)
    for entry in reader.entries:
        if entry.get("type") == "route":
            reader.add_route(entry, None)
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
        for key, items, check in (("servers", servers, checks.ip_address), ("search", search, _domain)):
            for item in _texts(items):
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
            ip = self.static_address(subnet, name)
            address = {"type": "ipv%d-static" % ip.version, "address": str(ip.ip), "prefix": ip.network.prefixlen}
        if address not in interface["addresses"]:
            interface["addresses"].append(address)
        if values.text_of(subnet.get("gateway")):
            self.add_gateway(_gateway(subnet["gateway"], name), interface)
        for route in sorted(values.objects(subnet.get("routes")), key=_metric):
            self.add_route(route, interface)

    def static_address(self, subnet, name):
        """The ip_interface of a static subnet."""
        text = values.text_of(subnet.get("address"))
        if text is None:
            raise HookError("interface %s has a static subnet without address" % name)
        mask = values.text_of(subnet.get("netmask")) or values.text_of(subnet.get("prefix"))
        return values.interface_address(text, mask, "interface %s" % name, self.warn)

    def interface_of(self, entry):
        """The interface on the entry's link and VLAN, made when it is the first to have an address there."""
        name = _name(entry)
        link, vlan = self.place_of(entry, ())
        for interface in self.network["interfaces"]:
            if (interface["link"], interface["vlan"]) == (link, vlan):
                return interface
        interface = {
            "id": name, "link": link, "vlan": vlan, "addresses": [],
            "mtu": values.mtu(entry.get("mtu"), "interface %s" % name, self.warn),
            "mac": values.mac_of(entry, ("mac_address",)),
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
            number = values.number_in(entry.get("vlan_id"), 1, values.VLAN_MAX)
            if number is None:
                raise HookError("VLAN %s has the number %s; 1 to %d are legal"
                                % (name, values.text_of(entry.get("vlan_id")), values.VLAN_MAX))
            return link, number
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
        members = _texts(entry.get("bridge_interfaces"))
        if len(members) != 1:
            raise HookError("bridge %s has %d members; on ESXi only a bridge over one interface can be replaced, "
                            "by a vSwitch on that interface" % (name, len(members)))
        self.warn("ESXi has no bridges: the addresses of bridge %s go onto a vSwitch on %s" % (name, members[0]))
        return self.entry(members[0], "bridge %s" % name)

    def nic(self, entry):
        name = _name(entry)
        mac = values.mac_of(entry, ("mac_address",))
        if mac is None:
            raise HookError("interface %s has no MAC address" % name)
        self.add_link({"id": name, "kind": "nic", "mac": mac, "mtu": values.mtu(entry.get("mtu"), "interface %s" % name, self.warn)})
        return name

    def add_link(self, link):
        if link["id"] not in [known["id"] for known in self.network["links"]]:
            self.network["links"].append(link)

    def bond(self, entry):
        name = _name(entry)
        params = _bond_params(entry.get("params"))
        mode = bonds.mode(params.get("mode"), name, self.warn)
        members = [self.entry(member, "bond %s" % name) for member in _texts(entry.get("bond_interfaces"))]
        if not members:
            raise HookError("bond %s has no members" % name)
        for member in members:
            if member.get("type") != "physical":
                raise HookError("bond %s has the member %s of type %s" % (name, _name(member), member.get("type")))
        names = [self.nic(member) for member in members]
        self.add_link({"id": name, "kind": "bond", "mode": mode, "members": names,
                       "primary": self.primary(entry, params, members), "mtu": values.mtu(entry.get("mtu"), "interface %s" % name, self.warn)})
        self.say_ignored(name, params)
        return name

    def primary(self, entry, params, members):
        """The member that goes first: the named one, else the one whose MAC the bond has."""
        names = [_name(member) for member in members]
        if params.get("primary") in names:
            return params["primary"]
        mac = values.mac_of(entry, ("mac_address",))
        for member in members:
            if mac and values.mac_of(member, ("mac_address",)) == mac:
                return _name(member)
        return None

    def say_ignored(self, name, params):
        ignored = sorted("bond-" + key for key in params if key not in ("mode", "primary"))
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
            target, gateway = _route(route)
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
        if _metric(route):
            self.warn("%s: the metric of the route to %s is ignored, ESXi has none" % (where, target))
        self.network["routes"].append(
            {"network": str(target), "gateway": str(gateway), "interface": interface["id"]})

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


def _texts(value):
    """The texts of a list, or of a single string with blanks or commas between them."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return [values.text_of(item) for item in value if values.text_of(item)] if isinstance(value, list) else []


def _domain(text):
    """A search domain. @raise ValueError: when it is no name"""
    return checks.hostname(text.rstrip("."))


def _gateway(value, name):
    """A gateway's address. @raise HookError: when it is none"""
    try:
        return ipaddress.ip_address(values.text_of(value).partition("%")[0])
    except ValueError:
        raise HookError("interface %s: the gateway %s is not an address" % (name, value))


def _route(entry):
    """(ip_network, gateway) of a route. @raise ValueError: with the reason why ESXi cannot have it"""
    text = values.text_of(entry.get("destination")) or values.text_of(entry.get("network"))
    via = values.text_of(entry.get("gateway"))
    if text is None:
        raise ValueError("it has no destination")
    if via is None:
        raise ValueError("the one to %s has no gateway, and ESXi has no on-link routes" % text)
    via = ipaddress.ip_address(via.partition("%")[0])
    mask = values.text_of(entry.get("netmask")) or values.text_of(entry.get("prefix"))
    target = values.route_network(text, mask, str(via))
    if target.version != via.version:
        raise ValueError("the one to %s via %s mixes IPv4 and IPv6" % (target, via))
    return target, via


def _metric(entry):
    """A route's metric; 0 when it has none."""
    text = values.text_of(entry.get("metric"))
    return int(text) if text and values.is_number(text) else 0


def _bond_params(params):
    """A bond's parameters by their plain names: "bond-mode", "bond_mode" and "mode" are one."""
    result = {}
    for key in params if isinstance(params, dict) else {}:
        name = key.replace("_", "-")
        value = values.text_of(params[key])
        if value is not None:
            result[name[len("bond-"):] if name.startswith("bond-") else name] = value
    return result
