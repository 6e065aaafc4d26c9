"""Remote and local logs: esxcli system syslog; logger."""
import re

from ..errors import EsxiError
from ..output import Struct
from ..registry import command, program

_HOST = re.compile(r"((udp|tcp|ssl)://)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_DEFAULTS = {"loghost": "", "logdir": "/scratch/log", "unique": False, "size": 1024, "rotate": 8, "timeout": 180,
             "check_certs": False}
_NAMES = {"loghost": "loghost", "logdir": "logdir", "logdir-unique": "unique", "default-size": "size",
          "default-rotate": "rotate", "default-timeout": "timeout", "check-ssl-certs": "check_certs"}


def initial():
    return dict(_DEFAULTS)


@command("system syslog config get")
def config_get(world, _options):
    now = world.config["syslog"]
    common = {
        "Dropped Log File Rotation Size": 100, "Dropped Log File Rotations": 10,
        "Local Log Output": now["logdir"], "Local Log Output Is Configured": now["logdir"] != _DEFAULTS["logdir"],
        "Local Log Output Is Persistent": True, "Local Logging Default Rotation Size": now["size"],
        "Local Logging Default Rotations": now["rotate"], "Log To Unique Subdirectory": now["unique"],
        "Message Queue Drop Mark": 90, "Remote Host": now["loghost"] or "<none>",
    }
    if world.at_least("7.0.3") and world.switch("syslog_fields") == "by-release":
        common.update({
            "Allow Vsan Backing": False, "Check Certificate Revocation": False, "Log Level": "error",
            "Remote Host Connect Retry Delay": now["timeout"], "Remote Host Maximum Message Length": 1024,
            "Strict X509Compliance": False,
        })
    else:
        common.update({"Default Network Retry Timeout": now["timeout"], "Enforce SSLCertificates": now["check_certs"]})
    return Struct(sorted(common.items()), "SyslogConfig")


@command("system syslog config set")
def config_set(world, options):
    given = [option for option in (*_NAMES, "reset") if option in options]
    world.require(given, "Nothing to set")
    changes = {}
    for name in filter(None, options.get("reset", "").split(",")):
        world.require(name in _NAMES, f"Invalid setting to reset: {name}")
        changes[_NAMES[name]] = _DEFAULTS[_NAMES[name]]
    for option, key in _NAMES.items():
        if option in options:
            changes[key] = options[option]
    for host in filter(None, changes.get("loghost", "").split(",")):
        if not _HOST.fullmatch(host):
            raise EsxiError(f"Invalid remote host: {host}")
    world.config["syslog"].update(changes)


@command("system syslog reload")
def reload(world, _options):
    world.runtime["syslog_in_use"] = dict(world.config["syslog"])


@command("system syslog mark")
def mark(world, options):
    world.runtime["log"].append(options["message"])


@program("logger")
def logger(world, words, stdin):
    rest, message = list(words), []
    while rest:
        word = rest.pop(0)
        if word in ("-t", "-p") and rest:
            rest.pop(0)
        elif word.startswith("-") and not message and word != "-s":
            return 1, f"logger: invalid option {word}\n"
        elif word != "-s":
            message.append(word)
    world.runtime["log"].append(" ".join(message) if message else stdin.rstrip("\n"))
    return 0, ""
