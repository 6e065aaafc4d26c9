"""Curtin's part of a MAAS deployment: the image's partition as a folder, and the hooks run as curtin runs them."""
import json
import os
import re
import shutil
import subprocess

from .payload import NAME as PAYLOAD_NAME
from .payload import REPOSITORY

GUEST = os.path.join(REPOSITORY, "lib", "guest")
BUILDS = {"6.7.0": "", "7.0.3": "7.0.3-0.0.21930508", "8.0.3": "8.0.3-0.35.24280767"}
HOOKS = ("curtin-hooks", "finalize")
# UEFI 2.10, section 8.2: four bytes of attributes, then the value; systemd and Linux show variables so.
_SECURE_BOOT_VARIABLE = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_LISTED_LINK = re.compile(r"(\S+) -> (\S+)\s*$")
# Where Ubuntu shows the machine that is deployed, and this one would show itself.
_MASKED = ("/sys/block", "/sys/class/block")


def boot_cfg(release="8.0.3", newline="\n"):
    """A boot.cfg as `esxi-img build` leaves it."""
    lines = ["bootstate=0", "title=Loading ESXi installer", "timeout=5", "prefix=", "kernel=/b.b00",
             "kernelopt=runweasel cdromBoot ks=file:///esxiimg/KS.CFG",
             "modules=/jumpstrt.gz --- /useropts.gz --- /k.b00 --- /imgdb.tgz --- /esxiimg.tgz",
             "build=" + BUILDS.get(release, release + "-0.0.1"), "updated=0", ""]
    return newline.join(lines)


def make_target(folder, release="8.0.3", config=None, payload=None):
    """A folder in the shape of the mounted partition, with what curtin leaves on it.

    @param payload: a finished payload; with it come the hooks, as a build puts them there
    """
    os.makedirs(os.path.join(folder, "EFI", "BOOT"))
    for name in ("BOOT.CFG", "EFI/BOOT/BOOT.CFG"):
        with open(os.path.join(folder, name), "w", encoding="latin-1", newline="") as file:
            file.write(boot_cfg(release))
    if config is not None:
        os.mkdir(os.path.join(folder, "root"))
        with open(os.path.join(folder, "root", "curtin-install-cfg.yaml"), "w", encoding="utf-8") as file:
            json.dump(config, file)
    if payload is not None:
        shutil.copyfile(payload, os.path.join(folder, PAYLOAD_NAME))
        curtin = os.path.join(folder, "curtin")
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.md")
        shutil.copytree(os.path.join(GUEST, "curtin"), curtin, ignore=ignored)
        shutil.copytree(os.path.join(GUEST, "common"), os.path.join(curtin, "common"), ignore=ignored)
        for name in HOOKS:
            os.chmod(os.path.join(curtin, name), 0o755)


def kernel_options(path):
    """The kernel options of a boot.cfg."""
    with open(path, encoding="latin-1") as file:
        return next(line[len("kernelopt="):].strip() for line in file if line.startswith("kernelopt="))


def machine(folder, efi=True, secure_boot=None):
    """A folder that stands for the root of a machine as Ubuntu shows it. @return: the folder"""
    variables = os.path.join(folder, "sys", "firmware", "efi", "efivars")
    os.makedirs(variables if efi else folder, exist_ok=True)
    if secure_boot is not None:
        with open(os.path.join(variables, _SECURE_BOOT_VARIABLE), "wb") as file:
            file.write(b"\x06\0\0\0" + bytes([secure_boot]))
    return folder


def run_hook(name, target, config_path, scratch, root=None, inside=()):
    """Run a hook as curtin does: the file itself, with curtin's environment. @return: CompletedProcess

    @param root: a folder that stands for the machine's root
    @param inside: words before the hook, as `machine_view` makes them: the hook sees the machine at its real place
    """
    environment = {"PATH": os.environ["PATH"], "TARGET_MOUNT_POINT": target, "CONFIG": config_path,
                   "WORKING_DIR": scratch, "OUTPUT_FSTAB": os.path.join(scratch, "fstab"),
                   "OUTPUT_NETWORK_CONFIG": os.path.join(scratch, "network_config"),
                   "CURTIN_REPORTSTACK": "cmd-install/stage-curthooks"}
    if not inside:
        # The disks and the firmware of the machine that tests run on are none of the deployment's.
        environment["ESXIIMG_ROOT"] = root or machine(os.path.join(scratch, "machine"))
    return subprocess.run([*inside, os.path.join(target, "curtin", name)], env=environment, cwd="/", capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)


def machine_view(folder, by_id, secure_boot):
    """The words before a program that is to see the machine that is deployed where Ubuntu shows it: firmware
    variables and /dev/disk/by-id; of this machine it may write to `folder` alone.

    @param by_id: a listing of /dev/disk/by-id (`ls -l`), or None
    """
    firmware = os.path.join(machine(os.path.join(folder, "machine"), secure_boot=secure_boot), "sys", "firmware")
    words = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--die-with-parent"]
    for place in _MASKED:
        if os.path.isdir(place):
            words += ["--tmpfs", place]
    words += ["--ro-bind", firmware, "/sys/firmware", "--bind", folder, folder]
    empty = os.path.join(folder, "empty")
    with open(empty, "wb"):
        pass
    devices = set()
    for line in (by_id or "").splitlines():
        found = _LISTED_LINK.search(line)
        if found:
            words += ["--symlink", found.group(2), "/dev/disk/by-id/" + found.group(1)]
            devices.add(os.path.normpath(os.path.join("/dev/disk/by-id", found.group(2))))
    for device in sorted(device for device in devices if device.startswith("/dev/")):
        words += ["--ro-bind", empty, device]
    return [*words, "--"]
