"""The program vim-cmd; everything in it needs hostd."""
import re

from .. import persist
from ..errors import EsxiError
from ..esxcli import NO_HOSTD
from ..network import portgroup
from ..registry import program
from ..storage import volumes
from ..system import identity, services

_KEY = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}")
_SERVICE_WORDS = {"ssh": "TSM-SSH", "esx_shell": "TSM"}


def _runtimeinfo(world, _rest):
    mode = "true" if world.config["maintenance"] else "false"
    return ('(vim.host.RuntimeInfo) {\n   connectionState = "connected",\n   powerState = "poweredOn",\n'
            f"   inMaintenanceMode = {mode},\n}}\n")


def _summary(world, _rest):
    name = identity.fqdn(world)
    return ("Listsummary:\n\n(vim.host.Summary) {\n   config = (vim.host.Summary.ConfigSummary) {\n"
            f'      name = "{name}",\n   }},\n}}\n')


def _license_text(world):
    key = world.config["license"]
    release = world.release
    kind, name = ("esx.hypervisor.cpuPackageCoreLimited", f"vSphere {release[0]} Hypervisor") if key else (
        "eval", "Evaluation Mode")
    return (f"\n   serial: {key or '00000-00000-00000-00000-00000'}\n   vmodl key: {kind}\n   name: {name}\n"
            "   total: 0\n   used: 1\n   unit: cpuPackage:32core\n   Properties:\n"
            f"     [ProductName] = VMware ESX Server\n     [ProductVersion] = {release[0]}.{release[1]}\n")


def _license(world, rest):
    words = [part for word in rest for part in (word.split("=", 1) if word.startswith("--set=") else [word])]
    if words == ["--show"]:
        return _license_text(world)
    if len(words) != 2 or words[0] != "--set":
        raise EsxiError("Usage: license [--show] [--set KEY]")
    if not _KEY.fullmatch(words[1]):
        raise EsxiError('(vmodl.fault.InvalidArgument) {\n   faultCause = (vmodl.MethodFault) null,\n'
                        '   invalidProperty = "licenseKey",\n'
                        '   msg = "A specified parameter was not correct: licenseKey"\n}')
    world.config["license"] = words[1]
    return _license_text(world)


def _maintenance(on):
    def change(world, _rest):
        if world.config["maintenance"] == on:
            raise EsxiError("(vim.fault.InvalidState) {\n}")
        world.config["maintenance"] = on
        return f"'vim.Task:haTask-ha-host-vim.HostSystem.{'enter' if on else 'exit'}MaintenanceMode-1'\n"
    return change


def _service(action, service):
    def change(world, _rest):
        if action in ("enable", "disable"):
            services.set_policy(world, service, action == "enable")
        else:
            services.set_running(world, service, action == "start")
        return ""
    return change


def _sync(world, _rest):
    persist.backup(world)
    return ""


def _rename(world, rest):
    if len(rest) != 2:
        raise EsxiError("Insufficient arguments.\nUsage: rename name newname")
    volumes.rename(world, *rest)
    return ""


def _portgroup_rows(world, _rest):
    return "(vim.host.PortGroup) [\n" + "".join(f'   name = "{name}",\n' for name in world.config["portgroups"]) + "]\n"


def _portgroup_set(world, rest):
    """portgroup_set --portgroup-name=NEW VSWITCH NAME; its other options are not known here."""
    option, sign, new = rest[0].partition("=") if len(rest) == 3 else ("", "", "")
    if option != "--portgroup-name" or not sign or not new:
        raise EsxiError("Usage: portgroup_set [options] vswitch-name portgroup-name")
    old, group = portgroup.find(world, rest[2])
    if group["vswitch"] != rest[1] or new in world.config["portgroups"] or len(new) > portgroup.NAME_LIMIT:
        raise EsxiError("(vim.fault.NotFound) {\n}" if group["vswitch"] != rest[1] else "(vim.fault.AlreadyExists) {\n}")
    groups = world.config["portgroups"]
    world.config["portgroups"] = {new if name == old else name: groups[name] for name in groups}
    for vmk in world.config["vmks"].values():
        vmk["portgroup"] = new if vmk["portgroup"] == old else vmk["portgroup"]
    return ""


_COMMANDS = {
    "hostsvc/runtimeinfo": _runtimeinfo, "hostsvc/hostsummary": _summary, "hostsvc/hosthardware": _summary,
    "hostsvc/net/refresh": lambda _world, _rest: "", "hostsvc/net/info": _portgroup_rows,
    "hostsvc/net/portgroup_set": _portgroup_set,
    "hostsvc/firmware/sync_config": _sync, "hostsvc/maintenance_mode_enter": _maintenance(True),
    "hostsvc/maintenance_mode_exit": _maintenance(False), "hostsvc/datastore/rename": _rename,
    "vimsvc/license": _license,
    "vmsvc/getallvms": lambda _world, _rest: "Vmid   Name   File   Guest OS   Version   Annotation\n",
}
for _action in ("enable", "disable", "start", "stop"):
    for _word, _name in _SERVICE_WORDS.items():
        _COMMANDS[f"hostsvc/{_action}_{_word}"] = _service(_action, _name)


def _unknown(world, path):
    if world.switch("vim_unknown_text") == "invalid":
        return f"Invalid command '{path}'.\n"
    head = path.rpartition("/")[0]
    below = sorted({name[len(head):].strip("/").split("/")[0] for name in _COMMANDS if name.startswith(head)})
    return f"Commands available under {head}/:\n" + "".join(name + "\n" for name in below)


@program("vim-cmd")
def vim_cmd(world, words, _stdin):
    if not world.notice_call():
        return 1, NO_HOSTD + "\n"
    if not words:
        return 1, _unknown(world, "/")
    path = words[0].strip("/")
    if path not in _COMMANDS:
        return 1, _unknown(world, path)
    try:
        return 0, _COMMANDS[path](world, list(words[1:]))
    except EsxiError as error:
        return 1, f"{error}\n"
