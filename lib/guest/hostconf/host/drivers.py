"""Drivers that the image brings: boot modules of the host until they are installed, then VIBs like any other.

The image's module esxidrvs.tar carries the VIBs and their list (lib/esxi/drivers/medium.ts). The installer's image
does not know them, so that %post copies all of it into the boot banks; %firstboot installs the VIBs. What cannot be
installed stays a boot module, which works until the host is upgraded: better than a host without network.
"""

import json
import re
import shutil

from hostconf.host import bootbank, listing

FOLDER = "/esxiimg-drivers"
LIST = FOLDER + "/drivers.json"
FORMAT = 1
COMMUNITY = "CommunitySupported"
# A new boot bank is written, over USB maybe.
INSTALL_SECONDS = 1800
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
_ERROR = re.compile(r"^\s*\[(\w+Error)\]", re.MULTILINE)


class DriverError(Exception):
    """The drivers cannot be kept or installed; the message says why."""


def load(host):
    """The list of drivers, or None when the image brings none. @raise DriverError: it is damaged"""
    try:
        with open(host.path(LIST), encoding="utf-8") as file:
            listed = json.load(file)
        names = [module["name"] for module in listed["modules"]] + [vib["file"] for vib in listed["vibs"]]
        if listed["format"] != FORMAT or not all(_NAME.match(name) for name in names):
            raise ValueError("it is of another format")
        return listed
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DriverError("the list of drivers is damaged: %s" % error)


def keep(host, bank, listed):
    """Put the drivers' modules, and the one that carries their VIBs, into a boot bank.

    @raise OSError, BootCfgError: when that cannot be done; the bank is then as it was
    """
    names = [module["name"] for module in listed["modules"]]
    bootbank.add_loaded(bank, names + [bootbank.DRIVERS_MODULE], host)


def install(host, listed, log):
    """Install the VIBs, and take their modules out of the boot banks.

    @return: whether the host has to start again for them
    @raise DriverError: when they are not installed; their modules are still there then
    """
    vibs = listed["vibs"]
    reboot = _install(host, vibs, listed["acceptance"] == "community", log) if vibs else False
    installed = [module["name"] for module in listed["modules"] if module["vib"] is not None]
    others = [module["name"] for module in listed["modules"] if module["vib"] is None]
    for bank in bootbank.find(host):
        bootbank.remove_named(bank, installed)
        # The installation has written one of the banks anew.
        bootbank.add_loaded(bank, others, host)
    for vib in vibs:
        log.info("driver %s %s is installed" % (vib["name"], vib["version"]))
    return reboot


def _install(host, vibs, may_lower, log):
    def run(*words):
        return host.run(["esxcli" if host.hostd else "localcli", "software"] + list(words), INSTALL_SECONDS)

    if may_lower and any(vib["acceptance_level"] == "community" for vib in vibs):
        _lower_acceptance(run, log)
    # Into the other boot bank: the modules are loaded already, and collide with what a live installation mounts.
    words = ["vib", "install", "--no-live-install"]
    for vib in vibs:
        words += ["-v", FOLDER + "/" + vib["file"]]
    status, output = run(*words)
    if status != 0 or _ERROR.search(output):
        raise DriverError("esxcli software vib install failed: %s" % " ".join(output.split()))
    reboot = listing.boolean(listing.struct(output).get("Reboot Required")) is True
    status, output = run("vib", "list", *(["--rebooting-image"] if reboot else []))
    present = [(row.get("Name"), row.get("Version")) for row in listing.table(output)] if status == 0 else []
    missing = [vib["name"] for vib in vibs if (vib["name"], vib["version"]) not in present]
    if missing:
        raise DriverError("after esxcli software vib install the host does not list %s" % ", ".join(missing))
    return reboot


def _lower_acceptance(run, log):
    """@raise DriverError: when the host does not take the level, as under UEFI Secure Boot"""
    status, output = run("acceptance", "get")
    if status == 0 and output.strip() == COMMUNITY:
        return
    status, output = run("acceptance", "set", "--level=" + COMMUNITY)
    if status != 0:
        raise DriverError("the acceptance level cannot be set to %s: %s" % (COMMUNITY, " ".join(output.split())))
    log.warn("the host's acceptance level is %s now, for a driver of that level" % COMMUNITY)


def forget(host, log):
    """Remove the VIBs from the boot banks and from memory. The drivers' own modules stay where they are."""
    for bank in bootbank.find(host):
        bootbank.remove_named(bank, [bootbank.DRIVERS_MODULE])
    shutil.rmtree(host.path(FOLDER), ignore_errors=True)
    for name in bootbank.forget_loaded(host, [bootbank.DRIVERS_MODULE]):
        log.info("%s/%s stays in memory until the next start" % (bootbank.LOADED, name))
