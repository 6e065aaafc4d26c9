"""The keys of cloud-config that mean something on ESXi, put into a host description.

docs/openstack.md lists them; every key that means nothing here is named in one warning.
"""

import base64

from common import checks
from common.quoting import quoted
from hostconf.sources import accounts, esxikeys, files, phonehome
from hostconf.sources.hostnames import safe_hostname
from hostconf.sources.items import add_ntp, valid_items
from hostconf.sources.yamlflow import text_of

HANDLED = ("hostname", "fqdn", "ssh_authorized_keys", "user", "users", "password", "chpasswd", "ntp", "resolv_conf",
           "write_files", "runcmd", "phone_home", "esxi")
# Keys that only say how the handled ones are meant, or ask for what is so anyway.
SILENT = ("manage_resolv_conf", "preserve_hostname", "create_hostname_file", "ssh_pwauth", "disable_root",
          "prefer_fqdn_over_hostname", "manage_etc_hosts", "final_message", "merge_how", "merge_type", "output",
          "cloud_init_modules", "cloud_config_modules", "cloud_final_modules")


def apply(config, description, warn, set_password, aliases=None):
    """Put what the config asks for into the description (a dict that is being built).

    @param set_password: called with root's password, and whether it is said to be a crypt string
    @param aliases: as for esxikeys.apply
    """
    if not config.get("preserve_hostname"):
        _hostname(config, description, warn)
    accounts.add_keys(config, description, warn)
    accounts.set_passwords(config, warn, set_password)
    add_ntp(config.get("ntp"), description, warn)
    _resolver(config.get("resolv_conf"), description, warn)
    description["files"] += files.read(config.get("write_files"), warn, "cloud-config")
    _run_commands(config.get("runcmd"), description, warn)
    description["phone_home"] = phonehome.read(config.get("phone_home"), warn) or description["phone_home"]
    if config.get("esxi") is not None:
        esxikeys.apply(config["esxi"], description, warn, "cloud-config", aliases)
    ignored = sorted(str(key) for key in config if key not in HANDLED + SILENT)
    if ignored:
        warn("cloud-config: %s has no meaning on ESXi and is ignored" % ", ".join(ignored))


def _hostname(config, description, warn):
    for key in ("fqdn", "hostname"):
        name = text_of(config.get(key))
        if name and name.strip():
            description["hostname"] = safe_hostname(name, warn) or description["hostname"]
            return


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
