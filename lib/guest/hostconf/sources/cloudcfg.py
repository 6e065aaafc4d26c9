"""The keys of cloud-config that mean something on ESXi, put into a host description.

hostname, fqdn, ssh_authorized_keys, users (root only), password, chpasswd (root only), ntp, manage_resolv_conf's
resolv_conf, runcmd. Every other key is named in one warning.
"""

import base64

from common import checks
from common.quoting import quoted
from hostconf.sources import sshkeys
from hostconf.sources.hostnames import safe_hostname
from hostconf.sources.yamlflow import text_of

_HANDLED = ("hostname", "fqdn", "ssh_authorized_keys", "users", "password", "chpasswd", "ntp", "resolv_conf", "runcmd")
# Keys that only say how the handled ones are meant, or ask for what is so anyway.
_SILENT = ("manage_resolv_conf", "preserve_hostname", "ssh_pwauth", "disable_root", "prefer_fqdn_over_hostname",
           "manage_etc_hosts", "final_message", "merge_how")


def apply(config, description, warn, set_password):
    """Put what the config asks for into the description (a dict that is being built).

    @param set_password: called with root's password, and whether it is a crypt string already
    """
    if not config.get("preserve_hostname"):
        _hostname(config, description, warn)
    description["ssh_keys"] += sshkeys.keys_in(config.get("ssh_authorized_keys"), warn)
    for user in config.get("users") if isinstance(config.get("users"), list) else []:
        _user(user, description, warn, set_password)
    _passwords(config, warn, set_password)
    add_ntp(config.get("ntp"), description, warn)
    _resolver(config.get("resolv_conf"), description, warn)
    _run_commands(config.get("runcmd"), description, warn)
    ignored = sorted(str(key) for key in config if key not in _HANDLED + _SILENT)
    if ignored:
        warn("cloud-config: %s has no meaning on ESXi and is ignored" % ", ".join(ignored))


def add_ntp(ntp, description, warn):
    """Time servers of an object {servers, pools}; they replace those of a source with less say."""
    if not isinstance(ntp, dict):
        return
    if ntp.get("enabled") is False:
        description["ntp"] = {"servers": [], "pools": []}
        return
    found = {}
    for key in ("servers", "pools"):
        found[key] = valid_items(ntp.get(key), checks.server, "NTP server", warn)
    if found["servers"] or found["pools"]:
        description["ntp"] = found


def valid_items(values, check, what, warn):
    """The items of a list (or a single string) that pass the check; the others are reported."""
    result = []
    for value in values if isinstance(values, list) else [values] if isinstance(values, str) else []:
        try:
            item = check(value)
            if item not in result:
                result.append(item)
        except ValueError as error:
            warn("a %s is ignored: %s" % (what, error))
    return result


def _hostname(config, description, warn):
    for key in ("fqdn", "hostname"):
        name = text_of(config.get(key))
        if name and name.strip():
            description["hostname"] = safe_hostname(name, warn) or description["hostname"]
            return


def _user(user, description, warn, set_password):
    if user == "default" or not isinstance(user, dict):
        return
    if user.get("name") != "root":
        warn("cloud-config: user %r is ignored, only root is set up" % (user.get("name"),))
        return
    description["ssh_keys"] += sshkeys.keys_in(user.get("ssh_authorized_keys"), warn)
    for key, hashed in (("plain_text_passwd", False), ("hashed_passwd", True), ("passwd", True)):
        if text_of(user.get(key)):
            set_password(text_of(user[key]), hashed)
            return


def _passwords(config, warn, set_password):
    if text_of(config.get("password")):
        set_password(text_of(config["password"]), False)
    chpasswd = config.get("chpasswd")
    if not isinstance(chpasswd, dict):
        return
    entries = []
    lines = chpasswd.get("list")
    for line in lines if isinstance(lines, list) else (text_of(lines) or "").splitlines():
        name, _, password = (text_of(line) or "").partition(":")
        entries.append((name.strip(), password.strip(), False))
    for user in chpasswd.get("users") if isinstance(chpasswd.get("users"), list) else []:
        if isinstance(user, dict):
            entries.append((user.get("name"), text_of(user.get("password")) or "", user.get("type", "hash") == "hash"))
    for name, password, hashed in entries:
        if name == "root" and password and password not in ("R", "RANDOM"):
            set_password(password, hashed)
        elif name:
            warn("cloud-config: chpasswd for %r is ignored" % name)


def _resolver(config, description, warn):
    if not isinstance(config, dict):
        return
    servers = valid_items(config.get("nameservers"), checks.ip_address, "DNS server", warn)
    if servers:
        description["dns"]["servers"] = servers
    search = valid_items(config.get("searchdomains"), checks.hostname, "search domain", warn)
    description["dns"]["search"] = search or description["dns"]["search"]


def _word(value):
    """A word of a command: numbers as they were written, booleans as YAML writes them."""
    text = text_of(value)
    if text is not None:
        return text
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _run_commands(commands, description, warn):
    if not isinstance(commands, list) or not commands:
        return
    lines = ["#!/bin/sh"]
    for command in commands:
        if isinstance(command, str):
            lines.append(command)
        elif isinstance(command, list) and command:
            lines.append(" ".join(quoted(_word(word)) for word in command))
        elif command is not None:
            warn("cloud-config: a runcmd entry is neither text nor a list and is ignored")
    text = "\n".join(lines) + "\n"
    description["user_data"].append(
        {"name": "runcmd", "script_base64": base64.b64encode(text.encode("utf-8")).decode("ascii")})
