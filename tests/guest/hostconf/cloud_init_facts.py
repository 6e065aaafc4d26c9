"""What cloud-init's own conversion makes of network_data.json files: {FILE: [facts]} as JSON. Run with cloud-init on
PYTHONPATH:

    python3 cloud_init_facts.py FILE…

Facts are comparable texts: "address LINK ADDRESS/LENGTH", "dhcp4 LINK", "route NETWORK GATEWAY", "dns ADDRESS",
"search DOMAIN", "bond LINK MODE MEMBERS", "mtu LINK BYTES". A VLAN's link is PARENT.NUMBER.
"""
import ipaddress
import json
import sys

from cloudinit.net import network_state
from cloudinit.sources.helpers import openstack

AUTOMATIC = {"dhcp": "dhcp4", "dhcp4": "dhcp4", "dhcp6": "dhcp6", "ipv6_slaac": "slaac",
             "ipv6_dhcpv6-stateful": "dhcp6", "ipv6_dhcpv6-stateless": "dhcp6-stateless"}


def facts_of(config, data):
    """The facts in a version 1 configuration, as cloud-init gives it for the parsed network_data."""
    found = set()
    names = ids_by_name(config, data)
    for entry in config["config"]:
        name = names.get(entry.get("name"))
        if entry["type"] == "vlan":
            name = "%s.%d" % (names[entry["vlan_link"]], entry["vlan_id"])
        if entry["type"] == "bond":
            members = ",".join(names[member] for member in entry["bond_interfaces"])
            found.add("bond %s %s %s" % (name, entry["params"].get("bond_mode"), members))
        if entry["type"] == "nameserver":
            found.add("dns " + entry["address"])
        subnets = entry.get("subnets", [])
        if subnets and entry.get("mtu"):
            found.add("mtu %s %d" % (name, entry["mtu"]))
        for subnet in subnets:
            found |= facts_of_subnet(name, subnet)
    return found


def ids_by_name(config, data):
    """The links' ids by cloud-init's names for them: it numbers bonds, and takes a NIC's name where there is one."""
    bonds = [link["id"] for link in data["links"] if link["type"] == "bond"]
    nics = {link["ethernet_mac_address"].lower(): link["id"] for link in data["links"] if is_nic(link)}
    names = {}
    for entry in config["config"]:
        if entry["type"] == "bond":
            names[entry["name"]] = bonds.pop(0)
        elif entry["type"] == "physical":
            names[entry["name"]] = nics[entry["mac_address"].lower()]
    return names


def is_nic(link):
    return link.get("type") not in ("bond", "vlan") and bool(link.get("ethernet_mac_address"))


def facts_of_subnet(name, subnet):
    found = {"dns %s" % address for address in subnet.get("dns_nameservers", [])}
    found |= {"search %s" % domain for domain in subnet.get("dns_search", [])}
    if subnet["type"] in AUTOMATIC:
        found.add("%s %s" % (AUTOMATIC[subnet["type"]], name))
    else:
        # What cloud-init renders for any system: it fills in a mask that is missing.
        normal = network_state._normalize_net_keys(dict(subnet), ("address",))
        found.add("address %s %s/%s" % (name, ipaddress.ip_address(normal["address"]), normal["prefix"]))
    if "gateway" in subnet:
        version = ipaddress.ip_address(subnet["gateway"]).version
        found.add("route %s %s" % ("0.0.0.0/0" if version == 4 else "::/0", subnet["gateway"]))
    for route in subnet.get("routes", []):
        found.add("route %s %s" % (interface(route["network"], route.get("netmask")).network, route["gateway"]))
    return found


def interface(address, mask):
    """The ip_interface; a mask may be one of IPv6."""
    if "/" in address or mask is None:
        return ipaddress.ip_interface(address)
    length = bin(int(ipaddress.ip_address(mask))).count("1") if ":" in mask else mask
    return ipaddress.ip_interface("%s/%s" % (address, length))


def main(paths):
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        macs = {link["ethernet_mac_address"].lower(): link["id"] for link in data["links"] if is_nic(link)}
        found[path] = sorted(facts_of(openstack.convert_net_json(data, known_macs=macs), data))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
