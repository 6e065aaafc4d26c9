"""What MAAS adds to a step: what its metadata service knows, the end of a deployment, and its failure."""

import email
import json

from common import description as schema
from hostconf.host import files, firewall, phonehome, scripts
from common.maas_metadata import USER_DATA, Client, MetadataError
from hostconf.host.apply import Applier
from hostconf.model.command import Command
from hostconf.planning import sysplan
from hostconf.sources import cloudcfg, userdata
from hostconf.sources.maas import read_answers

TOKENS = ("consumer_key", "token_key", "token_secret")


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
        self.client = client or _client(self.maas, applier, log)
        self.deployed = False  # whether MAAS knows that the machine is deployed
        self.takes_events = True

    def tell(self, part, event_type, reason=None, sentence=None):
        """Tell MAAS of an area's start or end, as an event that changes no status; nothing waits for that.

        @param reason: why it failed, None when it did not
        """
        if not self.takes_events:
            return
        result = None if event_type == "start" else "FAIL" if reason else "SUCCESS"
        try:
            self.client.event(part.replace(" ", "-"), event_type, result, self.log.masked(reason or sentence or part))
        except MetadataError as error:
            self.takes_events = False
            self.log.info("MAAS takes no events now: %s" % error)

    def complete(self, description):
        """The description with what the metadata service knows. Called when the network is up.

        @raise MetadataError: the deployment failed
        """
        # The service may be given by name.
        for command in sysplan.dns_commands(description["dns"], self.applier.read_system(description)["dns"]):
            self.applier.execute(command)
        answers = dict((name, self.client.get(name)) for name in self.maas["fetch"] if name != USER_DATA)
        completed = read_answers(answers, description, self.log.warn)
        if completed["vcenter"]:
            self.log.hide(completed["vcenter"]["password"])
        self.log.hide(completed["licence_key"])
        return completed

    def user_data(self, description):
        """Ask for the user data, which tells MAAS that the machine is deployed, and carry it out.

        @param description: as complete returned it
        @return: whether a reboot is needed for the user data's sake
        @raise MetadataError: the deployment failed
        @raise ApplyError, ScriptError: MAAS knows that the machine is deployed, but something of the user data failed
        """
        if USER_DATA not in self.maas["fetch"]:
            return False
        data = self.client.get(USER_DATA)
        if is_power_off(data):
            raise MetadataError("MAAS answers with the script that switches a machine off: it does not deploy this machine "
                                "any more, and has to deploy it again. The script is not run, the host stays as it is")
        self.deployed = True
        self.log.info("MAAS knows that the machine is deployed")
        found, configs = userdata.read(data, self.log.warn)
        extra = schema.validate({"format": schema.FORMAT, "source": "maas", "services": description["services"]})
        passwords = []
        for config in configs:
            cloudcfg.apply(config, extra, self.log.warn, lambda text, hashed: passwords.append((text, hashed)))
        reboot = False
        if configs:
            reboot = self.applier.apply(schema.validate(extra))
            self.set_password(passwords)
        self.run_rest(dict(extra, user_data=found + extra["user_data"], instance_id=description["instance_id"]))
        return reboot

    def run_rest(self, extra):
        """What user data bring besides settings: files, scripts, telling whom they name. @raise ScriptError"""
        host, log = self.applier.host, self.log
        for part in ("storage", "vcenter"):
            if extra[part]:
                log.warn("user data: esxi.%s is ignored: MAAS has the say in that"
                         % ("datastores" if part == "storage" else part))
        try:
            files.write_all(extra["files"], host, log)
        except files.FilesError as error:
            log.error(str(error))
        try:
            scripts.run_all(extra["user_data"], host, log)
        finally:
            if extra["phone_home"]:
                log.hide(extra["phone_home"]["url"])
                try:
                    phonehome.tell(extra, self.applier, log)
                except phonehome.PhoneHomeError as error:
                    log.error(str(error))

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


def _client(maas, applier, log):
    return Client(maas, log, sleep=applier.sleep, gate=firewall.gate(applier.host, applier.run, log))


def report_failure(description, applier, log, reason):
    """Tell MAAS that the deployment failed, if it was MAAS's and it is to know.

    @param description: None where it could not be read, so that nobody is known who could be told
    """
    if not description or not description["maas"] or not description["maas"]["report_failure"]:
        return
    try:
        _client(description["maas"], applier, log).report_failure(log.masked(reason))
        log.info("MAAS knows that the deployment failed")
    except MetadataError as error:
        log.error("MAAS could not be told: %s" % error)


def report_file_failure(path, applier, log, reason):
    """The same where there is nothing but the file with the description: its endpoint and tokens are enough.

    @param path: of the file on the host; it need not be a valid description
    """
    try:
        with open(applier.host.path(path), encoding="utf-8") as file:
            description = json.load(file)
    except (OSError, ValueError, RecursionError):
        return
    maas = description.get("maas") if isinstance(description, dict) else None
    if not isinstance(maas, dict) or not all(isinstance(maas.get(key), str) for key in ("endpoint",) + TOKENS):
        return
    log.hide(*[maas[key] for key in TOKENS])
    maas = dict(maas, report_failure=maas.get("report_failure", True))
    report_failure({"maas": maas}, applier, log, reason)


def signal_deployed(description, applier, log):
    """Where %firstboot cannot run: tell MAAS that the machine is deployed. The user data is not carried out."""
    try:
        _client(description["maas"], applier, log).get(USER_DATA)
        log.warn("MAAS knows that the machine is deployed; nothing but what the installer set up was configured")
    except MetadataError as error:
        log.error("MAAS could not be told that the machine is deployed: %s" % error)


def is_power_off(data):
    """Whether user data are what MAAS gives a machine that it neither deploys nor has deployed.

    That is MIME with one part alone: a script for bash, which ESXi does not have, of MAAS's making: it ends by calling
    its function `main` (MAAS 3.8, metadataserver/user_data).
    """
    try:
        message = email.message_from_bytes(data or b"")
        parts = [part for part in message.walk() if not part.is_multipart()]
        if not message.is_multipart() or [part.get_content_type() for part in parts] != ["text/x-shellscript"]:
            return False
        script = parts[0].get_payload(decode=True) or b""
    except (ValueError, LookupError, RecursionError):
        return False
    words = [line.strip() for line in script.splitlines() if line.strip() and not line.strip().startswith(b"#")]
    return script.startswith(b"#!/bin/bash") and words[-2:] == [b"main", b"exit"]
