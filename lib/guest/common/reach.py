"""Which interface of a description reaches a gateway: one answer for sources, the hook and the plan."""

import ipaddress

OFF_LINK = "is not on a network of this host: ESXi cannot reach it"


def subnet(address):
    """The network of a static address entry."""
    return ipaddress.ip_interface("%s/%d" % (address["address"], address["prefix"])).network


def is_static(address):
    """Whether an address entry names its address."""
    return address["type"].endswith("-static")


def is_on_link(address, gateway):
    """Whether the network of an address entry holds the gateway (text)."""
    return is_static(address) and ipaddress.ip_address(gateway) in subnet(address)


def way_to(interfaces, gateway, wanted):
    """The interface that reaches a gateway.

    @param interfaces: those of a description that the host will have
    @param gateway: address, as text
    @param wanted: id of the interface that the route was given for; it is asked first
    @return: (id, whether that is certain now), or (None, why not). What a lease or a router brings is not
        certain, nor whether a host takes link-local gateways
    """
    address = ipaddress.ip_address(gateway)
    if any(is_static(entry) and entry["address"] == gateway for i in interfaces for entry in i["addresses"]):
        return None, "is an address of this host itself"
    ordered = sorted(interfaces, key=lambda interface: interface["id"] != wanted)
    own = ordered[0] if ordered and ordered[0]["id"] == wanted else None
    if own and address.version == 6 and address.is_link_local:
        return wanted, False
    for interface in ordered:
        if any(is_on_link(entry, gateway) for entry in interface["addresses"]):
            return interface["id"], True
    automatic = ("ipv4-dhcp",) if address.version == 4 else ("ipv6-slaac", "ipv6-dhcp-stateless", "ipv6-dhcp")
    if own and any(entry["type"] in automatic for entry in own["addresses"]):
        return wanted, False
    return None, OFF_LINK


def default_way(interfaces, gateway, wanted):
    """way_to for a default gateway: (id, None) or (None, why not). What a lease may bring does not count."""
    way, certain = way_to(interfaces, gateway, wanted)
    if way is not None and not certain and not ipaddress.ip_address(gateway).is_link_local:
        return None, OFF_LINK
    return way, None if way else certain
