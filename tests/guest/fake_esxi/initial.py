"""The state of a host that was just installed."""
from . import releases, switches
from .network import firewall, initial, nics

ONE_NIC = """\
Name    PCI Device    Driver    Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description
------  ------------  --------  ------------  -----------  -----  ------  -----------------  ----  -----------------------------------------------
vmnic0  0000:03:00.0  nvmxnet3  Up            Up           10000  Full    02:00:5e:00:53:11  1500  VMware Inc. vmxnet3 Virtual Ethernet Controller
"""


def empty_runtime(chosen, hostd):
    """What every boot starts with. `hostd`: up, down, hang (vim-cmd never answers), or calls that fail first."""
    waits = int(chosen["transient_ip_failures"])
    return {
        "hostd": hostd, "resolv_conf": None, "calls": [], "failures": [], "unmanageable_after": [],
        "reboot_required": False, "transient": {"ipv4 set": waits, "route add": waits},
    }


def state(release, nics_text, dhcp, chosen_switches, hostd):
    """Hardware and switches; the configuration comes with `install`."""
    chosen = switches.settle(chosen_switches)
    if dhcp is None or dhcp is True:
        dhcp = {"*": "auto"}
    return {
        "format": 1, "release": releases.normal(release), "switches": chosen,
        "hardware": {"nics": nics.parse_list(nics_text or ONE_NIC), "dhcp": dhcp or {}, "silent": []},
        "storage": {}, "saved": None, "runtime": empty_runtime(chosen, hostd),
        "config": {"macs_made": 0, "ipv6_enabled": True, "firewall": firewall.initial()},
    }


def install(world, network_line):
    """The configuration that the installer leaves."""
    initial.build(world, network_line)
