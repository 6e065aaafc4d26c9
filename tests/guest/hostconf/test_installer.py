"""%pre, %post and %firstboot step by step, on sandbox hosts, in this process."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import Adapter, Lines, GUEST, SAMPLES, describe, fake_esxi, nic_list, nic_mac
from test_scenarios import KEY, bond, phy, static, static6, vlan

from hostconf import bootbank, description as schema, devices, drive, firstboot, ksfiles, post, pre
from hostconf.inventory import parse_nics
from hostconf.log import Log

HASH = "$6$abcdefgh$" + "k" * 86
TWO_DISKS = ("mpx.vmhba0:C0:T0:L0\n   Size: 102400\n   Is Boot Device: true\n"
             "naa.600508b1001c0001\n   Size: 204800\n")


_PACKED = {}


def pack_iso(folder, path, label="config-2", *options):
    """Write a config drive with xorriso."""
    key = (folder, label, options)
    if key not in _PACKED or not folder.startswith(SAMPLES):
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-V", label, *(options or ("-J", "-r")), "-o", path,
                        folder], check=True, capture_output=True)
        with open(path, "rb") as file:
            _PACKED[key] = file.read()
    with open(path, "wb") as file:
        file.write(_PACKED[key])


class Sandbox(unittest.TestCase):
    """A host in the installer, with the payload's files in its root."""

    release = "8.0.3"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-guest-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.lines = Lines()
        self.log = Log([self.lines])

    def start(self, image=None, **how):
        how.setdefault("nics", nic_list(2))
        how.setdefault("release", self.release)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), phase="installer", **how)
        self.host = Adapter(self.fake, hostd=False)
        payload = self.fake.path("/esxiimg")
        shutil.copytree(os.path.join(GUEST, "hostconf"), os.path.join(payload, "hostconf"))
        for name in ("pre.sh", "post.sh", "firstbt.sh"):
            shutil.copy(os.path.join(GUEST, name), payload)
        facts = {"format": 1, "disk_guid": "0", "install_disk": None, "root_password_hash": HASH, "ssh_keys": []}
        self.fake.files.write("/esxiimg/image.json", json.dumps(dict(facts, **(image or {}))))
        self.fake.files.write("/esxiimg/KS.CFG", "rootpw --iscrypted %s\n" % HASH)

    def include(self, name):
        return self.fake.files.read("/tmp/esxiimg/" + name).decode()

    def embed(self, **files):
        for name, content in files.items():
            self.fake.files.write("/esxiimg/metadata/%s.json" % name, json.dumps(content))

    def attach(self, sample, device="mpx.vmhba32:C0:T0:L0", label="config-2", *options):
        path = os.path.join(self.folder, "drive.iso")
        pack_iso(os.path.join(SAMPLES, sample), path, label, *options)
        self.fake.attach_iso(device, path)

    def prepare(self):
        pre.prepare(self.host, self.log)

    def calls(self, program):
        return [call for call in self.fake.state()["runtime"]["calls"] if call[0] == program]


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

    def test_config_drive_whatever_the_release_shows(self):
        options = {"rock ridge": ("-J", "-r"), "plain": ("-iso-level", "3"), "level 1": ("-iso-level", "1")}
        for label in ("config-2", "CONFIG-2"):
            for kind in options:
                for shown in fake_esxi.switches.scenarios():
                    if not shown or list(shown)[0].startswith(("iso9660", "cdrom")):
                        with self.subTest(label=label, kind=kind, switches=shown):
                            shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                            self.start(switches=shown)
                            self.attach("ironic-bond-vlans-jumbo", "mpx.vmhba0:C0:T0:L0:3", label, *options[kind])
                            self.prepare()
                            kept = json.loads(self.include("description.json"))
                            self.assertEqual(kept["hostname"], "esx-bm-04.dc1.example.net")
                            self.assertEqual(len(kept["network"]["interfaces"]), 3)
                            self.assertEqual(self.fake.state()["runtime"]["iso_mounts"], {})

    def test_only_the_config_drive_is_mounted(self):
        self.start(disks=TWO_DISKS)
        other = os.path.join(self.folder, "other.iso")
        pack_iso(os.path.join(SAMPLES, "nova-dhcp-mtu-null"), other, "OTHER")
        self.fake.attach_iso("mpx.vmhba31:C0:T0:L0", other)
        self.attach("nova-static-routes")
        self.prepare()
        mounted = [call[-1] for call in self.calls("vsish") if "mount" in call[-2].split("/")]
        self.assertEqual(mounted, ["mpx.vmhba32:C0:T0:L0"])

    def test_a_device_that_cannot_be_read_beforehand_is_tried(self):
        self.start()
        self.attach("nova-static-routes", "mpx.vmhba33:C0:T0:L0")
        for folder in ("/dev/disks", "/dev/cdrom"):
            if self.fake.files.exists(folder + "/mpx.vmhba33:C0:T0:L0"):
                self.fake.files.write(folder + "/mpx.vmhba33:C0:T0:L0", b"")
        self.prepare()
        self.assertIn("esx-lab-01", self.include("network"))

    def test_a_labelled_device_is_tried_first(self):
        self.start()
        self.fake.files.write("/dev/disks/a-device-that-says-nothing", b"")
        self.attach("nova-static-routes")
        self.prepare()
        mounted = [call[-1] for call in self.calls("vsish") if call[-2].endswith("/mount")]
        self.assertEqual(mounted, ["mpx.vmhba32:C0:T0:L0"])

    def test_a_drive_without_metadata_is_let_go(self):
        self.start()
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        pack_iso(empty, os.path.join(self.folder, "e.iso"))
        self.fake.attach_iso("mpx.vmhba32:C0:T0:L0", os.path.join(self.folder, "e.iso"))
        self.assertEqual(drive.find(self.host, self.log), {})
        self.assertEqual(self.fake.state()["runtime"]["iso_mounts"], {})

    def test_labels(self):
        path = os.path.join(self.folder, "x")
        with open(path, "wb") as file:
            file.write(bytes(40000))
        self.assertEqual(drive.volume_label(path), "")
        with open(path, "wb") as file:
            file.write(bytes(100))
        self.assertIsNone(drive.volume_label(path))
        self.assertIsNone(drive.volume_label(path + "-missing"))
        pack_iso(os.path.join(SAMPLES, "nova-static-routes"), path, "config-2")
        self.assertEqual(drive.volume_label(path), "config-2")


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
        for image, metadata in (({"root_password_hash": None}, None), ({"root_password_hash": None}, {"hostname": "x"}),
                                ({"root_password_hash": None, "ssh_keys": [KEY]}, None)):
            with self.subTest(image=image, metadata=metadata):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start(image)
                if metadata:
                    self.embed(meta_data=metadata)
                disk = self.fake.path("/dev/disks/mpx.vmhba0:C0:T0:L0")
                before = os.stat(disk).st_mtime_ns
                with self.assertRaisesRegex(pre.Stop, "password"):
                    self.prepare()
                self.assertEqual(os.stat(disk).st_mtime_ns, before)
                self.assertEqual(self.calls("partedUtil"), [])
                self.assertIsNone(self.fake.files.read("/tmp/esxiimg/rootpw"))

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
        self.assertIsNone(description["refusal"])
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
        self.assertNotIn("--gateway", off)

    def test_nothing_known(self):
        description = schema.validate({"format": 1, "source": "embedded"})
        self.assertEqual(ksfiles.network_line(description, [], self.fail), "network --bootproto=dhcp")


