"""%firstboot: apply the host description, then leave nothing of it behind.

On failure: the reason goes to the log and the console, the host stays reachable, nothing is removed and
nothing reboots, so that the step can be run again by hand: sh /esxiimg/firstbt.sh
"""

import os
import shutil
import sys
import time
import traceback

from common import description as schema, erase
from hostconf.host import bootbank, firewall, scripts, storage, vcenter
from hostconf.host.log import Log
from hostconf.host.maas_metadata import MetadataError
from hostconf.host.places import (HOST_FOLDER, INCLUDES, LOG, MAAS_DESCRIPTION, PAYLOAD, console_streams, install_log,
                                  root_folder)
from hostconf.host.run import Applier, ApplyError, Host
from hostconf.model.inventory import InventoryError
from hostconf.planning import storeplan
from hostconf.planning.plan import PlanError
from hostconf.steps import maas

HOSTD_SECONDS = 600
HOSTD_CALL_SECONDS = 30
HOSTD_PAUSE_SECONDS = 2
# A copy of the log where it lasts even if /var/log is still in memory.
KEPT_LOG = "/bootbank/esxi-img.log"
# What a message is enough for; anything else is a fault of this program and logged with its stack.
EXPECTED = (PlanError, ApplyError, InventoryError, MetadataError, schema.DescriptionError, scripts.ScriptError,
            storage.StorageError, OSError)
REBOOT_REASON = "esxi-img: settings that take effect at the next start"


def main():
    """Run %firstboot on this host. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    step = FirstBoot(Host(root), log)
    try:
        step.finish(step.configure())
    except EXPECTED as error:
        return step.failed(str(error))
    except Exception:  # whatever goes wrong must end up in the log, with the host left as it is
        return step.failed(traceback.format_exc())
    return 0


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

    def configure(self):
        """Apply the description. @return: whether a reboot is needed"""
        wanted = self.description = self.load()
        self.host.hostd = self.wait_for_hostd()
        if wanted["storage"]:
            # Refused here, if at all: before the first change.
            present = storage.read(self.applier.run)
            storeplan.commands(wanted["storage"], present, lambda warning: None, self.host.hostd)
        deployment = maas.Deployment(wanted, self.applier, self.log) if wanted["maas"] else None
        reboot = self.applier.apply(wanted, deployment and deployment.complete)
        if wanted["storage"]:
            storage.apply(wanted["storage"], self.applier, self.log)
        scripts.run_all(wanted["user_data"], self.host, self.log)
        renew_services = self.renew_services if self.applier.renewed_certificate else None
        if deployment:
            return deployment.finish(self.applier.applied, renew_services) or reboot
        if wanted["vcenter"]:
            with firewall.opened(self.applier.run, self.log):
                vcenter.join_host(wanted, self.applier, self.log, renew_services)
        return reboot

    def load(self):
        """The description; its secrets are hidden from the log from here on."""
        with open(self.host.path(MAAS_DESCRIPTION), encoding="utf-8") as file:
            description = schema.loads(file.read())
        for part, keys in (("maas", ("consumer_key", "token_key", "token_secret")), ("vcenter", ("password",))):
            if description[part]:
                self.log.hide(*[description[part][key] for key in keys])
        self.log.hide(description["root_password_hash"], description["licence_key"])
        return description

    def wait_for_hostd(self):
        """Whether hostd answers, waited for within a limit. Without it localcli does what it can."""
        waited = 0
        while True:
            started = time.time()
            # esxcli goes through hostd. vim-cmd would too, but has been seen to hang at this time.
            if self.host.run(["esxcli", "system", "version", "get"], HOSTD_CALL_SECONDS)[0] == 0:
                return True
            waited += max(HOSTD_PAUSE_SECONDS, time.time() - started)
            if waited >= HOSTD_SECONDS:
                self.log.warn("hostd does not answer: localcli is used, some settings may not be possible")
                return False
            self.sleep(HOSTD_PAUSE_SECONDS)

    def renew_services(self):
        """Let hostd and its proxy show the certificate that was made for the new name."""
        for service in ("hostd", "rhttpproxy"):
            self.host.run(["/etc/init.d/" + service, "restart"])
        self.wait_for_hostd()

    def finish(self, reboot):
        """Save the configuration, remove payload and secrets, and start again if that is needed."""
        status, output = self.host.run(["/sbin/auto-backup.sh"])
        if status != 0:
            self.log.warn("the configuration could not be saved now, ESXi saves it within the hour: %s"
                          % output.strip())
        for bank in bootbank.find(self.host):
            bootbank.remove_modules(bank)
        if os.path.exists(self.host.path(KEPT_LOG)):
            os.remove(self.host.path(KEPT_LOG))
        for folder in (HOST_FOLDER, INCLUDES, PAYLOAD):
            erase.remove_tree(self.host.path(folder))
        if not reboot:
            self.log.info("the host is configured")
            return
        self.log.info("the host is configured and starts again")
        status, _ = self.host.run(["esxcli", "system", "shutdown", "reboot", "-d", "10", "-r", REBOOT_REASON])
        if status != 0:
            self.host.run(["reboot"])

    def failed(self, reason):
        """Say why, where it can be read later, and to whoever waits for this host. @return: exit status"""
        self.log.error("the host was not configured: %s" % reason)
        self.log.error("nothing was removed; after the cause is gone run: sh %s/firstbt.sh" % PAYLOAD)
        try:
            shutil.copyfile(self.host.path(LOG), self.host.path(KEPT_LOG))
        except OSError:
            pass
        maas.report_failure(self.description, self.applier, self.log, reason)
        return 1
