"""A strict fake ESXi host for tests. README.md explains the API and the switches."""
import os

from . import bootbank, drivers, initial, installer, persist, switches
from .errors import BootError, EsxiError
from .files import FolderFiles, MemoryFiles
from .host import Host
from .kickstart import network_options
from .network import dns, lease
from .network import initial as fresh_network
from .storage import disks as storage_devices
from .system import identity

SEEN_AS = "/.fake"  # where the programs of a contained host see its sandbox
__all__ = ["SEEN_AS", "BootError", "EsxiError", "Host", "attach", "create", "switches"]


def create(sandbox=None, release="8.0.3", nics=None, disks=None, nvme=None, switches=None, network="",
           dhcp=None, hostd="up", phase="running", boot_options="",
           secure_boot=False, container=False, missing_drivers=()):
    """Make a host.

    sandbox   new or empty folder for root/, bin/ and state.json; None keeps everything in memory
    nics      output of `esxcli network nic list`, one NIC when left out
    disks     output of `esxcli storage core device list`; nvme that of `esxcli nvme device list` and `get`
    switches  values of switches.ALL that differ from the default
    network   the options of a kickstart `network` line, e.g. "--bootproto=static --ip=192.0.2.10 …"
    dhcp      False for no DHCP server, or {"vmnic0" | "vmnic0:VLAN" | "*": lease or "auto"}; {"known": [MACs]} there
              answers these MACs alone, {"unknown": [MACs]} all others
    hostd     "up", "down", "hang" (vim-cmd never returns), or the number of calls that fail first
    phase     "running": freshly installed; "installer": in %pre, disks blank (see Host.install and Host.boot)
    secure_boot   UEFI Secure Boot: a boot bank with modules of others does not start
    missing_drivers  names of drivers that ESXi itself lacks: their NICs appear when a boot module brings them
    container     its programs run by contained.command, with the sandbox's root as their root
    boot_options  the installer's kernel options, of which systemMediaSize= shapes the disk
    """
    state = initial.state(release, nics, disks, nvme, dhcp, switches, hostd, secure_boot, missing_drivers)
    if sandbox is None:
        host = Host(None, MemoryFiles(), state)
    else:
        sandbox = os.path.abspath(sandbox)
        os.makedirs(os.path.join(sandbox, "root"), exist_ok=True)
        host = Host(sandbox, FolderFiles(os.path.join(sandbox, "root")), state, SEEN_AS if container else None)
    with host.world() as world:
        storage_devices.make_nodes(world)
        drivers.vanish(world)
        if phase == "installer":
            installer.start_environment(world, boot_options)
        else:
            options = network_options(network)
            installer.partition_disk(world, storage_devices.boot_disk(world), boot_options)
            fresh_network.build(world, options)
            if "hostname" in options:
                identity.set_fqdn(world, options["hostname"])
            persist.write_system_files(world)
            bootbank.link(world)
            world.runtime["boot_options"] = "autoPartition=FALSE"
            lease.settle(world)
            persist.backup(world)
        dns.write_resolv_conf(world)
    host.furnish()
    return host


def attach(root):
    """The host whose root folder this is: what the launchers do."""
    root = os.path.abspath(root)
    return Host(os.path.dirname(root), FolderFiles(root))
