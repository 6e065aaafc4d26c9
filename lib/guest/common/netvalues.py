"""Single values of a network configuration, in every form in which deployers write them."""

import ipaddress
import re

from common import checks

MTU_MIN = 1280  # what a standard vSwitch takes
MTU_MAX = 9000
VLAN_MAX = 4094  # 4095 means "all VLANs" on a vSwitch

_NUMBER = re.compile(r"[0-9]{1,15}\Z")
_DOTTED = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}\Z")


def text_of(value):
    """A string or whole number as text (9000.0 is 9000); None for nothing, an empty string or another type.

    Control characters, which careless firmware leaves in serial numbers, become blanks.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return checks.one_line(str(value)).strip() or None


def is_number(text):
    """Whether a text is a number as people write it: isdigit is true of much that int does not read."""
    return _NUMBER.match(text) is not None


def number_in(value, low, high):
    """The number that a string or number stands for, or None when it is not one of the closed range low..high."""
    text = text_of(value)
    return int(text) if text and is_number(text) and low <= int(text) <= high else None


def objects(value):
    """The objects of a list; nothing when it is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mac_of(entry, keys):
    """The first of an object's values that is a MAC, as ESXi prints it; None when none is."""
    for key in keys:
        try:
            return checks.mac(entry.get(key))
        except ValueError:
            continue
    return None


def mtu(value, what, warn):
    """An MTU in bytes that a vSwitch takes, or None when nothing usable was said; 0 says nothing.

    @param what: whose it is, such as "interface bond0", for messages
    """
    if value is None or number_in(value, 0, 0) is not None:
        return None
    number = number_in(value, MTU_MIN, 10 ** 15)
    if number is None:
        warn("%s: the MTU %r is ignored, ESXi takes %d to %d" % (what, value, MTU_MIN, MTU_MAX))
    elif number > MTU_MAX:
        warn("%s: the MTU %d is more than a vSwitch takes; %d is used" % (what, number, MTU_MAX))
        return MTU_MAX
    return number


def plain_address(text):
    """An address as text without zone ("%eth0"), prefix length and leading zeros, which Pythons read differently."""
    text = text.partition("%")[0].partition("/")[0].strip()
    return ".".join(part.lstrip("0") or "0" for part in text.split(".")) if _DOTTED.match(text) else text


def interface_address(text, mask, what, warn):
    """The ip_interface of a static address.

    @param text: the address, with or without "/LENGTH"
    @param mask: a netmask or prefix length, or None
    @param what: whose it is, for messages
    @raise ValueError: naming `what`, when it is no address

    Nova's schema does not require a mask; without one, cloud-init and curtin take 24 and 64.
    """
    address, _, length = text.partition("/")
    try:
        address = ipaddress.ip_address(plain_address(address))
    except ValueError:
        raise ValueError("%s: %r is not an IP address" % (what, address))
    mask = length or mask
    if mask is None:
        mask = "24" if address.version == 4 else "64"
        warn("%s: the address %s has no prefix length; %s is used" % (what, address, mask))
    try:
        return ipaddress.ip_interface("%s/%d" % (address, prefix_length(mask, address.version)))
    except ValueError as error:
        raise ValueError("%s: %s" % (what, error))


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


def route_network(text, mask, gateway):
    """The ip_network that a route leads to. The default route is written in many ways: 0.0.0.0, ::, ::0, default.

    @param text: the destination, with or without "/LENGTH"
    @param mask: a netmask or prefix length, or None
    @param gateway: the gateway's address as text; "default" is of its family
    @raise ValueError: when it is no network
    """
    text, _, length = text.partition("/")
    if text == "default":
        text, length = ("::" if ":" in gateway else "0.0.0.0"), "0"
    try:
        address = ipaddress.ip_address(plain_address(text))
    except ValueError:
        raise ValueError("%r is not a network" % text)
    mask = length or mask
    if mask is None:
        mask = "0" if int(address) == 0 else str(address.max_prefixlen)
    return ipaddress.ip_network("%s/%d" % (address, prefix_length(mask, address.version)), strict=False)
