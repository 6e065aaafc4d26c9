"""What MAAS adds once the network works: name, keys, vendor data, and the end of the deployment.

MAAS's vendor data is YAML whose key "cloud-init" holds cloud-config as text. Of that, time servers and files count;
a file called vcenter.yaml says which vCenter to join and is not written anywhere. All YAML is read here, on the
host, by yamlite: the machine that deploys asks MAAS for nothing, so there is one reader for every deployer and none
of it depends on PyYAML.
"""

import base64
import os
import zlib

from hostconf import (checks, cloudcfg, description as schema, firewall, scripts, sshkeys, sysplan, userdata, vcenter,
                      yamlite)
from hostconf.command import Command
from hostconf.maas_metadata import USER_DATA, Client, MetadataError
from hostconf.names import safe_hostname
from hostconf.run import Applier

# What the metadata service knows besides user data, by the names of maas.fetch.
ANSWERS = ("local-hostname", "public-keys", "vendor-data")
VCENTER_FILE = "vcenter.yaml"
ROOT_ONLY = 0o600

_VCENTER_KEYS = ("server", "username", "password", "datacenter", "cluster", "folder", "ca_certificate", "verify_tls")
# What MAAS writes for every machine and what only a Linux host could do anything with.
_MEANINGLESS = ("snap", "system_info")


class Deployment:
    """What a MAAS deployment needs of this host besides its description.

    @param description: the host description that the deployment brought
    @param applier: runs commands (run.Applier)
    @param client: the metadata service; made from the description when not given
    """

    def __init__(self, description, applier, log, client=None):
        self.maas = description["maas"]
        self.applier = applier
        self.log = log
        self.client = client or Client(self.maas, log, sleep=applier.sleep)
        self.files = []

    def complete(self, description):
        """The description with what the metadata service knows. Called when the network is up.

        @raise MetadataError: the deployment failed
        """
        # The service may be given by name.
        for command in sysplan.dns_commands(description["dns"], self.applier.read_inventory(description)["dns"]):
            self.applier.execute(command)
        with firewall.opened(self.applier.run, self.log):
            answers = dict((name, self.client.get(name)) for name in self.maas["fetch"] if name != USER_DATA)
        completed, self.files = read_answers(answers, description, self.log.warn)
        if completed["vcenter"]:
            self.log.hide(completed["vcenter"]["password"])
        return completed

    def finish(self, description, renew_services):
        """When the host is as described: files, vCenter, and the user data, which tells MAAS that it is deployed.

        @param description: as complete returned it
        @param renew_services: called before a vCenter is joined; None where the services show the right certificate
        @return: whether a reboot is needed for the user data's sake
        @raise MetadataError: the deployment failed
        """
        write_files(self.files, self.applier.host, self.log)
        if description["vcenter"]:
            with firewall.opened(self.applier.run, self.log):
                vcenter.join_host(description, self.applier, self.log, renew_services)
        if USER_DATA not in self.maas["fetch"]:
            return False
        with firewall.opened(self.applier.run, self.log):
            data = self.client.get(USER_DATA)
        self.log.info("MAAS knows that the machine is deployed")
        try:
            return self.user_data(description, data)
        except Exception as error:  # pylint: disable=broad-except
            # The host itself is done and MAAS knows it: what a user asked for besides must not keep secrets here.
            self.log.error("user data: %s" % error)
            return False

    def user_data(self, description, data):
        """Carry out scripts and cloud-config. @return: whether a reboot is needed"""
        found, configs = userdata.read(data, self.log.warn)
        extra = schema.validate({"format": schema.FORMAT, "source": "maas", "services": description["services"]})
        passwords = []
        for config in configs:
            cloudcfg.apply(config, extra, self.log.warn, lambda text, hashed: passwords.append((text, hashed)))
        reboot = False
        if configs:
            reboot = self.applier.apply(schema.validate(extra))
            self.set_password(passwords)
        scripts.run_all(found + extra["user_data"], self.applier.host, self.log)
        return reboot

    def set_password(self, passwords):
        for text, hashed in passwords[-1:]:
            if hashed:
                self.log.warn("user data: a password hash for root cannot be set on a running host; it is ignored")
                continue
            self.log.hide(text)
            reason = self.applier.execute(Command(
                "esxcli", "system", "account", "set", "-i", "root", "-p", text, "-c", text, secret=(text,)))
            if reason:
                self.log.warn("user data: root's password was not set: %s" % reason)


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


def write_files(files, host, log):
    """Write the files that vendor data brings. One that cannot be written is reported."""
    for path, content, mode in files:
        place = host.path(path)
        try:
            if not os.path.isdir(os.path.dirname(place)):
                os.makedirs(os.path.dirname(place))
            number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, ROOT_ONLY)
            with os.fdopen(number, "wb") as file:
                file.write(content)
            os.chmod(place, mode)
            log.info("vendor data: wrote %s" % path)
        except OSError as error:
            log.warn("vendor data: %s could not be written: %s" % (path, error.strerror))


def report_failure(description, applier, log, reason):
    """Tell MAAS that the deployment failed, if it was MAAS's and it is to know.

    @param description: None where it could not be read, so that nobody is known who could be told
    """
    if not description or not description["maas"] or not description["maas"]["report_failure"]:
        return
    try:
        with firewall.opened(applier.run, log):
            Client(description["maas"], log, sleep=applier.sleep).report_failure(log.masked(reason))
        log.info("MAAS knows that the deployment failed")
    except MetadataError as error:
        log.error("MAAS could not be told: %s" % error)


def report_installer_failure(path, host, log, reason):
    """The same for a step of the installer, which has the file with the description alone."""
    try:
        with open(host.path(path), encoding="utf-8") as file:
            description = schema.loads(file.read())
    except (OSError, ValueError):
        return
    if description["maas"]:
        log.hide(*[description["maas"][key] for key in ("consumer_key", "token_key", "token_secret")])
        report_failure(description, Applier(host, log), log, reason)


def signal_deployed(description, applier, log):
    """Where %firstboot cannot run: tell MAAS that the machine is deployed. The user data is not carried out."""
    try:
        with firewall.opened(applier.run, log):
            Client(description["maas"], log, sleep=applier.sleep).get(USER_DATA)
        log.warn("MAAS knows that the machine is deployed; nothing but what the installer set up was configured")
    except MetadataError as error:
        log.error("MAAS could not be told that the machine is deployed: %s" % error)


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
    """A mode such as "0600"; cloud-init's default is 0644. Nothing is made executable."""
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
    # A password of digits alone is a number to YAML.
    found = dict((key, value if key == "verify_tls" else str(value)) for key, value in found.items() if value != "")
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
