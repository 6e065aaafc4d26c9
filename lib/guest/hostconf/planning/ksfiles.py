"""The lines that the kickstart includes: rootpw, install and network."""

import shlex

from hostconf.model.inventory import assumed
from hostconf.planning.plan import PlanError, network_target
from hostconf.planning.target import installer_uplink

DEFAULT_INSTALL = "--firstdisk --overwritevmfs"
# The installer takes two name servers.
NAME_SERVERS = 2
_DISK_CHOICE = ("--firstdisk", "--disk", "--drive")
_NAMED_DISK = ("--disk", "--drive")
# The file below /tmp/esxiimg that holds a command, by its name.
TOPICS = {"rootpw": "rootpw", "network": "network", "install": "disk", "installorupgrade": "disk"}


def rootpw_line(password_hash):
    """The line that sets root's password from a crypt string."""
    return "rootpw --iscrypted %s" % password_hash


def named_disk(arguments):
    """The disk that arguments of `install` name outright, without a folder before it; None when they name none."""
    for word in shlex.split(arguments or "", comments=True):
        name, _, value = word.partition("=")
        if name in _NAMED_DISK:
            return value.rpartition("/")[2]
    return None


def install_line(disk, arguments, command="install"):
    """The line that names the disk to install to.

    @param disk: name of the disk that holds this image, or None when it was not found
    @param arguments: what the build was told (--install-disk), or None; a disk that they name wins
    @param command: "install" or "installorupgrade"
    """
    if disk is None or named_disk(arguments):
        return "%s %s" % (command, arguments or DEFAULT_INSTALL)
    words = [word for word in shlex.split(arguments or "", comments=True) if word.partition("=")[0] not in _DISK_CHOICE]
    if not any(word in ("--overwritevmfs", "--preservevmfs") for word in words):
        words.append("--overwritevmfs")
    return "%s --disk=/vmfs/devices/disks/%s %s" % (command, disk, " ".join(words))


def network_line(description, nics, warn):
    """The line that makes the host reachable even where %firstboot does not run.

    One NIC, one address: vmk0's in the plan for a freshly installed host. Where that plan refuses the network, and
    where the installer cannot do it (IPv6 only), DHCP.

    @param nics: NICs of the host as host/inventory.parse_nics gives them
    @param warn: called with a sentence for what is left out or refused
    """
    words = ["network"]
    target = None
    try:
        target = network_target(description, assumed(nics), warn) if nics else None
    except PlanError as error:
        if not description["refusal"]:
            warn("the network is left to DHCP: %s" % error)
    if target is None:
        return _with_hostname(words + ["--bootproto=dhcp"], description)
    vmk = target["vmks"][0]
    if vmk["ipv4"]["type"] == "static":
        words += ["--bootproto=static", "--ip=" + vmk["ipv4"]["address"], "--netmask=" + vmk["ipv4"]["netmask"]]
        words += ["--gateway=" + route["gateway"] for route in target["routes"]
                  if (route["network"], route["family"], route["interface"]) == ("default", "ipv4", vmk["name"])]
        servers = [server for server in description["dns"]["servers"] if ":" not in server][:NAME_SERVERS]
        if servers:
            words.append("--nameserver=" + ",".join(servers))
    else:
        words.append("--bootproto=dhcp")
    words.append("--device=" + installer_uplink(target, nics)["mac"])
    vlan = next(group["vlan"] for group in target["portgroups"] if group["name"] == vmk["portgroup"])
    if vlan:
        words.append("--vlanid=%d" % vlan)
    return _with_hostname(words, description)


def is_from_metadata(line):
    """Whether a network line says what the metadata ask for: only such a line names a NIC."""
    return line is not None and "--device=" in line


def _with_hostname(words, description):
    if description["hostname"]:
        words.append("--hostname=" + description["hostname"])
    return " ".join(words)