class BootBankTest(Sandbox):
    CFG = ("bootstate=0\r\ntitle=Loading VMware ESXi\r\n# modules=x\r\nkernelopt=autoPartition=FALSE\r\nmodules=old.gz\r\n"
           "Modules=jumpstrt.gz --- k.b00 --- state.tgz\r\nbuild=8.0.3\r\nupdated=1")

    def bank(self, name, text):
        self.fake.files.write("/vmfs/volumes/%s/boot.cfg" % name, text)
        return self.fake.path("/vmfs/volumes/" + name)

    def test_boot_cfg_is_edited_once(self):
        self.start()
        folder = self.bank("bank", self.CFG)
        modules = {"esxiimg.tgz": b"1", "hostdesc.tgz": b"2"}
        for _ in range(2):
            bootbank.add_modules(folder, modules)
            text = self.fake.files.read("/vmfs/volumes/bank/boot.cfg").decode()
            self.assertEqual(text, self.CFG.replace("state.tgz", "state.tgz --- esxiimg.tgz --- hostdesc.tgz"))
        self.assertEqual(sorted(os.listdir(folder)), ["boot.cfg", "esxiimg.tgz", "hostdesc.tgz"])
        for _ in range(2):
            bootbank.remove_modules(folder)
            self.assertEqual(self.fake.files.read("/vmfs/volumes/bank/boot.cfg").decode(), self.CFG)
        self.assertEqual(os.listdir(folder), ["boot.cfg"])

    def test_an_installer_is_no_boot_bank(self):
        self.start()
        self.bank("stick", self.CFG.replace("autoPartition=FALSE", "runweasel cdromBoot ks=file:///esxiimg/KS.CFG"))
        self.bank("empty", "bootstate=3\n")
        self.assertEqual(bootbank.find(self.host), [])

    def test_banks_of_all_releases(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            with self.subTest(release):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start(release=release, disks=TWO_DISKS)
                self.prepare()
                self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                                  "%include /tmp/esxiimg/network\n")
                for _ in range(2):
                    post.keep(self.host, self.log)
                banks = bootbank.find(self.host)
                self.assertEqual(len(banks), 2)
                for bank in banks:
                    values = bootbank.read_cfg(os.path.join(bank, "boot.cfg"))
                    self.assertEqual(values["modules"].count("esxiimg.tgz"), 1)
                    self.assertEqual(values["modules"].count("hostdesc.tgz"), 1)
                self.fake.boot()
                self.assertTrue(self.fake.files.exists("/esxiimg/hostconf/__main__.py"))
                self.assertEqual(self.fake.files.mode("/esxiimg-host/description.json"), 0o600)
                self.assertFalse(self.fake.files.exists("/esxiimg/KS.CFG"))

    def test_other_disks_keep_their_boot_banks(self):
        self.start(release="6.7.0", disks=TWO_DISKS)
        self.prepare()
        self.fake.files.write("/tmp/esxiimg/disk", "install --disk=/vmfs/devices/disks/naa.600508b1001c0001 --overwritevmfs\n")
        text = "vmaccepteula\nrootpw --iscrypted %s\n%%include /tmp/esxiimg/disk\nnetwork --bootproto=dhcp\n" % HASH
        self.fake.install(text.replace("%include /tmp/esxiimg/disk", "install --disk=mpx.vmhba0:C0:T0:L0 --overwritevmfs"))
        old = bootbank.find(self.host)
        self.fake.install(text)
        post.keep(self.host, self.log)
        for bank in old:
            self.assertEqual(os.listdir(bank).count("hostdesc.tgz"), 0)
        new = [bank for bank in bootbank.find(self.host) if bank not in old]
        self.assertEqual([os.listdir(bank).count("hostdesc.tgz") for bank in new], [1, 1])

    def test_tar_dialect(self):
        import gzip
        data = bootbank.description_module("{}\n")
        tar = gzip.decompress(data)
        self.assertEqual(tar[257:265], b"ustar  \0")
        path = os.path.join(self.folder, "d.tgz")
        with open(path, "wb") as file:
            file.write(data)
        listed = subprocess.run(["tar", "tvzf", path, "--numeric-owner"], stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertEqual([(line.split()[0], line.split()[1], line.split()[-1]) for line in listed.splitlines()],
                         [("drwxr-xr-x", "0/0", "esxiimg-host/"), ("-rw-------", "0/0", "esxiimg-host/description.json")])

    def test_no_boot_bank_is_an_error(self):
        self.start()
        self.prepare()
        with self.assertRaisesRegex(ValueError, "boot bank"):
            post.keep(self.host, self.log)


class FirstBootTest(Sandbox):
    def installed(self, description, hostd="up", **how):
        """A host as it is when %firstboot begins."""
        self.start(**how)
        self.embed(meta_data={"hostname": "x"})
        self.prepare()
        self.fake.files.write("/tmp/esxiimg/description.json", schema.dumps(schema.validate(description)))
        self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                          "%include /tmp/esxiimg/network\n")
        post.keep(self.host, self.log)
        self.fake.boot(hostd)
        self.host = Adapter(self.fake)

    def configure(self):
        self.naps = []
        step = firstboot.FirstBoot(self.host, self.log, self.naps.append)
        reboot = step.configure()
        step.finish(reboot)
        return reboot

    def test_hostd_is_waited_for(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "x"}, hostd=7)
        self.assertFalse(self.configure())
        self.assertTrue(self.host.hostd)
        self.assertGreater(len(self.naps), 1)
        self.assertFalse(self.fake.files.exists("/esxiimg"))

    def test_hostd_never_comes(self):
        for state in ("down", "hang"):
            with self.subTest(state):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.installed({"format": 1, "source": "embedded", "hostname": "other"}, hostd=state)
                firstboot.FirstBoot(self.host, self.log, lambda seconds: None).configure()
                self.assertFalse(self.host.hostd)
                self.assertEqual(self.fake.summary()["fqdn"], "other")
                self.assertTrue(self.fake.summary()["ssh"]["running"] and self.fake.summary()["ssh"]["with_host"])

    def test_vim_cmd_fails_though_hostd_answers(self):
        self.installed({"format": 1, "source": "embedded"})
        self.fake.fail(["vim-cmd"], times=1000)
        self.configure()
        self.assertTrue(self.fake.summary()["ssh"]["running"] and self.fake.summary()["ssh"]["with_host"])

    def test_reboot_only_if_needed(self):
        base = {"format": 1, "source": "embedded", "hostname": "x"}
        for extra, needed in (({}, False), ({"hostname": "y"}, True), ({"kernel": {"vga": "1"}}, True),
                              ({"ntp": {"servers": ["192.0.2.1"]}}, False)):
            with self.subTest(extra=extra):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.installed(dict(base, **extra))
                self.assertEqual(self.configure(), needed)
                self.assertEqual(bool(self.fake.summary()["power"]), needed)
                self.fake.boot()  # without a chance to save on the way down
                self.assertEqual(self.fake.summary()["fqdn"], dict(base, **extra)["hostname"])

    def test_reboot_outside_maintenance_mode(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "y"}, switches={"shutdown_maintenance": "needed"})
        self.configure()
        self.assertTrue(self.fake.summary()["power"])

    def test_settings(self):
        self.installed({
            "format": 1, "source": "embedded", "hostname": "x", "syslog": ["udp://192.0.2.9:514"],
            "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "advanced": {"/UserVars/DcuiTimeOut": 30,
                                                                        "/Config/Etc/motd": "hello there"},
            "services": {"ssh": True, "shell": False, "console": False}, "dns": {"servers": [], "search": ["lab.example.net"]},
            "ntp": {"servers": ["192.0.2.7"], "pools": ["192.0.2.8"]}})
        self.configure()
        summary, config = self.fake.summary(), self.fake.config()
        self.assertEqual(summary["license"], "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")
        self.assertNotIn("AAAAA-BBBBB", self.lines.text)
        self.assertEqual(summary["syslog"], "udp://192.0.2.9:514")
        self.assertEqual(config["advanced"]["/UserVars/DcuiTimeOut"], 30)
        self.assertEqual(config["advanced"]["/Config/Etc/motd"], "hello there")
        self.assertEqual(summary["search"], ["lab.example.net"])
        self.assertEqual(summary["ntp"]["servers"], ["192.0.2.7", "192.0.2.8"])
        self.assertEqual((summary["ssh"]["running"], summary["shell"]["running"]), (True, False))
        self.assertFalse(config["services"]["DCUI"])

    def test_keys_last_over_a_reboot(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            for switches in ({}, {"ssh_keys_file": "lost"}, {"ssh_key_listing": "text"}):
                with self.subTest(release, switches=switches):
                    shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                    self.installed({"format": 1, "source": "embedded", "ssh_keys": [KEY + " me"]}, release=release,
                                   switches=switches)
                    self.configure()
                    self.fake.boot()
                    self.assertEqual(self.fake.summary()["root_keys"], [KEY + " me"])

    def test_scripts(self):
        import base64
        def script(text):
            return base64.b64encode(text.encode()).decode()
        self.installed({"format": 1, "source": "embedded", "user_data": [
            {"name": "a", "script_base64": script("#!/bin/sh\necho out-of-a\nexit 3\n")},
            {"name": "b", "script_base64": script("#!/usr/bin/env python3\nprint('out-of-b')\n")},
            {"name": "c", "script_base64": script("#!/bin/bash\n")}]})
        ran = []
        inner = self.host.run

        def run(argv, seconds=0):
            if argv[0] in ("sh", sys.executable) and "esxiimg-user" in argv[1]:
                ran.append(os.path.basename(argv[0])[:6])
                self.assertEqual(os.stat(os.path.dirname(argv[1])).st_mode & 0o777, 0o700)
                done = subprocess.run(argv, stdout=subprocess.PIPE)
                return done.returncode, done.stdout.decode()
            return inner(argv, seconds)

        self.host.run = run
        with self.assertRaisesRegex(Exception, "a ended with exit status 3; c asks"):
            self.configure()
        self.assertEqual(ran, ["sh", "python"])
        self.assertIn("out-of-a", self.lines.text)
        self.assertIn("script b ended with exit status 0", self.lines.text)
        self.assertFalse(self.fake.files.exists("/tmp/esxiimg-user"))
        self.assertTrue(self.fake.files.exists("/esxiimg-host/description.json"), "failure removes nothing")
        self.assertIsNone(self.fake.summary()["power"])

    def test_a_refusal_changes_nothing(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "z", "refusal": "network0 makes no sense"})
        before = self.fake.config()
        with self.assertRaisesRegex(Exception, "network0"):
            self.configure()
        self.assertEqual(self.fake.config(), before)

    def test_the_management_network_survives_a_reboot(self):
        description = describe({"links": [phy("a", 0), phy("b", 1)], "networks": [
            static("n", "a", "192.0.2.5", gateway="192.0.2.1"), static("m", "b", "198.51.100.5")]}, {"hostname": "x"})
        self.installed(description, switches={"reboot_saves": "no"})
        self.configure()
        before = self.fake.summary()["interfaces"]
        self.fake.boot()
        self.assertEqual(self.fake.summary()["interfaces"], before)


if __name__ == "__main__":
    unittest.main()
