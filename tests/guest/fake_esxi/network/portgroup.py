"""Port groups and their overrides: esxcli network vswitch standard portgroup."""
from . import nics, teaming, vswitch
from ..errors import EsxiError
from ..output import Table
from ..registry import command

NAME_LIMIT = 80


def make(world, name, vswitch_name):
    world.config["portgroups"][name] = {"vswitch": vswitch_name, "vlan": 0, "failover": {}, "security": {},
                                        "shaping": {}}


def find(world, name):
    found = world.find_name(name, world.config["portgroups"])
    if found is None:
        raise EsxiError(f"Port group {name} does not exist")
    return found, world.config["portgroups"][found]


def clients(world, name):
    return sum(vmk["portgroup"] == name for vmk in world.config["vmks"].values())


def effective_failover(world, name):
    portgroup = world.config["portgroups"][name]
    return {**world.config["vswitches"][portgroup["vswitch"]]["failover"], **portgroup["failover"]}


def has_link(world, name):
    """Whether frames of this port group can leave the host."""
    policy = effective_failover(world, name)
    return any(nics.alive(world, nic) for nic in policy["active"] + policy["standby"])


@command("network vswitch standard portgroup list")
def portgroup_list(world, _options):
    rows = [[name, data["vswitch"], clients(world, name), data["vlan"]]
            for name, data in sorted(world.config["portgroups"].items())]
    return Table(["Name", "Virtual Switch", "Active Clients", "VLAN ID"], rows, {"Active Clients", "VLAN ID"},
                 type_name="PortGroup")


@command("network vswitch standard portgroup add")
def portgroup_add(world, options):
    name = options["portgroup-name"]
    switch_name, _ = vswitch.find(world, options["vswitch-name"])
    world.require(1 <= len(name) <= NAME_LIMIT,
                  f"Unable to Add: port group name must have 1 to {NAME_LIMIT} characters")
    other = world.find_name(name, world.config["portgroups"])
    if other is not None:
        same = world.config["portgroups"][other]["vswitch"] == switch_name
        if same and world.switch("duplicate_portgroup") == "ignore":
            return
        raise EsxiError(f"Unable to Add: A portgroup with this name already exists: {name}")
    make(world, name, switch_name)


@command("network vswitch standard portgroup remove")
def portgroup_remove(world, options):
    name, data = find(world, options["portgroup-name"])
    switch_name, _ = vswitch.find(world, options["vswitch-name"])
    world.require(data["vswitch"] == switch_name, f"Port group {name} is not on vSwitch {switch_name}")
    world.require(not clients(world, name), f"Unable to Remove: Port group {name} is in use")
    del world.config["portgroups"][name]


@command("network vswitch standard portgroup set")
def portgroup_set(world, options):
    _, data = find(world, options["portgroup-name"])
    if "vlan-id" in options:
        data["vlan"] = options["vlan-id"]


_OVERRIDES = (
    ("Override Vswitch Load Balancing", "load_balancing"), ("Override Vswitch Network Failure Detection", "detection"),
    ("Override Vswitch Notify Switches", "notify"), ("Override Vswitch Failback", "failback"),
    ("Override Vswitch Uplinks", "active"),
)


@command("network vswitch standard portgroup policy failover get")
def failover_get(world, options):
    name, data = find(world, options["portgroup-name"])
    uplinks = world.config["vswitches"][data["vswitch"]]["uplinks"]
    fields = teaming.failover_fields(effective_failover(world, name), uplinks)
    count = {"four": 4, "five": 5, "none": 0}[world.switch("override_lines")]
    fields += [(label, key in data["failover"]) for label, key in _OVERRIDES[:count]]
    return teaming.struct(fields)


@command("network vswitch standard portgroup policy failover set")
def failover_set(world, options):
    name, data = find(world, options["portgroup-name"])
    switch = world.config["vswitches"][data["vswitch"]]
    overrides = {} if "use-vswitch" in options else data["failover"]
    effective = {**switch["failover"], **overrides}
    data["failover"] = {**overrides, **teaming.change_failover(world, options, effective, switch["uplinks"])}


@command("network vswitch standard portgroup policy security get")
def security_get(world, options):
    _, data = find(world, options["portgroup-name"])
    policy = {**world.config["vswitches"][data["vswitch"]]["security"], **data["security"]}
    fields = teaming.security_fields(policy)
    if world.switch("override_lines") != "none":
        fields += [("Override Vswitch Allow Promiscuous", "promiscuous" in data["security"]),
                   ("Override Vswitch Allow MAC Address Change", "mac_change" in data["security"]),
                   ("Override Vswitch Allow Forged Transmits", "forged" in data["security"])]
    return teaming.struct(fields)


@command("network vswitch standard portgroup policy security set")
def security_set(world, options):
    _, data = find(world, options["portgroup-name"])
    overrides = {} if "use-vswitch" in options else data["security"]
    data["security"] = {**overrides, **teaming.change_security(options)}


@command("network vswitch standard portgroup policy shaping get")
def shaping_get(world, options):
    _, data = find(world, options["portgroup-name"])
    policy = {**world.config["vswitches"][data["vswitch"]]["shaping"], **data["shaping"]}
    return teaming.struct(teaming.shaping_fields(world, policy))


@command("network vswitch standard portgroup policy shaping set")
def shaping_set(world, options):
    _, data = find(world, options["portgroup-name"])
    overrides = {} if "use-vswitch" in options else data["shaping"]
    data["shaping"] = {**overrides, **teaming.change_shaping(options)}
