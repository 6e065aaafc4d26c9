"""%firstboot: let people in, apply the host description area by area, then leave nothing of it behind.

Two halves, so that a kickstart's own sections can run between them: `configure` and `finish`. Whatever fails, the
rest goes on, and finish always cleans up. What is kept after a failure is what running the step again by hand
needs, and the log says what that is: sh /esxiimg/firstbt.sh
"""

import collections
import json
import os
import shutil
import sys
import time
import traceback

from common import description as schema
from hostconf.host import drivers, files, firewall, phonehome, scripts, storage, vcenter
from hostconf.host.apply import Applier, ApplyError
from hostconf.host.log import Log
from common.maas_metadata import MetadataError
from hostconf.host.places import (LOG, MAAS_DESCRIPTION, PAYLOAD, console_streams, install_log, root_folder,
                                  write_private)
from hostconf.host.run import Host
from hostconf.model.inventory import InventoryError
from hostconf.planning import netoptions, sysplan
from hostconf.planning.plan import PlanError
from hostconf.steps import areas, leftovers, maas

HOSTD_SECONDS = 600
HOSTD_CALL_SECONDS = 30
HOSTD_PAUSE_SECONDS = 2
# How long hostd may take before the first login commands are run without it.
HOSTD_FIRST_CALL_SECONDS = 5
# What a message is enough for; anything else is a fault of this program and logged with its stack.
EXPECTED = (PlanError, ApplyError, InventoryError, MetadataError, schema.DescriptionError, scripts.ScriptError,
            storage.StorageError, vcenter.VCenterError, files.FilesError, phonehome.PhoneHomeError, drivers.DriverError, OSError)
REBOOT_REASON = "esxi-img: settings that take effect at the next start"
# The secrets of a description that must not appear in any message.
_SECRETS = (("maas", ("consumer_key", "token_key", "token_secret")), ("vcenter", ("password",)),
            ("phone_home", ("url",)))


