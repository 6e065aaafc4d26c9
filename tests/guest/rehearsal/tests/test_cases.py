"""Deployments that once failed (testdata/cases): each ends as its expect.md says."""
import os
import unittest

from .base import TESTDATA, RehearsalTest

CASES = os.path.join(TESTDATA, "cases")


class Cases(RehearsalTest):
    def test_openstack(self):
        for name, password, keys in (("second-nic-absent", True, 0), ("refusal-locks-out", False, 1),
                                     ("write-files", True, 0), ("heat-default", True, 0)):
            with self.subTest(name):
                result = self.rehearse(metadata=os.path.join(CASES, "openstack", name))
                self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
                self.assert_login(result, password=password, keys=keys, ssh=True)
                self.assertEqual(result["host"]["interfaces"][0]["ipv4"], "192.0.2.10/24")

    def test_disks_are_told_apart_by_what_ubuntu_shows(self):
        result = self.rehearse(maas=os.path.join(CASES, "maas", "sas-two-identical"), image_password=True)
        self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
        self.assertEqual(dict(result["host"]["datastores"])["datastore1"], [("naa.5000c500a1b2c3d0", 8)])
        (disk, _number), = dict(result["host"]["datastores"])["a"]
        self.assertEqual(disk, "naa.5000c500a1b2c3d4")


if __name__ == "__main__":
    unittest.main()
