"""A strict fake ESXi host for tests. README.md explains the API and the switches."""
import os

from . import initial, switches
from .files import FolderFiles, MemoryFiles
from .host import Host
from .kickstart import network_options
from .launchers import write_launchers
from .network import dns, lease

__all__ = ["Host", "create", "attach", "switches"]


def create(sandbox=None, release="8.0.3", nics=None, disks=None, nvme=None, switches=None, network="",
           dhcp=None, hostd="up"):
    """Make a freshly installed host.

    sandbox   new or empty folder for root/, bin/ and state.json; None keeps everything in memory
    nics      output of `esxcli network nic list`, one NIC when left out
    disks     output of `esxcli storage core device list`; nvme that of `esxcli nvme device list` and `get`
    switches  values of switches.ALL that differ from the default
    network   the options of a kickstart `network` line, e.g. "--bootproto=static --ip=192.0.2.10 …"
    dhcp      False for no DHCP server, or {"vmnic0" | "vmnic0:VLAN" | "*": lease or "auto"}
    hostd     "up", "down", "hang" (vim-cmd never returns), or the number of calls that fail first
    """
    state = initial.state(release, nics, dhcp, switches, hostd)
    if sandbox is None:
        host = Host(None, MemoryFiles(), state)
    else:
        sandbox = os.path.abspath(sandbox)
        os.makedirs(os.path.join(sandbox, "root"), exist_ok=True)
        host = Host(sandbox, FolderFiles(os.path.join(sandbox, "root")), state)
        write_launchers(host)
    with host.world() as world:
        initial.install(world, network_options(network))
        lease.settle(world)
        dns.write_resolv_conf(world)
    return host


def attach(root):
    """The host whose root folder this is: what the launchers do with FAKE_ESXI_ROOT."""
    root = os.path.abspath(root)
    return Host(os.path.dirname(root), FolderFiles(root))
