"""The firewall and its rule sets: esxcli network firewall."""
import ipaddress

from ..errors import EsxiError
from ..output import Struct, Table
from ..registry import command

# rule set -> service that owns it from 8.0U2 on, or None
RULESETS = {
    "sshServer": "TSM-SSH", "sshClient": None, "ntpClient": "ntpd", "syslog": None, "dhcp": "dhclient",
    "dns": "dns", "httpClient": None, "webAccess": None, "vSphereClient": "hostd", "snmp": None, "CIMHttpServer": None,
    "nfsClient": None, "iSCSI": None, "vMotion": None, "updateManager": None, "esxupdate": None,
}
_OPEN_AT_FIRST = ("sshServer", "dhcp", "dns", "webAccess", "vSphereClient", "vMotion", "nfsClient", "CIMHttpServer")
_PORTS = {"sshServer": ("Inbound", "TCP", "Dst", 22), "ntpClient": ("Outbound", "UDP", "Dst", 123),
          "syslog": ("Outbound", "UDP", "Dst", 514), "httpClient": ("Outbound", "TCP", "Dst", 443)}


def initial():
    rulesets = {name: {"enabled": name in _OPEN_AT_FIRST, "allowed_all": True, "allowed_ips": []} for name in RULESETS}
    return {"enabled": True, "default_pass": False, "loaded": True, "rulesets": rulesets}


def columns_by_service(world):
    """From 8.0U2 on some sets belong to their service."""
    return world.at_least("8.0.2")


def owned(world, name):
    return columns_by_service(world) and RULESETS.get(name) is not None


def service_changed(world, service, running):
    """A service opens and closes the set that it owns; before 8.0U2 starting one opens its set."""
    for name, owner in RULESETS.items():
        if owner == service and (running or columns_by_service(world)):
            world.config["firewall"]["rulesets"][name]["enabled"] = running


def _find(world, name):
    if name not in world.config["firewall"]["rulesets"]:
        raise EsxiError(f"Unable to find ruleset: {name}")
    return world.config["firewall"]["rulesets"][name]


def _chosen(world, options):
    rulesets = world.config["firewall"]["rulesets"]
    if "ruleset-id" in options:
        _find(world, options["ruleset-id"])
        return [options["ruleset-id"]]
    return list(rulesets)


@command("network firewall get")
def firewall_get(world, _options):
    firewall = world.config["firewall"]
    loaded = firewall["loaded"] and (firewall["enabled"] or world.switch("firewall_off_loaded") == "true")
    return Struct([("Default Action", "PASS" if firewall["default_pass"] else "DROP"),
                   ("Enabled", firewall["enabled"]), ("Loaded", loaded)], "Firewall")


@command("network firewall set")
def firewall_set(world, options):
    firewall = world.config["firewall"]
    world.require("default-action" in options or "enabled" in options, "Nothing to set")
    firewall["default_pass"] = options.get("default-action", firewall["default_pass"])
    firewall["enabled"] = options.get("enabled", firewall["enabled"])


@command("network firewall load", "network firewall unload", "network firewall refresh")
def firewall_load(world, options):
    if options["_path"][-1] != "refresh":
        world.config["firewall"]["loaded"] = options["_path"][-1] == "load"


@command("network firewall ruleset list")
def ruleset_list(world, options):
    rows = []
    for name in _chosen(world, options):
        row = [name, world.config["firewall"]["rulesets"][name]["enabled"]]
        if columns_by_service(world):
            row += [not owned(world, name), not owned(world, name) or name == "sshServer"]
        rows.append(row)
    columns = ["Name", "Enabled"]
    if columns_by_service(world):
        columns += ["Enable/Disable configurable", "Allowed IP configurable"]
    return Table(columns, rows, set(columns[1:]), type_name="Ruleset")


@command("network firewall ruleset set")
def ruleset_set(world, options):
    name = options["ruleset-id"]
    if name not in world.config["firewall"]["rulesets"] and world.switch("unknown_ruleset") == "ignore":
        return
    ruleset = _find(world, name)
    world.require("enabled" in options or "allowed-all" in options, "Nothing to set")
    if "enabled" in options:
        if owned(world, name) and world.switch("owned_ruleset_enable") == "refuse":
            raise EsxiError("Invalid operation requested: Can not enable or disable this ruleset, "
                            "it is owned by system service.")
        ruleset["enabled"] = options["enabled"]
    if "allowed-all" in options:
        _check_allowed_ip(world, name)
        ruleset["allowed_all"] = options["allowed-all"]


def _check_allowed_ip(world, name):
    if owned(world, name) and name != "sshServer":
        raise EsxiError("Invalid operation requested: Can not change allowed ip list this ruleset, "
                        "it is owned by system service.")


@command("network firewall ruleset rule list")
def rule_list(world, options):
    rows = [[name, *_PORTS[name][:3], _PORTS[name][3], _PORTS[name][3]]
            for name in _chosen(world, options) if name in _PORTS]
    columns = ["Ruleset", "Direction", "Protocol", "Port Type", "Port Begin", "Port End"]
    return Table(columns, rows, {"Port Begin", "Port End"}, type_name="Rule")


@command("network firewall ruleset allowedip list")
def allowedip_list(world, options):
    rulesets = world.config["firewall"]["rulesets"]
    rows = [[name, "All" if rulesets[name]["allowed_all"] else rulesets[name]["allowed_ips"]]
            for name in _chosen(world, options)]
    return Table(["Ruleset", "Allowed IP Addresses"], rows, type_name="AllowedIP")


@command("network firewall ruleset allowedip add", "network firewall ruleset allowedip remove")
def allowedip_change(world, options):
    name, text = options["ruleset-id"], options["ip-address"]
    ruleset = _find(world, name)
    _check_allowed_ip(world, name)
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise EsxiError(f"Invalid IP address: {text}") from None
    world.require(not ruleset["allowed_all"], f"Ruleset {name} allows all addresses: set --allowed-all false first")
    adding = options["_path"][-1] == "add"
    world.require((text in ruleset["allowed_ips"]) != adding,
                  f"{text} {'already exists' if adding else 'not found'} in ruleset {name}")
    if adding:
        ruleset["allowed_ips"].append(text)
    else:
        ruleset["allowed_ips"].remove(text)
