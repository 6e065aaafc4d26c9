"""A host in the installer, in a temporary folder, with the payload's files in its root."""
import json
import os
import shutil
import tempfile
import unittest

from support import Adapter, GUEST, Lines, SAMPLES, fake_esxi, nic_list

from rehearsal import inputs

from common import description as schema
from hostconf.host import drive
from hostconf.host.log import Log
from hostconf.steps import firstboot, post, pre

HASH = "$6$abcdefgh$" + "k" * 86
TWO_DISKS = ("mpx.vmhba0:C0:T0:L0\n   Size: 102400\n   Is Boot Device: true\n"
             "naa.600508b1001c0001\n   Size: 204800\n")


_PACKED = {}


def pack_iso(folder, path, label="config-2", *options):
    """Write a config drive, once for each sample."""
    key = (folder, label, options)
    if key not in _PACKED or not folder.startswith(SAMPLES):
        inputs.pack_iso(folder, path, label, *(options or ("-J", "-r")))
        with open(path, "rb") as file:
            _PACKED[key] = file.read()
    with open(path, "wb") as file:
        file.write(_PACKED[key])


class Sandbox(unittest.TestCase):
    """A host in the installer, with the payload's files in its root."""

    release = "8.0.3"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-guest-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.lines = Lines()
        self.log = Log([self.lines])

    def start(self, image=None, **how):
        how.setdefault("nics", nic_list(2))
        how.setdefault("release", self.release)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), phase="installer", **how)
        self.host = Adapter(self.fake, hostd=False)
        payload = self.fake.path("/esxiimg")
        for name in ("common", "hostconf"):
            shutil.copytree(os.path.join(GUEST, name), os.path.join(payload, name))
        for name in ("pre.sh", "post.sh", "firstbt.sh"):
            shutil.copy(os.path.join(GUEST, name), payload)
        facts = {"format": 1, "disk_guid": "0", "install_disk": None, "root_password_hash": HASH, "ssh_keys": []}
        self.fake.files.write("/esxiimg/image.json", json.dumps(dict(facts, **(image or {}))))
        self.fake.files.write("/esxiimg/KS.CFG", "rootpw --iscrypted %s\n" % HASH)

    def include(self, name):
        return self.fake.files.read("/tmp/esxiimg/" + name).decode()

    def embed(self, **files):
        for name, content in files.items():
            self.fake.files.write("/esxiimg/metadata/%s.json" % name, json.dumps(content))

    def attach(self, sample, device="mpx.vmhba32:C0:T0:L0", label="config-2", *options):
        path = os.path.join(self.folder, "drive.iso")
        pack_iso(os.path.join(SAMPLES, sample), path, label, *options)
        self.fake.attach_iso(device, path)

    def prepare(self):
        """%pre, on a host whose clock moves by what is slept alone."""
        self.slept = []
        pre.prepare(self.host, self.log, drive.WAIT_SECONDS, self.slept.append, lambda: sum(self.slept))

    def calls(self, program):
        return [call for call in self.fake.state()["runtime"]["calls"] if call[0] == program]


class Installed(Sandbox):
    """A host at its first boot."""

    def installed(self, description, hostd="up", **how):
        """A host as it is when %firstboot begins."""
        self.start(**how)
        self.embed(meta_data={"hostname": "x"})
        self.prepare()
        self.fake.files.write("/tmp/esxiimg/description.json", schema.dumps(schema.validate(description)))
        self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                          "%include /tmp/esxiimg/network\n")
        post.keep(self.host, self.log)
        self.fake.boot(hostd)
        self.host = Adapter(self.fake)

    def configure(self):
        self.naps = []
        step = firstboot.FirstBoot(self.host, self.log, self.naps.append)
        step.configure()
        self.status = step.finish()
        self.failures = dict(step.failures)
        return step.reboot
