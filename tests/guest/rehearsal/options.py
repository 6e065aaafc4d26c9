"""What is rehearsed."""
import dataclasses
import os


class RehearsalError(Exception):
    """The rehearsal cannot be run; the message is one line that says what to do."""


@dataclasses.dataclass
class Options:
    """Paths are of this machine; None stands for "not given".

    metadata        folder with OpenStack's files, loose or as on a config drive, or with hosts/NAME/ folders
    maas            folder with config.json and what the metadata service answers
    nics, disks, nvme, by_id   listings of the machine's hardware; the folder's own nics.txt … when not given
    release         of ESXi
    secure_boot     UEFI Secure Boot is on
    image_password  whether the image is built with a root password; None: without
    kickstart       for the build's -k
    modules         boot modules besides the payload, as drivers are
    missing_drivers names of drivers that ESXi lacks: NICs that need them appear when a module brings them
    payload         a finished esxiimg.tgz, instead of one made from the sources
    build           more options for `esxi-img payload`
    made            a payload that was made of these options before
    switches        behaviour of the fake host that differs from its defaults (fake_esxi/switches.py)
    share_network   MAAS: the host may see the network of this process, which a test vouches for
    section_seconds how long one section of the kickstart may take
    """
    metadata: str = None
    maas: str = None
    nics: str = None
    disks: str = None
    nvme: str = None
    by_id: str = None
    release: str = "8.0.3"
    secure_boot: bool = False
    image_password: bool = None
    kickstart: str = None
    modules: tuple = ()
    missing_drivers: tuple = ()
    payload: str = None
    build: tuple = ()
    made: str = None
    switches: dict = dataclasses.field(default_factory=dict)
    share_network: bool = False
    section_seconds: float = 600

    def check(self):
        """@raise RehearsalError: when options contradict each other, or name files that are not there"""
        if self.metadata and self.maas:
            raise RehearsalError("--metadata and --maas exclude each other")
        if self.payload and (self.image_password is not None or self.kickstart or self.build):
            raise RehearsalError("--payload is a finished payload: leave out -k, --image-password and build options")
        for name in ("metadata", "maas"):
            folder = getattr(self, name)
            if folder and not os.path.isdir(folder):
                raise RehearsalError("--%s: %s is not a folder" % (name, folder))
        for name in ("nics", "disks", "nvme", "by_id", "kickstart", "payload"):
            path = getattr(self, name)
            if path and not os.path.isfile(path):
                raise RehearsalError("--%s: there is no file %s" % (name.replace("_", "-"), path))
        for path in self.modules:
            if not os.path.isfile(path):
                raise RehearsalError("--module: there is no file %s" % path)
        if self.maas and not os.path.isfile(os.path.join(self.maas, "config.json")):
            raise RehearsalError("--maas: %s holds no config.json" % self.maas)
        return self

    @property
    def folder(self):
        """The folder with the deployer's data, or None."""
        return self.metadata or self.maas
