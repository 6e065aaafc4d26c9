"""The state of a host before any command: hardware, switches, and the defaults of every configuration section."""
import uuid

from . import releases, switches
from .network import firewall, nics
from .storage import disks, nvme
from .system import account, identity, modules, ntp, services, syslog

ONE_NIC = """\
Name    PCI Device    Driver    Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description
------  ------------  --------  ------------  -----------  -----  ------  -----------------  ----  -----------------------------------------------
vmnic0  0000:03:00.0  nvmxnet3  Up            Up           10000  Full    02:00:5e:00:53:11  1500  VMware Inc. vmxnet3 Virtual Ethernet Controller
"""


def empty_runtime(chosen, hostd):
    """What every boot starts with. `hostd`: up, down, hang (vim-cmd never answers), or calls that fail first."""
    waits = int(chosen["transient_ip_failures"])
    return {
        "hostd": hostd, "resolv_conf": None, "calls": [], "failures": [], "log": [],
        "unmanageable_after": [], "reboot_required": False, "power": None, "localcli_only": [], "hostd_stale": [],
        "transient": {"ipv4 set": waits, "route add": waits}, "kernel": {}, "domains": {}, "iso_mounts": {},
        "modules": modules.initial_loaded(), "boot_options": "", "ntp_conf_in_use": None, "ipv6": True,
        "services": services.initial_running(services.initial_policy()), "syslog_in_use": syslog.initial(),
    }


def _config():
    policy = services.initial_policy()
    return {
        "macs_made": 0, "uuids_made": 0, "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, "fake esxi")),
        "ipv6_enabled": True, "firewall": firewall.initial(), "hostname": identity.initial(), "services": policy,
        "ntp": ntp.initial(), "syslog": syslog.initial(), "accounts": account.initial(), "ssh_keys": {}, "sshd": {},
        "advanced": {}, "advanced_added": {}, "kernel": {}, "modules": {}, "coredump": modules.initial_coredump(),
        "encryption": {"Mode": "NONE", "Require Executables Only From Installed VIBs": False,
                       "Require Secure Boot": False},
        "maintenance": False, "welcome": "", "license": None, "acceptance": "PartnerSupported",
        "certificate_cn": "localhost.localdomain", "memtier": None,
    }


def state(release, nics_text, disks_text, nvme_text, dhcp, chosen_switches, hostd, secure_boot, missing_drivers=()):
    """The whole state, without the network: `network.initial.build` makes that."""
    chosen = switches.settle(chosen_switches)
    if dhcp is None or dhcp is True:
        dhcp = {"*": "auto"}
    return {
        "format": 1, "release": releases.normal(release), "switches": chosen,
        "variant": switches.variant(chosen),
        "hardware": {"nics": nics.parse_list(nics_text or ONE_NIC), "dhcp": dhcp or {}, "silent": [],
                     "disks": disks.parse_list(disks_text or disks.ONE_DISK), "nvme": nvme.parse(nvme_text),
                     "isos": {}, "missing_drivers": list(missing_drivers), "absent_nics": {}, "serial": "SAMPLE01", "secure_boot": secure_boot},
        "storage": {"tables": {}, "volumes": {}, "guids_made": 0, "volumes_made": 0},
        "saved": None, "runtime": empty_runtime(chosen, hostd), "config": _config(),
    }
