"""The network a description asks for, in terms of one host: vSwitches, port groups, vmks and routes.

Pure. Everything that would stop half-way is found here, before the first change: a MAC that no NIC has, a
gateway that cannot be reached, an uplink without link.

A target is a dict:
  vswitches   [{name, mtu, uplinks, failover: {load_balancing, active, standby}}], the management one first
  portgroups  [{name, vswitch, vlan}]
  vmks        [{name, portgroup, mtu, mac, own_mac, ipv4: {type, address, netmask, peer_dns},
                ipv6: {enabled, dhcp, router_adv, peer_dns, addresses} or None}], vmk0 first; mac is for an interface
                that is made; own_mac: one that has another MAC is made again
  routes      [{network, gateway, interface, family, optional}]; None: they are left as they are
"""

import ipaddress

from common.bonds import failover
from common.reach import is_on_link, is_static, subnet
from hostconf.planning import hostnet
from hostconf.planning.hostnet import PlanError
from hostconf.planning.portgroups import port_group_name

MANAGEMENT_VMK = "vmk0"
MANAGEMENT_PORT_GROUP = "Management Network"
# Of the interface that stands in for vmk0 while that is made again.
KEEPER_PORT_GROUP = "esxi-img keeper"
DEFAULT_MTU = 1500
MAX_VMKS = 256  # of one host (VMware's configuration maximums)


def of_description(description, inventory, warn):
    """The target for a description's network on the host of the inventory, or None when it asks for nothing.

    @param warn: called with a sentence for what is left out
    @raise PlanError: management cannot be had on this host
    """
    network = hostnet.of_host(description["network"], inventory["nics"], warn)
    return _Builder(network, bool(description["dns"]["servers"]), inventory, warn).build() if network else None


def installer_uplink(target, nics):
    """The NIC that the installer is told to use: of management's uplinks the first with a link, else the first."""
    by_name = dict((nic["name"], nic) for nic in nics)
    uplinks = [by_name[name] for name in target["vswitches"][0]["uplinks"]]
    return ([nic for nic in uplinks if nic["link_up"]] or uplinks)[0]


