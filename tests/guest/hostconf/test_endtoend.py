"""From the boot module to a configured host: the kickstart's own %pre, %post and %firstboot, run by busybox ash.

The module is made by `esxi-img payload`, the config drive by xorriso; the fake host stands for installer and host,
in a folder that stands for the root. Between %post and %firstboot the RAM disk is emptied and the boot bank booted.
"""
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from support import REPOSITORY, SAMPLES, check_state, fake_esxi
from sandbox import pack_iso
from test_samples import EXPECTED, nics

PASSWORD = "Build-Time#Secret-77"
ADMIN_PASS = "Vt7#mexample-Only"
DISKS = ("naa.600508b1001c0001\n   Size: 204800\nmpx.vmhba0:C0:T0:L0\n   Size: 153600\n   Is Boot Device: true\n")
DEADLINE_SECONDS = 600
# What the sample's script writes. The script knows of no sandbox, so the path is changed for each run.
MADE_BY_SCRIPT = "/tmp/first-boot.txt"


def sections(kickstart, kind):
    """The bodies of the sections of one kind."""
    bodies, current = [], None
    for line in kickstart.splitlines():
        if line.startswith("%") and not line.startswith("%include"):
            current = [] if line.split()[0] == kind else None
            if current is not None:
                bodies.append(current)
        elif current is not None:
            current.append(line)
    return ["\n".join(body) + "\n" for body in bodies]


class EndToEnd(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-end-")
        self.addCleanup(shutil.rmtree, self.folder)

    def payload(self, *options):
        """Make esxiimg.tgz with the command line."""
        path = os.path.join(self.folder, "esxiimg.tgz")
        subprocess.run(["deno", "run", "--allow-read", "--allow-write", "--allow-env", "main.ts", "payload", "-o",
                        path,
                        *options], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return path

    def password_file(self):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        return path

    def installer(self, sample, *options, drive=True, **how):
        """@param drive: whether the sample's metadata are on a config drive, or the folder that is on it instead"""
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), phase="installer", nics=nics(sample),
                                     disks=DISKS, **how)
        self.fake.files.write("/dev/console", b"")
        self.fake.load_module(self.payload(*options))
        if drive:
            path = os.path.join(self.folder, "config-2.iso")
            pack_iso(drive if isinstance(drive, str) else os.path.join(SAMPLES, sample), path)
            self.fake.attach_iso("mpx.vmhba32:C0:T0:L0", path)
        self.kickstart = self.fake.files.read("/esxiimg/KS.CFG").decode()

    def start(self, body):
        """Start the text of a section as the installer does, with the sandbox for its root."""
        root = self.fake.root
        body = body.replace("/tmp/esxiimg", root + "/tmp/esxiimg").replace("sh /esxiimg/",
                                                                           "busybox ash %s/esxiimg/" % root)
        return subprocess.Popen(["busybox", "ash", "-c", body], env=dict(self.fake.env(), ESXIIMG_ROOT=root),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                start_new_session=True)

    def run_sections(self, kind):
        """Run all sections of a kind. @return: (last exit status, all output)"""
        output, status = "", None
        for body in sections(self.kickstart, kind):
            process = self.start(body)
            output += process.communicate(timeout=DEADLINE_SECONDS)[0].decode()
            status = process.returncode
        return status, output

    def deploy(self, hostd="up"):
        """%pre, installation, %post, start from the boot bank, %firstboot.

        @return: (exit status, output) of %firstboot
        """
        status, self.pre_output = self.run_sections("%pre")
        self.assertEqual(status, 0, self.pre_output)
        self.root_hash = self.fake.files.read("/tmp/esxiimg/rootpw").decode().split()[-1]
        self.fake.install(self.kickstart)
        status, self.post_output = self.run_sections("%post")
        self.assertEqual(status, 0, self.post_output)
        self.fake.boot(hostd)
        self.assertFalse(self.fake.files.exists("/esxiimg/KS.CFG"))
        return self.run_sections("%firstboot")

    def holders(self, *secrets):
        """Files of the root that hold one of the secrets; the deployer's own drive is not the host's."""
        found = []
        for folder, folders, names in os.walk(self.fake.root):
            for name in names:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode) and "vmhba32" not in name:
                    data = _data_of(path)
                    if any(secret.encode() in data for secret in secrets):
                        found.append("/" + os.path.relpath(path, self.fake.root))
        return found

    def assert_clean(self, *secrets):
        """Nothing of this project is left, and the password's hash stands in the shadow file alone."""
        self.assertEqual(self.holders(self.root_hash, *secrets), ["/etc/shadow"])
        for name in ("/esxiimg", "/esxiimg-host", "/tmp/esxiimg", "/bootbank/esxi-img.log"):
            self.assertFalse(self.fake.files.exists(name), name)
        for bank in ("/bootbank", "/altbootbank"):
            self.assertFalse({"esxiimg.tgz", "hostdesc.tgz"} & set(self.fake.files.names(bank)))
            self.assertNotIn(b"esxiimg", self.fake.files.read(bank + "/boot.cfg"))
            self.assertNotIn(b"hostdesc", self.fake.files.read(bank + "/boot.cfg"))


