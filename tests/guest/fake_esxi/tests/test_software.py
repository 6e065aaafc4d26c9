"""VIBs and the NICs that need them."""
import fake_esxi
from fake_esxi.tests.base import HostTest, nic_list
from fake_esxi.tests.vibs import make_module, make_vib

INSTALL = ["esxcli", "software", "vib", "install", "--no-live-install", "-v"]


class VibInstall(HostTest):
    def with_vib(self, vib=None, **how):
        host = fake_esxi.create(**how)
        host.files.write("/tmp/a.vib", vib or make_vib("net-acme"))
        return host

    def test_staged_into_the_other_bank_and_there_after_the_next_start(self):
        for release, last in (("7.0.3", "   VIBs Skipped: "), ("8.0.3", "   DPU Results: ")):
            host = self.with_vib(release=release)
            status, output, _ = host.run([*INSTALL, "/tmp/a.vib"])
            self.assertEqual(status, 0, output)
            lines = output.splitlines()
            self.assertEqual(lines[0], "Installation Result")
            self.assertEqual(lines[-1], last)
            self.assertIn("   Reboot Required: true\n", output)
            self.assertIn("ACME_bootbank_net-acme_1.0-1OEM.800.1.0.20613240", output)
            self.assertEqual(host.summary()["vibs"], [])
            self.assertNotIn("net-acme", host.run("esxcli software vib list".split())[1])
            self.assertIn("net-acme", host.run("esxcli software vib list --rebooting-image".split())[1])
            host.reboot()
            self.assertEqual(host.summary()["vibs"], ["net-acme"])
            self.assertTrue(host.files.exists("/usr/lib/vmware/vmkmod/net-acme"))
            self.assertEqual(host.summary()["boot_modules"], [])
            host.files.write("/tmp/a.vib", make_vib("net-acme"))
            self.assertIn("Host is not changed.", host.run([*INSTALL, "/tmp/a.vib"])[1])
            self.assertNotEqual(host.run("esxcli software vib list --rebooting-image".split())[0], 0)

    def test_what_is_refused(self):
        cases = (
            (make_vib("a", level="community", signature=b""), {}, "AcceptanceConfigError"),
            (make_vib("a", signature=b""), {}, "VibSignatureError"),
            (make_vib("a", unpacked_sum=False), {}, "does not have sha-256 gunzip checksum"),
            (make_vib("a")[:-20] + b"x" * 20, {}, "Calculated digest"),
            (b"text", {}, "VibFormatError"),
        )
        for vib, how, text in cases:
            status, output, _ = self.with_vib(vib, **how).run([*INSTALL, "/tmp/a.vib"])
            self.assertEqual((status, text in output), (1, True), output)
        host = self.with_vib()
        self.assertIn("VibDownloadError", host.run([*INSTALL, "a.vib"])[1])
        self.assertNotEqual(host.run("esxcli software vib install".split())[0], 0)
        host.files.write("/usr/lib/vmware/vmkmod/net-acme", b"loaded")
        self.assertIn("LiveInstallationError", host.run("esxcli software vib install -v /tmp/a.vib".split())[1])
        self.assertEqual(self.with_vib(make_vib("a", unpacked_sum=False), release="7.0.3").run([*INSTALL, "/tmp/a.vib"])[0], 0)

    def test_community_needs_the_level(self):
        host = self.with_vib(make_vib("a", level="community", signature=b""))
        self.assertEqual(host.run("esxcli software acceptance set --level=CommunitySupported".split())[0], 0)
        self.assertEqual(host.run([*INSTALL, "/tmp/a.vib"])[0], 0)
        secure = fake_esxi.create(secure_boot=True)
        self.assertNotEqual(secure.run("esxcli software acceptance set --level=CommunitySupported".split())[0], 0)


class MissingDrivers(HostTest):
    def test_a_nic_is_there_as_soon_as_a_module_brings_its_driver(self):
        driver = "i40en"
        host = fake_esxi.create(self.sandbox() + "/host", phase="installer", nics=nic_list(1), missing_drivers=[driver])
        self.assertEqual(host.run("localcli network nic list".split())[1], "")
        with self.assertRaisesRegex(ValueError, "No Network Adapters"):
            host.install("vmaccepteula\nrootpw --iscrypted $6$a$%s\ninstall --firstdisk\n" % ("x" * 86))
        path = self.sandbox() + "/d.x00"
        with open(path, "wb") as file:
            file.write(make_module(driver))
        host.load_module(path)
        self.assertIn(driver, host.run("localcli network nic list".split())[1])
        self.assertTrue(host.summary()["interfaces"])
