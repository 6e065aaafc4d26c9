"""OpenStack network_data.json → the network part of the host description.

Written for what emitters write (nova, ironic, openstacksdk, metalsmith, operators by hand), not for the
schema: unknown keys are ignored, the network's type decides which of its keys count.
"""

import ipaddress

from common import checks, netvalues as values
from common.netbuild import Refusal, Wanted, build, management_of
from hostconf.sources.netlinks import Links

# Nova's types, and "static" and "static6", which others write.
ADDRESS_TYPES = {
    "ipv4": "ipv4-static", "static": "ipv4-static", "ipv4_dhcp": "ipv4-dhcp", "ipv6": "ipv6-static",
    "static6": "ipv6-static", "ipv6_dhcp": "ipv6-dhcp", "ipv6_slaac": "ipv6-slaac",
    "ipv6_dhcpv6-stateful": "ipv6-dhcp", "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless",
}


class NetworkDataError(ValueError):
    """The network data cannot be carried out; the message says which part and why."""


def read(data, warn, management=None):
    """(network, dns) of parsed network_data.json; network is None when it asks for nothing.

    A network that the host cannot have is left out with a warning, unless it is management.

    @param data: the parsed file (any JSON value)
    @param warn: called with a sentence for everything that is ignored, left out or guessed
    @param management: id of the network or link that is to be management; None: as netbuild.management_of decides
    @raise NetworkDataError: management cannot be had; naming link or network
    """
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise NetworkDataError("network_data is not a JSON object")
    entries = [entry for entry in _objects(data.get("networks"), "network") if entry]
    links = Links([link for link in _objects(data.get("links"), "link") if link], warn)
    dns = {"servers": [], "search": []}
    for entry in entries:
        _add_dns(dns, entry.get("dns_nameservers"), entry.get("dns_search"), warn)
        for place in [entry] + values.objects(entry.get("routes")):
            _add_services(dns, place, warn)
    _add_services(dns, data, warn)
    try:
        return _network(entries, links, warn, management), dns
    except Refusal as error:
        raise NetworkDataError(str(error))


def _network(entries, links, warn, management):
    networks = [_Network(entry, i) for i, entry in enumerate(entries)]
    if not networks:
        return None
    own = management_of([network.wanted for network in networks], management)
    return build(networks, own, lambda network: links.place(network.link), warn)


class _Network:
    """One entry of "networks"."""

    def __init__(self, entry, number):
        self.entry = entry
        self.id = values.text_of(entry.get("id")) or "networks[%d]" % number
        self.name = "network %s" % self.id
        self.link = values.text_of(entry.get("link"))
        self.kind = ADDRESS_TYPES.get(values.text_of(entry.get("type")))
        # Of an unknown type, what it was probably meant for: management is chosen before it is judged.
        text = (values.text_of(entry.get("type")) or "").lower()
        self.is_automatic = "dhcp" in text or "slaac" in text
        is_6 = ":" in (values.text_of(entry.get("ip_address")) or "") and not self.kind
        self.family = 6 if is_6 or (self.kind or text).startswith("ipv6") else 4

    @property
    def wanted(self):
        """What management is chosen by (netbuild.Wanted)."""
        defaults = set()
        for target, _ in self.routes(lambda sentence: None):
            # The routes of automatic IPv6 networks come from routers: what is written there says nothing.
            if target.prefixlen == 0 and (target.version == 4 or not self.is_automatic):
                defaults.add(target.version)
        return Wanted([self.id, self.link, values.text_of(self.entry.get("network_id"))], self.family, defaults)

    def address(self, warn):
        """The description's address entry. @raise ValueError"""
        if self.kind is None:
            raise ValueError("it has the unknown type %r" % (self.entry.get("type"),))
        address = {"id": self.id, "type": self.kind}
        if self.kind.endswith("-static"):
            text = values.text_of(self.entry.get("ip_address"))
            if text is None:
                raise ValueError("it is static and has no ip_address")
            found = values.interface_address(text, values.text_of(self.entry.get("netmask")), self.name, warn)
            if found.version != self.family:
                raise ValueError("it is of type %s, its address is %s" % (self.entry["type"], found.ip))
            address["address"], address["prefix"] = str(found.ip), found.network.prefixlen
        return address

    def routes(self, warn):
        """[(ip_network, text of a gateway)]; what cannot be read or has no gateway is left out."""
        found = []
        for route in self.listed_routes():
            gateway = values.plain_address(values.text_of(route.get("gateway")) or "")
            try:
                target = _network_of(route, gateway)
            except ValueError as error:
                warn("%s: a route is ignored: %s" % (self.name, error))
                continue
            if not _says_something(gateway):
                warn("%s: the route to %s has no gateway; ESXi cannot add on-link routes, it is left out"
                     % (self.name, target))
                continue
            found.append((target, gateway))
        return found

    def listed_routes(self):
        """The routes, and the key "gateway", which stands for a default route."""
        routes = values.objects(self.entry.get("routes"))
        gateway = values.text_of(self.entry.get("gateway"))
        if gateway is None:
            return routes
        version = 6 if ":" in gateway else 4 if "." in gateway else self.family
        return [{"network": "::" if version == 6 else "0.0.0.0", "gateway": gateway}] + routes

    def add_routes(self, number, builder):
        for target, gateway in self.routes(builder.warn):
            if target.prefixlen == 0:
                builder.add_default(number, self.name, target.version, gateway)
                continue
            try:
                address = ipaddress.ip_address(gateway)
            except ValueError:
                builder.warn("%s: the route to %s is ignored: its gateway %r is no address"
                             % (self.name, target, gateway))
                continue
            if address.version != target.version:
                builder.warn("%s: the route to %s via %s mixes IPv4 and IPv6 and is left out"
                             % (self.name, target, gateway))
            else:
                builder.add_route(number, self.name, target, address)


def _says_something(gateway):
    """Whether a gateway is given: neutron writes 0.0.0.0 for none."""
    try:
        return int(ipaddress.ip_address(gateway)) != 0
    except ValueError:
        return bool(gateway)


def _objects(value, what):
    """The objects of a list; null and a missing list are empty."""
    if value is not None and not isinstance(value, list):
        raise NetworkDataError("the %ss of network_data are not a list" % what)
    return values.objects(value)


def _network_of(route, gateway):
    """The destination of a route."""
    text = values.text_of(route.get("network"))
    if text is None:
        raise ValueError("it has no network")
    return values.route_network(text, values.text_of(route.get("netmask")), gateway)


def _add_services(dns, entry, warn):
    """DNS services of a network, a route or the whole file."""
    for service in values.objects(entry.get("services")):
        if service.get("type") == "dns":
            _add_dns(dns, service.get("address"), service.get("search"), warn)


def _add_dns(dns, servers, search, warn):
    """Add servers and search domains, each a list, or a text with blanks or commas between them."""
    for key, given, check in (("servers", servers, _server), ("search", search, _domain)):
        if isinstance(given, str):
            given = given.replace(",", " ").split()
        for item in given if isinstance(given, list) else []:
            try:
                value = check(item)
            except ValueError:
                warn("the DNS %s %r is ignored" % ("server" if key == "servers" else "search domain", item))
                continue
            if value not in dns[key]:
                dns[key].append(value)


def _server(value):
    """The address of a DNS server, which may carry a prefix length. @raise ValueError"""
    return checks.ip_address(values.plain_address(values.text_of(value) or ""))


def _domain(value):
    return checks.hostname((values.text_of(value) or "").rstrip("."))
