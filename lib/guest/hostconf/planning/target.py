"""The network a description asks for, in terms of one host: vSwitches, port groups, vmks and routes.

Pure. Everything that would stop half-way is found here, before the first change: a MAC that no NIC has, a
gateway that cannot be reached, an uplink without link.

A target is a dict:
  vswitches   [{name, mtu, uplinks, failover: {load_balancing, active, standby}}], the management one first
  portgroups  [{name, vswitch, vlan}]
  vmks        [{name, portgroup, mtu, mac, ipv4: {type, address, netmask, peer_dns},
                ipv6: {enabled, dhcp, router_adv, peer_dns, addresses} or None}], vmk0 first
  routes      [{network, gateway, interface, family, optional}]
"""

import ipaddress

from common.bonds import TEAMING
from hostconf.planning.portgroups import port_group_name

MANAGEMENT_VMK = "vmk0"
MANAGEMENT_PORT_GROUP = "Management Network"
DEFAULT_MTU = 1500
MAX_VMKS = 256  # of one host (VMware's configuration maximums)


class PlanError(Exception):
    """The description cannot be applied to this host. Nothing was changed."""


def of_description(description, inventory, warn):
    """The target for a description's network on the host of the inventory.

    @param warn: called with a sentence for what is left out
    @raise PlanError: when the network cannot be applied to this host
    """
    return _Builder(description, inventory, warn).build()


def management_interface(network):
    """The interface that becomes vmk0 (see README.md, "management")."""
    interfaces = network["interfaces"]
    wanted = [network["management"]]
    wanted += [network[key]["interface"] for key in ("gateway4", "gateway6") if network[key]]
    for name in wanted:
        for interface in interfaces:
            if interface["id"] == name:
                return interface
    for family in ("ipv4", "ipv6"):
        for interface in interfaces:
            if any(address["type"].startswith(family) for address in interface["addresses"]):
                return interface
    return interfaces[0]


def subnet(address):
    """The network of a static address entry."""
    return ipaddress.ip_interface("%s/%d" % (address["address"], address["prefix"])).network


