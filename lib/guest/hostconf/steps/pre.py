"""%pre: find the metadata, write what the kickstart includes, choose the disk.

Nothing is written to a disk before it is known that somebody will be able to log in.
"""

import json
import os
import sys
import time
import traceback

from common import description as schema, login
from hostconf.host import devices, drive, identity, inventory as inventories, secureboot
from hostconf.host.apply import Applier
from hostconf.host.inventory import parse_nics
from hostconf.host.log import Log
from hostconf.host.places import (DESCRIPTION, IMAGE, INCLUDES, MAAS_DESCRIPTION, METADATA, console_streams,
                                  install_log, root_folder, write_private)
from hostconf.host.run import Host
from hostconf.model.inventory import InventoryError
from hostconf.planning import ksfiles
from hostconf.sources import hosts, metadata, openstack, sshkeys
from hostconf.sources.shacrypt import random_password_hash
from hostconf.steps import kickstart, maas

# Exit status that tells pre.sh to stop the installation for good.
STOP = 3


class Stop(Exception):
    """The installation must not go on; the message says why and what to do."""


def main():
    """Run %pre on the installer this is called in. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    try:
        # Below a test's root nothing appears late.
        prepare(Host(root, hostd=False), log, 0 if root else drive.WAIT_SECONDS)
    except Stop as reason:
        return _stopped(root, log, str(reason))
    except Exception:  # an installation that nobody understands must not go on either
        return _stopped(root, log, traceback.format_exc())
    return 0


def _stopped(root, log, reason):
    log.error(reason)
    maas.report_file_failure(MAAS_DESCRIPTION, Applier(Host(root, hostd=False), log), log, reason)
    return STOP


def prepare(host, log, wait_seconds, sleep=time.sleep, clock=time.monotonic):
    """Everything %pre does. @raise Stop: before anything is written to a disk

    @param wait_seconds, sleep, clock: as drive.Finder.wait takes them
    """
    image = _image(host)
    facts = image.get("kickstart") or {}
    # A file that the kickstart includes may yet bring a password: a script of the kickstart writes it.
    may_come = bool(facts.get("includes"))
    applier = Applier(host, log)
    finder = drive.Finder(host, log, image.get("disk_guid"))
    found = find_description(host, log, finder.find)
    if found is None and (image.get("require_metadata") or not (may_come or _who(None, image, applier).possible)):
        found = find_description(host, log, lambda: finder.wait(wait_seconds, sleep, clock))
    description = found
    password_hash = _login(found, image, applier, may_come)
    if description is None:
        description = schema.validate({"format": schema.FORMAT, "source": "embedded"})
    description["ssh_keys"] = sshkeys.distinct(description["ssh_keys"] + list(image.get("ssh_keys") or []))
    _image_certificates(description, image)
    for warning in description["warnings"]:
        log.warn(warning)
    if description["refusal"]:
        log.error("the network is left to DHCP: %s" % description["refusal"])
    install = _installer(host, image, log)
    lines = {
        "rootpw": ksfiles.rootpw_line(password_hash) if password_hash else None,
        "network": _network_line(host, description, facts, log),
        "disk": install(facts.get("command") or "install", image.get("install_disk")),
    }
    for name in sorted(lines):
        if lines[name] is not None:
            write_private(host.path(INCLUDES + "/" + name), lines[name] + "\n")
        shown = "rootpw --iscrypted ********" if name == "rootpw" else lines[name]
        log.info("kickstart: %s" % (shown if lines[name] is not None else name + " of your kickstart"))
    kickstart.run_scripts(facts, host, log)
    better = [name for name, known in (("rootpw", password_hash), ("network", ksfiles.is_from_metadata(lines["network"])))
              if known]
    brought = kickstart.fit_includes(facts, better, install, host, log)
    if facts.get("includes") and not password_hash and "rootpw" not in brought:
        password_hash = _login(found, image, Applier(host, log))
        if password_hash:
            write_private(host.path(INCLUDES + "/rootpw"), ksfiles.rootpw_line(password_hash) + "\n")
    # The installer sets the password: nothing later needs its hash.
    write_private(host.path(DESCRIPTION), schema.dumps(dict(description, root_password_hash=None)))


def _own_description(host, many, log):
    """The description of the one of many hosts that this machine is. @raise Stop: it is none of them, or several"""
    try:
        name = hosts.choose(many, identity.read(host.run))
    except hosts.HostsError as error:
        raise Stop(str(error))
    log.info("metadata: embedded in the image, of the host %s" % name)
    return openstack.read(many[name], "embedded")


def _image_certificates(description, image):
    """How vCenter's certificate is checked, as the build was told: the host has no image.json later."""
    if image.get("vcenter_ca"):
        description["vcenter_ca"] = image["vcenter_ca"]
    description["vcenter_insecure"] = image.get("vcenter_insecure") is True


