"""DHCP as the host sees it: who answers on which NIC and VLAN, and what a lease changes."""
from . import portgroup


def automatic(nic, vmk_name):
    """The lease that a network gives when a test says nothing (benchmark range 198.18.0.0/15)."""
    net = int("".join(digit for digit in nic if digit.isdigit()) or 0) % 256
    return {"address": f"198.18.{net}.{10 + int(vmk_name[3:])}", "netmask": "255.255.255.0",
            "gateway": f"198.18.{net}.1", "dns": [f"198.18.{net}.53"]}


def offered(world, name):
    """The lease that the vmk would get now, or None: needs an enabled vmk, a linked uplink and a DHCP server."""
    vmk = world.config["vmks"][name]
    if not vmk["enabled"] or not portgroup.has_link(world, vmk["portgroup"]):
        return None
    policy = portgroup.effective_failover(world, vmk["portgroup"])
    vlan = world.config["portgroups"][vmk["portgroup"]]["vlan"]
    servers = world.hardware["dhcp"]
    for nic in policy["active"] + policy["standby"]:
        for key in (f"{nic}:{vlan}", nic, "*"):
            server = servers.get(key)
            if server:
                return _answer(server, nic, name, vmk["mac"])
    return None


def _answer(server, nic, name, mac):
    """What a server gives an interface: "auto", a lease, or {"known": MACs} or {"unknown": MACs} for its choice."""
    if server == "auto":
        return automatic(nic, name)
    if "known" in server or "unknown" in server:
        answers = mac in server.get("known", [mac]) and mac not in server.get("unknown", [])
        return automatic(nic, name) if answers else None
    return server


def acquire(world, name):
    """Ask for a lease and take over what it brings."""
    vmk = world.config["vmks"][name]
    vmk["lease"] = lease = offered(world, name)
    if lease is None:
        return
    stack = world.config["netstacks"][vmk["netstack"]]
    if lease.get("gateway") and not any(route["network"] == "default" for route in stack["routes4"]):
        stack["routes4"].append({"network": "default", "gateway": lease["gateway"], "interface": name,
                                 "source": "DHCP"})
    if vmk["ipv4"]["peer_dns"] and lease.get("dns"):
        stack["dns_servers"] = list(lease["dns"])
        stack["leased_dns"] = list(lease["dns"])


def release(world, name):
    """Forget the lease and the default route that came with it."""
    vmk = world.config["vmks"][name]
    if vmk["lease"] is None:
        return
    stack = world.config["netstacks"][vmk["netstack"]]
    stack["routes4"] = [route for route in stack["routes4"]
                        if not (route["source"] == "DHCP" and route["interface"] == name)]
    if world.switch("leased_dns_after_static") == "removed":
        stack["dns_servers"] = [server for server in stack["dns_servers"] if server not in stack["leased_dns"]]
        stack["leased_dns"] = []
    vmk["lease"] = None


def settle(world):
    """What happens by itself after a command: interfaces without a lease get one when a server can be reached."""
    for name, vmk in world.config["vmks"].items():
        if vmk["ipv4"]["type"] == "dhcp" and vmk["lease"] is None:
            acquire(world, name)
