"""Standard switches and their uplinks: esxcli network vswitch standard."""
from . import teaming
from ..errors import EsxiError
from ..output import Blocks
from ..registry import command

MIN_MTU = 1280


def make(world, name, ports=128):
    security = {"promiscuous": False, "mac_change": False, "forged": False}
    if world.switch("security_defaults") == "permissive" or not world.at_least("7.0"):
        security.update(mac_change=True, forged=True)
    world.config["vswitches"][name] = {
        "mtu": 1500, "ports": ports or 128, "cdp": "listen", "uplinks": [],
        "failover": teaming.default_failover(), "security": security, "shaping": teaming.default_shaping(),
    }


def find(world, name):
    """(name, switch). EsxiError when there is none of that name."""
    found = world.find_name(name, world.config["vswitches"])
    if found is None:
        wording = "does not exist" if world.switch("vswitch_missing_text") == "not-exist" else "not found"
        raise EsxiError(f"vSwitch {name} {wording}")
    return found, world.config["vswitches"][found]


def vmks_on(world, name):
    portgroups = world.config["portgroups"]
    return [vmk for vmk in world.config["vmks"].values() if portgroups[vmk["portgroup"]]["vswitch"] == name]


def portgroups_on(world, name):
    """Names, latest first."""
    return [pg for pg, data in world.config["portgroups"].items() if data["vswitch"] == name][::-1]


@command("network vswitch standard list")
def switch_list(world, options):
    names = list(world.config["vswitches"])
    if "vswitch-name" in options:
        names = [find(world, options["vswitch-name"])[0]]
    blocks = []
    for name in names:
        switch = world.config["vswitches"][name]
        used = 2 + len(switch["uplinks"]) + len(vmks_on(world, name))
        blocks.append((name, [
            ("Name", name), ("Class", "cswitch"), ("Num Ports", 2560), ("Used Ports", used),
            ("Configured Ports", switch["ports"]), ("MTU", switch["mtu"]), ("CDP Status", switch["cdp"]),
            ("Beacon Enabled", switch["failover"]["detection"] == "beacon"), ("Beacon Interval", 1),
            ("Beacon Threshold", 3), ("Beacon Required By", ""), ("Uplinks", switch["uplinks"][::-1]),
            ("Portgroups", portgroups_on(world, name)),
        ]))
    return Blocks(blocks, "VirtualSwitch")


@command("network vswitch standard add")
def switch_add(world, options):
    name = options["vswitch-name"]
    limit = int(world.switch("vswitch_name_limit"))
    world.require(1 <= len(name) <= limit, f"Unable to Add: vSwitch name must have 1 to {limit} characters")
    world.require(world.find_name(name, world.config["vswitches"]) is None,
                  f"Unable to Add: A virtual switch with this name already exists: {name}")
    make(world, name, options.get("ports", 128))


@command("network vswitch standard remove")
def switch_remove(world, options):
    name, _ = find(world, options["vswitch-name"])
    portgroups = portgroups_on(world, name)
    busy = vmks_on(world, name) or (portgroups and world.switch("vswitch_idle_portgroups") == "busy")
    wording = "is in use" if world.switch("vswitch_busy_text") == "in-use" else "Busy"
    world.require(not busy, f"Unable to Remove: vSwitch {name} {wording}")
    for portgroup in portgroups:
        del world.config["portgroups"][portgroup]
    del world.config["vswitches"][name]


def set_mtu(world, name, mtu):
    largest = int(world.switch("vswitch_mtu_max"))
    world.require(MIN_MTU <= mtu <= largest, f"Unable to Set: MTU {mtu} is not in the range {MIN_MTU}-{largest}")
    above = max((vmk["mtu"] for vmk in vmks_on(world, name)), default=0)
    if mtu < above and world.switch("vswitch_mtu_below_vmk") == "fail":
        raise EsxiError(f"Unable to Set: MTU {mtu} is below that of a VMkernel interface ({above})")
    world.config["vswitches"][name]["mtu"] = mtu


@command("network vswitch standard set")
def switch_set(world, options):
    name, switch = find(world, options["vswitch-name"])
    if "mtu" in options:
        set_mtu(world, name, options["mtu"])
    if "cdp-status" in options:
        switch["cdp"] = options["cdp-status"]


@command("network vswitch standard uplink add")
def uplink_add(world, options):
    _, switch = find(world, options["vswitch-name"])
    nic = options["uplink-name"]
    world.require(nic in world.hardware["nics"], f"Unable to Set: Not a valid pnic: {nic}")
    owners = [other for other in world.config["vswitches"].values() if nic in other["uplinks"]]
    world.require(not owners, "Unable to Set: Busy")
    switch["uplinks"].append(nic)
    switch["failover"]["active"].append(nic)


@command("network vswitch standard uplink remove")
def uplink_remove(world, options):
    name, switch = find(world, options["vswitch-name"])
    nic = options["uplink-name"]
    world.require(nic in switch["uplinks"], f"Unable to Remove: {nic} is not an uplink of {name}")
    switch["uplinks"].remove(nic)
    policies = [switch["failover"]]
    policies += [pg["failover"] for pg in world.config["portgroups"].values() if pg["vswitch"] == name]
    for policy in policies:
        for key in ("active", "standby"):
            if nic in policy.get(key, ()):
                policy[key].remove(nic)


@command("network vswitch standard policy failover get")
def failover_get(world, options):
    _, switch = find(world, options["vswitch-name"])
    return teaming.struct(teaming.failover_fields(switch["failover"], switch["uplinks"]))


@command("network vswitch standard policy failover set")
def failover_set(world, options):
    _, switch = find(world, options["vswitch-name"])
    switch["failover"].update(teaming.change_failover(world, options, switch["failover"], switch["uplinks"]))


@command("network vswitch standard policy security get")
def security_get(world, options):
    return teaming.struct(teaming.security_fields(find(world, options["vswitch-name"])[1]["security"]))


@command("network vswitch standard policy security set")
def security_set(world, options):
    find(world, options["vswitch-name"])[1]["security"].update(teaming.change_security(options))


@command("network vswitch standard policy shaping get")
def shaping_get(world, options):
    return teaming.struct(teaming.shaping_fields(world, find(world, options["vswitch-name"])[1]["shaping"]))


@command("network vswitch standard policy shaping set")
def shaping_set(world, options):
    find(world, options["vswitch-name"])[1]["shaping"].update(teaming.change_shaping(options))
