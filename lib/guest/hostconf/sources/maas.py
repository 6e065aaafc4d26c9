"""The answers of MAAS's metadata service → what they add to a host description, and files to write.

MAAS's vendor data is YAML whose key "cloud-init" holds cloud-config as text. Of that, time servers and files count;
a file called vcenter.yaml says which vCenter to join and is not written anywhere. All YAML is read here, on the
host, by yamlite: the machine that deploys asks MAAS for nothing, so there is one reader for every deployer and none
of it depends on PyYAML.
"""

import base64
import os
import zlib

from common import checks, description as schema
from hostconf.sources import cloudcfg, sshkeys, userdata, yamlflow, yamlite
from hostconf.sources.hostnames import safe_hostname

# What the metadata service knows besides user data, by the names of maas.fetch.
ANSWERS = ("local-hostname", "public-keys", "vendor-data")
VCENTER_FILE = "vcenter.yaml"
# The mode of a file whose permissions cannot be read.
ROOT_ONLY = 0o600

_VCENTER_KEYS = ("server", "username", "password", "datacenter", "cluster", "folder", "ca_certificate", "verify_tls")
# What MAAS writes for every machine and what only a Linux host could do anything with.
_MEANINGLESS = ("snap", "system_info")


def read_answers(answers, description, warn):
    """(completed description, files to write) from the answers of the metadata service.

    @param answers: bytes or None by the names of maas.fetch
    """
    result = dict(description)
    name = (answers.get("local-hostname") or b"").decode("utf-8", "replace").strip()
    if name:
        result["hostname"] = safe_hostname(name, warn)
    keys = (answers.get("public-keys") or b"").decode("utf-8", "replace")
    result["ssh_keys"] = sshkeys.distinct(description["ssh_keys"] + sshkeys.keys_in(keys, warn))
    files = []
    for config in _cloud_configs(answers.get("vendor-data"), warn):
        cloudcfg.add_ntp(config.get("ntp"), result, warn)
        files += _files(config.get("write_files"), warn)
        ignored = sorted(str(key) for key in config if key not in ("ntp", "write_files") + _MEANINGLESS)
        if ignored:
            warn("vendor data: %s has no meaning on ESXi and is ignored" % ", ".join(ignored))
    for path, content, _ in files:
        if os.path.basename(path) == VCENTER_FILE:
            result["vcenter"] = _vcenter(content, warn)
    return schema.validate(result), [entry for entry in files if os.path.basename(entry[0]) != VCENTER_FILE]


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


def _files(entries, warn):
    """(path, content, mode) of each entry of write_files."""
    files = []
    for entry in entries if isinstance(entries, list) else []:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not path.startswith("/") or ".." in path.split("/"):
            warn("vendor data: a file without an absolute path is ignored")
            continue
        try:
            content = _decoded(entry.get("content"), entry.get("encoding"))
        except ValueError as error:
            warn("vendor data: %s is ignored: %s" % (path, error))
            continue
        files.append((path, content, _mode(entry.get("permissions"))))
    return files


def _decoded(content, encoding):
    if not isinstance(content, str):
        raise ValueError("its content is not text")
    data = content.encode("utf-8")
    names = str(encoding or "text/plain").lower().replace("gzip", "gz").replace("base64", "b64").split("+")
    if not set(names) <= {"text/plain", "gz", "b64"}:
        raise ValueError("its encoding %s is unknown" % encoding)
    try:
        if "b64" in names:
            data = base64.b64decode(data)
        if "gz" in names:
            decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = decoder.decompress(data, userdata.SIZE_LIMIT)
            if not decoder.eof:
                raise ValueError("cut short or too large")
    except (ValueError, zlib.error) as error:
        raise ValueError("its content cannot be decoded (%s)" % error)
    return data


def _mode(permissions):
    """A mode such as "0600", or the number that YAML makes of 0600; cloud-init's default is 0644. Nothing is made
    executable."""
    if isinstance(permissions, int) and not isinstance(permissions, bool):
        return permissions & 0o666
    text = str(permissions) if permissions is not None else "0644"
    try:
        return int(text, 8) & 0o666
    except ValueError:
        return ROOT_ONLY


def _vcenter(content, warn):
    """The host description's part "vcenter" from MAAS's file, or None."""
    try:
        given = yamlite.loads(content.decode("utf-8"))
    except ValueError:
        # The reason could repeat the password.
        warn("vendor data: %s cannot be read and is ignored" % VCENTER_FILE)
        return None
    given = given if isinstance(given, dict) else {}
    found = dict((key, given["vcenter_" + key]) for key in _VCENTER_KEYS if given.get("vcenter_" + key) is not None)
    found.setdefault("ca_certificate", given.get("vcenter_ca"))
    # A password of digits alone is a number to YAML.
    found = dict((key, value if key == "verify_tls" else yamlflow.text_of(value)) for key, value in found.items()
                 if value != "" and (key == "verify_tls" or yamlflow.text_of(value) is not None))
    if isinstance(found.get("server"), str):
        found["server"] = found["server"].partition("://")[2] or found["server"]
        found["server"] = found["server"].rstrip("/")
    missing = [key for key in ("server", "username", "password") if key not in found]
    if missing:
        warn("vendor data: %s lacks vcenter_%s; no vCenter is joined" % (VCENTER_FILE, ", vcenter_".join(missing)))
        return None
    try:
        checks.server(found["server"])
        checks.boolean(found.get("verify_tls", True))
        for key in ("username", "password"):
            _single_line(key, found[key])
    except ValueError as error:
        warn("vendor data: %s is ignored: %s" % (VCENTER_FILE, error))
        return None
    return found


def _single_line(key, value):
    try:
        checks.string(value)
    except ValueError:
        # The reason could repeat the value.
        raise ValueError("vcenter_%s holds control characters" % key)
