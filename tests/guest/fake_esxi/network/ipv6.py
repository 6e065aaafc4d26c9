"""IPv6 of vmkernel interfaces and of the host: esxcli network ip interface ipv6, network ip get and set."""
import ipaddress

from . import vmk
from ..errors import EsxiError
from ..output import Struct, Table
from ..registry import command


def link_local(mac):
    """The link-local address that follows from a MAC (RFC 4291, appendix A)."""
    parts = [int(part, 16) for part in mac.split(":")]
    parts[0] ^= 2
    words = [parts[0] << 8 | parts[1], parts[2] << 8 | 0xFF, 0xFE00 | parts[3], parts[4] << 8 | parts[5]]
    return str(ipaddress.IPv6Address("fe80::" + ":".join(f"{word:x}" for word in words)))


def addresses(world, data):
    """All addresses of an interface, the link-local one first."""
    if not data["ipv6"]["enabled"] or not world.runtime["ipv6"]:
        return []
    return [link_local(data["mac"]) + "/64", *data["ipv6"]["addresses"]]


@command("network ip interface ipv6 address list")
def address_list(world, options):
    rows = []
    for name in vmk.chosen(world, options):
        for text in addresses(world, world.config["vmks"][name]):
            address, _, length = text.partition("/")
            rows.append([name, address, int(length), "STATIC", "PREFERRED"])
    names = {"long": ["Interface", "Address", "Netmask", "Type", "Status"],
             "short": ["Name", "IPv6 Address", "Prefix Length", "Type", "State"]}[world.switch("ipv6_address_columns")]
    return Table(names, rows, {names[2]}, type_name="IPv6Address")


def parse_address(world, text):
    """'2001:db8::1/64' in its usual form. EsxiError when it is none, or has no length."""
    if "/" not in text:
        world.require(world.switch("ipv6_bare_address") == "accept", f"Invalid IPv6 address: {text}")
        text += "/64"
    try:
        interface = ipaddress.IPv6Interface(text)
    except ValueError:
        raise EsxiError(f"Invalid IPv6 address: {text}") from None
    if interface.ip.is_multicast or interface.ip.is_unspecified or interface.ip.is_loopback:
        raise EsxiError(f"Invalid IPv6 address: {text}")
    return str(interface)


@command("network ip interface ipv6 address add")
def address_add(world, options):
    data = vmk.find(world, options["interface-name"])
    world.require(data["ipv6"]["enabled"], f"IPv6 is not enabled on {options['interface-name']}")
    text = parse_address(world, options["ipv6"])
    taken = [ipaddress.IPv6Interface(other).ip for settings in world.config["vmks"].values()
             for other in settings["ipv6"]["addresses"]]
    world.require(ipaddress.IPv6Interface(text).ip not in taken, f"Unable to Add: {text} already exists")
    data["ipv6"]["addresses"].append(text)


@command("network ip interface ipv6 address remove")
def address_remove(world, options):
    data = vmk.find(world, options["interface-name"])
    text = parse_address(world, options["ipv6"])
    world.require(text in data["ipv6"]["addresses"], f"Unable to Remove: {text} not found")
    data["ipv6"]["addresses"].remove(text)
    _drop_unreachable_routes(world, data["netstack"])


def _drop_unreachable_routes(world, stack_name):
    from . import route
    stack = vmk.find_stack(world, stack_name)
    stack["routes6"] = [entry for entry in stack["routes6"]
                        if route.interface_towards(world, stack_name, entry["gateway"], 6) == entry["interface"]]


@command("network ip interface ipv6 get")
def ipv6_get(world, options):
    rows = []
    for name in vmk.chosen(world, options):
        data = world.config["vmks"][name]["ipv6"]
        rows.append([name, data["enabled"], data["dhcpv6"], data["router_adv"], data["peer_dns"],
                     data["gateway"] or "::"])
    columns = {"long": ["Name", "IPv6 Enabled", "DHCPv6 Enabled", "Router Adv Enabled", "DHCP DNS", "Gateway"],
               "short": ["Interface", "Enabled", "DHCPv6", "Router Adv", "Peer DNS", "Gateway"],
               }[world.switch("ipv6_get_columns")]
    return Table(columns, rows, set(columns[1:5]), type_name="IPv6Interface")


def _check_gateway(world, vmk_data, text):
    """The gateway in its usual form. EsxiError when it is not on a network of the interface."""
    try:
        gateway = ipaddress.IPv6Address(text)
    except ValueError:
        raise EsxiError(f"Invalid gateway: {text}") from None
    world.require(not gateway.scope_id and not gateway.is_unspecified, f"Invalid gateway: {text}")
    on_link = ["fe80::/64", *vmk_data["ipv6"]["addresses"]]
    world.require(any(gateway in ipaddress.IPv6Interface(address).network for address in on_link),
                  f"Gateway {text} is not on the network of the interface")
    return str(gateway)


@command("network ip interface ipv6 set")
def ipv6_set(world, options):
    name = options["interface-name"]
    vmk_data = vmk.find(world, name)
    changes = {key: options[option] for option, key in (
        ("enable-ipv6", "enabled"), ("enable-dhcpv6", "dhcpv6"), ("enable-router-adv", "router_adv"),
        ("peer-dns", "peer_dns")) if option in options}
    if "gateway" in options:
        changes["gateway"] = _check_gateway(world, vmk_data, options["gateway"])
    on = changes.get("enabled", vmk_data["ipv6"]["enabled"])
    wants = any(changes.get(key) for key in ("dhcpv6", "router_adv", "peer_dns", "gateway"))
    world.require(on or not wants, f"IPv6 is not enabled on {name}")
    if not on:
        changes.update(addresses=[], dhcpv6=False, router_adv=False, gateway=None)
    vmk_data["ipv6"].update(changes)
    _drop_unreachable_routes(world, vmk_data["netstack"])


@command("network ip get")
def ip_get(world, _options):
    return Struct([("IPv6 Enabled", world.config["ipv6_enabled"])], "IP")


@command("network ip set")
def ip_set(world, options):
    if options["ipv6-enabled"] != world.config["ipv6_enabled"]:
        world.config["ipv6_enabled"] = options["ipv6-enabled"]
        world.runtime["reboot_required"] = True
