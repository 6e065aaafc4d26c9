"""Kernel modules, security domains and core dumps: esxcli system module, secpolicy, coredump."""
from ..errors import EsxiError
from ..output import Struct, Table
from ..registry import command

MODULES = ("vmkernel", "vmfs3", "iso9660", "tcpip4", "dvfilter", "vfat", "nvmxnet3", "i40en", "ntg3", "nvme_pcie")
_LOADED = ("vmkernel", "vmfs3", "tcpip4", "vfat")
DOMAINS = ("superDom", "appDom", "pluginDom", "regularVMDom", "globalVMDom", "vmkbootDom")


def initial_loaded():
    return list(_LOADED)


def _find(world, name):
    if name not in MODULES:
        raise EsxiError(f"Invalid Module name: {name}")
    return world.config["modules"].setdefault(name, {"enabled": True, "parameters": ""})


@command("system module list")
def module_list(world, options):
    rows = []
    for name in MODULES:
        loaded = name in world.runtime["modules"]
        enabled = world.config["modules"].get(name, {"enabled": True})["enabled"]
        if options.get("loaded", loaded) == loaded and options.get("enabled", enabled) == enabled:
            rows.append([name, loaded, enabled])
    return Table(["Name", "Is Loaded", "Is Enabled"], rows, {"Is Loaded", "Is Enabled"}, type_name="Module")


@command("system module load")
def module_load(world, options):
    _find(world, options["module"])
    if options["module"] in world.runtime["modules"]:
        raise EsxiError(f"Unable to load module {options['module']}: Busy")
    world.runtime["modules"].append(options["module"])


@command("system module set")
def module_set(world, options):
    _find(world, options["module"])["enabled"] = options["enabled"]


@command("system module parameters list")
def parameters_list(world, options):
    pairs = [word.split("=", 1) for word in _find(world, options["module"])["parameters"].split()]
    return Table(["Name", "Type", "Value", "Description"], [[name, "int", text, ""] for name, text in pairs])


@command("system module parameters set")
def parameters_set(world, options):
    module = _find(world, options["module"])
    text = options["parameter-string"]
    world.require(all("=" in word for word in text.split()), f"Invalid parameters: {text}")
    module["parameters"] = f"{module['parameters']} {text}".strip() if "append" in options else text


@command("system secpolicy domain list")
def domain_list(world, _options):
    rows = [[name, world.runtime["domains"].get(name, "enforcing")] for name in DOMAINS]
    return Table(["Domain Name", "Enforcement Level"], rows, type_name="Domain")


@command("system secpolicy domain set")
def domain_set(world, options):
    world.require(("name" in options) != ("all-domains" in options), "Either a name or --all-domains must be given")
    world.require(options.get("name", DOMAINS[0]) in DOMAINS, f"Invalid domain: {options.get('name')}")
    for name in DOMAINS if "all-domains" in options else [options["name"]]:
        world.runtime["domains"][name] = options["level"]


@command("system coredump partition get")
def coredump_partition_get(world, _options):
    partition = world.config["coredump"]["partition"]
    return Struct([("Active", partition), ("Configured", partition)], "CoreDumpPartition")


@command("system coredump partition set")
def coredump_partition_set(world, options):
    world.require({"enable", "partition", "smart", "unconfigure"} & set(options), "Nothing to set")
    world.require("smart" not in options or options.get("enable") is True, "Smart needs enable=true")
    world.require("enable" not in options or not {"partition", "unconfigure"} & set(options),
                  "Enable excludes partition and unconfigure")
    if "partition" in options:
        world.config["coredump"]["partition"] = options["partition"]
    if "unconfigure" in options or options.get("enable") is False:
        world.config["coredump"]["partition"] = ""


@command("system coredump file list")
def coredump_file_list(_world, _options):
    return Table(["Path", "Active", "Configured", "Size"], [])


@command("system coredump file get")
def coredump_file_get(_world, _options):
    return Struct([("Active", ""), ("Configured", "")], "CoreDumpFile")


@command("system coredump network get")
def coredump_network_get(world, _options):
    now = world.config["coredump"]["network"]
    return Struct([("Enabled", now["enabled"]), ("Host VNic", now["vnic"]), ("Is Using IPv6", ":" in now["server"]),
                   ("Network Server IP", now["server"]), ("Network Server Port", now["port"])], "CoreDumpNetwork")


@command("system coredump network set")
def coredump_network_set(world, options):
    now = world.config["coredump"]["network"]
    others = {"interface-name", "server-ipv4", "server-ip", "server-port"} & set(options)
    world.require(("enable" in options) != bool(others), "Either enable or interface and server must be given")
    if "enable" in options:
        world.require(now["server"] or not options["enable"], "No server is configured")
        now["enabled"] = options["enable"]
        return
    server = options.get("server-ip") or options.get("server-ipv4")
    world.require("interface-name" in options and server, "Interface and server must be given")
    world.require(options["interface-name"] in world.config["vmks"], f"Unknown {options['interface-name']}")
    now.update(vnic=options["interface-name"], server=server, port=options.get("server-port", 6500))


def initial_coredump():
    return {"partition": "", "network": {"enabled": False, "vnic": "", "server": "", "port": 0}}