def main(halves=("configure", "finish")):
    """Run %firstboot, or one half of it, on this host. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    step = FirstBoot(Host(root), log)
    if "configure" in halves:
        step.configure()
        if "finish" not in halves:
            step.save_outcome()
            return 0
    else:
        step.load_outcome()
    return step.finish()


class FirstBoot:
    """The first boot of one host.

    @param host: run.Host, or what stands for it
    """

    def __init__(self, host, log, sleep=time.sleep):
        self.host = host
        self.log = log
        self.sleep = sleep
        self.applier = Applier(host, log, sleep)
        self.description = None
        self.deployment = None
        self.failures = []  # (area, reason) in order
        self.ended = collections.OrderedDict()  # areas that MAAS has not been told of, with their reasons of failure
        self.reboot = False

    def area(self, name, work):
        """Do the work of one area; its failure is noted and said, and keeps nothing else from being done."""
        try:
            work()
            self.failures = [failure for failure in self.failures if failure[0] != name]
            self.note(name, None)
            return True
        except EXPECTED as error:
            reason = str(error)
        except Exception:  # pylint: disable=broad-except
            # Whatever goes wrong must end up in the log, with the rest done.
            reason = traceback.format_exc()
        self.failures.append((name, reason))
        self.log.error("%s failed: %s" % (name, reason))
        self.note(name, reason)
        return False

    def note(self, name, reason):
        """Keep how an area ended, and tell MAAS when it can be told.

        @param reason: why it failed, or None
        """
        if reason or name in areas.BY_NAME:
            self.ended[name] = reason
        self.tell_ended()

    def tell_ended(self):
        """Tell MAAS of the areas that it has not been told of."""
        while self.deployment and self.ended:
            area, reason = self.ended.popitem(last=False)
            self.deployment.tell(area, "finish", reason)

    def configure(self):
        """Let people in, then apply the description area by area. Raises nothing; failures are noted."""
        if not self.load():
            # Root's password is the installer's; the SSH server needs no description.
            self.area("login", lambda: self.applier.login(_empty()))
            return
        wanted = self.description
        self.host.hostd = self.hostd_answers(HOSTD_FIRST_CALL_SECONDS)
        self.area("login", lambda: self.applier.login(wanted))
        firewall.close_leftover(self.host, self.applier.run, self.log)
        if not self.host.hostd:
            self.host.hostd = self.wait_for_hostd()
            if self.host.hostd:
                self.area("login", lambda: self.applier.login(wanted))
        for warning in wanted["warnings"]:
            self.log.warn(warning)
        self.area("network", lambda: self.applier.network(wanted))
        if netoptions.are_wanted(wanted):
            self.area("network options", lambda: self.applier.network_options(wanted))
        if wanted["network"] and wanted["network"]["vm_networks"]:
            self.area("vm networks", lambda: self.applier.vm_networks(wanted))
        self.applier.wait_for_leases()
        if wanted["maas"]:
            self.deployment = maas.Deployment(wanted, self.applier, self.log)
            self.deployment.tell("firstboot", "start", sentence="first boot of ESXi")
            self.tell_ended()
            self.area("maas", self.complete)
        self.configure_system()
        self.configure_rest()

    def complete(self):
        """What MAAS knows joins the description; its keys open the host at once."""
        before = self.description
        self.description = self.deployment.complete(before)
        if any(self.description[part] != before[part] for part in ("ssh_keys", "services")):
            self.area("login", lambda: self.applier.login(self.description))

    def configure_system(self):
        """The areas of planning/sysplan, and what follows from a new name."""
        wanted = self.description
        present = self.applier.read_system(wanted)
        self.reboot = sysplan.needs_reboot(wanted, present)
        for name in sysplan.AREAS:
            self.area(name, lambda name=name: self.applier.area(name, wanted, present))
        if wanted["storage"]:
            self.area("storage", lambda: storage.apply(wanted["storage"], self.applier, self.log))
        if sysplan.changes_name(wanted, present):
            self.area("certificate", self.renew_certificate)

    def configure_rest(self):
        """What is done last: vCenter, files, scripts, telling whoever wants to know."""
        wanted = self.description
        if wanted["vcenter"]:
            self.area("vcenter", self.join_vcenter)
        if wanted["files"]:
            self.area("files", lambda: files.write_all(wanted["files"], self.host, self.log))
        if wanted["user_data"]:
            self.area("user data", lambda: scripts.run_all(wanted["user_data"], self.host, self.log))
        if wanted["phone_home"]:
            self.area("phone home", lambda: phonehome.tell(wanted, self.applier, self.log))

    def load(self):
        """Read the description; its secrets are hidden from the log from here on. @return: whether there is one"""
        def read():
            with open(self.host.path(MAAS_DESCRIPTION), encoding="utf-8") as file:
                description = schema.loads(file.read())
            for part, keys in _SECRETS:
                if description[part]:
                    self.log.hide(*[description[part][key] for key in keys])
            self.log.hide(description["root_password_hash"], description["licence_key"])
            self.description = description

        return self.area("description", read)

    def hostd_answers(self, seconds):
        """Whether esxcli, which goes through hostd, works. vim-cmd has been seen to hang at this time."""
        return self.host.run(["esxcli", "system", "version", "get"], seconds)[0] == 0

    def wait_for_hostd(self):
        """Whether hostd answers, waited for within a limit. Without it localcli does what it can."""
        waited = 0
        while True:
            started = time.monotonic()
            if self.hostd_answers(HOSTD_CALL_SECONDS):
                return True
            waited += max(HOSTD_PAUSE_SECONDS, time.monotonic() - started)
            if waited >= HOSTD_SECONDS:
                self.log.warn("hostd does not answer: localcli is used, some settings may not be possible")
                return False
            self.sleep(HOSTD_PAUSE_SECONDS)

    def renew_certificate(self):
        """A certificate for the new name; else hostd's keeps naming localhost."""
        status, output = self.applier.run(["/sbin/generate-certificates"])
        if status != 0:
            raise ApplyError("/sbin/generate-certificates failed: %s" % " ".join(output.split()))
        if self.description["vcenter"]:
            # vCenter looks at the certificate that hostd and its proxy show: they read it when they start.
            for service in ("hostd", "rhttpproxy"):
                self.host.run(["/etc/init.d/" + service, "restart"])
            self.wait_for_hostd()

    def join_vcenter(self):
        vcenter.join_host(self.description, self.applier, self.log)

    def finish(self):
        """Drivers, then report, save, clean up, and start again if that is needed. @return: exit status"""
        if os.path.exists(self.host.path(drivers.LIST)):
            self.area("drivers", self.install_drivers)
            drivers.forget(self.host, self.log)
        if self.deployment:
            failed = self.failed()
            self.deployment.tell("firstboot", "finish", _summary(failed) or None, "the host is configured")
            if not failed:
                self.area("user data", self.tell_maas)
        failed = self.failed()
        if failed and not (self.deployment and self.deployment.deployed):
            self.report(_summary(failed))
        kept = self.save_and_clean(failed)
        if failed:
            self.say_failed(failed, kept)
        if not failed or not (kept or self.deployment):
            # Otherwise somebody may want to look, and MAAS has switched its part off.
            self.start_again()
        return 1 if failed else 0

    def install_drivers(self):
        """Last: the configuration is saved into what is started next."""
        listed = drivers.load(self.host)
        try:
            self.reboot = drivers.install(self.host, listed, self.log) or self.reboot
        except drivers.DriverError:
            self.log.warn("the drivers stay boot modules, which work until the host is upgraded: install %s by hand"
                          % ", ".join(vib["id"] for vib in listed["vibs"]))
            raise

    def report(self, reason):
        """Tell MAAS, if it is MAAS's host, even when its description cannot be read."""
        if self.description:
            maas.report_failure(self.description, self.applier, self.log, reason)
        else:
            maas.report_file_failure(MAAS_DESCRIPTION, self.applier, self.log, reason)

    def failed(self):
        """(area, reason) of the failures that count."""
        return [(name, reason) for name, reason in self.failures if _counts(name)]

    def start_again(self):
        """Reboot, if something takes effect only then."""
        if not self.reboot:
            self.log.info("the host is configured" if not self.failed() else "no restart is needed")
            return
        self.log.info("the host starts again")
        status, _ = self.host.run(["esxcli", "system", "shutdown", "reboot", "-d", "10", "-r", REBOOT_REASON])
        if status != 0:
            self.host.run(["reboot"])

    def tell_maas(self):
        """MAAS counts the machine as deployed when it is asked for the user data: that comes last."""
        self.reboot = self.deployment.user_data(self.description) or self.reboot

    def save_and_clean(self, failed):
        """Save the configuration, remove payload and secrets. @return: the names of the areas that can be repeated"""
        status, output = self.host.run(["/sbin/auto-backup.sh"])
        if status != 0:
            self.log.warn("the configuration could not be saved now, ESXi saves it within the hour: %s"
                          % output.strip())
        # From MAAS's "failed" no repetition leads back: there is nothing to keep for one.
        again = [] if self.description and self.description["maas"] else [
            name for name, _ in failed if name in areas.BY_NAME and areas.BY_NAME[name].repeats]
        try:
            if again:
                leftovers.keep_for_repetition(self.host, self.log, self.description, again)
            else:
                leftovers.remove_everything(self.host, self.log)
        except Exception:  # pylint: disable=broad-except
            # The host must still be reported on.
            self.log.error("cleaning up failed: %s" % traceback.format_exc())
        return again

    def say_failed(self, failed, again):
        """Why, where it can be read later."""
        self.log.error("the host is not as it was asked for: %s" % _summary(failed))
        if again:
            self.log.error("all else is configured. When the cause is gone run: sh %s/firstbt.sh" % PAYLOAD)
            kept = "a licence key is kept for that" if "licence" in again else "no secret is kept for that"
            self.log.error("%s; to give that up and clean up run: sh %s/firstbt.sh clean" % (kept, PAYLOAD))
        if self.description and self.description["maas"]:
            self.log.error("MAAS has the machine as failed and allows no way from there but to deploy it again")
        try:
            shutil.copyfile(self.host.path(LOG), self.host.path(leftovers.KEPT_LOG))
        except OSError:
            pass

    def save_outcome(self):
        """Keep for `finish` what `configure` found out."""
        write_private(self.host.path(leftovers.OUTCOME), json.dumps({
            "failures": self.failures, "reboot": self.reboot, "hostd": self.host.hostd,
            "description": self.description}))

    def load_outcome(self):
        """Take up what `configure` left; without it, the description counts as not applied."""
        try:
            with open(self.host.path(leftovers.OUTCOME), encoding="utf-8") as file:
                outcome = json.load(file)
            self.load()
            self.failures = [tuple(failure) for failure in outcome["failures"]]
            self.reboot, self.host.hostd = outcome["reboot"], outcome["hostd"]
            self.description = outcome["description"] and schema.validate(outcome["description"])
        except (OSError, ValueError, KeyError) as error:
            self.failures.append(("description", "the first half of the first boot left no outcome: %s" % error))
        if self.description and self.description["maas"]:
            self.deployment = maas.Deployment(self.description, self.applier, self.log)


def clean():
    """Remove everything that a failed first boot kept. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)])
    leftovers.remove_everything(Host(root), log)
    log.info("payload, description and secrets are removed")
    return 0


def _counts(name):
    return name not in areas.BY_NAME or areas.BY_NAME[name].counts


def _summary(failed):
    return "; ".join("%s: %s" % failure for failure in failed)


def _empty():
    return schema.validate({"format": schema.FORMAT, "source": "embedded"})
