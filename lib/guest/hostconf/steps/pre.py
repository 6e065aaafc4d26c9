"""%pre: find the metadata, write what the kickstart includes, choose the disk.

Nothing is written to a disk before it is known that somebody will be able to log in.
"""

import json
import os
import sys
import traceback

from common import description as schema, login
from hostconf.host import devices, drive, inventory as inventories, secureboot
from hostconf.host.apply import Applier
from hostconf.host.inventory import parse_nics
from hostconf.host.log import Log
from hostconf.host.places import (DESCRIPTION, IMAGE, INCLUDES, MAAS_DESCRIPTION, METADATA, console_streams,
                                  install_log, root_folder, write_private)
from hostconf.host.run import Host
from hostconf.model.inventory import InventoryError
from hostconf.planning import ksfiles
from hostconf.sources import metadata, openstack, sshkeys
from hostconf.sources.shacrypt import random_password_hash
from hostconf.steps import maas

# Exit status that tells pre.sh to stop the installation for good.
STOP = 3


class Stop(Exception):
    """The installation must not go on; the message says why and what to do."""


def main():
    """Run %pre on the installer this is called in. @return: exit status"""
    root = root_folder()
    log = Log([sys.stderr, install_log(root)] + console_streams(root))
    try:
        prepare(Host(root, hostd=False), log)
    except Stop as reason:
        return _stopped(root, log, str(reason))
    except Exception:  # an installation that nobody understands must not go on either
        return _stopped(root, log, traceback.format_exc())
    return 0


def _stopped(root, log, reason):
    log.error(reason)
    maas.report_file_failure(MAAS_DESCRIPTION, Applier(Host(root, hostd=False), log), log, reason)
    return STOP


def prepare(host, log):
    """Everything %pre does. @raise Stop: before anything is written to a disk"""
    image = _image(host)
    description = find_description(host, log)
    password_hash = _login(description, image, Applier(host, log))
    if description is None:
        description = schema.validate({"format": schema.FORMAT, "source": "embedded"})
    description["ssh_keys"] = sshkeys.distinct(description["ssh_keys"] + list(image.get("ssh_keys") or []))
    for warning in description["warnings"]:
        log.warn(warning)
    if description["refusal"]:
        log.error("the network is left to DHCP: %s" % description["refusal"])
    lines = {
        "rootpw": ksfiles.rootpw_line(password_hash),
        "network": ksfiles.network_line(description, _nics(host, log), log.warn),
        "disk": _install_line(host, image, log),
    }
    for name in sorted(lines):
        write_private(host.path(INCLUDES + "/" + name), lines[name] + "\n")
        log.info("kickstart: %s" % (lines[name] if name != "rootpw" else "rootpw --iscrypted ********"))
    # The installer sets the password: nothing later needs its hash.
    write_private(host.path(DESCRIPTION), schema.dumps(dict(description, root_password_hash=None)))


def _image(host):
    """What the build knows (image.json)."""
    try:
        with open(host.path(IMAGE), encoding="utf-8") as file:
            image = json.load(file)
    except (OSError, ValueError) as error:
        raise Stop("the payload of this image is damaged: %s" % error)
    return image


def find_description(host, log):
    """The host description of the first source that has one, or None."""
    files = metadata.load(host.path(METADATA))
    if files:
        log.info("metadata: embedded in the image")
        return openstack.read(files, "embedded")
    if os.path.exists(host.path(MAAS_DESCRIPTION)):
        log.info("metadata: from MAAS")
        with open(host.path(MAAS_DESCRIPTION), encoding="utf-8") as file:
            try:
                return schema.loads(file.read())
            except schema.DescriptionError as error:
                raise Stop("the host description from MAAS cannot be used: %s" % error)
    files = drive.find(host, log)
    if files:
        log.info("metadata: config drive")
        return openstack.read(files, "config-drive")
    log.info("metadata: none found")
    return None


def _login(description, image, applier):
    """The password hash for root. @raise Stop: when nobody could log in to the host that would be installed"""
    given = (description and description["root_password_hash"]) or image.get("root_password_hash")
    keys = sshkeys.distinct((description["ssh_keys"] if description else []) + list(image.get("ssh_keys") or []))
    who = login.judge(
        given or image.get("kickstart_password"), keys, inventories.read_version(applier.run),
        secure_boot=secureboot.is_on(applier.host), ssh=description is None or description["services"]["ssh"],
        allow_ed25519=image.get("allow_ed25519") is True)
    for sentence in who.ignored:
        applier.log.warn(sentence)
    if description is None and (image.get("require_metadata") or not who.possible):
        raise Stop("no metadata was found (no embedded metadata, none from MAAS, no config drive), and %s" % (
            "the image was built with --require-metadata. Attach a config drive" if image.get("require_metadata") else
            who.refusal() + ", or attach a config drive"))
    if not who.possible:
        raise Stop(who.refusal())
    if given:
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


def _install_line(host, image, log):
    """The install line; the disk that holds this image gets its partition table repaired on the way."""
    arguments = image.get("install_disk")
    found = devices.with_guid(host, image.get("disk_guid"))
    if len(found) > 1:
        raise Stop("the disks %s all hold this image: detach all but one" % ", ".join(found))
    if found and arguments and devices.is_usb(devices.listed(host).get(found[0], {})):
        log.info("this image runs from the USB disk %s; the disk chosen at build time is used" % found[0])
        found = []
    if not found:
        return ksfiles.install_line(None, arguments)
    devices.repair_gpt(host, found[0], log)
    return ksfiles.install_line(found[0], arguments)
