"""Whether the image can run on the machine that is being deployed; asked before anything is changed."""

import os

from esxihook import HookError, partition

# The last byte is 1 when it is on (UEFI 2.10, section 3.3, "SecureBoot"; Linux puts 4 bytes of attributes before it).
SECURE_BOOT_VARIABLE = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
EFI = "sys/firmware/efi"
# The loader for each kind of processor, by the names that uname has for it.
LOADERS = {"x86_64": "efi/boot/bootx64.efi", "aarch64": "efi/boot/bootaa64.efi"}


def secure_boot(root="/"):
    """Whether UEFI Secure Boot is on."""
    try:
        with open(os.path.join(root, SECURE_BOOT_VARIABLE), "rb") as file:
            return file.read()[-1:] == b"\x01"
    except OSError:
        return False


def require(target, facts, root="/", processor=None):
    """Let a deployment go on only on a machine that can run the image.

    @param target: the image's partition as it is mounted
    @param facts: what the build knows (access.image_facts), or None
    @param root: a folder that stands for the machine's root
    @param processor: as uname names it; by default this machine's
    @raise HookError: the message says why and what to do
    """
    facts = facts or {}
    if not os.path.isdir(os.path.join(root, EFI)):
        raise HookError("this machine started by BIOS, and the image starts by UEFI alone: set its firmware to UEFI, and "
                        "commission the machine again")
    _require_processor(target, processor or os.uname().machine)
    if not secure_boot(root):
        return
    if not facts.get("allow_secure_boot"):
        raise HookError("UEFI Secure Boot is on: ESXi then runs no %firstboot, and the host would get nothing but an address "
                        "and a password. Turn it off, or, if that is what is wanted, build the image with a root password "
                        "and --allow-secure-boot")


def _require_processor(target, processor):
    own = LOADERS.get(processor)
    if own is None or partition.find(target, own) is not None:
        return
    others = [name for name in sorted(LOADERS) if partition.find(target, LOADERS[name]) is not None]
    if others:
        raise HookError("the image is for %s, and this machine's processor is %s" % (" and ".join(others), processor))
