"""The lines that the kickstart includes: rootpw, install and network."""

import ipaddress
import shlex

from hostconf.planning.target import management_interface, subnet

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

    One NIC, one address: the management interface's. What the installer cannot do (IPv6 only, an unknown MAC)
    falls back to DHCP.

    @param nics: NICs of the host as host/inventory.parse_nics gives them
    """
    words = ["network"]
    network = description["network"]
    interface = None
    if has_addresses(description):
        interfaces = [i for i in network["interfaces"] if i["addresses"]]
        interface = management_interface(dict(network, interfaces=interfaces))
        mac = _device(network, interface, nics)
        if mac is None:
            warn("no NIC of this host has the management interface's MAC: the installer takes its own choice, by DHCP")
            interface = None
    if interface is None:
        return _with_hostname(words + ["--bootproto=dhcp"], description)
    static = [entry for entry in interface["addresses"] if entry["type"] == "ipv4-static"]
    gateway = network["gateway4"]
    static.sort(key=lambda entry: not (gateway and _on_link(entry, gateway["address"])))
    if static:
        entry = static[0]
        words += ["--bootproto=static", "--ip=" + entry["address"], "--netmask=%s" % subnet(entry).netmask]
        if gateway and _on_link(entry, gateway["address"]):
            words.append("--gateway=" + gateway["address"])
        servers = [server for server in description["dns"]["servers"] if ":" not in server][:NAME_SERVERS]
        if servers:
            words.append("--nameserver=" + ",".join(servers))
    else:
        words.append("--bootproto=dhcp")
    words.append("--device=" + mac)
    if interface["vlan"]:
        words.append("--vlanid=%d" % interface["vlan"])
    return _with_hostname(words, description)


def has_addresses(description):
    """Whether the description says how the host is reached."""
    network = description["network"]
    return network is not None and any(interface["addresses"] for interface in network["interfaces"])


def _with_hostname(words, description):
    if description["hostname"]:
        words.append("--hostname=" + description["hostname"])
    return " ".join(words)


def _device(network, interface, nics):
    """The MAC of the interface's NIC: of a bond, the first member with a link, else the first."""
    links = dict((link["id"], link) for link in network["links"])
    link = links[interface["link"]]
    members = [link] if link["kind"] == "nic" else [links[member] for member in link["members"]]
    present = dict((nic["mac"], nic) for nic in nics)
    macs = [member["mac"] for member in members if member["mac"] in present]
    linked = [mac for mac in macs if present[mac]["link_up"]]
    return (linked or macs or [None])[0]


def _on_link(entry, gateway):
    address = ipaddress.ip_address(gateway)
    return address in subnet(entry) and gateway != entry["address"]
