"""Shared by the tests of MAAS deployments: samples, a metadata service on loopback, hosts that were deployed."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
GUEST = os.path.join(REPOSITORY, "lib", "guest")
HOOK_FOLDER = os.path.join(GUEST, "curtin")
SAMPLES = os.path.join(REPOSITORY, "testdata", "maas")
NAMES = sorted(name for name in os.listdir(SAMPLES) if os.path.isdir(os.path.join(SAMPLES, name)))
RELEASES = ("6.7.0", "7.0.3", "8.0.3")
sys.dont_write_bytecode = True
sys.path[:0] = [GUEST, HOOK_FOLDER, os.path.join(os.path.dirname(HERE), "hostconf")]

import support  # noqa: E402
from support import Lines, check_state, fake_esxi  # noqa: E402
from rehearsal.hook import BUILDS, boot_cfg, kernel_options, make_target, run_hook  # noqa: E402
from rehearsal.service import Service  # noqa: E402
from esxihook import deploy  # noqa: E402
from hostconf.host.log import Log  # noqa: E402
from hostconf.steps import firstboot, post, pre  # noqa: E402

HASH = "$6$abcdefgh$" + "k" * 86
KICKSTART = "vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n%include /tmp/esxiimg/network\n"


def sample(name, part):
    """The bytes of a sample's file, or None when there is no such file."""
    try:
        with open(os.path.join(SAMPLES, name, part), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def sample_text(name, part):
    data = sample(name, part)
    return None if data is None else data.decode("utf-8")


def sample_config(name):
    return json.loads(sample_text(name, "config.json"))


def answers(name):
    """What the metadata service of a sample says, by the names of maas.fetch."""
    return {part: sample(name, part) for part in ("local-hostname", "public-keys", "vendor-data", "user-data")}


class Adapter(support.Adapter):
    """A fake host for the guest code; what a shell or Python is needed for runs as a process of its own."""

    def run(self, argv, seconds=0, end_children=False):
        if not os.path.basename(argv[0]).startswith(("python", "sh")):
            return support.Adapter.run(self, argv, seconds)
        done = subprocess.run(argv, env=dict(self.fake.env(), ESXIIMG_ROOT=self.root), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")


class Deployed(unittest.TestCase):
    """Hosts that curtin's hook, the installer's steps and the first boot have worked on."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-maas-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.lines = Lines()
        self.log = Log([self.lines])

    def serve(self, contents, config, **how):
        """A service that the configuration then names as its own."""
        service = Service(contents, config["reporting"]["maas"], **how)
        self.addCleanup(service.close)
        host = "localhost" if "maas-internal" in config["reporting"]["maas"]["endpoint"] else "127.0.0.1"
        config["reporting"]["maas"]["endpoint"] = service.endpoint(host)
        return service

    def install(self, config, release="8.0.3", image=None, hostd="up", **how):
        """From curtin's configuration to the moment when %firstboot begins."""
        shutil.rmtree(os.path.join(self.folder, "target"), ignore_errors=True)
        shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
        target = os.path.join(self.folder, "target")
        make_target(target, release)
        self.description = deploy.describe(config, lambda sentence: None)
        deploy.install_description(target, self.description)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), phase="installer", release=release,
                                     boot_options=kernel_options(os.path.join(target, "BOOT.CFG")), **how)
        self.host = Adapter(self.fake, hostd=False)
        facts = {"format": 1, "disk_guid": "0", "install_disk": None, "root_password_hash": HASH, "ssh_keys": []}
        self.fake.files.write("/esxiimg/image.json", json.dumps(dict(facts, **(image or {}))))
        self.fake.files.write("/esxiimg/KS.CFG", "rootpw --iscrypted %s\n" % HASH)
        for name in ("common", "hostconf"):
            shutil.copytree(os.path.join(GUEST, name), self.fake.path("/esxiimg/" + name))
        for name in ("pre.sh", "post.sh", "firstbt.sh"):
            shutil.copy(os.path.join(GUEST, name), self.fake.path("/esxiimg"))
        self.fake.load_module(os.path.join(target, "hostdesc.tgz"))
        pre.prepare(self.host, self.log, wait_seconds=0)
        self.fake.install(KICKSTART)
        post.keep(self.host, self.log)
        self.fake.boot(hostd)
        self.host = Adapter(self.fake)

    def first_boot(self):
        """%firstboot in this process. @return: exit status"""
        step = firstboot.FirstBoot(self.host, self.log, lambda seconds: None)
        self.step = step
        step.configure()
        return step.finish()

    def volumes(self):
        """{label: [(disk, partition number)]} of the datastores."""
        return dict(self.fake.summary()["datastores"])

    def table(self, disk):
        """{number: (start, end)} of a disk."""
        table = self.fake.partitions(disk)
        return {part["number"]: (part["start"], part["end"]) for part in (table["partitions"] if table else [])}

    def assert_no_secrets(self, config):
        """No credential is in the log, and none is left in the boot banks or in memory."""
        for secret in deploy.maasconf.secrets(config):
            self.assertNotIn(secret, self.lines.text)
        for place in ("/esxiimg", "/esxiimg-host", "/tmp/esxiimg"):
            self.assertFalse(self.fake.files.exists(place), place)
        for bank in ("/bootbank", "/altbootbank"):
            self.assertFalse({"esxiimg.tgz", "hostdesc.tgz"} & set(self.fake.files.names(bank)))


__all__ = ["Adapter", "BUILDS", "Deployed", "GUEST", "HASH", "HOOK_FOLDER", "Lines", "NAMES", "RELEASES", "REPOSITORY",
           "SAMPLES", "Service", "answers", "boot_cfg", "check_state", "fake_esxi", "kernel_options",
           "make_target", "run_hook", "sample", "sample_config", "sample_text"]
