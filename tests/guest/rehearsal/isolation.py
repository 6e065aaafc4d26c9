"""A process that sees no network but loopback: users' scripts are run, and must reach nobody."""
import os
import shutil
import subprocess
import sys

from .options import RehearsalError

_INTERFACES = "/proc/net/dev"
_REMEDY = "install bubblewrap (apt-get install bubblewrap) and allow user namespaces"


def isolated():
    """Whether this process has no network but loopback."""
    with open(_INTERFACES, encoding="ascii") as file:
        names = {line.partition(":")[0].strip() for line in file if ":" in line}
    return names <= {"lo"}


def rerun(arguments, **options):
    """Run this Python again, without a network. @return: subprocess.CompletedProcess

    @raise RehearsalError: when this machine does not allow that
    """
    words = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    if shutil.which("bwrap") is None:
        raise RehearsalError("bwrap is missing: scripts would run on this machine; " + _REMEDY)
    probe = subprocess.run([*words, "--", *_NESTED], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           check=False)
    if probe.returncode != 0:
        raise RehearsalError("bwrap does not work here (%s): scripts would run on this machine; %s"
                             % (probe.stderr.strip().splitlines()[-1:] or "no reason given", _REMEDY))
    return subprocess.run([*words, "--", os.path.realpath(sys.executable), *arguments], check=False, **options)


# A container within, as machine.py makes them.
_NESTED = ("bwrap", "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc", "--cap-drop", "ALL",
           "true")