def _image(host):
    """What the build knows (image.json)."""
    try:
        with open(host.path(IMAGE), encoding="utf-8") as file:
            image = json.load(file)
    except (OSError, ValueError) as error:
        raise Stop("the payload of this image is damaged: %s" % error)
    return image


def find_description(host, log, find_drive):
    """The host description of the first source that has one, or None.

    @param find_drive: function() → the files of a config drive, {} when there is none
    """
    files = metadata.load(host.path(METADATA))
    if files:
        log.info("metadata: embedded in the image")
        return openstack.read(files, "embedded")
    many = metadata.load_hosts(host.path(METADATA))
    if many:
        return _own_description(host, many, log)
    if os.path.exists(host.path(MAAS_DESCRIPTION)):
        log.info("metadata: from MAAS")
        with open(host.path(MAAS_DESCRIPTION), encoding="utf-8") as file:
            try:
                return schema.loads(file.read())
            except schema.DescriptionError as error:
                raise Stop("the host description from MAAS cannot be used: %s" % error)
    files = find_drive()
    if files:
        log.info("metadata: config drive")
        return openstack.read(files, "config-drive")
    log.info("metadata: none found")
    return None


def _given(description, image):
    """The hash of root's password that metadata or build bring, or None."""
    return (description and description["root_password_hash"]) or image.get("root_password_hash")


def _who(description, image, applier):
    """Who can log in to the host that would be installed."""
    keys = sshkeys.distinct((description["ssh_keys"] if description else []) + list(image.get("ssh_keys") or []))
    return login.judge(
        _given(description, image) or image.get("kickstart_password"), keys, inventories.read_version(applier.run),
        secure_boot=secureboot.is_on(applier.host), ssh=description is None or description["services"]["ssh"],
        allow_ed25519=image.get("allow_ed25519") is True)


def _login(description, image, applier, may_come=False):
    """The password hash for root; None where the kickstart's own `rootpw` is used.

    @param may_come: whether the kickstart may still turn out to have one
    @raise Stop: when nobody could log in to the host that would be installed
    """
    given = _given(description, image)
    who = _who(description, image, applier)
    for sentence in who.ignored:
        applier.log.warn(sentence)
    if may_come and not given and not image.get("require_metadata"):
        return None
    if description is None and (image.get("require_metadata") or not who.possible):
        raise Stop("no metadata was found (no embedded metadata, none from MAAS, no config drive), and %s" % (
            "the image was built with --require-metadata. Attach a config drive" if image.get("require_metadata") else
            who.refusal() + ", or attach a config drive"))
    if not who.possible:
        raise Stop(who.refusal())
    if given or image.get("kickstart_password"):
        return given
    applier.log.warn("no root password is known: root gets a random one, only SSH keys open the host")
    return random_password_hash()


def _nics(host, log):
    status, output = host.run(["localcli", "network", "nic", "list"])
    try:
        return parse_nics(output if status == 0 else "")
    except InventoryError as error:
        log.warn("the NICs cannot be listed: %s" % error)
        return []


def _network_line(host, description, facts, log):
    """The network line; None where the kickstart's own is used, because the metadata bring no network to be had."""
    line = ksfiles.network_line(description, _nics(host, log), log.warn)
    return None if facts.get("network") and not ksfiles.is_from_metadata(line) else line


def _installer(host, image, log):
    """The function from the command and its arguments to the install line for this machine.

    The disk that holds this image gets its partition table repaired on the way.
    """
    found = devices.with_guid(host, image.get("disk_guid"))
    if len(found) > 1:
        raise Stop("the disks %s all hold this image: detach all but one" % ", ".join(found))
    repaired = []

    def line(command, arguments):
        disk = found[0] if found else None
        named = ksfiles.named_disk(arguments)
        if named and disk and named != disk:
            log.info("this image is on the disk %s; the disk that was named, %s, is used" % (disk, named))
            disk = None
        elif disk and not named and arguments and devices.is_usb(devices.listed(host).get(disk, {})):
            log.info("this image runs from the USB disk %s; the disk chosen at build time is used" % disk)
            disk = None
        if disk and disk not in repaired:
            devices.repair_gpt(host, disk, log)
            repaired.append(disk)
        return ksfiles.install_line(disk, arguments, command)

    return line
