"""Host name, version, UUID, hardware: esxcli system hostname, version, uuid, stats, boot; uname and vmware."""
import re
import uuid

from .. import releases
from ..errors import EsxiError
from ..network import vmk
from ..output import Struct, Table, Text
from ..registry import command, program

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


def initial():
    return {"host": "localhost", "domain": ""}


def fqdn(world):
    name = world.config["hostname"]
    return f"{name['host']}.{name['domain']}" if name["domain"] else name["host"]


def set_fqdn(world, text):
    """Take over a full name. EsxiError when it is no legal host name."""
    host, dot, domain = text.partition(".")
    if not _LABEL.fullmatch(host) or (dot and not _DOMAIN.fullmatch(domain)) or len(text) > 253:
        raise EsxiError(f"Invalid hostname: {text}")
    world.require(dot or world.switch("fqdn_bare_name") == "accept", f"Invalid fully qualified domain name: {text}")
    world.config["hostname"] = {"host": host, "domain": domain}
    search = world.config["netstacks"][vmk.DEFAULT_STACK]["search"]
    if domain and world.switch("fqdn_adds_search_domain") == "yes" and domain not in search:
        search.append(domain)


@command("system hostname get")
def hostname_get(world, _options):
    name = world.config["hostname"]
    return Struct([("Domain Name", name["domain"]), ("Fully Qualified Domain Name", fqdn(world)),
                   ("Host Name", name["host"])], "Hostname")


@command("system hostname set")
def hostname_set(world, options):
    given = [key for key in ("fqdn", "host", "domain") if key in options]
    world.require(given, "At least one of fqdn, host and domain must be given")
    world.require("fqdn" not in given or len(given) == 1, "The fqdn excludes host and domain")
    if "fqdn" in options:
        set_fqdn(world, options["fqdn"])
        return
    host = options.get("host", world.config["hostname"]["host"])
    domain = options.get("domain", world.config["hostname"]["domain"])
    world.require(_LABEL.fullmatch(host), f"Invalid hostname: {host}")
    world.require(not domain or _DOMAIN.fullmatch(domain), f"Invalid domain name: {domain}")
    world.config["hostname"] = {"host": host, "domain": domain}


@command("system version get")
def version_get(world, _options):
    release = world.state["release"]
    update, patch = releases.update_and_patch(release, world.switch("version_patch") == "documented")
    return Struct([("Product", "VMware ESXi"), ("Version", release),
                   ("Build", f"Releasebuild-{releases.build(release)}"), ("Update", update), ("Patch", patch)], "Version")


@command("system uuid get")
def uuid_get(world, _options):
    return Text(system_uuid(world))


def system_uuid(world):
    """The host's UUID; a new one when somebody took the line out of /etc/vmware/esx.conf."""
    config = world.files.read("/etc/vmware/esx.conf") or b""
    found = re.search(rb'^/system/uuid = "([^"]*)"$', config, re.MULTILINE)
    if found:
        return found.group(1).decode()
    world.config["uuids_made"] += 1
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"fake esxi {world.config['uuids_made']}"))
    world.files.write("/etc/vmware/esx.conf", config + f'/system/uuid = "{made}"\n'.encode())
    return made


@command("system stats uptime get")
def uptime_get(_world, _options):
    return Text("421337000")


@command("system boot device get")
def boot_device_get(world, _options):
    banks = [volume for volume in world.storage["volumes"].values() if volume["role"] == "bootbank"]
    return Struct([("Boot Filesystem UUID", banks[0]["uuid"] if banks else ""), ("Boot NIC", ""),
                   ("Stateless Boot NIC", "")], "BootDevice")


@command("hardware platform get")
def platform_get(world, _options):
    return Struct([("UUID", world.hardware.get("uuid", "0x4c 0x4c 0x45 0x44")), ("Product Name", "Sample Server"), ("Vendor Name", "Sample Vendor"),
                   ("Serial Number", world.hardware["serial"]), ("Enclosure Serial Number", world.hardware["serial"]),
                   ("IPMI Supported", True)], "PlatformDetails")


@command("hardware memory get")
def memory_get(_world, _options):
    return Struct([("Physical Memory", "137438953472 Bytes"), ("Reliable Memory", "0 Bytes"),
                   ("NUMA Node Count", 2)], "MemoryDetails")


def _product(world):
    return "VMware ESX" if world.at_least("9.0") and world.switch("product_name_9") == "esx" else "VMware ESXi"


@program("uname")
def uname(world, words, _stdin):
    release = world.state["release"]
    parts = {"s": "VMkernel", "n": fqdn(world).split(".")[0], "r": release,
             "v": f"#1 SMP Release build-{releases.build(release)} {releases.build_date(release)}", "m": "x86_64",
             "p": "x86_64", "i": "x86_64", "o": "ESXi"}
    letters = set("".join(word[1:] for word in words if word.startswith("-"))) or {"s"}
    if "a" in letters:
        letters = set("snrvmpio")
    if letters - set(parts) or any(not word.startswith("-") for word in words):
        return 1, f"uname: invalid option -- {' '.join(words)}\n"
    return 0, " ".join(parts[letter] for letter in "snrvmpio" if letter in letters) + "\n"


@program("vmware")
def vmware(world, words, _stdin):
    release = world.state["release"]
    major, minor, update = releases.numbers(release)
    lines = {"-v": f"{_product(world)} {release} build-{releases.build(release)}",
             "-l": f"{_product(world)} {major}.{minor} " + (f"Update {update}" if update else "GA")}
    lines["-vl"] = lines["-v"] + "\n" + lines["-l"]
    if words not in ([word] for word in lines):
        return 1, "Usage: vmware [-v] [-l]\n"
    return 0, lines[words[0]] + "\n"


@program("hostname")
def hostname(world, words, _stdin):
    if words in ([], ["-s"]):
        return 0, (fqdn(world) if not words else world.config["hostname"]["host"]) + "\n"
    if words in (["-f"], ["-d"]):
        return 0, (fqdn(world) if words == ["-f"] else world.config["hostname"]["domain"]) + "\n"
    return 1, "hostname: you must use esxcli to set the name\n"


@program("esxcfg-info")
def esxcfg_info(world, words, _stdin):
    if words in (["-u"], ["--systemuuid"]):
        return 0, "44454C4C-0000-1010-8030-B4C04F303030\n"
    if words in (["-b"], ["--bootuuid"]):
        return 0, boot_device_get(world, {}).fields[0][1] + "\n"
    return 1, "esxcfg-info: unknown option\n"
