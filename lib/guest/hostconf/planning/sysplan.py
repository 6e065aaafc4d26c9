"""Everything but the network: names, DNS, time, keys, services, logs, settings, licence.

Pure: description + inventory → commands. None of them depends on another, so one that fails does not keep the
rest from being done.
"""

import collections

from common.checks import key_body
from hostconf.model.command import Command, ensure_line

# More servers are tried; a host may take three only.
DNS_SERVERS_SURE = 3
# Where sshd looks for root's keys (AuthorizedKeysFile of sshd_config); tracked for backup.
AUTHORIZED_KEYS = "/etc/ssh/keys-root/authorized_keys"
NTP_CONF = "/etc/ntp.conf"


def commands(description, inventory, warn):
    """The commands of every area. @return: list of Command"""
    return [command for area in AREAS for command in AREAS[area](description, inventory, warn)]


def login_commands(description, inventory, warn, hostd=True):
    """The commands that let people in: root's keys, the SSH server, the shell, the console.

    @param hostd: whether hostd answers; without it the keys go into the file and the services by their scripts
    """
    version = _version(inventory)
    return (_ssh_keys(description["ssh_keys"], inventory["ssh_keys"] if hostd else None, version if hostd else (6, 7),
                      warn) + _services(description["services"]))


def _version(inventory):
    return inventory["version"] or (8, 0, 0)


def _name_area(description, inventory, _warn):
    return _hostname(description["hostname"], inventory["hostname"])


def _dns_area(description, inventory, _warn):
    return dns_commands(description["dns"], inventory["dns"])


def _ntp_area(description, inventory, _warn):
    return _ntp(description["ntp"], inventory["ntp"], _version(inventory))


def _syslog_area(description, inventory, _warn):
    return _syslog(description["syslog"], inventory["loghosts"])


def _settings_area(description, inventory, _warn):
    plan = []
    for option in sorted(description["advanced"]):
        value = description["advanced"][option]
        how = ["-i", str(value)] if isinstance(value, int) else ["-s", value]
        plan.append(Command("esxcli", "system", "settings", "advanced", "set", "-o", option, *how))
    for name in _kernel_changes(description, inventory):
        plan.append(Command("esxcli", "system", "settings", "kernel", "set", "-s", name,
                            "-v", description["kernel"][name]))
    return plan


def _licence_area(description, inventory, warn):
    key = description["licence_key"]
    if not key:
        return []
    if _version(inventory) >= (9,):
        warn("ESX 9 takes licences from vCenter; the host may refuse the licence key")
    return [Command("vim-cmd", "vimsvc/license", "--set=" + key, secret=(key,))]


# What is neither login nor network, in its order. None depends on another.
AREAS = collections.OrderedDict((
    ("name", _name_area),
    ("dns", _dns_area),
    ("ntp", _ntp_area),
    ("syslog", _syslog_area),
    ("settings", _settings_area),
    ("licence", _licence_area),
))


def needs_reboot(description, inventory):
    """Whether the host must start again for what the plan sets to take effect.

    A new host name needs a new certificate, which hostd reads when it starts; kernel settings are read at boot.
    """
    return changes_name(description, inventory) or bool(_kernel_changes(description, inventory))


def changes_name(description, inventory):
    """Whether the host gets another name than it has."""
    return bool(inventory["hostname"] and _hostname(description["hostname"], inventory["hostname"]))


def _kernel_changes(description, inventory):
    return [name for name in sorted(description["kernel"])
            if inventory["kernel"].get(name) != description["kernel"][name]]


def dns_commands(wanted, present):
    """The commands that bring the host's name servers and search domains to what is wanted."""
    plan = []
    servers = wanted["servers"]
    if servers and _took_what_it_could(servers, present["servers"]):
        # A host that takes three servers is not made to forget and learn them again.
        for server in servers[len(present["servers"]):]:
            plan.append(Command("esxcli", "network", "ip", "dns", "server", "add", "-s", server, optional=True))
    elif servers:
        # Servers that DHCP brought stay when the address becomes static.
        if present["servers"] is None:
            plan.append(Command("esxcli", "network", "ip", "dns", "server", "remove", "--all", optional=True))
        for server in present["servers"] or []:
            plan.append(Command("esxcli", "network", "ip", "dns", "server", "remove", "-s", server, optional=True))
        for i, server in enumerate(servers):
            plan.append(Command("esxcli", "network", "ip", "dns", "server", "add", "-s", server,
                                optional=i >= DNS_SERVERS_SURE))
    for domain in wanted["search"]:
        if domain not in present["search"]:
            plan.append(Command("esxcli", "network", "ip", "dns", "search", "add", "-d", domain))
    return plan


