"""The machine whose steps run in this process ends as the real sections do."""
import os
import unittest

from rehearsal.fast import FastMachine

from .base import TESTDATA, RehearsalTest

SAME = ("outcome", "reason", "login", "host", "secrets_left", "warnings", "maas")


class Fast(RehearsalTest):
    def test_both_machines_end_alike(self):
        for options in (
            {"metadata": os.path.join(TESTDATA, "openstack", "ironic-bond-vlans-jumbo")},
            {"metadata": os.path.join(TESTDATA, "openstack", "refuse-mac-absent"), "image_password": True},
            {"metadata": os.path.join(TESTDATA, "openstack", "refuse-mac-absent")},
            {"maas": os.path.join(TESTDATA, "maas", "dhcp-linux-layout"), "release": "7.0.3"},
            {"metadata": os.path.join(TESTDATA, "openstack", "nova-static-routes"), "image_password": True,
             "secure_boot": True},
        ):
            with self.subTest(options):
                slow, fast = self.rehearse(**options), self.rehearse(machine=FastMachine, **options)
                self.assertEqual({key: fast[key] for key in SAME}, {key: slow[key] for key in SAME})


if __name__ == "__main__":
    unittest.main()
