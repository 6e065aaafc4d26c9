"""The answers of MAAS's metadata service → what they add to a host description.

MAAS's vendor data is YAML whose key "cloud-init" holds cloud-config as text. Of that, time servers, files and this
project's own object "esxi" count (MAAS writes none such; whatever stands between it and the machine may). A file
called vcenter.yaml says which vCenter to join and is not written anywhere. All YAML is read here, on the host, by
yamlite: the machine that deploys asks MAAS for nothing, so there is one reader for every deployer and none of it
depends on PyYAML.
"""

import copy
import os

from common import description as schema
from hostconf.sources import esxikeys, files, sshkeys, userdata, vcenters, yamlite
from hostconf.sources.hostnames import safe_hostname
from hostconf.sources.items import add_ntp

# What the metadata service knows besides user data, by the names of maas.fetch.
ANSWERS = ("local-hostname", "public-keys", "vendor-data")
VCENTER_FILE = "vcenter.yaml"

_VCENTER_PREFIX = "vcenter_"
# What MAAS writes for every machine and what only a Linux host could do anything with.
_MEANINGLESS = ("snap", "system_info")
# Of "esxi": what MAAS itself says of a machine, in the configuration that its deployment began with.
_MAAS_SAYS = ("datastores", "networks", "unnumbered", "vm_network")


def read_answers(answers, description, warn):
    """The description, completed with the answers of the metadata service.

    @param answers: bytes or None by the names of maas.fetch
    """
    result = copy.deepcopy(description)
    name = (answers.get("local-hostname") or b"").decode("utf-8", "replace").strip()
    if name:
        result["hostname"] = safe_hostname(name, warn)
    keys = (answers.get("public-keys") or b"").decode("utf-8", "replace")
    result["ssh_keys"] = sshkeys.distinct(description["ssh_keys"] + sshkeys.keys_in(keys, warn))
    result["files"] = list(description["files"])
    for config in _cloud_configs(answers.get("vendor-data"), warn):
        add_ntp(config.get("ntp"), result, warn)
        if config.get("esxi") is not None:
            esxikeys.apply(_own_keys(config["esxi"], warn), result, warn, "vendor data")
        result["files"] += files.read(config.get("write_files"), warn, "vendor data")
        ignored = sorted(str(key) for key in config if key not in ("ntp", "write_files", "esxi") + _MEANINGLESS)
        if ignored:
            warn("vendor data: %s has no meaning on ESXi and is ignored" % ", ".join(ignored))
    for entry in [entry for entry in result["files"] if os.path.basename(entry["path"]) == VCENTER_FILE]:
        result["files"].remove(entry)
        result["vcenter"] = _vcenter(files.content_of(entry), warn)
    return schema.validate(result)


def _cloud_configs(data, warn):
    """Parsed cloud-config documents in vendor data: wrapped as MAAS does it, or plain."""
    if not data or not data.strip():
        return []
    try:
        document = yamlite.loads(data.decode("utf-8"))
    except ValueError as error:
        warn("vendor data cannot be read and is ignored: %s" % error)
        return []
    if not isinstance(document, dict):
        warn("vendor data is not a mapping and is ignored")
        return []
    inner = document.get("cloud-init", document)
    if isinstance(inner, dict):
        return [inner]
    if not isinstance(inner, str):
        return []
    return userdata.read(inner.encode("utf-8"), warn, "vendor data")[1]


def _own_keys(keys, warn):
    """The object "esxi" without what MAAS has the say in."""
    if not isinstance(keys, dict):
        return keys
    for name in _MAAS_SAYS:
        if keys.get(name) is not None:
            warn("vendor data: esxi.%s is ignored: MAAS has the say in that" % name)
    return dict((name, keys[name]) for name in keys if name not in _MAAS_SAYS)


def _vcenter(content, warn):
    """The host description's part "vcenter" from MAAS's file, or None."""
    try:
        given = yamlite.loads(content.decode("utf-8"))
    except ValueError:
        # The reason could repeat the password.
        warn("vendor data: %s cannot be read and is ignored" % VCENTER_FILE)
        return None
    given = given if isinstance(given, dict) else {}
    found = dict((key, given.get(_VCENTER_PREFIX + key)) for key in vcenters.KEYS)
    if found["ca_certificate"] is None:
        found["ca_certificate"] = given.get("vcenter_ca")
    try:
        return schema.part("vcenter", vcenters.read(found, _VCENTER_PREFIX))
    except ValueError as error:
        warn("vendor data: %s is ignored: %s" % (VCENTER_FILE, error))
        return None
