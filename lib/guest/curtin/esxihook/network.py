"""curtin's network configuration, version 1, as MAAS writes it → the network part of the host description.

Types: physical, bond, vlan, bridge, nameserver, route. Only what carries an address is looked at: a NIC without one
is left alone, even if the configuration names it. What the host cannot have is left out, unless it is management.
"""

import ipaddress

from common import checks, netvalues as values, vmsegments
from common.netbuild import Wanted, build, management_of
from esxihook import HookError
from esxihook.netplaces import Places, name_of, texts

_SUBNET_TYPES = {
    "static": "static", "static4": "static", "static6": "static",
    "dhcp": "ipv4-dhcp", "dhcp4": "ipv4-dhcp", "dhcp6": "ipv6-dhcp", "ipv6_dhcpv6-stateful": "ipv6-dhcp",
    "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless", "ipv6_slaac": "ipv6-slaac",
}
_NO_ADDRESS = (None, "manual", "none")


def read(section, warn):
    """(network, dns) that curtin's network section asks for; network is None when it asks for nothing.

    @param section: the value of "network" in the configuration
    @param warn: called with a sentence for everything that is ignored, left out or guessed
    @raise HookError: management cannot be had; nothing was changed then
    """
    entries = values.objects(_entries(section))
    try:
        network = _network(entries, warn)
    except ValueError as error:
        raise HookError(str(error))
    if network is None or not network["interfaces"]:
        warn("the network configuration gives no address to any interface; the installer's network stays")
    return network, _dns(entries, warn)


def _entries(section):
    if not section:
        return []
    if not isinstance(section, dict):
        raise HookError("the network configuration is not an object")
    if section.get("config") == "disabled":
        return []
    if section.get("version") not in (1, "1"):
        raise HookError("the network configuration has version %s; version 1 is supported" % section.get("version"))
    entries = section.get("config")
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise HookError("the network configuration is not a list")
    return entries


def _network(entries, warn):
    subnets = [_Subnet(entry, subnet) for entry in entries for subnet in values.objects(entry.get("subnets"))
               if values.text_of(subnet.get("type")) not in _NO_ADDRESS]
    if not subnets:
        return _vm_networks(entries, {"links": [], "interfaces": []}, warn)
    for entry in entries:
        if entry.get("type") == "route":
            _give_route(entry, subnets, warn)
    own = management_of([subnet.wanted for subnet in subnets])
    places = Places(entries, warn)
    network = build(subnets, own, lambda subnet: places.place(subnet.entry), warn)
    return _vm_networks(entries, network, warn)


def _vm_networks(entries, network, warn):
    """The network with what has no address: this is how MAAS's users give virtual machines their uplinks.

    NICs, bonds and VLANs that no address lies on become segments, members of bonds and bridges left out.

    @return: None when there is nothing at all
    """
    places = Places(entries, lambda sentence: None)
    members = set()
    for entry in entries:
        members.update(texts(entry.get("bond_interfaces")) + texts(entry.get("bridge_interfaces")))
    candidates = []
    for entry in entries:
        name = values.text_of(entry.get("name")) or values.text_of(entry.get("id"))
        if entry.get("type") in ("physical", "bond", "vlan", "bridge") and name not in members:
            candidates.append(("interface %s" % name, lambda entry=entry: places.place(entry)))
    return vmsegments.add(network, candidates, warn)



