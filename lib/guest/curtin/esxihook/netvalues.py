"""Single values of curtin's network configuration: checked, and in the host description's form."""

import ipaddress
import re

from esxihook import HookError

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_NUMBER = re.compile(r"[0-9]{1,15}\Z")
_MTU_MIN = 1280  # what a standard vSwitch takes
_MTU_MAX = 9000
_VLAN_MAX = 4094  # 4095 means "all VLANs" on a vSwitch


def text_of(value):
    """A string or number as text; None for nothing, an empty string or another type.

    Control characters, which careless firmware leaves in serial numbers, become blanks.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in str(value)).strip() or None


def is_number(text):
    """Whether a text is a number as people write it: isdigit is true of much that int does not read."""
    return _NUMBER.match(text) is not None


def texts(value):
    """The texts of a list, or of a single string with blanks or commas between them."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return [text_of(item) for item in value if text_of(item)] if isinstance(value, list) else []


def objects(value):
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mac(value):
    """A MAC as ESXi prints it, or None."""
    text = (text_of(value) or "").lower().replace("-", ":")
    return text if _MAC.match(text) else None


def address(text):
    """An IP address in canonical form. @raise ValueError: when it is none"""
    return str(ipaddress.ip_address(text))


def domain(text):
    """A search domain. @raise ValueError: when it is no name"""
    name = text.rstrip(".")
    if not name or len(name) > 253 or not all(_LABEL.match(label) for label in name.split(".")):
        raise ValueError("%r is not a domain name" % text)
    return name


def interface_address(subnet, name, warn):
    """The ip_interface of a static subnet. @raise HookError: when it has no usable address"""
    text = text_of(subnet.get("address"))
    if text is None:
        raise HookError("interface %s has a static subnet without address" % name)
    mask = text_of(subnet.get("netmask")) or text_of(subnet.get("prefix"))
    if "/" not in text and mask is None:
        if ":" not in text:
            raise HookError("interface %s: the address %s has no prefix length" % (name, text))
        warn("interface %s: the address %s has no prefix length; 64 is used" % (name, text))
        mask = "64"
    try:
        result = ipaddress.ip_interface(text if "/" in text else "%s/%s" % (text, mask))
    except ValueError:
        raise HookError("interface %s: %s is not an address" % (name, text))
    if result.is_multicast or result.is_loopback or int(result.ip) == 0:
        raise HookError("interface %s cannot have the address %s" % (name, text))
    return result


def gateway(value, name):
    """A gateway's address. @raise HookError: when it is none"""
    try:
        return ipaddress.ip_address(text_of(value).partition("%")[0])
    except ValueError:
        raise HookError("interface %s: the gateway %s is not an address" % (name, value))


def route(entry):
    """(ip_network, gateway) of a route. @raise ValueError: with the reason why ESXi cannot have it"""
    text = text_of(entry.get("destination")) or text_of(entry.get("network"))
    via = text_of(entry.get("gateway"))
    if text is None:
        raise ValueError("it has no destination")
    if via is None:
        raise ValueError("the one to %s has no gateway, and ESXi has no on-link routes" % text)
    via = ipaddress.ip_address(via.partition("%")[0])
    if text == "default":
        text = "0.0.0.0/0" if via.version == 4 else "::/0"
    mask = text_of(entry.get("netmask")) or text_of(entry.get("prefix"))
    target = ipaddress.ip_network(text if "/" in text or mask is None else "%s/%s" % (text, mask), strict=False)
    if target.version != via.version:
        raise ValueError("the one to %s via %s mixes IPv4 and IPv6" % (target, via))
    return target, via


def metric(entry):
    """A route's metric; 0 when it has none."""
    text = text_of(entry.get("metric"))
    return int(text) if text and is_number(text) else 0


def vlan_id(entry, name):
    """A VLAN's number. @raise HookError: when it is not one of 1 to 4094"""
    text = text_of(entry.get("vlan_id"))
    if text is None or not is_number(text) or not 1 <= int(text) <= _VLAN_MAX:
        raise HookError("VLAN %s has the number %s; 1 to %d are legal" % (name, text, _VLAN_MAX))
    return int(text)


def mtu(entry, name, warn):
    """An MTU in bytes that a vSwitch takes, or None when nothing usable was said."""
    text = text_of(entry.get("mtu"))
    if text is None:
        return None
    if not is_number(text) or int(text) < _MTU_MIN:
        warn("interface %s: the MTU %s is ignored, ESXi takes %d to %d" % (name, text, _MTU_MIN, _MTU_MAX))
        return None
    if int(text) > _MTU_MAX:
        warn("interface %s: the MTU %s is more than a vSwitch takes; %d is used" % (name, text, _MTU_MAX))
    return min(int(text), _MTU_MAX)


def bond_params(params):
    """A bond's parameters by their plain names: "bond-mode", "bond_mode" and "mode" are one."""
    result = {}
    for key in params if isinstance(params, dict) else {}:
        name = key.replace("_", "-")
        value = text_of(params[key])
        if value is not None:
            result[name[len("bond-"):] if name.startswith("bond-") else name] = value
    return result
