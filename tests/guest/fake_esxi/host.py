"""One fake host: runs commands against the state, in this process or from the launchers in bin/."""
import contextlib
import copy
import fcntl
import json
import os

from . import bootbank, catalogue, drivers, esxcli, installer, kickstart, media, persist, stale, view
from .network import dns, lease, reach
from .registry import PROGRAMS
from .tools import sh
from .world import World, plain_copy

HANGS = -1  # status of a command that never returns


class Host:
    """`sandbox` is the folder with root/, bin/ and state.json; None keeps everything in memory.

    `seen_as` is where the host's own programs see that folder; None stands for the folder's real place.
    """

    def __init__(self, sandbox, files, state=None, seen_as=None):
        self.sandbox = sandbox
        self.seen_as = seen_as
        self.files = files
        self._state = state

    # Places ---------------------------------------------------------------------------------------

    @property
    def root(self):
        """The folder that stands for the host's root."""
        return os.path.join(self.sandbox, "root")

    @property
    def bin(self):
        return os.path.join(self.sandbox, "bin")

    def path(self, name):
        """Where the host's file `name` is on this machine."""
        return self.files.real(name)

    def env(self):
        """Environment for a subprocess: the host's commands first on PATH."""
        return {**os.environ, "FAKE_ESXI_ROOT": self.root, "PATH": self.bin + os.pathsep + os.environ["PATH"]}

    # State ----------------------------------------------------------------------------------------

    @property
    def _state_path(self):
        return os.path.join(self.sandbox, "state.json")

    @contextlib.contextmanager
    def world(self, save=True):
        """The host's World, locked against other processes and saved afterwards."""
        if self.sandbox is None:
            yield World(self._state, self.files)
            return
        with open(os.path.join(self.sandbox, "lock"), "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self._state
            if state is None:
                with open(self._state_path, encoding="utf-8") as file:
                    state = json.load(file)
            self._state = None
            try:
                yield World(state, self.files)
            finally:
                if save:
                    self._save(state)

    def _save(self, state):
        temporary = self._state_path + ".new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(state, file)
        os.replace(temporary, self._state_path)

    def state(self):
        """A copy of the whole state (see world.py for its parts)."""
        with self.world(save=False) as world:
            return plain_copy(world.state)

    def config(self):
        """A copy of the configuration."""
        with self.world(save=False) as world:
            return plain_copy(world.config)

    def copy(self):
        """An independent host with the same state; only for hosts in memory."""
        if self.sandbox is not None:
            raise ValueError("only a host in memory can be copied")
        return Host(None, copy.deepcopy(self.files), plain_copy(self._state))

    # Commands -------------------------------------------------------------------------------------

    def run(self, argv, stdin=""):
        """Run one command as (status, stdout, stderr), exactly as the launchers in bin/ do."""
        with self.world() as world:
            return run_in(world, [str(word) for word in argv], stdin)

    # Boots and media ------------------------------------------------------------------------------

    def load_module(self, path, name=None):
        """Load a file as boot module of the installer: it is unpacked into the root. BootError if it cannot be."""
        with open(path, "rb") as file, self.world() as world:
            bootbank.load_module(world, name or os.path.basename(path), file.read())

    def install(self, text):
        """From %pre to %post: carry out a kickstart file (its %include files are read from the host's root).

        ValueError for what the installer refuses.
        """
        with self.world() as world:
            installer.install(world, kickstart.parse(
                text, world.switches, lambda path: (world.files.read(path) or b"").decode()))

    def boot(self, hostd="up"):
        """Start the installed system from its boot bank: what was not saved is gone. BootError if it cannot start."""
        with self.world() as world:
            persist.clear_ram_disk(world)
            bootbank.switch(world)
            drivers.vanish(world)
            persist.bring_up(world, hostd)
            bootbank.link(world)
            bootbank.boot(world)
            lease.settle(world)
            dns.write_resolv_conf(world)
        self.furnish()

    def furnish(self):
        """Put the programs of the host to their places."""
        from . import contained, launchers  # slow to load, and commands need neither
        if self.sandbox is not None:
            launchers.write_launchers(self)
        if self.seen_as is not None:
            contained.furnish(self)

    def reboot(self, hostd="up"):
        """Shut down in good order and start again, as `reboot` and `system shutdown reboot` do."""
        with self.world() as world:
            power = world.runtime["power"] or {"saves": True}
            if power["saves"] and world.switch("reboot_saves") == "yes":
                persist.backup(world)
        self.boot(hostd)

    def attach_iso(self, device, path):
        """Put an ISO9660 image into a partition ("DISK:N"), onto a disk, or into a new CD drive; see media.py."""
        with self.world() as world:
            media.attach_iso(world, device, os.path.abspath(path))

    def attach_fat(self, device, path):
        """The same for a FAT image; the new drive is a USB stick."""
        with self.world() as world:
            media.attach_fat(world, device, os.path.abspath(path))

    def write_disk(self, disk, path):
        """Copy a disk image onto a disk, as dd does, and let the host find its partitions; see media.py."""
        with self.world() as world:
            media.write_disk(world, disk, path)

    def partitions(self, disk):
        """The partition table of a disk as in storage/gpt.py, or None."""
        with self.world() as world:
            return plain_copy(installer.partitions.load(world, disk))

    # Judgement ------------------------------------------------------------------------------------

    def shell(self, script, *arguments, **options):
        """Run a script file with busybox ash as the host would; `options` go to subprocess.run.

        Never run scripts by `busybox ash FILE`: its own reboot, halt and poweroff come before PATH.
        """
        import subprocess  # slow to load
        words = ["busybox", "ash", "-c", '. "$FAKE_ESXI_ROOT/../bin/.prelude"; . "$0"', script, *arguments]
        return subprocess.run(words, **{"env": self.env(), "text": True, "capture_output": True, **options})

    def summary(self):
        """The state in the words a test asserts on; see view.py for the keys."""
        with self.world(save=False) as world:
            return plain_copy(view.summary(world))

    def manageable(self):
        """Whether a management interface has an address and an uplink with a link."""
        with self.world(save=False) as world:
            return reach.manageable(world)

    def fail(self, words, text="Unable to complete: injected failure", after=0, times=1):
        """Make commands whose words contain `words` in a row fail, after `after` successes, `times` times."""
        with self.world() as world:
            world.runtime["failures"].append({"words": list(words), "text": text, "after": after, "times": times})


def _injected(world, words):
    """The text of a failure that a test asked for, or None."""
    for failure in world.runtime["failures"]:
        wanted = failure["words"]
        if any(words[at:at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)):
            if failure["after"] > 0:
                failure["after"] -= 1
            elif failure["times"] > 0:
                failure["times"] -= 1
                return failure["text"]
    return None


def run_in(world, argv, stdin=""):
    """Run one command in a World: (status, stdout, stderr)."""
    name = catalogue.program_name(argv[0])
    function = PROGRAMS.get(name)
    if name == "sh" and sh.pipeline(argv[1:]):
        return run_in(world, *sh.pipeline(argv[1:]))
    if function is None:
        return 127, "", f"sh: {argv[0]}: not found\n"
    world.runtime["calls"].append([name, *argv[1:]])
    text = _injected(world, [name, *argv[1:]])
    if text is not None:
        return 1, text + "\n", ""
    if world.runtime["hostd"] == "hang" and name == "vim-cmd":
        return HANGS, "", ""
    with stale.watch(world, name, argv):
        if name in ("esxcli", "localcli"):
            result = esxcli.run(world, argv[1:], stdin, name)
        else:
            result = function(world, argv[1:], stdin)
    if not stale.only_reads(argv):
        lease.settle(world)
        dns.write_resolv_conf(world)
        if not reach.manageable(world):
            world.runtime["unmanageable_after"].append([name, *argv[1:]])
    status, stdout, *stderr = result
    return status, stdout, stderr[0] if stderr else ""
