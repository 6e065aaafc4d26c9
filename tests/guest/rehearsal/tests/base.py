"""Shared by the tests of rehearsals."""
import os
import shutil
import sys
import tempfile
import unittest

from rehearsal import Options, payload
from rehearsal.fast import FastMachine
from rehearsal.machine import Machine
from rehearsal.rehearsal import run

sys.dont_write_bytecode = True
TESTDATA = os.path.join(payload.REPOSITORY, "testdata")
RSA_KEY = "ssh-rsa " + "AAAAB3NzaC1yc2EAAAADAQABAAAAQQ" + "C7" * 40 + " user@example.com"


class RehearsalTest(unittest.TestCase):
    """Payloads are made once for all tests of a class: making one takes a second."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.payloads = {}
        cls.shared = tempfile.mkdtemp(prefix="esxi-rehearsal-")
        cls.addClassCleanup(shutil.rmtree, cls.shared)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-rehearsal-")
        self.addCleanup(shutil.rmtree, self.folder)

    def rehearse(self, *, machine=None, **options):
        """The result of a rehearsal."""
        wanted = Options(share_network=True, **options)
        key = (wanted.image_password, wanted.kickstart, tuple(wanted.build))
        if not wanted.payload and not payload.is_embedded(wanted):
            if key not in self.payloads:
                folder = tempfile.mkdtemp(dir=self.shared)
                self.payloads[key] = payload.make(wanted, folder)[0]
            wanted.made = self.payloads[key]
        return run(wanted, **({"machine": machine} if machine else {}))

    def rehearse_fast(self, **options):
        """The same by the faster machine (fast.py), where there is no user's script that has to be run."""
        folder = options.get("metadata") or options.get("maas")
        scripts = [name for _, _, names in os.walk(folder) for name in names if name in ("user_data", "user-data")]
        return self.rehearse(machine=Machine if scripts else FastMachine, **options)

    def write(self, name, content):
        """A file of a folder that is the deployer's. @return: the folder"""
        path = os.path.join(self.folder, "given", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        return os.path.join(self.folder, "given")

    def copied(self, *parts):
        """A copy of a folder of testdata that may be changed."""
        return shutil.copytree(os.path.join(TESTDATA, *parts), os.path.join(self.folder, "given"))

    def assert_login(self, result, **expected):
        self.assertEqual(result["login"], expected, result["reason"])
