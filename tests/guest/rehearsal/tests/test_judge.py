"""The judgement of an end state."""
import os
import subprocess
import unittest

import fake_esxi
from rehearsal import inputs, judge

from .base import RSA_KEY, RehearsalTest


class Judge(RehearsalTest):
    def setUp(self):
        super().setUp()
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"))
        with self.fake.world() as world:
            world.config["accounts"]["root"].update(hash=self.crypt("Some-Pass word"), password=None)

    @staticmethod
    def crypt(password, kind="-6"):
        return subprocess.run(["openssl", "passwd", kind, "-salt", "abcd", password], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def knows(self, *inputs, known=()):
        return judge.login(self.fake, known, inputs)["password"]

    def test_a_password_that_somebody_wrote_is_known(self):
        self.assertFalse(self.knows("nothing"))
        self.assertTrue(self.knows(known=["Some-Pass word"]))
        self.assertTrue(self.knows('{"admin_pass": "Some-Pass word"}'))
        self.assertTrue(self.knows("#cloud-config\npassword: Some-Pass word\n"))
        self.assertTrue(self.knows("rootpw --iscrypted " + self.crypt("Some-Pass word") + "\n"))
        with self.fake.world() as world:
            world.config["accounts"]["root"]["hash"] = self.crypt("Example-Passw0rd", "-5")
        self.assertTrue(self.knows("rootpw Example-Passw0rd\n"))
        self.assertTrue(self.knows("chpasswd:\n  list: |\n    root:Example-Passw0rd\n"))
        self.assertFalse(self.knows("rootpw Another-Passw0rd\n"))

    def test_keys_count_where_the_server_takes_them_and_runs(self):
        keys = RSA_KEY + "\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMpZ9lwHOXWxvqRwDdbSlBFBU1dvDdc1bQsKzVnRzBPp u@x\n# no\nrubbish\n"
        for release, count in (("7.0.3", 2), ("8.0.3", 1)):
            fake = fake_esxi.create(os.path.join(self.folder, release), release=release)
            fake.files.write("/etc/ssh/keys-root/authorized_keys", keys, 0o600)
            self.assertEqual(judge.login(fake, (), ()), {"password": False, "keys": 0, "ssh": False})
            fake.run(["/etc/init.d/SSH", "start"])
            self.assertEqual(judge.login(fake, (), ()), {"password": False, "keys": count, "ssh": True})

    def test_secrets(self):
        found = judge.secrets_in(['{"admin_pass": "Vt7#mexample-Only", "x": [{"token_key": "abcdefgh"}]}',
                                  "cloud-init: \"write_files: [{content: 'vcenter_password: Secret123!\\n'}]\"",
                                  '{"admin_pass": "ab"}'])
        self.assertEqual(found, {"Vt7#mexample-Only", "abcdefgh", "Secret123!"})
        self.fake.files.write("/tmp/esxiimg/x", "Secret123!")
        self.fake.files.write("/bootbank/hostdesc.tgz", b"")
        self.fake.files.write("/etc/motd", "it is Secret123!\n")
        self.assertEqual(judge.secrets_left(self.fake, found), ["/bootbank/hostdesc.tgz", "/etc/motd", "/tmp/esxiimg"])

    def test_the_disks_bytes_are_looked_at(self):
        path = self.fake.path("/dev/disks/mpx.vmhba0:C0:T0:L0")
        with open(path, "r+b") as file:
            file.seek(100 * 2**30)
            file.write(b"Secret123!")
        self.assertEqual(judge.holders(self.fake, ["Secret123!"]), ["/dev/disks/mpx.vmhba0:C0:T0:L0"])
        self.assertEqual(judge.holders(self.fake, ["Secret123!"], {"mpx.vmhba0:C0:T0:L0"}), [])

    def test_disks_of_a_configuration(self):
        config = {"storage": {"config": [
            {"type": "disk", "id": "a", "model": "SAMSUNG MZ7KH480HAHQ-00005", "serial": "S47MNE0M500033", "grub_device": True},
            {"type": "partition", "device": "a", "size": "104857600B"},
            {"type": "disk", "id": "b", "path": "/dev/vdb", "size": "10G"}, {"type": "disk", "id": "c"}, 7]}}
        text = inputs.disk_list(config)
        fake = fake_esxi.create(disks=text, phase="installer")
        names = list(fake.state()["hardware"]["disks"])
        self.assertEqual(names[1:], ["mpx.vmhba0:C0:T1:L0", "mpx.vmhba0:C0:T2:L0"])
        # Model in 40 characters and serial in 20, as ESXi has it.
        self.assertRegex(names[0], r"^t10\.ATA_____SAMSUNG_MZ7KH480HAHQ2D00005_+S47MNE0M500033$")
        self.assertEqual(len(names[0]), len("t10.ATA_____") + 60)
        sizes = [disk["Size"] for disk in fake.state()["hardware"]["disks"].values()]
        self.assertEqual(sizes, ["164", "10240", "204800"])


if __name__ == "__main__":
    unittest.main()
