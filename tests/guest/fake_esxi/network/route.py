"""Routes of the network stacks: esxcli network ip route."""
import ipaddress

from . import ipv4, ipv6, vmk
from ..errors import EsxiError
from ..output import Table
from ..registry import command

_DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}


def networks_of(world, name, family):
    """The networks that an interface is on."""
    data = world.config["vmks"][name]
    if family == 4:
        interface = ipv4.current(data)
        return [interface.network] if interface else []
    return [ipaddress.IPv6Interface(text).network for text in ipv6.addresses(world, data)]


def interface_towards(world, stack_name, gateway, family):
    """The vmk on whose network the gateway is, or None. A link-local gateway names its vmk: fe80::1%vmk0."""
    address, _, zone = gateway.partition("%")
    ip = ipaddress.ip_address(address)
    for name in vmk.names(world, stack_name):
        if zone and name != zone:
            continue
        if any(ip in network for network in networks_of(world, name, family)):
            return name
    return None


def _parse_network(text, family):
    if text in ("default", _DEFAULTS[family]):
        return "default"
    try:
        if "/" not in text:
            raise ValueError
        kind = ipaddress.IPv4Network if family == 4 else ipaddress.IPv6Network
        network = kind(text)
    except ValueError:
        raise EsxiError(f"Invalid network: {text}") from None
    if family == 4 and not text.split("/")[1].isdigit():
        raise EsxiError(f"Invalid network: {text}")
    if network.prefixlen == 0:
        return "default"
    return str(network)


def _parse_gateway(world, text, family):
    address, percent, zone = text.partition("%")
    try:
        kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
        ip = kind(address)
    except ValueError:
        raise EsxiError(f"Invalid gateway: {text}") from None
    if ip.is_unspecified or ip.is_multicast or ip.is_loopback:
        raise EsxiError(f"Invalid gateway: {text}")
    zone_allowed = family == 6 and ip.is_link_local and world.switch("link_local_route") == "zone"
    if bool(percent) != bool(family == 6 and ip.is_link_local) or (percent and not zone_allowed):
        raise EsxiError(f"Invalid gateway: {text}: a link-local gateway needs its interface")
    return f"{ip}%{zone}" if zone else str(ip)


def _own_addresses(world, stack_name, family):
    for name in vmk.names(world, stack_name):
        data = world.config["vmks"][name]
        if family == 6:
            yield from (text.split("/")[0] for text in ipv6.addresses(world, data))
        elif ipv4.current(data):
            yield str(ipv4.current(data).ip)


def add(world, family, network_text, gateway_text, stack_name=None):
    stack = vmk.find_stack(world, stack_name)
    stack_name = stack_name or vmk.DEFAULT_STACK
    network = _parse_network(network_text, family)
    gateway = _parse_gateway(world, gateway_text, family)
    routes = stack[f"routes{family}"]
    same = any(route["network"] == network and route["gateway"] == gateway for route in routes)
    if same and network != "default":
        if world.switch("duplicate_route") == "ignore":
            return
        raise EsxiError(f"Unable to Add: route to {network_text} already exists")
    world.require(gateway not in _own_addresses(world, stack_name, family), f"Invalid gateway: {gateway_text}")
    interface = interface_towards(world, stack_name, gateway, family)
    world.require(interface, f"Unable to Add: Network is unreachable: {gateway_text}")
    if network == "default":
        present = [route for route in routes if route["network"] == "default"]
        if present and world.switch("default_route_exists") == "fail":
            raise EsxiError("Unable to Add: a default route already exists")
        routes[:] = [route for route in routes if route["network"] != "default"]
    else:
        connected = [other for name in vmk.names(world, stack_name) for other in networks_of(world, name, family)]
        world.require(ipaddress.ip_network(network) not in connected,
                      f"Unable to Add: route to {network_text} already exists")
    routes.append({"network": network, "gateway": gateway, "interface": interface, "source": "MANUAL"})


def remove(world, family, network_text, gateway_text=None, stack_name=None):
    stack = vmk.find_stack(world, stack_name)
    network = _parse_network(network_text, family)
    if gateway_text is None and world.switch("route_remove_gateway") == "required":
        raise EsxiError("Error: Missing required parameter -g|--gateway")
    gateway = None if gateway_text is None else _parse_gateway(world, gateway_text, family)
    routes = stack[f"routes{family}"]
    found = [route for route in routes if route["network"] == network and gateway in (None, route["gateway"])]
    world.require(found, f"Unable to Remove: no route to {network_text}")
    routes.remove(found[0])


def entries(world, stack_name, family):
    """All routes with the connected ones: (network or 'default', gateway, interface, source)."""
    stack = vmk.find_stack(world, stack_name)
    listed = [(route["network"], route["gateway"].split("%")[0], route["interface"], route["source"])
              for route in stack[f"routes{family}"]]
    none = "0.0.0.0" if family == 4 else "::"
    for name in vmk.names(world, stack_name or vmk.DEFAULT_STACK):
        dhcp = family == 4 and world.config["vmks"][name]["ipv4"]["type"] == "dhcp"
        for network in networks_of(world, name, family):
            if not network.is_link_local:
                listed.append((str(network), none, name, "DHCP" if dhcp else "MANUAL"))
    return sorted(listed, key=lambda entry: (entry[0] != "default",
                                             entry[0] != "default" and ipaddress.ip_network(entry[0])))


@command("network ip route ipv4 list")
def ipv4_list(world, options):
    rows = []
    for network, gateway, interface, source in entries(world, options.get("netstack"), 4):
        if network == "default":
            rows.append(["default", "0.0.0.0", gateway, interface, source])
        else:
            parsed = ipaddress.IPv4Network(network)
            rows.append([parsed.network_address, parsed.netmask, gateway, interface, source])
    return Table(["Network", "Netmask", "Gateway", "Interface", "Source"], rows, type_name="IpV4Route")


@command("network ip route ipv6 list")
def ipv6_list(world, options):
    rows = []
    cidr = world.switch("ipv6_route_columns") == "cidr"
    for network, gateway, interface, source in entries(world, options.get("netstack"), 6):
        address, _, length = ("default", "", "0") if network == "default" else network.partition("/")
        first = [network] if cidr else [address, int(length)]
        rows.append([*first, gateway, interface, source])
    columns = ["Network", "Prefix Length", "Gateway", "Interface", "Source"]
    if cidr:
        columns.remove("Prefix Length")
    return Table(columns, rows, {"Prefix Length"}, type_name="IpV6Route")


@command("network ip route ipv4 add", "network ip route ipv6 add")
def route_add(world, options):
    ipv4.take_transient_failure(world, "route add")
    add(world, int(options["_path"][3][-1]), options["network"], options["gateway"], options.get("netstack"))


@command("network ip route ipv4 remove", "network ip route ipv6 remove")
def route_remove(world, options):
    remove(world, int(options["_path"][3][-1]), options["network"], options.get("gateway"), options.get("netstack"))
