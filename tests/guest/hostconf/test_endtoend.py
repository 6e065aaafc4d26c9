"""From the boot module to a configured host: the kickstart's own %pre, %post and %firstboot, run by busybox ash.

The module is made by `esxi-img payload`, the config drive by xorriso; the fake host stands for installer and host,
its root is the root of a container. Between %post and %firstboot the RAM disk is emptied and the boot bank booted.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

from support import SAMPLES, check_state
from test_samples import EXPECTED, nics

from rehearsal import Options, judge, payload
from rehearsal.inputs import config_drive
from rehearsal.machine import CONSOLE, Machine, sections

PASSWORD = "Build-Time#Secret-77"
ADMIN_PASS = "Vt7#mexample-Only"
DISKS = ("naa.600508b1001c0001\n   Size: 204800\nmpx.vmhba0:C0:T0:L0\n   Size: 153600\n   Is Boot Device: true\n")
CONFIG_DRIVE = "mpx.vmhba32:C0:T0:L0"
DEADLINE_SECONDS = 600


class EndToEnd(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-end-")
        self.addCleanup(shutil.rmtree, self.folder)

    def payload(self, *options):
        """Make esxiimg.tgz with the command line."""
        return payload.make(Options(build=options), self.folder)[0]

    def password_file(self):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        return path

    def power_on(self, **hardware):
        """A machine in the installer, with `hardware` as fake_esxi.create takes it."""
        self.machine = Machine(self.folder, share_network=True, **hardware)
        self.fake = self.machine.fake

    def installer(self, sample, *options, drive=True, **how):
        """@param drive: whether the sample's metadata are on a config drive"""
        self.power_on(nics=nics(sample), disks=DISKS, **how)
        self.machine.load_module(self.payload(*options))
        if drive:
            self.insert_drive(os.path.join(SAMPLES, sample))
        self.kickstart = self.machine.kickstart

    def insert_drive(self, metadata):
        path = os.path.join(self.folder, "config-2.iso")
        config_drive(metadata, path, self.folder)
        self.fake.attach_iso(CONFIG_DRIVE, path)

    def run_sections(self, kind):
        """Run all sections of a kind. @return: (last exit status, all output)"""
        output, status = "", None
        for section in sections(self.kickstart, kind):
            ended = self.machine.run(section, DEADLINE_SECONDS)
            output += ended.output
            status = ended.status
        return status, output

    def deploy(self, hostd="up"):
        """%pre, installation, %post, start from the boot bank, %firstboot.

        @return: (exit status, output) of %firstboot
        """
        status, self.pre_output = self.run_sections("%pre")
        self.assertEqual(status, 0, self.pre_output)
        self.root_hash = self.fake.files.read("/tmp/esxiimg/rootpw").decode().split()[-1]
        self.machine.install()
        status, self.post_output = self.run_sections("%post")
        self.assertEqual(status, 0, self.post_output)
        self.fake.boot(hostd)
        self.assertFalse(self.fake.files.exists("/esxiimg/KS.CFG"))
        return self.run_sections("%firstboot")

    def holders(self, *secrets):
        """Files of the host that hold one of the secrets; the deployer's own drive is not the host's."""
        return judge.holders(self.fake, secrets, {CONFIG_DRIVE})

    def assert_clean(self, *secrets):
        """Nothing of this project is left, and the password's hash stands in the shadow file alone."""
        self.assertEqual(self.holders(self.root_hash, *secrets), ["/etc/shadow"])
        self.assertEqual(judge.secrets_left(self.fake, secrets, {CONFIG_DRIVE}), [])
        self.assertFalse(self.fake.files.exists("/bootbank/esxi-img.log"))
        for bank in ("/bootbank", "/altbootbank"):
            self.assertNotIn(b"esxiimg", self.fake.files.read(bank + "/boot.cfg"))
            self.assertNotIn(b"hostdesc", self.fake.files.read(bank + "/boot.cfg"))


