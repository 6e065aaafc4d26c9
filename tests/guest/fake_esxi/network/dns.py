"""DNS servers, search domains and network stacks: esxcli network ip dns, netstack, neighbor, connection."""
import ipaddress
import re

from . import vmk
from ..errors import EsxiError
from ..output import Blocks, Struct, Table
from ..registry import command

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")


def new_stack():
    return {"dns_servers": [], "leased_dns": [], "search": [], "routes4": [], "routes6": []}


def write_resolv_conf(world):
    """The host generates /etc/resolv.conf from its configuration whenever that changed."""
    stack = world.config["netstacks"][vmk.DEFAULT_STACK]
    lines = [f"nameserver {server}" for server in stack["dns_servers"]]
    if stack["search"]:
        lines.append("search " + " ".join(stack["search"]))
    text = "".join(line + "\n" for line in lines)
    if world.runtime["resolv_conf"] != text:
        world.runtime["resolv_conf"] = text
        world.files.write("/etc/resolv.conf", text)


def _add(world, items, value):
    if value in items:
        if world.switch("dns_add_present") == "ignore":
            return
        raise EsxiError(f"Unable to Add: {value} already exists")
    items.append(value)


def _remove(world, items, value):
    if value not in items:
        if world.switch("dns_remove_missing") == "ignore":
            return
        raise EsxiError(f"Unable to Remove: {value} not found")
    items.remove(value)


@command("network ip dns server list")
def server_list(world, options):
    return Struct([("DNSServers", vmk.find_stack(world, options.get("netstack"))["dns_servers"])], "DNS")


@command("network ip dns server add")
def server_add(world, options):
    servers = vmk.find_stack(world, options.get("netstack"))["dns_servers"]
    try:
        server = str(ipaddress.ip_address(options["server"]))
    except ValueError:
        raise EsxiError(f"Invalid IP address: {options['server']}") from None
    if world.switch("dns_server_limit") == "three" and server not in servers:
        world.require(len(servers) < 3, "Unable to Add: no more than 3 DNS servers")
    _add(world, servers, server)


@command("network ip dns server remove")
def server_remove(world, options):
    stack = vmk.find_stack(world, options.get("netstack"))
    world.require(("server" in options) != ("all" in options), "Either a server or --all must be given")
    if "all" in options:
        world.require(stack["dns_servers"] or world.switch("dns_remove_all_empty") == "succeed",
                      "Unable to Remove: there is no DNS server")
        stack["dns_servers"] = []
    else:
        _remove(world, stack["dns_servers"], options["server"])


@command("network ip dns search list")
def search_list(world, options):
    return Struct([("DNSSearch Domains", vmk.find_stack(world, options.get("netstack"))["search"])], "DNS")


@command("network ip dns search add")
def search_add(world, options):
    world.require(_DOMAIN.fullmatch(options["domain"]), f"Invalid domain: {options['domain']}")
    _add(world, vmk.find_stack(world, options.get("netstack"))["search"], options["domain"])


@command("network ip dns search remove")
def search_remove(world, options):
    _remove(world, vmk.find_stack(world, options.get("netstack"))["search"], options["domain"])


def _stack_fields(name):
    return [("Key", name), ("Name", name), ("State", 4660)]


@command("network ip netstack list")
def netstack_list(world, _options):
    return Blocks([(name, _stack_fields(name)) for name in world.config["netstacks"]], "Netstack")


@command("network ip netstack get")
def netstack_get(world, options):
    vmk.find_stack(world, options["netstack"])
    return Struct(_stack_fields(options["netstack"]), "Netstack")


@command("network ip netstack add")
def netstack_add(world, options):
    name = options["netstack"]
    world.require(name not in world.config["netstacks"], f"Unable to Add: netstack {name} already exists")
    world.config["netstacks"][name] = new_stack()


@command("network ip netstack remove")
def netstack_remove(world, options):
    name = options["netstack"]
    vmk.find_stack(world, name)
    world.require(name != vmk.DEFAULT_STACK and not vmk.names(world, name), f"Unable to Remove: {name} is in use")
    del world.config["netstacks"][name]


@command("network ip neighbor list")
def neighbor_list(_world, _options):
    return Table(["Neighbor", "Mac Address", "Vmknic", "Expiry", "State", "Type"], [])


@command("network ip connection list")
def connection_list(_world, _options):
    return Table(["Proto", "Recv Q", "Send Q", "Local Address", "Foreign Address", "State", "World ID", "CC Algo",
                  "World Name"], [])
