"""The fake host from the installer to the end of the first boot, by the kickstart's own sections."""
import hashlib
import os
import re
import shlex
import signal
import subprocess
import time

import fake_esxi
from fake_esxi import contained, kickstart
from fake_esxi.storage import disks, gpt

from .options import RehearsalError

KICKSTART_PATH = "/esxiimg/KS.CFG"
CONSOLE = "/dev/console"
# What pre.sh repeats for ever once it has stopped the installation.
STOPPED = "INSTALLATION STOPPED"
_OWN_SECTION = re.compile(r"\bsh /esxiimg/\w+\.sh")
_GUID_IMAGE_BYTES = 2 * 1024 * 1024
_POLL_SECONDS = 0.03
_CHECK_SECONDS = 120


class Section:
    """One script of the kickstart. `kind` is %pre, %post or %firstboot."""

    def __init__(self, kind, options, body):
        self.kind = kind
        self.body = body
        self.python = any(word.partition("=")[2] == "python" for word in options if word.startswith("--interpreter"))
        self.own = _OWN_SECTION.search(body) is not None


class Ended:
    """How a section ended: `status` is None when it was ended because it `stopped` the installation or took too long."""

    def __init__(self, status, output, stopped=False):
        self.status = status
        self.output = output
        self.stopped = stopped


def sections(text, kind=None):
    """The sections of a kickstart in their order."""
    found = [Section(*section) for section in kickstart.sections(text, "ignore")[1]]
    return [section for section in found if kind in (None, section.kind)]


class Machine:
    """A machine that starts the installer.

    @param folder: for the fake host's files; new or empty
    @param hardware: what fake_esxi.create takes besides
    """

    contained = True

    def __init__(self, folder, share_network=False, **hardware):
        self.folder = folder
        self.share_network = share_network
        self.fake = fake_esxi.create(os.path.join(folder, "host"), phase="installer", container=self.contained,
                                     **hardware)
        self.fake.files.write(CONSOLE, b"")
        self.scripts = 0
        os.mkdir(os.path.join(self.fake.sandbox, "scripts"))

    def check(self):
        """@raise RehearsalError: when this machine cannot run the container"""
        ended = self.run_words(["python3", "-c", "import ssl, subprocess"], _CHECK_SECONDS)
        if ended.status != 0:
            raise RehearsalError("the container of the fake host does not work here: %s"
                                 % " ".join(ended.output.split()[-40:]))

    def load_module(self, path):
        """What the boot loader does with one more module of the image."""
        self.fake.load_module(path)

    @property
    def kickstart(self):
        data = self.fake.files.read(KICKSTART_PATH)
        return None if data is None else data.decode("utf-8", "replace")

    def put_image_on(self, guid, disk=None):
        """Write a partition table with an image's GUID to a disk, as an image has it: its end is not the disk's."""
        image = os.path.join(self.folder, "image")
        sectors = _GUID_IMAGE_BYTES // gpt.SECTOR
        with open(image, "w+b") as file:
            file.truncate(_GUID_IMAGE_BYTES)
            gpt.write(file, gpt.blank(sectors, guid.replace("-", "").upper()))
        with self.fake.world(save=False) as world:
            disk = disk or disks.boot_disk(world)
        self.fake.write_disk(disk, image)
        os.remove(image)
        return disk

    def run(self, section, seconds):
        """Run a section. @return: Ended"""
        name = "%02d" % self.scripts
        self.scripts += 1
        with open(os.path.join(self.fake.sandbox, "scripts", name), "w", encoding="utf-8",
                  errors="surrogateescape") as file:
            file.write(section.body)
        script = "%s/scripts/%s" % (fake_esxi.SEEN_AS, name)
        argv = ["python3" if section.python else fake_esxi.SEEN_AS + "/bin/sh", script]
        return self.run_words(argv, seconds)

    def run_words(self, argv, seconds):
        """Run a program of the host. @return: Ended"""
        path = os.path.join(self.folder, "output")
        said = self._stops()
        deadline = time.monotonic() + seconds
        with open(path, "wb") as output:
            process = subprocess.Popen(contained.command(self.fake, argv, share_network=self.share_network),
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       start_new_session=True)
        stopped = False
        try:
            while process.poll() is None and not stopped and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                # The second time shows that it repeats.
                stopped = self._stops() > said + 1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                ended = None
            else:
                ended = process.returncode
        with open(path, encoding="utf-8", errors="replace") as file:
            output = file.read()
        if stopped:
            said_first = output.find(STOPPED)
            output = output[:output.rfind("\n", 0, output.find(STOPPED, said_first + 1)) + 1]
        return Ended(ended, output, stopped)

    def _stops(self):
        """How often the console says that the installation is stopped."""
        return (self.fake.files.read(CONSOLE) or b"").count(STOPPED.encode())

    def install(self):
        """The installer between %pre and %post. @raise ValueError: when it refuses the kickstart"""
        self.fake.install(self.kickstart)

    def disk_digest(self):
        """One digest of everything that was written to disks; holes of their files count for nothing."""
        digest = hashlib.sha256()
        for name in sorted(self.fake.files.names("/dev/disks")):
            digest.update(shlex.quote(name).encode())
            for at, data in extents(self.fake.path("/dev/disks/" + name)):
                digest.update(b"%d:" % at + data)
        return digest.hexdigest()


def extents(path):
    """(offset, bytes) of the parts of a file that were written; a hole may count as zeros."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        at = 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            yield at, os.pread(file.fileno(), stop - at, at)
            at = stop
