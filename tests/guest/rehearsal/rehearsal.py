"""A whole rehearsal: run(options) → result."""
import json
import os
import re
import shutil
import tempfile
import urllib.parse

import fake_esxi

from . import hook, inputs, isolation, judge, payload
from .machine import Machine, sections
from .options import RehearsalError
from .service import Service

CONFIG_DRIVE = "mpx.vmhba32:C0:T0:L0"
_LOG_LINE = re.compile(r"esxi-img: (?:(warning|error): )?(.*)")
# What the guest says besides the reason, and is no reason itself.
_NOT_A_REASON = ("INSTALLATION STOPPED", "Switch the machine off", "nothing was removed")
_SUMMARY = "the host is not as it was asked for: "
_CREDENTIALS = ("consumer_key", "token_key", "token_secret", "endpoint")


class Stopped(Exception):
    """The rehearsal is over: `outcome` and `reason` are the result's."""

    def __init__(self, outcome, reason):
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


def run(options, folder=None, machine=Machine):
    """Rehearse a deployment. @return: the result, plain data as rehearse.py --json prints it

    @param folder: new or empty; a temporary one when not given
    @param machine: what stands for the machine; tests have a faster one (fast.py)
    @raise RehearsalError: when it cannot be run
    """
    options.check()
    if options.maas and not isolation.isolated() and not options.share_network:
        raise RehearsalError("this process has a network: run tests/guest/rehearse.py, which takes it away")
    scratch = folder or tempfile.mkdtemp(prefix="esxi-rehearsal-")
    try:
        return Rehearsal(options, scratch, machine).run()
    finally:
        if folder is None:
            shutil.rmtree(scratch, ignore_errors=True)