class _Builder:
    def __init__(self, description, inventory, warn):
        self.network = description["network"]
        self.static_dns = bool(description["dns"]["servers"])
        self.inventory = inventory
        self.warn = warn
        self.links = dict((link["id"], link) for link in self.network["links"])
        self.interfaces = [i for i in self.network["interfaces"] if i["addresses"]]
        self.target = {"vswitches": [], "portgroups": [], "vmks": [], "routes": []}

    def build(self):
        if not self.interfaces:
            return None
        management = management_interface(dict(self.network, interfaces=self.interfaces))
        self.interfaces.remove(management)
        self.interfaces.insert(0, management)
        self.check_macs()
        for interface in self.interfaces:
            self.add_vswitch(interface)
        self.check_management_link()
        for interface in self.interfaces:
            self.add_vmks(interface, interface is management)
        self.add_routes()
        self.check_management_mac(management)
        return self.target

    def nics_of(self, link):
        """The names of a link's NICs, in failover order."""
        members = [link["id"]] if link["kind"] == "nic" else list(link["members"])
        if link["primary"] in members:
            members.remove(link["primary"])
            members.insert(0, link["primary"])
        by_mac = dict((nic["mac"], nic["name"]) for nic in self.inventory["nics"])
        return [by_mac[self.links[member]["mac"]] for member in members]

    def check_macs(self):
        present = [nic["mac"] for nic in self.inventory["nics"]]
        missing = []
        for interface in self.interfaces:
            link = self.links[interface["link"]]
            for member in [link["id"]] if link["kind"] == "nic" else link["members"]:
                mac = self.links[member]["mac"]
                if present.count(mac) != 1 and mac not in missing:
                    missing.append(mac)
        twice = [mac for mac in missing if mac in present]
        if twice:
            raise PlanError("more than one NIC has the MAC %s" % ", ".join(twice))
        if missing:
            raise PlanError("no NIC of this host has the MAC %s; its NICs are %s" % (
                ", ".join(missing), ", ".join("%s %s" % (nic["name"], nic["mac"]) for nic in self.inventory["nics"])))

    def vswitch_of(self, link_id):
        nics = self.nics_of(self.links[link_id])
        return next((s for s in self.target["vswitches"] if s["uplinks"] == nics), None)

    def add_vswitch(self, interface):
        link = self.links[interface["link"]]
        switch = self.vswitch_of(interface["link"])
        if switch is None:
            uplinks = self.nics_of(link)
            switch = {"name": self.vswitch_name(uplinks), "mtu": link["mtu"] or 0, "uplinks": uplinks,
                      "failover": _failover(link, uplinks)}
            self.target["vswitches"].append(switch)
        switch["mtu"] = max(switch["mtu"], self.mtu_of(interface))

    def mtu_of(self, interface):
        return interface["mtu"] or self.links[interface["link"]]["mtu"] or DEFAULT_MTU

    def vswitch_name(self, uplinks):
        """The switch of vmk0 for management, the one that has the uplinks already, else a new one."""
        taken = [switch["name"] for switch in self.target["vswitches"]]
        present = self.inventory["vswitches"]
        home = self.home_vswitch()
        if not taken and home:
            return home
        for name in sorted(present):
            if name not in taken and name != home and present[name]["uplinks"] \
                    and set(present[name]["uplinks"]) <= set(uplinks):
                return name
        number = 0
        while "vSwitch%d" % number in taken or "vSwitch%d" % number in present:
            number += 1
        return "vSwitch%d" % number

    def home_vswitch(self):
        vmk = self.inventory["vmks"].get(MANAGEMENT_VMK)
        group = self.inventory["portgroups"].get(vmk["portgroup"]) if vmk else None
        return group["vswitch"] if group else None

    def check_management_link(self):
        """The management interface never moves to NICs that have no link."""
        switch = self.target["vswitches"][0]
        links = dict((nic["name"], nic["link_up"]) for nic in self.inventory["nics"])
        present = self.inventory["vswitches"].get(switch["name"], {"uplinks": []})["uplinks"]
        if not any(links[name] for name in switch["uplinks"]) and any(links.get(name) for name in present):
            raise PlanError("the management interface would move to %s, which has no link; it stays on %s"
                            % (", ".join(switch["uplinks"]), ", ".join(present)))

    def check_management_mac(self, interface):
        """DHCP and router advertisements may count on the MAC that the network knows the host by."""
        vmk = self.inventory["vmks"].get(MANAGEMENT_VMK)
        automatic = any(not entry["type"].endswith("-static") for entry in interface["addresses"])
        if automatic and vmk and interface["mac"] not in (None, vmk["mac"]) and not self.inventory["assumed"]:
            self.warn("%s keeps the MAC %s; the network expects %s, so DHCP may give it another address or none"
                      % (MANAGEMENT_VMK, vmk["mac"], interface["mac"]))

    def add_vmks(self, interface, is_management):
        ipv4 = [entry for entry in interface["addresses"] if entry["type"].startswith("ipv4")]
        ipv6 = [entry for entry in interface["addresses"] if entry["type"].startswith("ipv6")]
        gateway = self.network["gateway4"]
        if is_management and gateway and gateway["interface"] == interface["id"]:
            # vmk0 gets the address that the default gateway is reached by.
            ipv4.sort(key=lambda entry: not _reaches(entry, gateway["address"]))
        for i in range(max(1, len(ipv4))):
            vmk = {
                "mtu": self.mtu_of(interface), "ipv6": self.ipv6_of(ipv6) if i == 0 else None,
                "ipv4": self.ipv4_of(ipv4[i]) if ipv4 else {"type": "none"}, "interface": interface["id"],
            }
            vmk["portgroup"] = self.add_portgroup(interface, i, is_management)
            vmk["name"] = self.vmk_name(vmk["portgroup"], is_management and i == 0)
            vmk["mac"] = self.mac_for(interface["mac"], vmk["name"]) if i == 0 else None
            self.target["vmks"].append(vmk)

    def add_portgroup(self, interface, number, is_management):
        taken = [group["name"] for group in self.target["portgroups"]]
        present = self.inventory["vmks"].get(MANAGEMENT_VMK)
        management = present["portgroup"] if present else MANAGEMENT_PORT_GROUP
        if is_management and number == 0:
            name = management
        else:
            wanted = interface["id"] if number == 0 else "%s:%d" % (interface["id"], number)
            name = port_group_name(wanted, taken + [management, "VM Network"])
        vswitch = self.vswitch_of(interface["link"])["name"]
        group = self.inventory["portgroups"].get(name)
        if group and group["vswitch"] != vswitch:
            raise PlanError("port group %s is on %s, and %s needs it" % (name, group["vswitch"], vswitch))
        self.target["portgroups"].append({"name": name, "vswitch": vswitch, "vlan": interface["vlan"]})
        return name

    def vmk_name(self, portgroup, is_management):
        if is_management:
            return MANAGEMENT_VMK
        present = self.inventory["vmks"]
        for name in sorted(present):
            if present[name]["portgroup"] == portgroup:
                return name
        taken = [vmk["name"] for vmk in self.target["vmks"]] + list(present) + [MANAGEMENT_VMK]
        free = next(("vmk%d" % i for i in range(MAX_VMKS) if "vmk%d" % i not in taken), None)
        if free is None:
            raise PlanError("the network has more addresses than a host has VMkernel interfaces (%d)" % MAX_VMKS)
        return free

    def mac_for(self, mac, name):
        """The MAC, unless another VMkernel interface has it or asked for it before."""
        present = self.inventory["vmks"]
        used = [present[other]["mac"] for other in present if other != name]
        used += [vmk["mac"] for vmk in self.target["vmks"]]
        is_multicast = mac is not None and int(mac[:2], 16) & 1
        return None if mac in used or is_multicast else mac

    def ipv4_of(self, entry):
        if entry["type"] == "ipv4-dhcp":
            return {"type": "dhcp", "peer_dns": not self.static_dns}
        return {"type": "static", "address": entry["address"], "netmask": str(subnet(entry).netmask)}

    def ipv6_of(self, entries):
        if not entries:
            return None
        kinds = [entry["type"] for entry in entries]
        automatic = any(kind != "ipv6-static" for kind in kinds)
        return {
            "enabled": True, "dhcp": "ipv6-dhcp" in kinds, "router_adv": automatic,
            "peer_dns": automatic and not self.static_dns,
            "addresses": ["%s/%d" % (entry["address"], entry["prefix"])
                          for entry in entries if entry["type"] == "ipv6-static"],
        }

    def add_routes(self):
        for key, family in (("gateway4", "ipv4"), ("gateway6", "ipv6")):
            gateway = self.network[key]
            if gateway is None:
                continue
            interface, reason = self.way_to(gateway["address"], gateway["interface"])
            if interface is None:
                raise PlanError("the default gateway %s %s" % (gateway["address"], reason))
            self.add_route("default", gateway["address"], interface, family, False)
        connected = [subnet(a) for i in self.interfaces for a in i["addresses"] if a["type"].endswith("-static")]
        for route in self.network["routes"]:
            interface, reason = self.way_to(route["gateway"], route["interface"])
            target = ipaddress.ip_network(route["network"])
            if target in connected:
                interface, reason = None, "is left out: %s is directly connected" % target
            if interface is None:
                self.warn("the route to %s via %s %s" % (route["network"], route["gateway"], reason))
                continue
            static = any(_reaches(a, route["gateway"]) for i in self.interfaces for a in i["addresses"])
            self.add_route(route["network"], route["gateway"], interface, "ipv%d" % target.version, not static)

    def add_route(self, network, gateway, interface, family, optional):
        self.target["routes"].append({"network": network, "gateway": gateway, "interface": interface,
                                      "family": family, "optional": optional})

    def way_to(self, gateway, interface_id):
        """(vmk, None) that reaches a gateway, or (None, why not)."""
        address = ipaddress.ip_address(gateway)
        own = [a["address"] for i in self.interfaces for a in i["addresses"] if a["address"]]
        if gateway in own:
            return None, "is an address of this host itself"
        mine = [vmk["name"] for vmk in self.target["vmks"] if vmk["interface"] == interface_id]
        if address.version == 6 and address.is_link_local:
            return mine[0], None
        automatic = None
        for vmk in sorted(self.target["vmks"], key=lambda vmk: vmk["interface"] != interface_id):
            if any(address in network for network in _networks(vmk)):
                return vmk["name"], None
            if vmk["interface"] == interface_id and _is_automatic(vmk, address.version):
                automatic = vmk["name"]
        if automatic:
            return automatic, None
        return None, "is not on a network of this host: ESXi cannot reach it"


def _failover(link, uplinks):
    if link["kind"] == "nic":
        return {"load_balancing": "portid", "active": uplinks, "standby": []}
    policy = TEAMING[link["mode"]]
    if policy == "explicit":
        return {"load_balancing": policy, "active": uplinks[:1], "standby": uplinks[1:]}
    return {"load_balancing": policy, "active": uplinks, "standby": []}


def _reaches(entry, gateway):
    return entry["type"].endswith("-static") and ipaddress.ip_address(gateway) in subnet(entry)


def _networks(vmk):
    networks = []
    if vmk["ipv4"]["type"] == "static":
        networks.append(ipaddress.ip_network("%s/%s" % (vmk["ipv4"]["address"], vmk["ipv4"]["netmask"]), strict=False))
    for text in vmk["ipv6"]["addresses"] if vmk["ipv6"] else []:
        networks.append(ipaddress.ip_network(text, strict=False))
    return networks


def _is_automatic(vmk, version):
    if version == 4:
        return vmk["ipv4"]["type"] == "dhcp"
    return bool(vmk["ipv6"] and vmk["ipv6"]["router_adv"])
