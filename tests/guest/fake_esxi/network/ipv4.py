"""IPv4 of vmkernel interfaces: esxcli network ip interface ipv4."""
import ipaddress

from . import lease, vmk
from ..errors import EsxiError
from ..output import Table
from ..registry import command


def current(data):
    """The interface's address and network (ipaddress.IPv4Interface), or None without an address."""
    source = {"static": data["ipv4"], "dhcp": data["lease"], "none": None}[data["ipv4"]["type"]]
    return ipaddress.IPv4Interface(f"{source['address']}/{source['netmask']}") if source else None


def shown_gateway(world, name):
    """The interface's own gateway, else the stack's default when it goes through this interface."""
    data = world.config["vmks"][name]
    if data["ipv4"]["gateway"]:
        return data["ipv4"]["gateway"]
    for route in vmk.find_stack(world, data["netstack"])["routes4"]:
        if route["network"] == "default" and route["interface"] == name:
            return route["gateway"]
    return "0.0.0.0"


@command("network ip interface ipv4 get", "network ip interface ipv4 address list")
def ipv4_get(world, options):
    rows = []
    for name in vmk.chosen(world, options):
        data = world.config["vmks"][name]
        interface = current(data)
        texts = ["0.0.0.0"] * 3
        if interface:
            texts = [interface.ip, interface.netmask, interface.network.broadcast_address]
        rows.append([name, *texts, data["ipv4"]["type"].upper(), shown_gateway(world, name),
                     data["ipv4"]["peer_dns"]])
    columns = ["Name", "IPv4 Address", "IPv4 Netmask", "IPv4 Broadcast", "Address Type", "Gateway", "DHCP DNS"]
    return Table(columns, rows, {"DHCP DNS"}, type_name="IPv4Interface")


def parse_static(world, address, netmask):
    """The interface for an address and a mask in dotted form. EsxiError for what no host may have."""
    try:
        ipaddress.IPv4Address(netmask)
        interface = ipaddress.IPv4Interface(f"{address}/{netmask}")
    except ValueError:
        raise EsxiError(f"Invalid IP address or netmask: {address} {netmask}") from None
    if str(interface.netmask) != netmask or interface.network.prefixlen == 0:
        raise EsxiError(f"Invalid netmask: {netmask}")
    ip, network = interface.ip, interface.network
    reserved = network.prefixlen < 31 and ip in (network.network_address, network.broadcast_address)
    if reserved or ip.is_multicast or ip.is_unspecified or ip.is_loopback or ip.is_reserved:
        raise EsxiError(f"Invalid IP address: {address}")
    return interface


def take_transient_failure(world, kind):
    """Fail the first calls when the switch says that the link is still coming up."""
    if world.runtime["transient"].get(kind, 0) > 0:
        world.runtime["transient"][kind] -= 1
        raise EsxiError("Unable to Set: Network is unreachable")


def _gateway(world, text, interface):
    try:
        gateway = ipaddress.IPv4Address(text)
    except ValueError:
        raise EsxiError(f"Invalid gateway: {text}") from None
    if gateway.is_unspecified or (interface and gateway == interface.ip):
        raise EsxiError(f"Invalid gateway: {text}")
    if world.switch("ipv4_gateway_off_subnet") == "fail" and interface and gateway not in interface.network:
        raise EsxiError(f"Gateway {text} is not on the network of the interface")
    return text


def configure(world, name, options):
    """Carry out `ipv4 set` with its options."""
    data = vmk.find(world, name)
    kind = options["type"]
    interface = None
    if kind == "static":
        world.require("ipv4" in options and "netmask" in options,
                      "IPv4 address and netmask are required for a static address")
        interface = parse_static(world, options["ipv4"], options["netmask"])
        for other, settings in world.config["vmks"].items():
            same_stack = settings["netstack"] == data["netstack"]
            used = current(settings)
            if other != name and same_stack and used and used.ip == interface.ip:
                world.require(world.switch("duplicate_ip") == "succeed",
                              f"Unable to Set: IP address {interface.ip} is in use by {other}")
    else:
        world.require("ipv4" not in options and "netmask" not in options,
                      "IPv4 address and netmask belong to type static")
    gateway = data["ipv4"]["gateway"] if world.switch("ipv4_set_no_gateway") == "keeps" else None
    if "gateway" in options:
        gateway = _gateway(world, options["gateway"], interface)
    take_transient_failure(world, "ipv4 set")
    lease.release(world, name)
    stack = vmk.find_stack(world, data["netstack"])
    if world.switch("ipv4_set_routes") == "dropped":
        stack["routes4"] = [route for route in stack["routes4"] if route["interface"] != name]
    data["ipv4"] = {"type": kind, "address": options.get("ipv4"), "netmask": options.get("netmask"),
                    "gateway": gateway, "peer_dns": options.get("peer-dns", False)}


@command("network ip interface ipv4 set")
def ipv4_set(world, options):
    configure(world, options["interface-name"], options)