class Rehearsal:
    """One rehearsal in a folder. `machine` is the fake host once there is one."""

    def __init__(self, options, folder, machine=Machine):
        self.options = options
        self.folder = folder
        self.make_machine = machine
        self.service = None
        self.machine = None
        self.warnings = []
        self.log = []
        self.errors = []
        self.disks_before = None
        self.failed_section = None
        self.firstboot = []
        self.left = set()
        self.ignored = {CONFIG_DRIVE}

    def run(self):
        """@return: the result"""
        options = self.options
        self.payload, said = payload.make(options, self.folder)
        for warning in said:
            self.warn(warning)
        self.facts = payload.facts(self.payload)
        self.hardware = inputs.hardware(options, self.warn)
        try:
            if options.maas:
                self.deploy_by_maas()
            self.start_installer()
            self.pre()
            self.install()
            self.first_boot()
            outcome, reason = self.outcome()
        except Stopped as stopped:
            outcome, reason = stopped.outcome, stopped.reason
        finally:
            if self.service:
                self.service.close()
        return self.result(outcome, reason)

    def warn(self, sentence):
        """Note a warning once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def note(self, text):
        """Note what a step printed: every line in the log, warnings and errors for themselves."""
        for line in text.splitlines():
            self.log.append(line)
            match = _LOG_LINE.search(line)
            if match and match.group(1) == "warning":
                self.warn(match.group(2))
            elif match and match.group(1) == "error" and not match.group(2).startswith(_NOT_A_REASON):
                self.errors.append(match.group(2))

    def reason(self, otherwise):
        """The errors so far as one text; the first boot sums them up itself."""
        summaries = [error.partition(_SUMMARY)[2] for error in self.errors if error.startswith(_SUMMARY)]
        return "; ".join(summaries[-1:] or dict.fromkeys(self.errors)) or otherwise

    # MAAS ------------------------------------------------------------------------------------------

    def deploy_by_maas(self):
        """Curtin's part. @raise Stopped: when the hook refuses the deployment"""
        config = inputs.maas_config(self.options)
        text = inputs.read_text(os.path.join(self.options.maas, "config.json"))
        if config is not None:
            self.serve(config)
            if isinstance(config.get("install"), dict):
                # The file of this name on this machine is somebody else's.
                config["install"]["log_file"] = os.path.join(self.folder, "install.log")
            text = json.dumps(config)
        target = os.path.join(self.folder, "target")
        hook.make_target(target, self.options.release, config, self.payload)
        path = os.path.join(self.folder, "config")
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        view = hook.machine_view(self.folder, self.hardware["by_id"], self.options.secure_boot)
        for name in hook.HOOKS:
            done = hook.run_hook(name, target, path, self.folder, inside=view)
            self.note(done.stderr)
            if done.returncode != 0:
                raise Stopped("refused-by-hook", self.reason(done.stderr.strip() or "%s failed" % name))
        self.target = target

    def serve(self, config):
        """Start the metadata service, and let the configuration name it as its own."""
        reporting = config.get("reporting")
        for reporter in reporting.values() if isinstance(reporting, dict) else []:
            if not isinstance(reporter, dict) or not all(isinstance(reporter.get(key), str) for key in _CREDENTIALS):
                continue
            path = urllib.parse.urlsplit(reporter["endpoint"]).path
            if "/status/" not in path:
                continue
            if self.service is None:
                self.service = Service(inputs.answers(self.options.maas), dict(reporter), path=path)
            reporter["endpoint"] = self.service.endpoint()

    # The installer ----------------------------------------------------------------------------------

    def start_installer(self):
        """The machine loads the installer with the payload, and what the deployer brings."""
        options = self.options
        boot_options = ""
        switches = dict(options.switches)
        if self.facts.get("allow_ed25519"):
            switches.setdefault("ed25519_under_fips", "accept")  # whoever built the image vouches for that
        if options.maas:
            boot_options = hook.kernel_options(os.path.join(self.target, "EFI", "BOOT", "BOOT.CFG"))
        try:
            self.machine = self.make_machine(
                self.folder, share_network=isolation.isolated() or options.share_network,
                                   release=options.release, nics=self.hardware["nics"], disks=self.hardware["disks"],
                                   nvme=self.hardware["nvme"], secure_boot=options.secure_boot,
                                   switches=switches, boot_options=boot_options,
                                   missing_drivers=options.missing_drivers)
        except (ValueError, KeyError, IndexError) as error:
            raise RehearsalError("the machine cannot be made of these listings: %s" % error) from None
        self.machine.check()
        try:
            self.machine.load_module(self.payload)
            for path in options.modules:
                self.machine.load_module(path)
            if options.maas:
                self.machine.load_module(os.path.join(self.target, "hostdesc.tgz"))
        except fake_esxi.BootError as error:
            raise Stopped("failed", "the installer does not start: %s" % error) from None
        if self.machine.kickstart is None:
            raise RehearsalError("%s holds no kickstart" % self.payload)
        if self.facts.get("disk_guid"):
            self.machine.put_image_on(self.facts["disk_guid"])
        if options.metadata and not payload.is_embedded(options):
            self.attach_drive()
        self.disks_before = self.machine.disk_digest()

    def attach_drive(self):
        path = os.path.join(self.folder, "config-2.iso")
        if shutil.which("xorriso"):
            inputs.config_drive(self.options.metadata, path, self.folder)
            self.machine.fake.attach_iso(CONFIG_DRIVE, path)
            return
        raise RehearsalError("xorriso is missing, which writes the config drive (apt-get install xorriso)")

    def pre(self):
        """@raise Stopped: when the installation was stopped, as it should be, before anything was written"""
        for section in sections(self.machine.kickstart, "%pre"):
            ended = self.machine.run(section, self.options.section_seconds)
            self.note(ended.output)
            if ended.stopped:
                raise Stopped("stopped-before-install", self.reason("%pre stopped the installation"))
            if ended.status is None:
                raise Stopped("stopped-before-install", "%%pre did not end within %d seconds"
                              % self.options.section_seconds)
            self.note_status(section, ended)

    def note_status(self, section, ended):
        if ended.status != 0:
            sentence = "a %s section of the kickstart ended with exit status %d" % (section.kind, ended.status)
            if section.own:
                self.failed_section = sentence
            else:
                self.warn(sentence)

    def install(self):
        """The installation and %post. @raise Stopped: when the installer refuses the kickstart"""
        text = self.machine.kickstart
        try:
            self.machine.install()
        except (ValueError, KeyError, fake_esxi.EsxiError) as error:
            raise Stopped("stopped-before-install", "the installer refuses the kickstart: %s" % error) from None
        self.run_sections(text, "%post")
        self.firstboot = [] if self.options.secure_boot else sections(text, "%firstboot")

    def run_sections(self, text, kind):
        for section in sections(text, kind) if isinstance(text, str) else text:
            ended = self.machine.run(section, self.options.section_seconds)
            self.note(ended.output)
            if ended.status is None:
                self.errors.append("a %s section did not end within %d seconds" % (kind, self.options.section_seconds))
                self.failed_section = self.errors[-1]
            else:
                self.note_status(section, ended)

    # The host ---------------------------------------------------------------------------------------

    def first_boot(self):
        """The installed system starts, is configured, and starts again."""
        fake = self.machine.fake
        try:
            fake.boot()
            self.run_sections(self.firstboot, "%firstboot")
            if not fake.state()["runtime"]["power"]:
                self.find_secrets()
                fake.reboot()
            else:
                fake.reboot()
                self.find_secrets()
                fake.reboot()
        except fake_esxi.BootError as error:
            raise Stopped("failed", "the installed host does not start: %s" % error) from None
        self.find_secrets()

    def find_secrets(self):
        secrets = judge.secrets_in(self.texts()) | {payload.IMAGE_PASSWORD}
        self.left.update(judge.secrets_left(self.machine.fake, secrets, self.ignored))

    def texts(self):
        """All that somebody wrote for this deployment."""
        found = [json.dumps(self.facts), self.machine_kickstart()]
        paths = [self.options.kickstart] if self.options.kickstart else []
        for folder, _, names in os.walk(self.options.folder) if self.options.folder else []:
            paths += [os.path.join(folder, name) for name in sorted(names) if name != "expect.md"]
        return found + [inputs.read_text(path) for path in paths]

    def machine_kickstart(self):
        return (self.machine and self.machine.kickstart) or ""

    def outcome(self):
        """(outcome, reason) of a deployment that came to its end."""
        if self.failed_section:
            return "failed", self.reason(self.failed_section)
        if self.service and self.service.status != "Deployed":
            return "failed", self.reason("MAAS was not told that the machine is deployed: it shows %r"
                                         % self.service.status)
        if self.options.secure_boot:
            return "configured", ("UEFI Secure Boot is on: ESXi runs no %firstboot, the host has only what the "
                                  "installer sets up")
        return "configured", None

    def result(self, outcome, reason):
        """The result as plain data."""
        there = outcome in ("configured", "failed") and self.machine is not None and "installed" in self.machine.fake.state()
        host = self.machine.fake.summary() if there else {}
        login = {"password": False, "keys": 0, "ssh": False}
        if there:
            known = [payload.IMAGE_PASSWORD] if self.options.image_password else []
            login = judge.login(self.machine.fake, known, self.texts())
        untouched = not there and (self.machine is None or self.disks_before in (None, self.machine.disk_digest()))
        return {
            "outcome": outcome, "reason": reason, "login": login, "host": host,
            "reports": self.service.told if self.service else [],
            "maas": self.service.status if self.service else None,
            "secrets_left": sorted(self.left), "disks_untouched": untouched,
            "warnings": self.warnings, "log": self.log,
        }