def _data_of(path):
    """The bytes of a file without its holes: disks are sparse."""
    pieces = []
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        at = 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            pieces.append(os.pread(file.fileno(), stop - at, at))
            at = stop
    return b"".join(pieces)


class DeploymentsTest(EndToEnd):
    def test_config_drive_with_password_and_script(self):
        made_by_script = os.path.join(self.folder, "first-boot.txt")
        drive = shutil.copytree(os.path.join(SAMPLES, "nova-dhcp-mtu-null"), os.path.join(self.folder, "drive"))
        user_data = os.path.join(drive, "openstack/latest/user_data")
        script = _text(user_data)
        self.assertIn(MADE_BY_SCRIPT, script)
        with open(user_data, "w", encoding="utf-8") as file:
            file.write(script.replace(MADE_BY_SCRIPT, made_by_script))
        self.installer("nova-dhcp-mtu-null", drive=drive, release="8.0.3")
        status, output = self.deploy(hostd=1)
        self.assertEqual(status, 0, output)
        check_state(self, self.fake, EXPECTED["nova-dhcp-mtu-null"])
        salt = self.root_hash.split("$")[2]
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, ADMIN_PASS], stdout=subprocess.PIPE,
                              check=True)
        self.assertEqual(made.stdout.decode().strip(), self.root_hash)
        self.assertIn("script user_data ended with exit status 0",
                      self.fake.files.read("/var/log/esxi-img.log").decode())
        self.assertIn("first boot of", _text(made_by_script))
        self.assert_clean(ADMIN_PASS)
        for text in (self.pre_output, self.post_output, output, self.fake.files.read("/dev/console") or b""):
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
            self.fake.install(self.kickstart)
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
        disks = [self.fake.path("/dev/disks/" + name) for name in self.fake.files.names("/dev/disks")]
        before = [os.stat(path).st_mtime_ns for path in disks]
        process = self.start(sections(self.kickstart, "%pre")[0])
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while b"Switch the machine off" not in self.fake.files.read("/dev/console"):
                self.assertIsNone(process.poll(), "%pre must not end")
                self.assertLess(time.monotonic(), deadline, "no message on the console")
                time.sleep(0.05)
            console = self.fake.files.read("/dev/console").decode()
            self.assertIn("INSTALLATION STOPPED", console)
            self.assertIn("no metadata was found", console)
            self.assertIn("--root-password-file", console)
            self.assertIsNone(process.poll())
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.assertEqual([os.stat(path).st_mtime_ns for path in disks], before)
        self.assertEqual([call for call in self.fake.state()["runtime"]["calls"] if call[0] == "partedUtil"], [])
        # Even if somebody kills the script, the kickstart cannot be carried out.
        with self.assertRaises(ValueError):
            self.fake.install(self.kickstart)


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    unittest.main()
