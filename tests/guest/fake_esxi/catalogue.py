"""All modules that register commands, and the names of the host's programs."""
import posixpath

from . import esxcli  # noqa: F401
from .network import dns, firewall, ipv4, ipv6, nics, ping, portgroup, route, vmk, vswitch  # noqa: F401
from .registry import PROGRAMS

READS_STDIN = ("partedUtil", "vmkfstools")
_BY_PATH = ("/sbin/auto-backup.sh", "/sbin/generate-certificates", "/bin/backup.sh")


def program_name(word):
    """The registered name for argv[0]: scripts of /etc/init.d keep their folder, all others lose theirs."""
    parts = posixpath.normpath(word).split("/")
    if len(parts) > 1 and parts[-2] == "init.d":
        return "/etc/init.d/" + parts[-1]
    return parts[-1]


def on_path():
    """Names of the commands that stand in bin/."""
    return sorted(name for name in PROGRAMS if "/" not in name)


def by_path():
    """Paths of the host at which scripts stand that are called by full path."""
    return sorted([path for path in _BY_PATH if program_name(path) in PROGRAMS]
                  + [name for name in PROGRAMS if name.startswith("/etc/init.d/")])
