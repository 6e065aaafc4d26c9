"""Run programs of the host in a container whose root is the host's root (bubblewrap).

What a script does to /bootbank, /tmp or /etc it does to the fake host: this machine's files are not there, except
the Python and the shared libraries that run the fake, read-only. Commands of the host and busybox's applets stand at
the places where ESXi has them. Nothing in the container has a capability of this machine, so that neither `reboot`
nor `mount` reaches it. The network is the caller's: give it none but loopback.

    the container's            this machine's
    /                          SANDBOX/root
    /.fake                     SANDBOX (state.json, bin/)
    /.fake/code/fake_esxi      this package, read-only
    /.fake/user                clock.py: waiting costs no time
"""
import os
import shutil
import sys
import sysconfig

from . import SEEN_AS, catalogue
from .launchers import PACKAGE, link, write_program

_BIN = SEEN_AS + "/bin"
_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
_FUNCTIONS = ("sh", "ash", "busybox", "sleep")  # of the prelude, as programs
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_BY_FUNCTION = """\
#!{bin}/.real/busybox ash
. {bin}/.prelude
fake_exec=exec
{name} "$@"
"""
# Shell scripts wait as Python does (clock.py): not at all, unless it is for long.
_SLEEP = """\
sleep() {{
  case "$1" in
    ''|*[!0-9]*|?????*) $fake_exec '{busybox}' sleep "$@" ;;
    *) $fake_exec '{busybox}' usleep 10000 ;;
  esac
}}
"""
_USER = SEEN_AS + "/user"
_USER_SITE = "%s/lib/python%d.%d/site-packages" % ((_USER,) + sys.version_info[:2])


class ContainerError(Exception):
    """This machine cannot run the container; the message is one line."""


def furnish(host):
    """Shell, Python, busybox and the host's commands at their places in a host's root; what is there stays."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise ContainerError("busybox is missing")
    if not os.path.exists(os.path.join(host.bin, ".real")):
        os.mkdir(os.path.join(host.bin, ".real"))
        shutil.copy(busybox, os.path.join(host.bin, ".real", "busybox"))
        for name in _FUNCTIONS:
            write_program(os.path.join(host.bin, name), _BY_FUNCTION.format(bin=_BIN, name=name))
        for name in ("python3", "python"):
            link(os.path.realpath(sys.executable), os.path.join(host.bin, name))
    with open(os.path.join(host.bin, ".prelude"), "a", encoding="utf-8") as file:
        file.write(_SLEEP.format(busybox=_BIN + "/.real/busybox"))
    for name in (*_FUNCTIONS, "python3", "python", *catalogue.on_path()):
        for folder in ("/bin", "/sbin"):
            link(f"{_BIN}/{name}", host.path(f"{folder}/{name}"))
    for path in _applets(busybox):
        link(_BIN + "/.real/busybox", host.path("/" + path))
    for target, path in _library_links():
        link(target, host.path(path))


def command(host, argv, environment=None, share_network=False):
    """The words that run a program of the host in its container.

    environment     variables besides PATH and HOME; nothing else is passed on
    share_network   let it see the network of the caller, who must have none but loopback
    """
    words = ["bwrap", "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
             "--unshare-cgroup-try", "--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv"]
    words += [] if share_network else ["--unshare-net"]
    words += ["--bind", host.root, "/", "--bind", host.sandbox, SEEN_AS,
              "--ro-bind", PACKAGE, f"{SEEN_AS}/code/fake_esxi", "--ro-bind", host.bin, _BIN,
              "--ro-bind", os.path.join(PACKAGE, "clock.py"), _USER_SITE + "/usercustomize.py"]
    for path in _machine_parts():
        words += ["--ro-bind", path, path]
    for path in _DEVICES:
        words += ["--dev-bind", path, path]
    words += ["--proc", "/proc", "--chdir", "/"]
    given = {"PATH": ":".join([_BIN, *_FOLDERS]), "HOME": "/", "LC_ALL": "C.UTF-8",
             "PYTHONUSERBASE": _USER, **(environment or {})}
    for name, value in given.items():
        words += ["--setenv", name, value]
    return [*words, "--", *argv]


def _applets(busybox):
    import subprocess
    done = subprocess.run([busybox, "--list-full"], stdout=subprocess.PIPE, text=True, check=True)
    return [path for path in done.stdout.split() if path.startswith(("bin/", "sbin/", "usr/bin/", "usr/sbin/"))]


def _machine_parts():
    """Folders and files of this machine that its Python needs: itself, its modules, shared libraries."""
    python = os.path.realpath(sys.executable)
    parts = [path for path in ("/lib64", "/usr/lib64", "/lib32", "/usr/lib32") if _is_real_folder(path)]
    if sys.base_prefix in ("/", "/usr"):
        parts += [python, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    else:
        parts += [sys.base_prefix, python]
    import _ctypes, _hashlib, _ssl  # noqa: E401, F401  (so that the libraries they need are mapped)
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        mapped = {os.path.dirname(line.split(None, 5)[5].rstrip("\n")) for line in file if ".so" in line}
    # A whole /usr/lib would hide what ESXi has there; Debian's libraries have a folder of their own in it.
    parts += sorted(folder for folder in mapped if folder.startswith("/") and folder not in ("/lib", "/usr/lib"))
    kept = []
    for part in parts:
        if not any(part == other or part.startswith(other + "/") for other in kept):
            kept.append(part)
    return kept


def _library_links():
    """Links at this machine's root through which programs find libraries: /lib → usr/lib."""
    names = [name for name in os.listdir("/") if name.startswith("lib") and os.path.islink("/" + name)]
    return [(os.readlink("/" + name), "/" + name) for name in names]


def _is_real_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)
