"""OpenStack network_data.json → the network part of the host description.

Written for what emitters write (nova, ironic, openstacksdk, metalsmith, operators by hand), not for the
schema: unknown keys are ignored, the network's type decides which of its keys count.
"""

import ipaddress

from hostconf.sources import netvalues as values
from hostconf.sources.netvalues import NetworkDataError

# Types that nova's schema gives to a link that is one NIC of the host.
NIC_TYPES = ("phy", "vif", "ovs", "tap", "bridge", "dvs", "hyperv", "hw_veb", "vhostuser")

ADDRESS_TYPES = {
    "ipv4": "ipv4-static", "ipv4_dhcp": "ipv4-dhcp", "ipv6": "ipv6-static", "ipv6_dhcp": "ipv6-dhcp",
    "ipv6_slaac": "ipv6-slaac", "ipv6_dhcpv6-stateful": "ipv6-dhcp",
    "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless",
}

# Kernel bonding modes by number (Linux Documentation/networking/bonding), as some emitters write them.
BOND_MODES = {"0": "balance-rr", "1": "active-backup", "2": "balance-xor", "3": "broadcast",
              "4": "802.3ad", "5": "balance-tlb", "6": "balance-alb"}
SUPPORTED_MODES = ("active-backup", "balance-rr", "802.3ad")

MTU_MIN = 1280  # what a standard vSwitch takes
MTU_MAX = 9000


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
    reader = _Reader(values.objects(data.get("links"), "link"), warn)
    servers = []
    for i, entry in enumerate(values.objects(data.get("networks"), "network")):
        reader.add_network(entry, values.text_of(entry.get("id")) or "networks[%d]" % i)
        servers += values.dns_in(entry, warn)
        for route in values.objects(entry.get("routes"), "route"):
            servers += values.dns_in(route, warn)
    servers += values.dns_in(data, warn)
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
            address["address"], address["prefix"] = values.static_address(entry, name, self.warn)
        if self.is_repeated(interface, address):
            self.warn("network %s repeats an earlier one on link %s" % (name, interface["id"]))
            return
        interface["addresses"].append(address)
        if kind.endswith("-static"):
            for route in values.objects(entry.get("routes"), "route"):
                self.add_route(route, name, interface)

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
            vlan = values.vlan_id(link, link_id)
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
            "mtu": self.mtu(link, link_id),
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
            {"id": link_id, "kind": "nic", "mac": mac, "mtu": self.mtu(link, link_id)})
        return link_id

    def bond(self, link_id, link):
        if any(known["id"] == link_id for known in self.network["links"]):
            return link_id
        mode = self.bond_mode(link_id, link)
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
            mtus.append(self.mtu(member, member_id))
        mtu = self.mtu(link, link_id)
        if mtu is None and None not in mtus:
            mtu = min(mtus)
        primary = values.text_of(link.get("bond_primary"))
        self.network["links"].append({
            "id": link_id, "kind": "bond", "mode": mode, "members": members, "mtu": mtu,
            "primary": primary if primary in members else None,
        })
        return link_id

    def bond_mode(self, link_id, link):
        mode = values.text_of(link.get("bond_mode"))
        if mode is None:
            self.warn("bond %s has no bond_mode; active-backup is used" % link_id)
            return "active-backup"
        mode = BOND_MODES.get(mode, mode)
        if mode not in SUPPORTED_MODES:
            raise NetworkDataError("bond %s has the mode %s, which a standard vSwitch cannot do (%s can be done)"
                                   % (link_id, mode, ", ".join(SUPPORTED_MODES)))
        if mode == "802.3ad":
            self.warn("bond %s: a standard vSwitch speaks no LACP; IP hash is used, which needs a static port "
                      "channel on the physical switch" % link_id)
        return mode

    def mtu(self, link, link_id):
        """The MTU in bytes, or None when nothing usable was said."""
        value = link.get("mtu")
        if value is None:
            return None
        if isinstance(value, str) and values.is_number(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < MTU_MIN:
            if value != 0:
                self.warn("link %s: the MTU %r is ignored, ESXi takes %d to %d" % (link_id, value, MTU_MIN, MTU_MAX))
            return None
        if value > MTU_MAX:
            self.warn("link %s: the MTU %d is more than a vSwitch takes; %d is used" % (link_id, value, MTU_MAX))
            return MTU_MAX
        return value

    def add_route(self, route, name, interface):
        try:
            target = values.network_of(route)
        except ValueError as error:
            self.warn("network %s: a route is ignored: %s" % (name, error))
            return
        gateway = values.text_of(route.get("gateway"))
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
