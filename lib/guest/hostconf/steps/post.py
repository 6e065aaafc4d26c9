"""%post: keep payload and host description in the boot banks, for the first boot."""

import os
import re
import sys

from common import bootmodule, description as schema
from hostconf.host import bootbank, drivers, secureboot
from hostconf.host.apply import Applier
from hostconf.host.log import Log
from hostconf.host.places import DESCRIPTION, INCLUDES, console_streams, install_log, root_folder
from hostconf.host.run import Host
from hostconf.steps import maas


def main():
    """Run %post on the installer this is called in. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    try:
        keep(Host(root, hostd=False), log)
    except (OSError, ValueError) as error:
        reason = "the host will not be configured at its first boot: %s" % error
        log.error(reason)
        maas.report_file_failure(DESCRIPTION, Applier(Host(root, hostd=False), log), log, reason)
        return 1
    return 0


def keep(host, log):
    """Copy payload and description into every boot bank, unless Secure Boot would then stop the host.

    @raise OSError, ValueError: when that cannot be done
    """
    with open(host.path(DESCRIPTION), encoding="utf-8") as file:
        text = file.read()
    description = schema.loads(text)
    if secureboot.is_on(host):
        log.warn("UEFI Secure Boot is on: ESXi skips %firstboot and refuses boot modules that are not VMware's, so the "
                 "host keeps what the installer sets up")
        if description["maas"]:
            maas.signal_deployed(description, Applier(host, log), log)
        return
    modules = {
        bootbank.PAYLOAD_MODULE: bootbank.payload_module(host),
        bootbank.DESCRIPTION_MODULE: bootmodule.pack_description(text),
    }
    banks = bootbank.find(host, _installed_disk(host))
    if not banks:
        raise ValueError("no boot bank was found below %s" % bootbank.VOLUMES)
    for bank in banks:
        bootbank.add_modules(bank, modules)
        log.info("boot bank %s: %s" % (os.path.basename(bank), ", ".join(sorted(modules))))
    _keep_drivers(host, banks, log)


def _keep_drivers(host, banks, log):
    """The drivers of the image. Without them the host may have no network, but everything else goes on."""
    try:
        listed = drivers.load(host)
        for bank in banks if listed else ():
            drivers.keep(host, bank, listed)
            log.info("boot bank %s: drivers %s" % (
                os.path.basename(bank), ", ".join(module["name"] for module in listed["modules"])))
    except (OSError, ValueError, drivers.DriverError) as error:
        log.error("the host will lack the drivers of the image: %s" % error)


def _installed_disk(host):
    """The disk that the included install line names, or None."""
    try:
        with open(host.path(INCLUDES + "/disk"), encoding="utf-8") as file:
            match = re.search(r"--(?:disk|drive)=(?:/vmfs/devices/disks/|/dev/disks/)?(\S+)", file.read())
    except OSError:
        return None
    return match.group(1) if match else None
