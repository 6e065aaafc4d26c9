"""The final state in the words a test asserts on."""
from . import bootbank
from .network import ipv4, portgroup, vmk
from .system import identity, ntp, software, ssh


def _interface(world, name):
    data = world.config["vmks"][name]
    group = world.config["portgroups"][data["portgroup"]]
    switch = world.config["vswitches"][group["vswitch"]]
    teaming = portgroup.effective_failover(world, data["portgroup"])
    static = ipv4.current(data) if data["ipv4"]["type"] == "static" else None
    return {
        "name": name, "portgroup": data["portgroup"], "vlan": group["vlan"], "vswitch": group["vswitch"],
        "uplinks": sorted(switch["uplinks"]), "active": teaming["active"], "standby": teaming["standby"],
        "load_balancing": teaming["load_balancing"], "mtu": data["mtu"], "vswitch_mtu": switch["mtu"],
        "mac": data["mac"], "enabled": data["enabled"], "tags": data["tags"], "netstack": data["netstack"],
        "ipv4": "dhcp" if data["ipv4"]["type"] == "dhcp" else str(static) if static else None,
        "ipv4_gateway": data["ipv4"]["gateway"], "peer_dns": data["ipv4"]["peer_dns"],
        "ipv6": list(data["ipv6"]["addresses"]), "ipv6_gateway": data["ipv6"]["gateway"],
        "ipv6_enabled": data["ipv6"]["enabled"], "router_adv": data["ipv6"]["router_adv"],
        "dhcpv6": data["ipv6"]["dhcpv6"], "ipv6_peer_dns": data["ipv6"]["peer_dns"],
    }


def _ntp_servers(world):
    return world.config["ntp"]["servers"] if world.at_least("7.0") else ntp.conf_servers(world)


def summary(world):
    """Interfaces, routes that somebody set, name service, time, services and keys, as plain data."""
    stack = world.config["netstacks"][vmk.DEFAULT_STACK]

    def routes(key):
        return sorted((entry["network"], entry["gateway"], entry["interface"]) for entry in stack[key])

    return {
        "interfaces": [_interface(world, name) for name in vmk.names(world)],
        "vswitches": {name: {"mtu": data["mtu"], "uplinks": sorted(data["uplinks"])}
                      for name, data in world.config["vswitches"].items()},
        "routes4": routes("routes4"), "routes6": routes("routes6"),
        "dns": list(stack["dns_servers"]), "search": list(stack["search"]), "fqdn": identity.fqdn(world),
        "ntp": {"servers": _ntp_servers(world), "enabled": world.config["services"]["ntpd"],
                "running": world.runtime["services"]["ntpd"]},
        "ssh": {"with_host": world.config["services"]["TSM-SSH"], "running": world.runtime["services"]["TSM-SSH"]},
        "shell": {"with_host": world.config["services"]["TSM"], "running": world.runtime["services"]["TSM"]},
        "root_keys": ssh.file_keys(world, "root"), "license": world.config["license"],
        "syslog": world.runtime["syslog_in_use"]["loghost"], "power": world.runtime["power"],
        "vibs": software.added(world), "acceptance": world.config["acceptance"],
        "boot_modules": bootbank.added_modules(world),
        "datastores": sorted((volume["label"], [tuple(extent) for extent in volume["extents"]])
                             for volume in world.storage["volumes"].values() if volume["role"] == "datastore"),
    }
