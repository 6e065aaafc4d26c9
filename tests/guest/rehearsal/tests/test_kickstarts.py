"""Kickstarts of users', merged with ours, from %pre to the end of %firstboot: theirs is done, and ours."""
import os

from .base import TESTDATA, RehearsalTest

NICS = os.path.join(TESTDATA, "openstack", "nova-dhcp-mtu-null", "nics.txt")


class KickstartTest(RehearsalTest):
    def deploy(self, name, *, metadata=None, **how):
        result = self.rehearse(kickstart=os.path.join(TESTDATA, "kickstarts", name + ".cfg"), nics=NICS,
                               metadata=metadata, **how)
        self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
        self.assertTrue(result["login"]["password"])
        said = [line.partition(" esxi-img: ")[2] for line in result["log"]]
        self.assertEqual(said[-1], "the host is configured")
        return result["host"], said

    def assert_order(self, said, *parts):
        """Lines that contain the parts come one after the other."""
        places = [next(i for i, line in enumerate(said) if part in line) for part in parts]
        self.assertEqual(places, sorted(places), said)

    def test_static_network(self):
        host, _ = self.deploy("static")
        self.assertEqual(host["interfaces"][0]["ipv4"], "192.0.2.10/24")
        self.assertEqual((host["dns"], host["fqdn"]), (["192.0.2.53", "192.0.2.54"], "esx01.example.net"))
        self.assertEqual(host["routes4"][0][1], "192.0.2.1")

    def test_metadata_counts_more_than_the_kickstart(self):
        metadata = os.path.join(TESTDATA, "openstack", "nova-static-routes")
        result = self.rehearse(kickstart=os.path.join(TESTDATA, "kickstarts", "static.cfg"), metadata=metadata)
        self.assertEqual(result["outcome"], "configured", result["reason"])
        self.assertEqual(result["host"]["interfaces"][0]["ipv4"], "192.0.2.21/24")
        self.assertEqual(result["host"]["fqdn"], "esx-lab-01.example.net")

    def test_pre_that_writes_includes(self):
        for name in ("pre-include-disk", "pre-include-network"):
            with self.subTest(name):
                host, said = self.deploy(name)
                self.assertTrue(host["ssh"]["running"])
                self.assert_order(said, "kickstart: ", "theirs/pre1.sh, ended with exit status 0", "was fitted",
                                  "boot bank") if name.endswith("disk") else None

    def test_several_pre(self):
        _, said = self.deploy("pre-two")
        self.assert_order(said, "kickstart: install", "theirs/pre1.sh, ended with exit status 0",
                          "theirs/pre2.sh, ended with exit status 0", "boot bank", "the host is configured")
        _, said = self.deploy("pre-python")
        self.assertIn("%pre of your kickstart, theirs/pre1.py, ended with exit status 0", said)

    def test_post_in_python(self):
        self.deploy("post-python")

    def test_several_firstboot(self):
        for name in ("firstboot-two", "firstboot-three-kinds"):
            with self.subTest(name):
                host, _ = self.deploy(name)
                self.assertEqual(host["ssh"], {"with_host": True, "running": True})

    def test_firstboot_configures_what_ours_does_not(self):
        host, _ = self.deploy("firstboot-syslog")
        self.assertEqual(host["syslog"], "udp://192.0.2.50:514")

    def test_all_kinds_of_sections(self):
        _, said = self.deploy("all-sections")
        self.assert_order(said, "theirs/pre1.sh", "boot bank", "the host is configured")
