"""The network of a fresh installation, as a kickstart `network` line describes it."""
from . import dns, ipv4, portgroup, route, vmk, vswitch


def first_nic(world, device=None):
    """The NIC that the installer uses: named, given by MAC, else the first with a link, else the first."""
    nics = world.hardware["nics"]
    if device:
        for name, nic in nics.items():
            if device == name or device.lower() == nic["mac"]:
                return name
        raise ValueError(f"network --device={device}: no such NIC")
    linked = [name for name in sorted(nics) if nics[name]["link"]]
    return (linked or sorted(nics) or [None])[0]


def build(world, line):
    """vSwitch0 with its port groups and vmk0; `line` holds the options of the kickstart line."""
    config = world.config
    config.update(vswitches={}, portgroups={}, vmks={}, netstacks={vmk.DEFAULT_STACK: dns.new_stack()})
    nic = first_nic(world, line.get("device"))
    if nic is None:
        return
    vswitch.make(world, "vSwitch0")
    switch = config["vswitches"]["vSwitch0"]
    switch["uplinks"].append(nic)
    switch["failover"]["active"].append(nic)
    portgroup.make(world, "Management Network", "vSwitch0")
    management = config["portgroups"]["Management Network"]
    # A default installation overrides the uplinks of this port group: NICs added later stay unused for it.
    management["failover"] = {"active": [nic], "standby": []}
    management["vlan"] = int(line.get("vlanid", 0))
    if line.get("addvmportgroup", "1") not in ("0", "false"):
        portgroup.make(world, "VM Network", "vSwitch0")
    vmk.make(world, "vmk0", "Management Network", world.hardware["nics"][nic]["mac"])
    stack = config["netstacks"][vmk.DEFAULT_STACK]
    stack["dns_servers"] = [server for server in line.get("nameserver", "").split(",") if server]
    if line.get("bootproto", "dhcp") == "dhcp":
        config["vmks"]["vmk0"]["ipv4"].update(type="dhcp", peer_dns=True)
        return
    ipv4.parse_static(world, line["ip"], line["netmask"])
    config["vmks"]["vmk0"]["ipv4"].update(type="static", address=line["ip"], netmask=line["netmask"],
                                          gateway=line.get("gateway"))
    if line.get("gateway"):
        route.add(world, 4, "default", line["gateway"])