class DeploymentsTest(EndToEnd):
    def test_config_drive_with_password_and_script(self):
        self.installer("nova-dhcp-mtu-null", release="8.0.3")
        status, output = self.deploy(hostd=1)
        self.assertEqual(status, 0, output)
        check_state(self, self.fake, EXPECTED["nova-dhcp-mtu-null"])
        salt = self.root_hash.split("$")[2]
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, ADMIN_PASS], stdout=subprocess.PIPE,
                              check=True)
        self.assertEqual(made.stdout.decode().strip(), self.root_hash)
        self.assertIn("script user_data ended with exit status 0",
                      self.fake.files.read("/var/log/esxi-img.log").decode())
        self.assertIn(b"first boot of", self.fake.files.read("/tmp/first-boot.txt"))
        self.assert_clean(ADMIN_PASS)
        for text in (self.pre_output, self.post_output, output, self.fake.files.read(CONSOLE)):
            text = text if isinstance(text, str) else text.decode()
            self.assertNotIn(ADMIN_PASS, text)
            self.assertNotIn(self.root_hash, text)
        self.assertIsNone(self.fake.summary()["power"], "no reboot: the installer set the host name already")
        self.fake.boot()
        check_state(self, self.fake, EXPECTED["nova-dhcp-mtu-null"])
        self.assertFalse(self.fake.files.exists("/esxiimg"))

    def test_oldest_release_with_the_password_of_the_build(self):
        self.installer("ironic-bond-vlans-jumbo", "--root-password-file", self.password_file(), release="6.7.0")
        status, output = self.deploy()
        self.assertEqual(status, 0, output)
        check_state(self, self.fake, EXPECTED["ironic-bond-vlans-jumbo"])
        self.assertEqual(self.fake.state()["runtime"]["unmanageable_after"], [])
        self.assert_clean(PASSWORD)
        self.fake.boot()
        check_state(self, self.fake, EXPECTED["ironic-bond-vlans-jumbo"])

    def test_embedded_metadata_and_keys_only(self):
        sample = "unknown-link-type"
        self.installer(sample, "--metadata", os.path.join(SAMPLES, sample), drive=False, release="7.0.3")
        status, output = self.deploy()
        self.assertEqual(status, 0, output)
        check_state(self, self.fake, EXPECTED[sample])
        self.assert_clean()

    def test_secure_boot_the_network_line_alone_makes_the_host_reachable(self):
        """%firstboot never runs, and the boot bank must not hold modules that VMware did not sign."""
        for output in ("word", "sentence"):
            shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
            self.installer("ironic-bond-vlans-jumbo", "--root-password-file", self.password_file(), "--force",
                           release="8.0.3", secure_boot=True, switches={"secure_boot_output": output})
            self.assertEqual(self.run_sections("%pre")[0], 0)
            self.machine.install()
            status, text = self.run_sections("%post")
            self.assertEqual(status, 0)
            self.assertIn("Secure Boot is on", text)
            self.fake.boot()
            management = self.fake.summary()["interfaces"][0]
            self.assertEqual((management["ipv4"], management["vlan"]), ("192.0.2.130/26", 101))
            self.assertEqual({route[:2] for route in self.fake.summary()["routes4"]}, {("default", "192.0.2.129")})
            self.assertEqual(self.fake.summary()["fqdn"], "esx-bm-04.dc1.example.net")
            self.assertTrue(self.fake.manageable())

    def test_a_refused_network_leaves_a_reachable_host(self):
        self.installer("refuse-mac-absent", "--root-password-file", self.password_file())
        status, output = self.deploy()
        self.assertEqual(status, 1)
        self.assertTrue(self.fake.manageable())
        self.assertIsNone(self.fake.summary()["power"])
        for log in ("/var/log/esxi-img.log", "/bootbank/esxi-img.log"):
            self.assertIn("02:00:5e:00:53:7f", self.fake.files.read(log).decode())
        self.assertTrue(self.fake.files.exists("/bootbank/hostdesc.tgz"))
        self.assertEqual(self.holders(PASSWORD), [])


class StopTest(EndToEnd):
    def test_without_metadata_and_password_the_installer_waits_for_ever(self):
        self.installer("nova-static-routes", drive=False)
        before = self.machine.disk_digest()
        section, = sections(self.kickstart, "%pre")
        ended = self.machine.run(section, DEADLINE_SECONDS)
        self.assertTrue(ended.stopped, ended.output)
        console = self.fake.files.read(CONSOLE).decode()
        self.assertIn("no metadata was found", console)
        self.assertIn("--root-password-file", console)
        self.assertIn("Switch the machine off", console)
        self.assertEqual(self.machine.disk_digest(), before)
        self.assertEqual([call for call in self.fake.state()["runtime"]["calls"] if call[0] == "partedUtil"], [])
        # Even if somebody kills the script, the kickstart cannot be carried out.
        with self.assertRaises(ValueError):
            self.machine.install()


if __name__ == "__main__":
    unittest.main()
