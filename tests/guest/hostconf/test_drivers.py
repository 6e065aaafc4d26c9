"""Drivers of the image, on sandbox hosts, in this process: in the boot banks, installed, gone."""
import json
import os
import unittest

from sandbox import Installed
from support import Adapter, nic_list

from common import description as schema
from fake_esxi.tests.vibs import make_carrier, make_module, make_vib
from hostconf.host import bootbank, drivers
from hostconf.steps import post

DRIVER = "i40en"  # of nic_list
VERSION = "1.0-1OEM.800.1.0.20613240"
ID = "ACME_bootbank_%s_%s" % (DRIVER, VERSION)
OURS = ("esxiimg.tgz", "hostdesc.tgz", "esxidrvs.tar", "i40en.x00")


class DriverTest(Installed):
    """A machine whose only NIC has no driver in ESXi."""

    def load(self, vib=None, level="partner", acceptance=None, modules=(("i40en.x00", ID),), extra=None):
        """What the boot loader loads besides the payload."""
        carrier = make_carrier([(DRIVER, VERSION, level, vib or make_vib(DRIVER, VERSION, level))],
                               list(modules), acceptance)
        loaded = dict({"i40en.x00": make_module(DRIVER), "esxidrvs.tar": carrier}, **(extra or {}))
        for name, data in loaded.items():
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                file.write(data)
            self.fake.load_module(path)

    def deploy(self, fail=None, load=None, **how):
        """From the installer to the end of the first boot."""
        self.start(nics=nic_list(1), missing_drivers=[DRIVER], **how)
        self.assertEqual(self.fake.run(["localcli", "network", "nic", "list"])[1], "")
        self.load(**(load or {}))
        self.assertIn("vmnic0", self.fake.run(["localcli", "network", "nic", "list"])[1])
        self.embed(meta_data={"hostname": "esx.example.net"})
        self.prepare()
        self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                          "%include /tmp/esxiimg/network\n")
        post.keep(self.host, self.log)
        self.fake.boot()
        self.host = Adapter(self.fake)
        self.assertIn("vmnic0", self.fake.run(["esxcli", "network", "nic", "list"])[1])
        for words, text in fail or ():
            self.fake.fail(words, text)
        return self.configure()

    def installs(self):
        return [call for call in self.calls("esxcli") if call[1:4] == ["software", "vib", "install"]]

    def left(self):
        """Names of our files in both banks, and whether a boot.cfg names one."""
        found = []
        for bank in bootbank.find(self.host):
            found += [name for name in os.listdir(bank) if name in OURS]
            text = bootbank.read_cfg(os.path.join(bank, "boot.cfg"))
            found += ["boot.cfg: " + name for name in OURS if name in text]
        return sorted(set(found))

    def assert_installed(self):
        self.assertEqual(self.failures, {})
        self.assertEqual(self.status, 0)
        self.assertEqual(self.left(), [])
        self.assertFalse(self.fake.files.exists("/esxiimg-drivers"))
        self.assertFalse(self.fake.files.exists("/tardisks/esxidrvs.tar"))
        self.assertEqual(self.fake.summary()["power"]["action"], "reboot")
        self.fake.reboot()
        summary = self.fake.summary()
        self.assertEqual((summary["vibs"], summary["boot_modules"]), ([DRIVER], []))
        self.assertEqual(summary["fqdn"], "esx.example.net")
        self.assertTrue(self.fake.manageable())

    def test_installed_for_good_and_nothing_of_ours_left(self):
        for release in ("7.0.3", "8.0.3", "9.0.0"):
            for unlisted in ("stay", "travel"):
                with self.subTest(release=release, unlisted=unlisted):
                    self.deploy(release=release, switches={"unlisted_modules": unlisted})
                    self.assertEqual(len(self.installs()), 1)
                    self.assert_installed()
                    self.setUp()

    def test_without_a_second_start_it_is_a_boot_module(self):
        self.deploy(fail=[(["software", "vib", "install"], "[InstallationError]\n [Errno 28] No space left on device")])
        self.assertIn("Errno 28", self.failures["drivers"])
        self.assertEqual(self.status, 0, "a driver that stays a boot module fails no deployment")
        self.assertIn("install %s by hand" % ID, self.lines.text)
        self.assertEqual(self.left(), ["boot.cfg: i40en.x00", "i40en.x00"])
        self.fake.reboot()
        self.assertEqual(self.fake.summary()["boot_modules"], ["i40en.x00"])
        self.assertTrue(self.fake.manageable())

    def test_a_vib_that_the_host_refuses(self):
        cases = (
            (make_vib(DRIVER, VERSION, unpacked_sum=False), "sha-256 gunzip"),
            (make_vib(DRIVER, VERSION, "community", b""), "AcceptanceConfigError"),
            (make_vib(DRIVER, "2.0"), "does not list i40en"),
        )
        for vib, text in cases:
            with self.subTest(text):
                self.deploy(load={"vib": vib})
                self.assertIn(text, self.failures["drivers"])
                self.assertIn("i40en.x00", self.left())
                self.setUp()

    def test_community_drivers_lower_the_level_only_where_that_is_allowed(self):
        vib = make_vib(DRIVER, VERSION, "community", b"")
        self.deploy(load={"vib": vib, "level": "community", "acceptance": "community"})
        self.assert_installed()
        self.assertEqual(self.fake.summary()["acceptance"], "CommunitySupported")
        self.assertIn("acceptance level is CommunitySupported now", self.lines.text)
        self.setUp()
        self.deploy(load={"level": "partner", "acceptance": "community"})
        self.assertEqual(self.fake.summary()["acceptance"], "PartnerSupported")

    def test_a_plain_module_stays_one(self):
        self.deploy(load={"modules": (("i40en.x00", ID), ("plain.x00", None)),
                          "extra": {"plain.x00": make_module("plain")}})
        self.assert_installed_with_module()

    def assert_installed_with_module(self):
        self.assertEqual(self.failures, {})
        self.fake.reboot()
        summary = self.fake.summary()
        self.assertEqual((summary["vibs"], summary["boot_modules"]), ([DRIVER], ["plain.x00"]))
        self.assertTrue(self.fake.files.exists("/usr/lib/vmware/vmkmod/plain"))

    def test_hostd_is_not_needed(self):
        self.start(nics=nic_list(1), missing_drivers=[DRIVER])
        self.load()
        listed = drivers.load(self.host)
        self.fake.install("vmaccepteula\nrootpw --iscrypted $6$abcdefgh$%s\ninstall --firstdisk --overwritevmfs\n"
                          "network --bootproto=dhcp\n" % ("k" * 86))
        for bank in bootbank.find(self.host):
            drivers.keep(self.host, bank, listed)
        self.fake.boot(hostd="down")
        self.assertTrue(drivers.install(Adapter(self.fake, hostd=False), listed, self.log))
        self.assertEqual([call[1:3] for call in self.calls("localcli") if call[1] == "software"],
                         [["software", "vib"]] * 2)

    def test_drivers_that_cannot_be_kept_leave_the_bank_as_it_was(self):
        self.start(nics=nic_list(1), missing_drivers=[DRIVER])
        self.load()
        self.embed(meta_data={"hostname": "x"})
        self.prepare()
        self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                          "%include /tmp/esxiimg/network\n")
        os.remove(self.fake.path("/tardisks/esxidrvs.tar"))
        post.keep(self.host, self.log)
        self.assertIn("will lack the drivers", self.lines.text)
        self.assertEqual(self.left(), ["boot.cfg: esxiimg.tgz", "boot.cfg: hostdesc.tgz", "esxiimg.tgz", "hostdesc.tgz"])

    def test_a_damaged_list(self):
        self.start()
        for text in ("{", "[]", '{"format": 2, "modules": [], "vibs": []}',
                     '{"format": 1, "modules": [{"name": "../x"}], "vibs": []}'):
            self.fake.files.write("/esxiimg-drivers/drivers.json", text)
            with self.assertRaisesRegex(drivers.DriverError, "damaged"):
                drivers.load(self.host)
        self.fake.files.remove("/esxiimg-drivers")
        self.assertIsNone(drivers.load(self.host))

    def test_secure_boot_gets_no_module(self):
        self.start(nics=nic_list(1), missing_drivers=[DRIVER], secure_boot=True)
        self.load()
        self.embed(meta_data={"hostname": "x"})
        self.prepare()
        self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                          "%include /tmp/esxiimg/network\n")
        post.keep(self.host, self.log)
        self.assertEqual(self.left(), [])
        self.assertIn("description", json.dumps(sorted(os.listdir(self.fake.path("/tmp/esxiimg")))))
        self.assertTrue(schema.loads(self.include("description.json")))


if __name__ == "__main__":
    unittest.main()
