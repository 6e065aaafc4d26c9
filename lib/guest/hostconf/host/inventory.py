"""The inventory of a host (see model/inventory.py), read through `esxcli` or `localcli` listings."""

import ipaddress
import re

from hostconf.host import listing
from hostconf.model.inventory import InventoryError

DEFAULT_STACK = "defaultTcpipStack"
# policy failover set and get name the same policies differently.
POLICY_NAMES = {"srcport": "portid", "srcmac": "mac", "iphash": "iphash", "explicit": "explicit"}

_SECURITY = (("promiscuous", "Allow Promiscuous"), ("mac_changes", "Allow MAC Address Change"),
             ("forged_transmits", "Allow Forged Transmits"))

_NIC = re.compile(
    r"(?P<name>vmnic\d+|vusb\d+|\S+)\s+\S+\s+\S+\s+(?:Up|Down)\s+(?P<link>Up|Down)\s+\d+\s+\S+\s+"
    r"(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})\s")


def parse_nics(text):
    """The NICs in the output of `esxcli network nic list`. @raise InventoryError: when there are none"""
    nics = []
    for line in text.splitlines():
        match = _NIC.match(line.strip() + " ")
        if match:
            nics.append({"name": match.group("name"), "mac": match.group("mac").lower(),
                         "link_up": match.group("link") == "Up"})
    if not nics:
        raise InventoryError("no NIC found: expected the output of `esxcli network nic list`")
    return nics


def read(run, kernel_names=()):
    """The inventory of the host this runs on.

    @param run: function(argv) → (exit status, output); argv starts with "esxcli"
    @param kernel_names: kernel settings to read
    @raise InventoryError: when NICs, switches or VMkernel interfaces cannot be listed
    """
    return dict(read_network(run), **read_system(run, kernel_names))


def read_network(run):
    """What a plan of the network is made from. @raise InventoryError: see read"""
    def required(*argv):
        status, output = run(("esxcli",) + argv)
        if status != 0:
            raise InventoryError("esxcli %s failed: %s" % (" ".join(argv), first_line(output)))
        return output

    optional = _optional(run)
    vmks = _vmks(required, optional)
    return {
        "assumed": False,
        "nics": parse_nics(required("network", "nic", "list")),
        "vswitches": _vswitches(required, optional),
        "portgroups": _portgroups(required, optional, [vmk["portgroup"] for vmk in vmks.values()]),
        "vmks": vmks,
        "routes": _routes(optional),
    }


def read_system(run, kernel_names=()):
    """What plans of everything else are made from; what cannot be read is None."""
    optional = _optional(run)
    return {
        "version": _version(optional("system", "version", "get")),
        "dns": _dns(optional),
        "hostname": _field(optional("system", "hostname", "get"), "Fully Qualified Domain Name"),
        "ntp": _ntp(optional),
        "loghosts": _loghosts(optional("system", "syslog", "config", "get")),
        "ssh_keys": optional("system", "ssh", "key", "list", "-u", "root"),
        "kernel": dict((name, _configured(optional, name)) for name in kernel_names),
    }


def read_network_options(run, present):
    """What planning/netoptions needs besides the network of an inventory; what cannot be read is missing.

    @param present: as read_network gives it
    """
    optional = _optional(run)
    tags, security = {}, {}
    for vmk in present["vmks"]:
        text = optional("network", "ip", "interface", "tag", "get", "-i", vmk)
        if text is not None:
            tags[vmk] = listing.words(_field(text, "Tags") or "")
    for name in present["vswitches"]:
        text = optional("network", "vswitch", "standard", "policy", "security", "get", "-v", name)
        if text is not None:
            fields = listing.struct(text)
            security[name] = dict((key, listing.boolean(fields[title])) for key, title in _SECURITY if title in fields)
    return {"portgroups": present["portgroups"], "tags": tags, "security": security}


def _optional(run):
    def optional(*argv):
        status, output = run(("esxcli",) + argv)
        return output if status == 0 else None
    return optional


def read_version(run):
    """The part "version" of the inventory alone."""
    return _version(_optional(run)("system", "version", "get"))


def read_ssh_keys(run):
    """The part "ssh_keys" of the inventory alone."""
    return _optional(run)("system", "ssh", "key", "list", "-u", "root")


def first_line(output):
    """The first line of a message that says anything."""
    return next((line.strip() for line in output.splitlines() if line.strip()), "no output")


def _version(text):
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", _field(text, "Version") or "")
    return tuple(int(part or 0) for part in match.groups()) if match else None


def _field(text, name):
    return None if text is None else listing.struct(text).get(name)


def _failover(text):
    """(policy, whether anything is overridden: None when the host does not say)."""
    if text is None:
        return None, None
    fields = listing.struct(text)
    policy = {
        "load_balancing": POLICY_NAMES.get(fields.get("Load Balancing"), fields.get("Load Balancing")),
        "active": listing.words(fields.get("Active Adapters", "")),
        "standby": listing.words(fields.get("Standby Adapters", "")),
    }
    overrides = [listing.boolean(fields[name]) for name in fields if name.startswith("Override Vswitch")]
    return policy, (any(overrides) if overrides else None)


