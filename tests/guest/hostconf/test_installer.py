"""%pre step by step, on sandbox hosts, in this process: metadata, login, disk, network line."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from sandbox import HASH, Sandbox, TWO_DISKS
from support import SAMPLES, describe, fake_esxi, nic_list, nic_mac
from test_scenarios import KEY, bond, phy, static, static6, vlan

from common import description as schema
from hostconf.host import devices
from hostconf.host.inventory import parse_nics
from hostconf.planning import ksfiles
from hostconf.steps import pre

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINP3qKBPVEhmdMUWt0tVW/cSNqo5C3gWu5f0kKkLLyC7 nobody@example.net"


class MetadataTest(Sandbox):
    def test_order_of_the_sources(self):
        self.start()
        self.attach("nova-static-routes")
        self.prepare()
        self.assertIn("esx-lab-01", self.include("network"))
        maas = schema.validate({"format": 1, "source": "maas", "hostname": "from-maas"})
        self.fake.files.write("/esxiimg-host/description.json", schema.dumps(maas))
        self.prepare()
        self.assertIn("from-maas", self.include("network"))
        self.embed(meta_data={"hostname": "embedded"})
        self.prepare()
        self.assertIn("embedded", self.include("network"))

    def test_embedded_tree(self):
        self.start()
        shutil.copytree(os.path.join(SAMPLES, "nova-static-routes"), self.fake.path("/esxiimg/metadata"))
        self.prepare()
        self.assertEqual(json.loads(self.include("description.json"))["hostname"], "esx-lab-01.example.net")


class LoginTest(Sandbox):
    def test_password_of_the_metadata_wins(self):
        self.start()
        self.embed(meta_data={"admin_pass": "Vt7#mexample-Only"})
        self.prepare()
        line = self.include("rootpw").split()
        self.assertEqual(line[:2], ["rootpw", "--iscrypted"])
        salt = line[2].split("$")[2]
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, "Vt7#mexample-Only"], stdout=subprocess.PIPE,
                              check=True).stdout.decode().strip()
        self.assertEqual(line[2], made)
        self.assertIsNone(json.loads(self.include("description.json"))["root_password_hash"])
        for text in (self.lines.text, self.include("description.json")):
            self.assertNotIn("Vt7#mexample-Only", text)
            self.assertNotIn(made, text)

    def test_password_of_the_build(self):
        self.start()
        self.embed(meta_data={"hostname": "x"})
        self.prepare()
        self.assertEqual(self.include("rootpw"), "rootpw --iscrypted %s\n" % HASH)

    def test_only_keys(self):
        self.start({"root_password_hash": None})
        self.embed(meta_data={"public_keys": {"a": KEY}})
        self.prepare()
        first = self.include("rootpw")
        self.prepare()
        self.assertRegex(first, r"\Arootpw --iscrypted \$6\$[^ $]{16}\$[^ $]{86}\n\Z")
        self.assertNotEqual(first, self.include("rootpw"))

    def test_keys_of_the_build_join_those_of_the_metadata(self):
        other = KEY.replace("AAAAB3", "AAAAC3")
        self.start({"ssh_keys": [KEY + " build", other]})
        self.embed(meta_data={"public_keys": {"a": KEY}})
        self.prepare()
        self.assertEqual(json.loads(self.include("description.json"))["ssh_keys"], [KEY, other])

    def test_nobody_could_log_in(self):
        for image, metadata in (({"root_password_hash": None}, None), ({"root_password_hash": None},
                                                                       {"hostname": "x"}),
                                ({"root_password_hash": None, "ssh_keys": [ED25519]}, None),
                                ({"root_password_hash": None, "ssh_keys": [ED25519]}, {"hostname": "x"}),
                                ({"root_password_hash": HASH, "require_metadata": True}, None)):
            with self.subTest(image=image, metadata=metadata):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start(image)
                if metadata:
                    self.embed(meta_data=metadata)
                disk = self.fake.path("/dev/disks/mpx.vmhba0:C0:T0:L0")
                before = os.stat(disk).st_mtime_ns
                with self.assertRaisesRegex(pre.Stop, "no metadata|nobody could log in"):
                    self.prepare()
                self.assertEqual(os.stat(disk).st_mtime_ns, before)
                self.assertEqual(self.calls("partedUtil"), [])
                self.assertIsNone(self.fake.files.read("/tmp/esxiimg/rootpw"))

    def test_what_counts_as_a_login(self):
        cases = (
            # (release, image, metadata, Secure Boot, whether somebody can log in)
            ("8.0.3", {"ssh_keys": [KEY]}, None, False, True),
            ("8.0.3", {"ssh_keys": [KEY]}, {"hostname": "x"}, False, True),
            ("8.0.3", {}, {"hostname": "x", "public_keys": {"a": KEY}}, False, True),
            ("8.0.3", {}, {"hostname": "x", "public_keys": {"a": KEY}}, True, False),
            ("8.0.3", {}, {"hostname": "x", "admin_pass": "Vt7#mexample"}, True, True),
            ("7.0.3", {}, {"hostname": "x", "public_keys": {"a": ED25519}}, False, True),
            ("8.0.3", {}, {"hostname": "x", "public_keys": {"a": ED25519}}, False, False),
            ("9.0.0", {}, {"hostname": "x", "public_keys": {"a": ED25519}}, False, False),
            ("8.0.3", {"allow_ed25519": True}, {"hostname": "x", "public_keys": {"a": ED25519}}, False, True),
            ("8.0.3", {"kickstart_password": True}, None, False, True),
            ("8.0.3", {}, {"hostname": "x", "public_keys": {"a": "ssh-dss AAAAB3NzaC1kc3MAAACBAA== x"}}, False, False),
        )
        for release, image, metadata, secure, possible in cases:
            with self.subTest(release=release, image=image, metadata=metadata, secure=secure):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start(dict({"root_password_hash": None}, **image), release=release, secure_boot=secure)
                if metadata:
                    self.embed(meta_data=metadata)
                if possible:
                    self.prepare()
                    if "kickstart_password" in image:
                        self.assertIsNone(self.fake.files.read("/tmp/esxiimg/rootpw"), "the kickstart's own is used")
                    else:
                        self.assertIn("rootpw --iscrypted $6$", self.include("rootpw"))
                else:
                    with self.assertRaisesRegex(pre.Stop, "nobody could log in"):
                        self.prepare()

    def test_what_the_image_knows_of_vcenters_travels_with_the_description(self):
        pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        self.start({"vcenter_ca": pem, "vcenter_insecure": True})
        self.prepare()
        kept = json.loads(self.include("description.json"))
        self.assertEqual((kept["vcenter_ca"], kept["vcenter_insecure"]), (pem, True))

    def test_ssh_that_is_turned_off_opens_nothing(self):
        self.start({"root_password_hash": None})
        self.embed(meta_data={"public_keys": {"a": KEY}}, vendor_data={"esxi": {"ssh": False}})
        with self.assertRaisesRegex(pre.Stop, "SSH server off"):
            self.prepare()

    def test_a_damaged_payload_or_description(self):
        self.start()
        self.fake.files.write("/esxiimg/image.json", "{")
        with self.assertRaisesRegex(pre.Stop, "damaged"):
            self.prepare()
        self.start_again()
        self.fake.files.write("/esxiimg-host/description.json", '{"format": 1}')
        with self.assertRaisesRegex(pre.Stop, "MAAS"):
            self.prepare()

    def start_again(self):
        shutil.rmtree(os.path.join(self.folder, "host"))
        self.start()

    def test_private_files(self):
        self.start()
        self.prepare()
        for name in ("rootpw", "description.json"):
            self.assertEqual(self.fake.files.mode("/tmp/esxiimg/" + name), 0o600)


class DiskTest(Sandbox):
    GUID = "9E107D9D-372B-4C5A-8A6F-1D2C3B4A5968"

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            image = os.path.join(folder, "image")
            subprocess.run(["truncate", "-s", "2M", image], check=True)
            subprocess.run(["sgdisk", "-o", "-U", cls.GUID, "-n", "1:2048:0", "-t", "1:EF00", image], check=True,
                           capture_output=True)
            with open(image, "rb") as file:
                cls.image = file.read()

    def write_image(self, disk):
        """Put an image with this GUID onto a disk, as dd does: the backup table is far from the end."""
        with open(self.fake.path("/dev/disks/" + disk), "r+b") as target:
            target.write(self.image)

    def test_the_disk_that_holds_the_image(self):
        self.start({"disk_guid": self.GUID, "install_disk": "--firstdisk=local --novmfsondisk"}, disks=TWO_DISKS)
        self.write_image("naa.600508b1001c0001")
        self.prepare()
        self.assertEqual(self.include("disk"), "install --disk=/vmfs/devices/disks/naa.600508b1001c0001 "
                                               "--novmfsondisk --overwritevmfs\n")
        # Only that disk's table was repaired, and its backup is at the end now.
        self.assertEqual([call[-1] for call in self.calls("partedUtil")], ["/vmfs/devices/disks/naa.600508b1001c0001"])
        verdict = subprocess.run(["sgdisk", "-v", self.fake.path("/dev/disks/naa.600508b1001c0001")],
                                 stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertIn("No problems found", verdict)

    def test_no_disk_holds_the_image(self):
        for arguments, line in ((None, "install --firstdisk --overwritevmfs\n"),
                                ("--disk=vml.1 --preservevmfs", "install --disk=vml.1 --preservevmfs\n")):
            shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
            self.start({"disk_guid": self.GUID, "install_disk": arguments})
            self.prepare()
            self.assertEqual(self.include("disk"), line)
            self.assertEqual(self.calls("partedUtil"), [])

    def test_two_disks_hold_the_image(self):
        self.start({"disk_guid": self.GUID}, disks=TWO_DISKS)
        for disk in ("naa.600508b1001c0001", "mpx.vmhba0:C0:T0:L0"):
            self.write_image(disk)
        with self.assertRaisesRegex(pre.Stop, "naa.600508b1001c0001"):
            self.prepare()

    def test_a_usb_stick_gives_way_to_the_disk_chosen_at_build_time(self):
        listing = TWO_DISKS + "mpx.vmhba40:C0:T0:L0\n   Size: 16384\n   Is USB: true\n"
        self.start({"disk_guid": self.GUID, "install_disk": "--firstdisk=local"}, disks=listing)
        self.write_image("mpx.vmhba40:C0:T0:L0")
        self.prepare()
        self.assertEqual(self.include("disk"), "install --firstdisk=local\n")

    def test_partitions_are_not_disks(self):
        self.start(disks=TWO_DISKS)
        self.fake.files.write("/dev/disks/mpx.vmhba0:C0:T0:L0:1", b"")
        self.fake.files.write("/dev/disks/vml.0001", b"")
        self.assertEqual(devices.disks(self.host), ["mpx.vmhba0:C0:T0:L0", "naa.600508b1001c0001"])


class NetworkLineTest(unittest.TestCase):
    def line(self, links, networks, nics=None, **more):
        warnings = []
        data = {"links": links, "networks": networks, "services": more.pop("services", [])}
        description = describe(data, {"hostname": "esx1.example.net"})
        line = ksfiles.network_line(description, parse_nics(nics or nic_list(3)), warnings.append)
        fake_esxi.network_options(line)  # what the installer takes
        return line

    def test_static(self):
        services = [{"type": "dns", "address": a} for a in ("2001:db8::53", "192.0.2.51", "192.0.2.52", "192.0.2.53")]
        self.assertEqual(
            self.line([phy("a", 1)], [static("n", "a", "192.0.2.5", gateway="192.0.2.1")], services=services),
            "network --bootproto=static --ip=192.0.2.5 --netmask=255.255.255.0 --gateway=192.0.2.1 "
            "--nameserver=192.0.2.51,192.0.2.52 --device=02:00:5e:00:54:01 --hostname=esx1.example.net")

    def test_vlan_on_a_bond_takes_a_member_with_a_link(self):
        links = [bond("b", ["x", "y"], "802.3ad"), phy("x", 1), phy("y", 2), vlan("v", "b", 101)]
        line = self.line(links, [static("n", "v", "192.0.2.5")], nic_list(3, down=[1]))
        self.assertIn("--vlanid=101", line)
        self.assertIn("--device=" + nic_mac(2), line)
        self.assertNotIn("--gateway", line)

    def test_dhcp(self):
        self.assertEqual(self.line([phy("a", 2)], [{"id": "n", "type": "ipv4_dhcp", "link": "a"}]),
                         "network --bootproto=dhcp --device=02:00:5e:00:54:02 --hostname=esx1.example.net")

    def test_what_the_installer_cannot_do(self):
        self.assertIn("--bootproto=dhcp", self.line([phy("a", 0)], [static6("n", "a", "2001:db8::5")]))
        line = self.line([phy("a", 9)], [static("n", "a", "192.0.2.5")])
        self.assertEqual(line, "network --bootproto=dhcp --hostname=esx1.example.net")
        off = self.line([phy("a", 0)], [static("n", "a", "192.0.2.5", gateway="203.0.113.1")])
        self.assertEqual(off, line)

    def test_the_same_decision_as_first_boot(self):
        """What the plan refuses for management's sake is DHCP here; what it leaves out besides does not count."""
        networks = [static("n", "a", "192.0.2.5", gateway="192.0.2.1"), static("m", "b", "198.51.100.5")]
        for links in ([phy("a", 1), phy("b", 9)], [bond("a", ["x", "y"], "802.3ad"), phy("x", 9), phy("y", 1)],
                      [phy("a", 1), vlan("b", "a", 5000)]):
            self.assertIn("--ip=192.0.2.5", self.line(links, networks))
        refused = "network --bootproto=dhcp --hostname=esx1.example.net"
        for links in ([phy("a", 9), phy("b", 0)], [bond("a", ["x"], "no-such-mode"), phy("x", 1)]):
            self.assertEqual(self.line(links, networks), refused)
        self.assertEqual(self.line([phy("a", 1), phy("b", 0)], networks, nic_list(3, down=[1])), refused)

    def test_nothing_known(self):
        description = schema.validate({"format": 1, "source": "embedded"})
        self.assertEqual(ksfiles.network_line(description, [], self.fail), "network --bootproto=dhcp")

if __name__ == "__main__":
    unittest.main()
