"""NTP: esxcli system ntp on 7.0 and later, /etc/ntp.conf on 6.7."""
import ipaddress

from . import services
from ..errors import EsxiError
from ..network import vmk
from ..output import Struct
from ..registry import command


def initial():
    return {"servers": [], "loglevel": "warning"}


def _is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@command("system ntp get")
def ntp_get(world, _options):
    fields = [("Enabled", world.config["services"]["ntpd"]), ("Loglevel", world.config["ntp"]["loglevel"]),
              ("Servers", world.config["ntp"]["servers"])]
    if world.switch("ntp_get_extra_fields") == "present" and services.is_running(world, "ntpd"):
        fields = [("Config", ""), fields[0], fields[1], ("PID", 2098111), ("Runtime Seconds", 60), fields[2]]
    return Struct(fields, "NTP")


def write_conf(world):
    """The host generates /etc/ntp.conf on 7.0 and later."""
    lines = ["restrict default nomodify notrap nopeer noquery", "restrict 127.0.0.1"]
    lines += [f"server {server}" for server in world.config["ntp"]["servers"]]
    lines.append("driftfile /etc/ntp.drift")
    world.files.write("/etc/ntp.conf", "".join(line + "\n" for line in lines))


def switch_service(world, on):
    services.set_policy(world, "ntpd", on)
    services.set_running(world, "ntpd", on)


@command("system ntp set")
def ntp_set(world, options):
    world.require({"server", "enabled", "reset", "config", "file", "loglevel"} & set(options), "Nothing to set")
    ntp = world.config["ntp"]
    enabled = options.get("enabled")
    if "reset" in options:
        world.require("server" not in options, "Reset and server exclude each other")
        world.config["ntp"] = ntp = initial()
        enabled = False if enabled is None else enabled
    if "server" in options:
        servers = options["server"]
        bad = [server for server in servers if not server or set(server) & set(" \t,;\"'/")]
        world.require(not bad, f"Invalid server: {bad[0] if bad else ''}")
        names = [server for server in servers if not _is_address(server)]
        resolver = world.config["netstacks"][vmk.DEFAULT_STACK]["dns_servers"]
        if names and not resolver and world.switch("ntp_unresolvable") != "accept":
            if world.switch("ntp_unresolvable") == "fail":
                raise EsxiError(f"Unable to resolve host {names[0]}")
            enabled = False
        ntp["servers"] = list(servers)
    if "loglevel" in options:
        ntp["loglevel"] = options["loglevel"]
    world.require(not (enabled and not ntp["servers"]), "No NTP server is configured")
    write_conf(world)
    if enabled is not None:
        switch_service(world, enabled)


def conf_servers(world):
    """The servers that ntpd uses: those of the file it read when it was started."""
    lines = (world.runtime["ntp_conf_in_use"] or "").splitlines()
    words = [line.split() for line in lines]
    return [line[1] for line in words if len(line) > 1 and line[0] in ("server", "pool")]