class _Builder:
    """Grows a target.

    @param network: as hostnet.of_host gives it
    @param static_dns: whether the description names DNS servers
    """

    def __init__(self, network, static_dns, inventory, warn):
        self.network = network
        self.static_dns = static_dns
        self.inventory = inventory
        self.warn = warn
        self.links = network["links"]
        self.interfaces = network["interfaces"]
        self.management = self.interfaces[0]
        self.target = {"vswitches": [], "portgroups": [], "vmks": [], "routes": []}

    def build(self):
        for interface in self.interfaces:
            self.add_vswitch(interface)
        self.check_management_link()
        for interface in self.interfaces:
            self.add_vmks(interface, interface is self.management)
        self.add_routes()
        return self.target

    def vswitch_of(self, link_id):
        nics = self.network["nics"][link_id]
        return next((s for s in self.target["vswitches"] if sorted(s["uplinks"]) == sorted(nics)), None)

    def add_vswitch(self, interface):
        link = self.links[interface["link"]]
        switch = self.vswitch_of(interface["link"])
        if switch is None:
            uplinks = self.network["nics"][interface["link"]]
            switch = {"name": self.vswitch_name(uplinks), "mtu": link["mtu"] or 0, "uplinks": uplinks,
                      "failover": failover(link, uplinks)}
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
        group = self.inventory["portgroups"].get(vmk["portgroup"] if vmk else MANAGEMENT_PORT_GROUP)
        return group["vswitch"] if group else None

    def check_management_link(self):
        """The management interface never moves to NICs that have no link."""
        switch = self.target["vswitches"][0]
        links = dict((nic["name"], nic["link_up"]) for nic in self.inventory["nics"])
        present = self.inventory["vswitches"].get(switch["name"], {"uplinks": []})["uplinks"]
        if not any(links[name] for name in switch["uplinks"]) and any(links.get(name) for name in present):
            raise PlanError("the management interface would move to %s, which has no link; it stays on %s"
                            % (", ".join(switch["uplinks"]), ", ".join(present)))

    def add_vmks(self, interface, is_management):
        ipv4 = [entry for entry in interface["addresses"] if entry["type"].startswith("ipv4")]
        ipv6 = [entry for entry in interface["addresses"] if entry["type"].startswith("ipv6")]
        gateway = self.network["gateway4"]
        if is_management and gateway and gateway["interface"] == interface["id"]:
            # vmk0 gets the address that the default gateway is reached by.
            ipv4.sort(key=lambda entry: not is_on_link(entry, gateway["address"]))
        for i in range(max(1, len(ipv4))):
            portgroup = self.portgroup_name(interface, i, is_management)
            vmk = {
                "mtu": self.mtu_of(interface), "ipv6": self.ipv6_of(ipv6) if i == 0 else None,
                "ipv4": self.ipv4_of(ipv4[i]) if ipv4 else {"type": "none"}, "interface": interface["id"],
                "portgroup": portgroup, "name": self.vmk_name(portgroup, is_management and i == 0), "own_mac": False,
            }
            if vmk["name"] is None:
                self.warn("an address of network %s is left out: a host has %d VMkernel interfaces at most" % (
                    ipv4[i]["id"] if ipv4 else interface["id"], MAX_VMKS))
                continue
            vmk["mac"] = self.mac_for(interface["mac"], vmk["name"]) if i == 0 else None
            if vmk["name"] == MANAGEMENT_VMK:
                self.choose_management_mac(vmk, interface["mac"])
            self.target["portgroups"].append({"name": portgroup, "vswitch": self.vswitch_of(interface["link"])["name"],
                                              "vlan": interface["vlan"]})
            self.target["vmks"].append(vmk)

    def choose_management_mac(self, vmk, wanted):
        """Whether vmk0 has to have the MAC that the network knows the host by: neutron's DHCP answers no other."""
        present = self.inventory["vmks"].get(MANAGEMENT_VMK)
        if wanted is None or present is None or present["mac"] == wanted:
            return
        ipv6 = vmk["ipv6"] or {"dhcp": False, "router_adv": False}
        if self.inventory["assumed"] and wanted == installer_uplink(self.target, self.inventory["nics"])["mac"]:
            # The installer's network line names this NIC, and vmk0 gets its MAC.
            return
        if vmk["mac"] and (vmk["ipv4"]["type"] == "dhcp" or vmk["ipv4"]["type"] == "none" and ipv6["dhcp"]):
            vmk["own_mac"] = True
        elif vmk["ipv4"]["type"] == "dhcp" or ipv6["router_adv"]:
            self.warn("%s keeps the MAC %s; the network expects %s, so it may give it another address or none"
                      % (MANAGEMENT_VMK, present["mac"], wanted))

    def portgroup_name(self, interface, number, is_management):
        taken = [group["name"] for group in self.target["portgroups"]]
        present = self.inventory["vmks"].get(MANAGEMENT_VMK)
        management = present["portgroup"] if present else MANAGEMENT_PORT_GROUP
        if is_management and number == 0:
            return management
        groups, vswitch = self.inventory["portgroups"], self.vswitch_of(interface["link"])["name"]
        elsewhere = [group for group in groups if groups[group]["vswitch"] != vswitch]
        wanted = interface["port_group"] or interface["id"]
        wanted = wanted if number == 0 else "%s:%d" % (wanted, number)
        return port_group_name(wanted, taken + elsewhere + [management, KEEPER_PORT_GROUP, "VM Network"])

    def vmk_name(self, portgroup, is_management):
        """The name for a VMkernel interface; None when the host can have no more."""
        if is_management:
            return MANAGEMENT_VMK
        present = self.inventory["vmks"]
        for name in sorted(present):
            if present[name]["portgroup"] == portgroup:
                return name
        taken = [vmk["name"] for vmk in self.target["vmks"]] + list(present) + [MANAGEMENT_VMK]
        return next(("vmk%d" % i for i in range(MAX_VMKS) if "vmk%d" % i not in taken), None)

    def mac_for(self, mac, name):
        """The MAC, unless another VMkernel interface has it or asked for it before."""
        present = self.inventory["vmks"]
        renewed = [vmk["name"] for vmk in self.target["vmks"] if vmk["own_mac"]]
        used = [present[other]["mac"] for other in present if other != name and other not in renewed]
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
            if gateway:
                vmk = self.vmk_towards(gateway["address"], gateway["interface"])
                self.add_route("default", gateway["address"], vmk, family, False)
        connected = [subnet(a) for i in self.interfaces for a in i["addresses"] if is_static(a)]
        for route in self.network["routes"]:
            target = ipaddress.ip_network(route["network"])
            if target in connected:
                self.warn("the route to %s via %s is left out: %s is directly connected"
                          % (target, route["gateway"], target))
                continue
            self.add_route(route["network"], route["gateway"], self.vmk_towards(route["gateway"], route["interface"]),
                           "ipv%d" % target.version, not route["certain"])

    def add_route(self, network, gateway, interface, family, optional):
        self.target["routes"].append({"network": network, "gateway": gateway, "interface": interface,
                                      "family": family, "optional": optional})

    def vmk_towards(self, gateway, interface_id):
        """The VMkernel interface of an interface that reaches a gateway."""
        address = ipaddress.ip_address(gateway)
        mine = [vmk for vmk in self.target["vmks"] if vmk["interface"] == interface_id]
        for fits in (lambda vmk: any(address in network for network in _networks(vmk)),
                     lambda vmk: _is_automatic(vmk, address.version)):
            found = [vmk["name"] for vmk in mine if fits(vmk)]
            if found:
                return found[0]
        return mine[0]["name"]


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