class _Subnet:
    """One subnet of one interface."""

    def __init__(self, entry, subnet):
        self.entry = entry
        self.subnet = subnet
        self.name = "interface %s" % (values.text_of(entry.get("name")) or values.text_of(entry.get("id")))
        self.more_routes = []  # those that stand by themselves in the configuration

    @property
    def wanted(self):
        """What management is chosen by (netbuild.Wanted)."""
        kind = values.text_of(self.subnet.get("type"))
        # The routes of automatic IPv6 networks come from routers: what is written there says nothing.
        ignored = 6 if _SUBNET_TYPES.get(kind, "").startswith("ipv6") else None
        defaults = set(version for version, _ in self.default_gateways(lambda sentence: None)) - {ignored}
        address = values.text_of(self.subnet.get("address")) or ""
        family = 6 if ":" in address or kind == "static6" or _SUBNET_TYPES.get(kind, "").startswith("ipv6") else 4
        return Wanted([], family, defaults)

    def address(self, warn):
        """The description's address entry. @raise ValueError"""
        name_of(self.entry)
        kind = values.text_of(self.subnet.get("type"))
        if kind not in _SUBNET_TYPES:
            raise ValueError("it has a subnet of the unknown type %s" % kind)
        if _SUBNET_TYPES[kind] != "static":
            return {"type": _SUBNET_TYPES[kind]}
        text = values.text_of(self.subnet.get("address"))
        if text is None:
            raise ValueError("it has a static subnet without address")
        mask = values.text_of(self.subnet.get("netmask")) or values.text_of(self.subnet.get("prefix"))
        ip = values.interface_address(text, mask, self.name, warn)
        return {"type": "ipv%d-static" % ip.version, "address": str(ip.ip), "prefix": ip.network.prefixlen}

    def network(self):
        """The ip_network of a static subnet, or None."""
        try:
            entry = self.address(lambda sentence: None)
            return ipaddress.ip_interface("%s/%d" % (entry["address"], entry["prefix"])).network
        except (ValueError, KeyError):
            return None

    def routes(self, warn):
        """[(ip_network, text of a gateway, metric)]; what cannot be read is left out."""
        found = []
        for route in sorted(values.objects(self.subnet.get("routes")), key=_metric) + self.more_routes:
            try:
                found.append(_route(route) + (_metric(route),))
            except ValueError as error:
                warn("%s: a route is ignored: %s" % (self.name, error))
        return found

    def default_gateways(self, warn):
        """[(family, text of a gateway)]."""
        found = []
        gateway = values.plain_address(values.text_of(self.subnet.get("gateway")) or "")
        if gateway:
            found.append((6 if ":" in gateway else 4, gateway))
        return found + [(target.version, via) for target, via, _ in self.routes(warn) if target.prefixlen == 0]

    def add_routes(self, number, builder):
        for version, gateway in self.default_gateways(builder.warn):
            builder.add_default(number, self.name, version, gateway)
        for target, gateway, metric in self.routes(builder.warn):
            if target.prefixlen == 0:
                continue
            try:
                via = ipaddress.ip_address(gateway)
            except ValueError:
                builder.warn("%s: a route is ignored: %r is not an address" % (self.name, gateway))
                continue
            if via.version != target.version:
                builder.warn("%s: a route is ignored: the one to %s via %s mixes IPv4 and IPv6"
                             % (self.name, target, via))
                continue
            if metric:
                builder.warn("%s: the metric of the route to %s is ignored, ESXi has none" % (self.name, target))
            builder.add_route(number, self.name, target, via)


def _give_route(entry, subnets, warn):
    """A route that stands by itself goes to the subnet that reaches its gateway."""
    try:
        target, gateway = _route(entry)
        via = ipaddress.ip_address(gateway)
    except ValueError as error:
        warn("the network configuration: a route is ignored: %s" % error)
        return
    for subnet in subnets:
        network = subnet.network()
        if network is not None and via in network:
            subnet.more_routes.append(entry)
            return
    warn("the route to %s via %s is ignored: no interface reaches the gateway" % (target, gateway))


def _dns(entries, warn):
    """Name servers of nameserver entries, which are meant for the whole host, come before those of subnets."""
    dns = {"servers": [], "search": []}

    def add(servers, search):
        for key, items, check in (("servers", servers, checks.ip_address), ("search", search, _domain)):
            for item in texts(items):
                try:
                    value = check(item)
                except ValueError as error:
                    warn("a DNS entry is ignored: %s" % error)
                    continue
                if value not in dns[key]:
                    dns[key].append(value)

    for entry in entries:
        if entry.get("type") == "nameserver":
            add(entry.get("address"), entry.get("search"))
    for entry in entries:
        for subnet in values.objects(entry.get("subnets")):
            add(subnet.get("dns_nameservers"), subnet.get("dns_search"))
    return dns


def _domain(text):
    """A search domain. @raise ValueError: when it is no name"""
    return checks.hostname(text.rstrip("."))


def _route(entry):
    """(ip_network, text of the gateway) of a route. @raise ValueError: with the reason why ESXi cannot have it"""
    text = values.text_of(entry.get("destination")) or values.text_of(entry.get("network"))
    via = values.plain_address(values.text_of(entry.get("gateway")) or "")
    if text is None:
        raise ValueError("it has no destination")
    if not via:
        raise ValueError("the one to %s has no gateway, and ESXi has no on-link routes" % text)
    mask = values.text_of(entry.get("netmask")) or values.text_of(entry.get("prefix"))
    return values.route_network(text, mask, via), via


def _metric(entry):
    """A route's metric; 0 when it has none."""
    text = values.text_of(entry.get("metric"))
    return int(text) if text and values.is_number(text) else 0
