"""OpenStack network_data.json → the network part of the host description.

Written for what emitters write (nova, ironic, openstacksdk, metalsmith, operators by hand), not for the
schema: unknown keys are ignored, the network's type decides which of its keys count.
"""

import ipaddress

from common import bonds, checks, netvalues as values

# Types that nova's schema gives to a link that is one NIC of the host.
NIC_TYPES = ("phy", "vif", "ovs", "tap", "bridge", "dvs", "hyperv", "hw_veb", "vhostuser")

ADDRESS_TYPES = {
    "ipv4": "ipv4-static", "ipv4_dhcp": "ipv4-dhcp", "ipv6": "ipv6-static", "ipv6_dhcp": "ipv6-dhcp",
    "ipv6_slaac": "ipv6-slaac", "ipv6_dhcpv6-stateful": "ipv6-dhcp",
    "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless",
}


class NetworkDataError(ValueError):
    """The network data cannot be carried out; the message says which part and why."""


def read(data, warn):
    """(network, DNS servers) of parsed network_data.json; network is None when it asks for nothing.

    @param data: the parsed file (any JSON value)
    @param warn: called with a sentence for everything that is ignored or guessed
    @raise NetworkDataError: naming link or network
    """
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise NetworkDataError("network_data is not a JSON object")
    reader = _Reader(_objects(data.get("links"), "link"), warn)
    servers = []
    for i, entry in enumerate(_objects(data.get("networks"), "network")):
        reader.add_network(entry, values.text_of(entry.get("id")) or "networks[%d]" % i)
        servers += _dns_in(entry, warn)
        for route in _objects(entry.get("routes"), "route"):
            servers += _dns_in(route, warn)
    servers += _dns_in(data, warn)
    network = reader.network if reader.network["interfaces"] else None
    return network, sorted(set(servers), key=servers.index)


