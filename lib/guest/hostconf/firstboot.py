"""%firstboot: apply the host description, then leave nothing of it behind.

On failure: the reason goes to the log and the console, the host stays reachable, nothing is removed and
nothing reboots, so that the step can be run again by hand: sh /esxiimg/firstbt.sh
"""

import os
import shutil
import sys
import time
import traceback

from hostconf import bootbank, description as schema, scripts
from hostconf.inventory import InventoryError
from hostconf.log import Log
from hostconf.places import (HOST_FOLDER, INCLUDES, LOG, MAAS_DESCRIPTION, PAYLOAD, console_streams, install_log,
                             root_folder)
from hostconf.plan import PlanError
from hostconf.run import Applier, ApplyError, Host

HOSTD_SECONDS = 600
HOSTD_CALL_SECONDS = 30
HOSTD_PAUSE_SECONDS = 5
# A copy of the log where it lasts even if /var/log is still in memory.
KEPT_LOG = "/bootbank/esxi-img.log"
REBOOT_REASON = "esxi-img: settings that take effect at the next start"


def main():
    """Run %firstboot on this host. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    host = Host(root)
    try:
        reboot = configure(host, log)
    except (PlanError, ApplyError, InventoryError, schema.DescriptionError, scripts.ScriptError, OSError) as error:
        return _failed(host, log, str(error))
    except Exception:  # whatever goes wrong must end up in the log, with the host left as it is
        return _failed(host, log, traceback.format_exc())
    finish(host, log, reboot)
    return 0


def configure(host, log, sleep=time.sleep):
    """Apply the description. @return: whether a reboot is needed"""
    description = load(host, log)
    host.hostd = wait_for_hostd(host, log, sleep)
    applier = Applier(host, log, sleep)
    reboot = applier.apply(description)
    scripts.run_all(description["user_data"], host, log)
    return reboot


def load(host, log):
    """The description; its secrets are hidden from the log from here on."""
    with open(host.path(MAAS_DESCRIPTION), encoding="utf-8") as file:
        description = schema.loads(file.read())
    for part, keys in (("maas", ("consumer_key", "token_key", "token_secret")), ("vcenter", ("password",))):
        if description[part]:
            log.hide(*[description[part][key] for key in keys])
    log.hide(description["root_password_hash"], description["licence_key"])
    return description


def wait_for_hostd(host, log, sleep):
    """Whether hostd answers, waited for within a limit. Without it localcli does what it can."""
    waited = 0
    while True:
        started = time.time()
        answers = [host.run(argv, HOSTD_CALL_SECONDS)[0] == 0 for argv in (
            ["esxcli", "system", "version", "get"], ["vim-cmd", "hostsvc/runtimeinfo"])]
        if all(answers):
            return True
        waited += max(HOSTD_PAUSE_SECONDS, time.time() - started)
        if waited >= HOSTD_SECONDS:
            log.warn("hostd does not answer: localcli is used, some settings may not be possible")
            return False
        sleep(HOSTD_PAUSE_SECONDS)


def finish(host, log, reboot):
    """Save the configuration, remove payload and secrets, and start again if that is needed."""
    status, output = host.run(["/sbin/auto-backup.sh"])
    if status != 0:
        log.warn("the configuration could not be saved now, ESXi saves it within the hour: %s" % output.strip())
    for bank in bootbank.find(host):
        bootbank.remove_modules(bank)
    _remove(host.path(KEPT_LOG))
    for folder in (HOST_FOLDER, INCLUDES, PAYLOAD):
        shutil.rmtree(host.path(folder), ignore_errors=True)
    if not reboot:
        log.info("the host is configured")
        return
    log.info("the host is configured and starts again")
    status, _ = host.run(["esxcli", "system", "shutdown", "reboot", "-d", "10", "-r", REBOOT_REASON])
    if status != 0:
        host.run(["reboot"])


def _failed(host, log, reason):
    log.error("the host was not configured: %s" % reason)
    log.error("nothing was removed; after the cause is gone run: sh %s/firstbt.sh" % PAYLOAD)
    try:
        shutil.copyfile(host.path(LOG), host.path(KEPT_LOG))
    except OSError:
        pass
    return 1


def _remove(path):
    if os.path.exists(path):
        os.remove(path)
