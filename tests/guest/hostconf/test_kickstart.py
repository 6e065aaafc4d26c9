"""%pre beside the user's own kickstart: whose commands are used, his scripts, the files that he includes."""
import os
import shutil
import subprocess
import unittest

from sandbox import HASH, Sandbox, TWO_DISKS
from support import nic_mac
from test_scenarios import phy, static

from hostconf.host.run import Host
from hostconf.steps import kickstart, pre

DISK = "naa.600508b1001c0001"
GUID = "6C1B3A8E-5D2F-4E7A-9B10-2D3C4B5A6978"
THEIRS = {"rootpw": "rootpw Their-Passw0rd\n", "network": "network --bootproto=static --ip=192.0.2.7\n"}


class WithKickstart(Sandbox):
    def begin(self, facts, **image):
        facts = dict({"command": "install"}, **facts)
        own = {"root_password_hash": None, "kickstart_password": facts.pop("rootpw", False), "kickstart": facts}
        self.start(dict(own, **image), disks=TWO_DISKS)
        for name, line in THEIRS.items():
            if facts.get(name) or name == "rootpw" and own["kickstart_password"]:
                self.fake.files.write("/tmp/esxiimg/" + name, line)

    def put_image_on(self, disk):
        """Give a disk a GPT with the image's GUID."""
        path = self.fake.path("/dev/disks/" + disk)
        subprocess.run(["sgdisk", "-U", GUID, path], check=True, stdout=subprocess.DEVNULL)

    def begin_again(self, facts, **image):
        shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
        self.begin(facts, **image)


class WhoseCommandTest(WithKickstart):
    def test_without_metadata_all_is_theirs(self):
        self.begin({"rootpw": True, "network": True})
        self.prepare()
        self.assertEqual({name: self.include(name) for name in THEIRS}, THEIRS)
        self.assertNotIn("Their-Passw0rd", self.lines.text)

    def test_metadata_replaces_what_it_brings(self):
        self.begin({"rootpw": True, "network": True})
        self.embed(meta_data={"hostname": "esx01", "admin_pass": "Metadata#Pass-9"})
        self.prepare()
        self.assertIn("rootpw --iscrypted $6$", self.include("rootpw"))
        self.assertEqual(self.include("network"), THEIRS["network"], "a host name is no network")
        self.begin_again({"rootpw": True, "network": True})
        self.embed(meta_data={"hostname": "esx01"}, network_data={
            "links": [phy("phy0", 0)], "networks": [static("n0", "phy0", "192.0.2.10")], "services": []})
        self.prepare()
        self.assertEqual(self.include("rootpw"), THEIRS["rootpw"])
        self.assertIn("--ip=192.0.2.10 ", self.include("network"))
        self.assertIn("--device=" + nic_mac(0), self.include("network"))

    def test_nobody_stops_where_the_kickstart_has_a_password(self):
        self.begin({"rootpw": False})
        with self.assertRaises(pre.Stop):
            self.prepare()

    def test_the_disk_of_the_image_and_the_flags_of_the_kickstart(self):
        self.begin({"rootpw": True, "command": "installorupgrade"}, disk_guid=GUID,
                   install_disk="--firstdisk=local --preservevmfs --ignoressd")
        self.put_image_on(DISK)
        self.prepare()
        self.assertEqual(self.include("disk"), "installorupgrade --disk=/vmfs/devices/disks/%s --preservevmfs "
                                               "--ignoressd\n" % DISK)

    def test_a_named_disk_wins_and_that_is_said(self):
        for option in ("--disk=", "--drive=/vmfs/devices/disks/"):
            self.begin_again({"rootpw": True}, disk_guid=GUID,
                             install_disk=option + "mpx.vmhba0:C0:T0:L0 --overwritevmfs")
            self.put_image_on(DISK)
            self.prepare()
            self.assertEqual(self.include("disk"), "install %smpx.vmhba0:C0:T0:L0 --overwritevmfs\n" % option)
            self.assertIn("the disk that was named, mpx.vmhba0:C0:T0:L0, is used", self.lines.text)
            self.assertEqual(self.calls("partedUtil"), [], "the other disk stays as it is")


class ScriptsTest(WithKickstart):
    def test_they_run_in_order_each_with_its_interpreter(self):
        place = os.path.join(self.folder, "order")
        self.begin({"rootpw": True})
        scripts = (("theirs/pre1.sh", "busybox", "echo one >> %s\necho said by one\nexit 3\n" % place),
                   ("theirs/pre2.py", "python", "import sys\nopen(%r, 'a').write('two\\n')\n" % place))
        for name, _, text in scripts:
            self.fake.files.write("/esxiimg/" + name, text)
        facts = {"pre": [{"file": name, "interpreter": program} for name, program, _ in scripts]}
        kickstart.run_scripts(facts, Host(self.fake.root), self.log)
        with open(place, encoding="utf-8") as file:
            self.assertEqual(file.read(), "one\ntwo\n")
        self.assertIn("theirs/pre1.sh, ended with exit status 3", self.lines.text)
        self.assertIn("said by one", self.lines.text)


class IncludesTest(WithKickstart):
    FILE = "/tmp/storage"

    def included(self, text):
        self.fake.files.write(self.FILE, text)

    def test_commands_of_an_included_file_are_used_once(self):
        self.begin({"includes": [self.FILE]}, disk_guid=GUID)
        self.put_image_on(DISK)
        self.included("install --firstdisk --preservevmfs\n  rootpw x\nnetwork --bootproto=dhcp --device=vmnic1\n")
        self.prepare()
        text = self.fake.files.read(self.FILE).decode()
        line = "install --disk=/vmfs/devices/disks/%s --preservevmfs" % DISK
        self.assertEqual(text, line + "\n  rootpw x\nnetwork --bootproto=dhcp --device=vmnic1\n")
        for name in ("rootpw", "network", "disk"):
            self.assertEqual([row for row in self.include(name).splitlines() if not row.startswith("#")], [], name)
        self.assertIn("# " + line, self.include("disk"), "%post looks there for the disk")

    def test_metadata_counts_more_than_an_included_file(self):
        self.begin({"includes": [self.FILE]})
        self.included("rootpw x\nkeyboard German\n")
        self.embed(meta_data={"admin_pass": "Metadata#Pass-9"})
        self.prepare()
        self.assertEqual(self.fake.files.read(self.FILE).decode(), "# replaced: rootpw\nkeyboard German\n")
        self.assertIn("rootpw --iscrypted $6$", self.include("rootpw"))

    def test_a_password_must_come_from_somewhere(self):
        self.begin({"includes": [self.FILE]})
        self.included("keyboard German\n")
        with self.assertRaises(pre.Stop):
            self.prepare()
        self.begin_again({"includes": [self.FILE]})
        with self.assertRaises(pre.Stop):
            self.prepare()
        self.assertIn("which cannot be read", self.lines.text)

    def test_the_password_of_the_build_is_kept(self):
        self.begin({"includes": [self.FILE]}, root_password_hash=HASH)
        self.included("clearpart --alldrives\n")
        self.prepare()
        self.assertEqual(self.include("rootpw"), "rootpw --iscrypted %s\n" % HASH)
        self.assertEqual(self.fake.files.read(self.FILE).decode(), "clearpart --alldrives\n")


if __name__ == "__main__":
    unittest.main()