class _Reader:
    """Links by id, and the network description that grows with each network."""

    def __init__(self, links, warn):
        self.warn = warn
        self.links = {}
        self.repeated = set()
        for link in links:
            name = values.text_of(link.get("id"))
            if name is None:
                warn("a link without id is ignored")
            elif name in self.links and self.links[name] != link:
                self.repeated.add(name)
            else:
                self.links[name] = link
        self.network = {"links": [], "interfaces": [], "routes": [], "gateway4": None, "gateway6": None}

    def add_network(self, entry, name):
        kind = ADDRESS_TYPES.get(values.text_of(entry.get("type")))
        if kind is None:
            raise NetworkDataError("network %s has the unknown type %r" % (name, entry.get("type")))
        interface = self.interface_on(values.text_of(entry.get("link")), name)
        address = {"id": name, "type": kind}
        if kind.endswith("-static"):
            address["address"], address["prefix"] = self.static_address(entry, name)
        if self.is_repeated(interface, address):
            self.warn("network %s repeats an earlier one on link %s" % (name, interface["id"]))
            return
        interface["addresses"].append(address)
        if kind.endswith("-static"):
            for route in _objects(entry.get("routes"), "route"):
                self.add_route(route, name, interface)

    def static_address(self, entry, name):
        """(address, prefix length) of a static network."""
        text = values.text_of(entry.get("ip_address"))
        if text is None:
            raise NetworkDataError("network %s is static and has no ip_address" % name)
        found = values.interface_address(text, values.text_of(entry.get("netmask")), "network %s" % name, self.warn)
        if "ipv%d" % found.version != entry["type"]:
            raise NetworkDataError("network %s is of type %s, its address is %s" % (name, entry["type"], found.ip))
        return str(found.ip), found.network.prefixlen

    def is_repeated(self, interface, address):
        key = (address["type"], address.get("address"), address.get("prefix"))
        return any((a["type"], a.get("address"), a.get("prefix")) == key for a in interface["addresses"])

    def interface_on(self, link_id, network_name):
        """The interface on this link, made when it is the first network there."""
        if link_id is None:
            raise NetworkDataError("network %s names no link" % network_name)
        link = self.link(link_id, "network %s" % network_name)
        vlan = 0
        base_id, base = link_id, link
        if link.get("type") == "vlan":
            vlan = values.number_in(link.get("vlan_id"), 0, values.VLAN_MAX)
            if vlan is None:
                raise NetworkDataError("VLAN link %s has the VLAN id %r; 0 to %d are legal"
                                       % (link_id, link.get("vlan_id"), values.VLAN_MAX))
            base_id = values.text_of(link.get("vlan_link"))
            base = self.link(base_id, "VLAN link %s" % link_id)
            if base.get("type") == "vlan":
                raise NetworkDataError("VLAN link %s lies on VLAN link %s: ESXi has no nested VLANs"
                                       % (link_id, base_id))
        base_name = self.base_link(base_id, base)
        for interface in self.network["interfaces"]:
            if (interface["link"], interface["vlan"]) == (base_name, vlan):
                return interface
        interface = {
            "id": link_id, "link": base_name, "vlan": vlan, "addresses": [],
            "mtu": values.mtu(link.get("mtu"), "link %s" % link_id, self.warn),
            "mac": values.mac_of(link, ("vlan_mac_address", "ethernet_mac_address")),
        }
        self.network["interfaces"].append(interface)
        return interface

    def link(self, link_id, user):
        if link_id not in self.links:
            raise NetworkDataError("%s uses link %s, which is not among the links" % (user, link_id))
        if link_id in self.repeated:
            raise NetworkDataError("%s uses link %s, which is there twice with different contents" % (user, link_id))
        return self.links[link_id]

    def base_link(self, link_id, link):
        """The id of the NIC or bond in the description, added when it is new. One MAC is one NIC."""
        if link.get("type") == "bond":
            return self.bond(link_id, link)
        mac = values.mac_of(link, ("ethernet_mac_address", "mac_address"))
        if mac is None:
            raise NetworkDataError("link %s has no MAC address" % link_id)
        for known in self.network["links"]:
            if known["kind"] == "nic" and known["mac"] == mac:
                return known["id"]
        if link.get("type") not in NIC_TYPES:
            self.warn("link %s has the unknown type %r; it is taken for a NIC because it has a MAC address"
                      % (link_id, link.get("type")))
        self.network["links"].append(
            {"id": link_id, "kind": "nic", "mac": mac, "mtu": values.mtu(link.get("mtu"), "link %s" % link_id, self.warn)})
        return link_id

    def bond(self, link_id, link):
        if any(known["id"] == link_id for known in self.network["links"]):
            return link_id
        mode = bonds.mode(values.text_of(link.get("bond_mode")), link_id, self.warn)
        member_ids = link.get("bond_links")
        if not isinstance(member_ids, list) or not member_ids:
            raise NetworkDataError("bond %s names no member links" % link_id)
        members = []
        mtus = []
        for member_id in map(values.text_of, member_ids):
            member = self.link(member_id, "bond %s" % link_id)
            if member.get("type") in ("bond", "vlan"):
                raise NetworkDataError("bond %s has the member %s of type %s" % (link_id, member_id, member["type"]))
            name = self.base_link(member_id, member)
            if name not in members:
                members.append(name)
            mtus.append(values.mtu(member.get("mtu"), "link %s" % member_id, self.warn))
        mtu = values.mtu(link.get("mtu"), "link %s" % link_id, self.warn)
        if mtu is None and None not in mtus:
            mtu = min(mtus)
        primary = values.text_of(link.get("bond_primary"))
        self.network["links"].append({
            "id": link_id, "kind": "bond", "mode": mode, "members": members, "mtu": mtu,
            "primary": primary if primary in members else None,
        })
        return link_id

    def add_route(self, route, name, interface):
        gateway = values.text_of(route.get("gateway")) or ""
        try:
            target = _network_of(route, gateway)
        except ValueError as error:
            self.warn("network %s: a route is ignored: %s" % (name, error))
            return
        try:
            gateway = ipaddress.ip_address((gateway or "0.0.0.0").partition("%")[0])
        except ValueError:
            self.warn("network %s: the route to %s is ignored: its gateway %r is no address" % (name, target, gateway))
            return
        if int(gateway) == 0:
            self.warn("network %s: the route to %s has no gateway; ESXi cannot add on-link routes, it is left out"
                      % (name, target))
        elif gateway.version != target.version:
            self.warn("network %s: the route to %s via %s mixes IPv4 and IPv6 and is left out"
                      % (name, target, gateway))
        elif target.prefixlen == 0:
            self.add_gateway(gateway, name, interface)
        else:
            self.add_static_route(str(target), str(gateway), name, interface)

    def add_gateway(self, gateway, name, interface):
        key = "gateway%d" % gateway.version
        present = self.network[key]
        if present is None:
            self.network[key] = {"address": str(gateway), "interface": interface["id"]}
        elif present["address"] != str(gateway):
            self.warn("network %s: a second IPv%d default route via %s is ignored; %s (listed first) is used"
                      % (name, gateway.version, gateway, present["address"]))

    def add_static_route(self, target, gateway, name, interface):
        for present in self.network["routes"]:
            if present["network"] == target:
                if present["gateway"] != gateway:
                    self.warn("network %s: a second route to %s via %s is ignored; %s (listed first) is used"
                              % (name, target, gateway, present["gateway"]))
                return
        self.network["routes"].append({"network": target, "gateway": gateway, "interface": interface["id"]})


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


def _dns_in(entry, warn):
    """Addresses of the DNS services of a network, a route or the whole file."""
    servers = []
    for service in values.objects(entry.get("services")):
        if service.get("type") != "dns":
            continue
        try:
            servers.append(checks.ip_address(service.get("address")))
        except ValueError:
            warn("the DNS server %r is no address and is ignored" % (service.get("address"),))
    return servers
