"""vmkernel interfaces: esxcli network ip interface."""
import re

from . import lease, portgroup
from ..errors import EsxiError, UsageError
from ..output import Blocks, Struct
from ..registry import command

MIN_MTU = 1280
DEFAULT_STACK = "defaultTcpipStack"
_NAME = re.compile(r"vmk(\d|[1-9]\d)")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def number(name):
    return int(name[3:])


def names(world, stack=None):
    """Names in numeric order, those of one network stack only if it is given."""
    vmks = world.config["vmks"]
    return sorted((name for name in vmks if stack in (None, vmks[name]["netstack"])), key=number)


def find(world, name):
    if name not in world.config["vmks"]:
        raise EsxiError(f"Unable to find vmknic: {name}")
    return world.config["vmks"][name]


def chosen(world, options):
    """The interfaces that -i and -N ask for."""
    if "netstack" in options:
        find_stack(world, options["netstack"])
    if "interface-name" in options:
        find(world, options["interface-name"])
        return [options["interface-name"]]
    return names(world, options.get("netstack"))


def find_stack(world, name=None):
    name = name or DEFAULT_STACK
    if name not in world.config["netstacks"]:
        raise EsxiError(f"Netstack {name} does not exist")
    return world.config["netstacks"][name]


def make(world, name, portgroup_name, mac=None, mtu=1500, stack=DEFAULT_STACK, ipv6=True):
    """Add the interface; without `mac` ESXi picks one of VMware's."""
    if mac is None:
        world.config["macs_made"] += 1
        count = world.config["macs_made"]
        mac = f"00:50:56:60:{count // 256:02x}:{count % 256:02x}"
    world.config["vmks"][name] = {
        "mac": mac, "portgroup": portgroup_name, "mtu": mtu, "enabled": True, "netstack": stack,
        "tags": ["Management"] if name == "vmk0" else [],
        "ipv4": {"type": "none", "address": None, "netmask": None, "gateway": None, "peer_dns": False},
        "lease": None,
        "ipv6": {"enabled": ipv6, "dhcpv6": False, "router_adv": False, "peer_dns": False, "gateway": None,
                 "addresses": []},
    }


def switch_mtu(world, vmk):
    return world.config["vswitches"][world.config["portgroups"][vmk["portgroup"]]["vswitch"]]["mtu"]


@command("network ip interface list")
def interface_list(world, options):
    blocks = []
    for name in chosen(world, {key: options[key] for key in options if key != "interface-name"}):
        vmk = world.config["vmks"][name]
        fields = [
            ("Name", name), ("MAC Address", vmk["mac"]), ("Enabled", vmk["enabled"]),
            ("Portset", world.config["portgroups"][vmk["portgroup"]]["vswitch"]), ("Portgroup", vmk["portgroup"]),
            ("Netstack Instance", vmk["netstack"]), ("VDS Name", "N/A"), ("VDS UUID", "N/A"), ("VDS Port", "N/A"),
            ("VDS Connection", -1), ("Opaque Network ID", "N/A"), ("Opaque Network Type", "N/A"),
            ("External ID", "N/A"), ("MTU", vmk["mtu"]), ("TSO MSS", 65535), ("RXDispQueue Size", 4),
            ("Port ID", 67108879 + number(name)), ("URPF", 0),
        ]
        if not world.at_least("7.0"):
            fields = [pair for pair in fields if pair[0] != "RXDispQueue Size"]
        if not world.at_least("9.0"):
            fields = [pair for pair in fields if pair[0] != "URPF"]
        blocks.append((name, fields))
    return Blocks(blocks, "VMKernelNIC")


def _check_mtu(world, mtu, limit):
    world.require(MIN_MTU <= mtu <= int(world.switch("vswitch_mtu_max")), f"Unable to Set: invalid MTU {mtu}")
    world.require(mtu <= limit, f"Unable to Set: MTU {mtu} is above that of the vSwitch ({limit})")


@command("network ip interface add")
def interface_add(world, options):
    if "dvs-name" in options or "dvport-id" in options:
        raise EsxiError(f"Unable to find DVS {options.get('dvs-name', '')}")
    if "portgroup-name" not in options:
        raise UsageError("Error: Missing required parameter -p|--portgroup-name")
    portgroup_name, data = portgroup.find(world, options["portgroup-name"])
    if portgroup.clients(world, portgroup_name) and world.switch("second_vmk_on_portgroup") == "fail":
        raise EsxiError(f"Unable to Add: Port group {portgroup_name} already has a vmknic")
    name = options.get("interface-name")
    if name is None:
        name = next(f"vmk{count}" for count in range(100) if f"vmk{count}" not in world.config["vmks"])
    world.require(_NAME.fullmatch(name), f"Unable to Add: invalid interface name {name}")
    world.require(name not in world.config["vmks"], f"Unable to Add: {name} already exists")
    mac = options.get("mac-address")
    if mac is not None:
        mac = mac.lower()
        world.require(_MAC.fullmatch(mac) and not int(mac[:2], 16) & 1, f"Unable to Add: invalid MAC address {mac}")
        taken = any(vmk["mac"] == mac for vmk in world.config["vmks"].values())
        world.require(not taken or world.switch("duplicate_vmk_mac") == "succeed",
                      f"Unable to Add: MAC address {mac} is in use")
    mtu = options.get("mtu", 1500)
    _check_mtu(world, mtu, world.config["vswitches"][data["vswitch"]]["mtu"])
    find_stack(world, options.get("netstack"))
    make(world, name, portgroup_name, mac, mtu, options.get("netstack") or DEFAULT_STACK,
         world.switch("vmk_ipv6_initially") == "enabled")


def remove(world, name):
    """Take the interface away, and with it what depended on it."""
    vmk = world.config["vmks"][name]
    stack = find_stack(world, vmk["netstack"])
    for key in ("routes4", "routes6"):
        stack[key] = [route for route in stack[key] if route["interface"] != name]
    lease.release(world, name)
    del world.config["vmks"][name]


@command("network ip interface remove")
def interface_remove(world, options):
    world.require(("interface-name" in options) != ("portgroup-name" in options),
                  "Either the interface name or the port group name must be given")
    if "interface-name" in options:
        name = options["interface-name"]
        find(world, name)
    else:
        portgroup_name, _ = portgroup.find(world, options["portgroup-name"])
        on_it = [vmk for vmk in names(world) if world.config["vmks"][vmk]["portgroup"] == portgroup_name]
        world.require(on_it, f"Port group {portgroup_name} has no vmknic")
        name = on_it[0]
    remove(world, name)


@command("network ip interface set")
def interface_set(world, options):
    vmk = find(world, options["interface-name"])
    if "mtu" in options:
        _check_mtu(world, options["mtu"], switch_mtu(world, vmk))
        vmk["mtu"] = options["mtu"]
    if "enabled" in options:
        vmk["enabled"] = options["enabled"]


@command("network ip interface tag add")
def tag_add(world, options):
    tags = find(world, options["interface-name"])["tags"]
    if options["tagname"] not in tags:
        tags.append(options["tagname"])


@command("network ip interface tag remove")
def tag_remove(world, options):
    tags = find(world, options["interface-name"])["tags"]
    world.require(options["tagname"] in tags, f"Unable to remove tag {options['tagname']}: not set")
    tags.remove(options["tagname"])


@command("network ip interface tag get")
def tag_get(world, options):
    return Struct([("Tags", find(world, options["interface-name"])["tags"])], "Tags")