def _took_what_it_could(servers, present):
    return present == servers or bool(
        present and len(present) >= DNS_SERVERS_SURE and servers[:len(present)] == present)


def _hostname(wanted, present):
    if not wanted:
        return []
    if "." in wanted:
        return [Command("esxcli", "system", "hostname", "set", "--fqdn=" + wanted)] if wanted != present else []
    # A domain that DHCP brought may stay.
    if present and present.partition(".")[0] == wanted:
        return []
    return [Command("esxcli", "system", "hostname", "set", "--host=" + wanted)]


def _ntp(wanted, present, version):
    servers = wanted["servers"] + [pool for pool in wanted["pools"] if pool not in wanted["servers"]]
    if not servers:
        return []
    if version < (7,):
        plan = [ensure_line(NTP_CONF, "server " + server) for server in servers]
        plan.append(Command("esxcli", "network", "firewall", "ruleset", "set", "-r", "ntpClient", "-e", "true"))
        plan.append(Command("/etc/init.d/ntpd", "restart"))
        plan.append(Command("chkconfig", "ntpd", "on"))
        return plan
    if present and present["enabled"] and present["servers"] == servers:
        return []
    words = []
    for server in servers:
        words += ["-s", server]
    # A name that cannot be resolved yet may fail once the first packets find their way.
    return [Command("esxcli", "system", "ntp", "set", "-e", "true", *words, retries=2)]


def _ssh_keys(keys, present, version, warn):
    if version < (8,):
        return [ensure_line(AUTHORIZED_KEYS, key) for key in keys]
    if any("ssh-ed25519" in key.split() for key in keys):
        warn("ESXi 8 and later may ignore Ed25519 keys, because their SSH server keeps to FIPS 140")
    # The configuration store keeps these over a reboot; a host without the command takes the file.
    return [Command("esxcli", "system", "ssh", "key", "add", "-u", "root", "-k", key,
                    alternative=ensure_line(AUTHORIZED_KEYS, key))
            for key in keys if key_body(key)[1] not in (present or "")]


def _services(wanted):
    plan = []
    for name, service, script in (("ssh", "ssh", "SSH"), ("shell", "esx_shell", "ESXShell")):
        policy, state = ("enable", "start") if wanted[name] else ("disable", "stop")
        # The alternatives do without hostd, for a vim-cmd that fails or hangs.
        plan.append(Command("vim-cmd", "hostsvc/%s_%s" % (policy, service),
                            alternative=Command("chkconfig", script, "on" if wanted[name] else "off")))
        plan.append(Command("vim-cmd", "hostsvc/%s_%s" % (state, service),
                            alternative=Command("/etc/init.d/" + script, state)))
    if wanted["ssh"] or wanted["shell"]:
        plan.append(Command("esxcli", "system", "settings", "advanced", "set",
                            "-o", "/UserVars/SuppressShellWarning", "-i", "1"))
    if wanted["console"] is not None:
        plan.append(Command("chkconfig", "DCUI", "on" if wanted["console"] else "off"))
        plan.append(Command("/etc/init.d/DCUI", "start" if wanted["console"] else "stop"))
    return plan


def _syslog(wanted, present):
    if not wanted or wanted == present:
        return []
    return [
        Command("esxcli", "system", "syslog", "config", "set", "--loghost=" + ",".join(wanted)),
        Command("esxcli", "system", "syslog", "reload"),
        Command("esxcli", "network", "firewall", "ruleset", "set", "-r", "syslog", "-e", "true", optional=True),
        Command("esxcli", "network", "firewall", "refresh"),
    ]