def _vswitches(required, optional):
    switches = {}
    for key, fields in listing.blocks(required("network", "vswitch", "standard", "list")):
        name = fields.get("Name", key)
        policy, _ = _failover(
            optional("network", "vswitch", "standard", "policy", "failover", "get", "-v", name))
        switches[name] = {
            "mtu": _number(fields.get("MTU")), "uplinks": listing.words(fields.get("Uplinks", "")), "failover": policy,
        }
    return switches


def _portgroups(required, optional, with_vmk):
    groups = {}
    for row in listing.table(required("network", "vswitch", "standard", "portgroup", "list")):
        name = row["Name"]
        policy, override = None, None
        if name in with_vmk:
            policy, override = _failover(
                optional("network", "vswitch", "standard", "portgroup", "policy", "failover", "get", "-p", name))
        groups[name] = {"vswitch": row["Virtual Switch"], "vlan": _number(row["VLAN ID"]), "failover": policy,
                        "override": override}
    return groups


def _vmks(required, optional):
    vmks = {}
    for key, fields in listing.blocks(required("network", "ip", "interface", "list")):
        if fields.get("Netstack Instance", DEFAULT_STACK) != DEFAULT_STACK:
            continue
        vmks[fields.get("Name", key)] = {
            "mac": fields.get("MAC Address", "").lower(), "portgroup": fields.get("Portgroup"),
            "mtu": _number(fields.get("MTU")), "ipv4": None, "ipv6": None,
        }
    for row in listing.table(required("network", "ip", "interface", "ipv4", "get")):
        if row.get("Name") in vmks:
            vmks[row["Name"]]["ipv4"] = {
                "type": row["Address Type"].lower(), "address": row["IPv4 Address"], "netmask": row["IPv4 Netmask"],
                "peer_dns": listing.boolean(row.get("DHCP DNS")),
            }
    for row in listing.table(optional("network", "ip", "interface", "ipv6", "get") or ""):
        name = list(row.values())[0]
        enabled = listing.boolean(_cell(row, "enabled"))
        if name in vmks and enabled is not None:
            vmks[name]["ipv6"] = {
                "enabled": enabled, "dhcp": listing.boolean(_cell(row, "dhcpv6")),
                "router_adv": listing.boolean(_cell(row, "router")), "gateway": _cell(row, "gateway"), "addresses": [],
            }
    for row in listing.table(optional("network", "ip", "interface", "ipv6", "address", "list") or ""):
        # The columns' names differ between releases, their order does not: vmk, address, length.
        cells = re.split(r"\s+", " ".join(row[name] for name in row))
        name, address, length = (cells + ["", "", ""])[:3]
        if name in vmks and vmks[name]["ipv6"] is not None and length.isdigit():
            vmks[name]["ipv6"]["addresses"].append("%s/%s" % (address, length))
    for vmk in vmks.values():
        if vmk["ipv6"] is not None:
            vmk["ipv6"]["addresses"] = [text for text in vmk["ipv6"]["addresses"] if not _is_link_local(text)]
    return vmks


def _cell(row, word):
    """The first cell whose column name holds the word: the columns of IPv6 listings are named in several ways."""
    return next((row[column] for column in row if word in column.lower()), None)


def _is_link_local(text):
    return ipaddress.ip_address(text.partition("/")[0].partition("%")[0]).is_link_local


def _routes(optional):
    routes = []
    for family in ("ipv4", "ipv6"):
        for row in listing.table(optional("network", "ip", "route", family, "list") or ""):
            gateway = row.get("Gateway", "").partition("%")[0]
            network = _route_network(row)
            if network is None or gateway in ("", "0.0.0.0", "::"):
                continue
            routes.append({"network": network, "gateway": str(ipaddress.ip_address(gateway)), "family": family,
                           "interface": row.get("Interface"), "source": row.get("Source")})
    return routes


def _route_network(row):
    network = row.get("Network", "")
    length = row.get("Netmask") or row.get("Prefix Length")
    if network in ("default", "0.0.0.0/0", "::/0"):
        return "default"
    try:
        text = network if "/" in network else "%s/%s" % (network, length)
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def _dns(optional):
    servers = _field(optional("network", "ip", "dns", "server", "list"), "DNSServers")
    search = _field(optional("network", "ip", "dns", "search", "list"), "DNSSearch Domains")
    return {"servers": listing.words(servers or ""), "search": listing.words(search or "")}


def _ntp(optional):
    text = optional("system", "ntp", "get")
    if text is None:
        return None
    fields = listing.struct(text)
    return {"servers": listing.words(fields.get("Servers", "")), "enabled": listing.boolean(fields.get("Enabled"))}


def _loghosts(text):
    value = _field(text, "Remote Host")
    return None if value is None else [host for host in listing.words(value) if host != "<none>"]


def _configured(optional, name):
    rows = listing.table(optional("system", "settings", "kernel", "list", "-o", name) or "")
    return rows[0].get("Configured") if rows else None


def _number(text):
    return int(text) if text and text.isdigit() else None
