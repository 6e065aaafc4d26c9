"""What the hooks do, on one page."""

import contextlib
import os
import sys
import traceback

from common import bootcfg, bootmodule, checks, description as schema
from common.netvalues import text_of
from esxihook import HookError, access, cleanup, maasconf, machine, network, partition, seen, storage

# The boot loader reads the one beside itself under UEFI. The other one is BIOS's; an image need not have it.
BOOT_CFG = "efi/boot/boot.cfg"
BOOT_FOLDER = "EFI/BOOT"
OTHER_BOOT_CFG = "boot.cfg"
# Since 7.0 ESXi takes up to 138 GiB of its disk for itself, all of a smaller one. MAAS lays out 34 GB for it; this
# option makes the installer keep to about that. Whoever builds with an option of the same kind has decided already.
SMALL_SYSTEM = "systemMediaSize=min"
SYSTEM_SIZES = ("systemMediaSize", "autoPartitionOSDataSize")
_SINCE_MAJOR = 7


def describe(config, warn, disks=(), boot_device=None):
    """The host description for curtin's configuration.

    @param disks: the machine's disks (seen.read)
    @param boot_device: the one that the image was written to
    @raise HookError: when a host cannot be made of it
    """
    warnings = []

    def note(sentence):
        sentence = text_of(sentence)
        if sentence not in warnings:
            warnings.append(sentence)
            warn(sentence)

    maas = maasconf.read(config)
    wanted, dns = network.read(config.get("network"), note)
    layout = storage.read(config.get("storage"), note, disks, boot_device)
    description = {"format": schema.FORMAT, "source": "maas", "warnings": warnings, "network": wanted, "dns": dns,
                   "storage": layout, "maas": maas}
    try:
        schema.validate(description)
    except schema.DescriptionError as error:
        raise HookError("no host can be made of the configuration: %s" % error)
    return description


def install_description(target, description):
    """Put the description's boot module onto the partition and name it in both boot.cfg.

    Everything is worked out before the first write; a second run changes nothing.

    @raise HookError: the partition then is as it was
    """
    path = partition.find(target, BOOT_CFG)
    if path is None:
        raise HookError("%s has no %s: it is not an image of the ESXi installer" % (target, BOOT_CFG))
    edits = [(path, _edited(path, BOOT_CFG, BOOT_FOLDER, description))]
    other = partition.find(target, OTHER_BOOT_CFG)
    if other is not None:
        try:
            edits.append((other, _edited(other, OTHER_BOOT_CFG, "", description)))
        except HookError as error:
            _say("warning: %s; UEFI does not read this file, it stays as it is" % error)
    place = partition.find(target, bootmodule.DESCRIPTION_NAME) or os.path.join(target, bootmodule.DESCRIPTION_NAME)
    module = bootmodule.pack_description(schema.dumps(description))
    partition.replace_all([(place, module)] + edits, secret=[place])


def _edited(path, name, folder, description):
    """The bytes of a boot.cfg that names the description's module. @raise HookError: when it cannot"""
    text = partition.read(path).decode("latin-1")
    if not bootcfg.settings(text).get("modules"):
        raise HookError("%s has no modules line: this is not an ESXi installer" % name)
    wants_room = storage.needs_room(description["storage"]) and (bootcfg.major_version(text) or 0) >= _SINCE_MAJOR
    options = [SMALL_SYSTEM] if wants_room and not bootcfg.has_option(text, SYSTEM_SIZES) else []
    try:
        edited = bootcfg.edit(text, name, ["/" + bootmodule.DESCRIPTION_NAME], options, folder)
    except bootcfg.BootCfgError as error:
        raise HookError(str(error))
    return edited.encode("latin-1")


def hooks(arguments, environ):
    """The hook curtin-hooks; with --describe FILE, the host description on standard output. @return: exit status"""
    if arguments[:1] == ["--describe"]:
        return _guarded(_show, {"CONFIG": arguments[1] if len(arguments) > 1 else None})
    return _guarded(_hooks, environ)


def _show(environ):
    description = describe(maasconf.load(environ["CONFIG"]), lambda sentence: _say("warning: %s" % sentence))
    sys.stdout.write(schema.dumps(description))


def finalize(environ):
    """The hook finalize: what curtin wrote since. @return: exit status"""
    return _guarded(_finalize, environ)


def _guarded(action, environ):
    try:
        action(environ)
    except HookError as error:
        _say("error: %s" % error)
        return 1
    except Exception as error:  # pylint: disable=broad-except
        # The message of an unforeseen error may quote the configuration; its place is enough to find it.
        frame = traceback.extract_tb(sys.exc_info()[2])[-1]
        _say("error: unexpected %s at %s line %d" % (type(error).__name__, os.path.basename(frame[0]), frame[1]))
        return 1
    return 0


def _hooks(environ):
    target = _target(environ)
    config = {}
    try:
        config = maasconf.load(environ.get("CONFIG"))
        root = environ.get("ESXIIMG_ROOT") or "/"
        facts = access.image_facts(target)
        machine.require(target, facts, root)
        description = describe(config, lambda sentence: _say("warning: %s" % sentence), seen.read(root),
                               seen.disk_of(target, root))
        if (facts or {}).get("maas_port_group"):
            for interface in description["network"]["interfaces"] if description["network"] else []:
                interface["port_group"] = interface["id"]
        description["ssh_keys"] = _owners_keys(target, facts, description, machine.secure_boot(root))
        install_description(target, description)
    except Exception:
        # Failed or not, no credential stays; what is reported is why the deployment failed.
        with contextlib.suppress(HookError, OSError):
            _clean(target, config)
        # No other hook runs after a refusal, and curtin copies its log onto the partition all the same.
        with contextlib.suppress(HookError):
            cleanup.mask_log(config, maasconf.secrets(config))
        raise
    _clean(target, config)
    _say("the host description was added as boot module %s" % bootmodule.DESCRIPTION_NAME)


def _owners_keys(target, facts, description, is_secure):
    """The keys of the machine's owner, where the image itself lets nobody in. @raise HookError: nobody could log in"""
    path = next(filter(None, (partition.find(target, name) for name in (BOOT_CFG, OTHER_BOOT_CFG))), None)
    version = access.esxi_version(partition.read(path).decode("latin-1")) if path else None
    keys = access.require(facts, version, description, _Voice(), is_secure)
    return [key for key in keys if checks.key_body(key)]


class _Voice:
    """What the metadata client says, as this hook says things."""

    def info(self, sentence):
        _say(sentence)


def _finalize(environ):
    config = maasconf.load(environ.get("CONFIG"))
    _clean(_target(environ), config)
    cleanup.mask_log(config, maasconf.secrets(config))


def _clean(target, config):
    for path in cleanup.remove_leftovers(target, config, maasconf.secrets(config)):
        _say("removed %s" % path)


def _target(environ):
    target = environ.get("TARGET_MOUNT_POINT")
    if not target or not os.path.isdir(target):
        raise HookError("TARGET_MOUNT_POINT is not a folder: this runs as a hook of curtin")
    return target


def _say(sentence):
    sys.stderr.write("esxi-img: %s\n" % sentence)
    sys.stderr.flush()
