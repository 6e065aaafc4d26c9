"""All modules that register commands, and the names of the host's programs."""
import posixpath

from . import esxcli, persist  # noqa: F401
from .network import dns, firewall, ipv4, ipv6, nics, ping, portgroup, route, vmk, vswitch  # noqa: F401
from .registry import PROGRAMS
from .storage import commands, nvme, parted, scsidevs, vmkfstools  # noqa: F401
from .system import account, identity, modules, ntp, power, services, settings, software, ssh, syslog  # noqa: F401
from .tools import esxcfg, vim_cmd, vsish  # noqa: F401

READS_STDIN = ("partedUtil", "vmkfstools", "logger")
_BY_PATH = {
    "/sbin/auto-backup.sh": "auto-backup.sh", "/bin/backup.sh": "backup.sh",
    "/sbin/generate-certificates": "generate-certificates",
    "/usr/lib/vmware/secureboot/bin/secureBoot.py": "secureBoot.py",
}


def program_name(word):
    """The registered name for argv[0]: scripts of /etc/init.d keep their folder, all others lose theirs."""
    parts = posixpath.normpath(word).split("/")
    if len(parts) > 1 and parts[-2] == "init.d":
        return "/etc/init.d/" + parts[-1]
    return parts[-1]


def on_path():
    """Names of the commands that stand in bin/."""
    return sorted(name for name in PROGRAMS if "/" not in name and name != "secureBoot.py")


def by_path():
    """Paths of the host at which scripts stand that are called by full path."""
    return sorted(_BY_PATH) + sorted(name for name in PROGRAMS if name.startswith("/etc/init.d/"))
