"""Single values of network_data.json, in every form in which emitters write them."""

import ipaddress
import re

from common import checks


_NUMBER = re.compile(r"[0-9]{1,15}\Z")


class NetworkDataError(ValueError):
    """The network data cannot be carried out; the message says which part and why."""


def text_of(value):
    """A string or number as text; None for nothing, an empty string or another type."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value).strip() or None


def is_number(text):
    """Whether a text is a number as people write it: isdigit is true of much that int does not read."""
    return _NUMBER.match(text) is not None


def objects(value, what):
    """The objects of a list; null and a missing list are empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise NetworkDataError("the %ss of network_data are not a list" % what)
    return [entry for entry in value if isinstance(entry, dict)]


def mac_of(link, keys):
    for key in keys:
        try:
            return checks.mac(link.get(key))
        except ValueError:
            continue
    return None


def vlan_id(link, link_id):
    value = text_of(link.get("vlan_id"))
    if value is None or not is_number(value) or int(value) > 4094:
        raise NetworkDataError("VLAN link %s has the VLAN id %r; 0 to 4094 are legal" % (link_id, link.get("vlan_id")))
    return int(value)


def static_address(entry, name, warn):
    """(address, prefix length) of a static network."""
    text = text_of(entry.get("ip_address"))
    if text is None:
        raise NetworkDataError("network %s is static and has no ip_address" % name)
    text, _, length = text.partition("/")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise NetworkDataError("network %s: %r is not an IP address" % (name, text))
    if "ipv%d" % address.version != entry["type"]:
        raise NetworkDataError("network %s is of type %s, its address is %s" % (name, entry["type"], address))
    mask = length or text_of(entry.get("netmask"))
    if mask is None and address.version == 6:
        warn("network %s gives no prefix length for %s; 64 is used" % (name, address))
        mask = "64"
    if mask is None:
        raise NetworkDataError("network %s has no netmask" % name)
    try:
        return str(address), prefix_length(mask, address.version)
    except ValueError as error:
        raise NetworkDataError("network %s: %s" % (name, error))


def prefix_length(mask, version):
    """The length that a netmask stands for: "255.255.255.0", "ffff:ffff::", "64" or "/64"."""
    bits = 32 if version == 4 else 128
    mask = mask.lstrip("/")
    if is_number(mask) and int(mask) <= bits:
        return int(mask)
    try:
        value = ipaddress.ip_address(mask)
    except ValueError:
        raise ValueError("%r is not a netmask" % mask)
    ones = bin(int(value)).count("1")
    if value.version != version or int(value) != ((1 << ones) - 1) << (bits - ones):
        raise ValueError("%r is not a netmask" % mask)
    return ones


def network_of(route):
    """The destination of a route. The default route is written in many ways: 0.0.0.0, ::, ::0, default."""
    text = text_of(route.get("network"))
    if text is None:
        raise ValueError("it has no network")
    text, _, length = text.partition("/")
    gateway = text_of(route.get("gateway")) or ""
    if text == "default":
        text, length = ("::" if ":" in gateway else "0.0.0.0"), "0"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("%r is not a network" % text)
    mask = length or text_of(route.get("netmask"))
    if mask is None:
        mask = "0" if int(address) == 0 else str(address.max_prefixlen)
    return ipaddress.ip_network("%s/%d" % (address, prefix_length(mask, address.version)), strict=False)


def dns_in(entry, warn):
    """Addresses of the DNS services of a network, a route or the whole file."""
    servers = []
    services = entry.get("services")
    for service in services if isinstance(services, list) else []:
        if not isinstance(service, dict) or service.get("type") != "dns":
            continue
        try:
            servers.append(checks.ip_address(service.get("address")))
        except ValueError:
            warn("the DNS server %r is no address and is ignored" % (service.get("address"),))
    return servers
