"""Whether the host can be reached, and reaches others: used by ping and by the tests' assertions."""
import ipaddress

from . import ipv4, ipv6, portgroup, route, vmk


def usable(world, name):
    """Whether an interface is on, has an address and an uplink with a link."""
    data = world.config["vmks"][name]
    addressed = ipv4.current(data) or data["ipv6"]["addresses"] or data["ipv6"]["router_adv"]
    return bool(data["enabled"] and addressed and portgroup.has_link(world, data["portgroup"]))


def manageable(world):
    """Whether a management interface is usable."""
    return any("Management" in data["tags"] and usable(world, name) for name, data in world.config["vmks"].items())


def towards(world, target, stack_name=None):
    """The vmk that packets to an address leave by, or None. A name counts as reachable when DNS can answer."""
    try:
        ip = ipaddress.ip_address(target.split("%")[0])
    except ValueError:
        servers = vmk.find_stack(world, stack_name)["dns_servers"]
        return next((found for found in (towards(world, server, stack_name) for server in servers) if found), None)
    for name in vmk.names(world, stack_name or vmk.DEFAULT_STACK):
        data = world.config["vmks"][name]
        own = [str(ipv4.current(data).ip)] if ipv4.current(data) else []
        own += [text.split("/")[0] for text in ipv6.addresses(world, data)]
        if str(ip) in own:
            return name
    best = None
    for network, _, interface, _ in route.entries(world, stack_name, ip.version):
        parsed = ipaddress.ip_network(("0.0.0.0/0" if ip.version == 4 else "::/0") if network == "default" else network)
        if ip in parsed and usable(world, interface) and (best is None or parsed.prefixlen > best[0]):
            best = (parsed.prefixlen, interface)
    return best[1] if best else None
