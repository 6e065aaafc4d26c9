"""Which config drive is found, and which wins, on a host in the installer with drives as other programs write them."""
import json
import os
import shutil
import subprocess
import unittest

from media_support import NOVA, tree, write_fat, write_iso
from sandbox import Sandbox, TWO_DISKS, pack_iso
from support import SAMPLES, fake_esxi
from hostconf.host import drive
from hostconf.steps import pre

GUID = "9E107D9D-372B-4C5A-8A6F-1D2C3B4A5968"
BOOT, OTHER = "mpx.vmhba0:C0:T0:L0", "naa.600508b1001c0001"
CD, STICK = "mpx.vmhba32:C0:T0:L0", "mpx.vmhba33:C0:T0:L0"


class Drives(Sandbox):
    def made(self, name, host, kind="iso", label="config-2", mib=8, **files):
        """A drive whose meta_data names the host, or that lacks meta_data where the name is None. @return: its path"""
        folder = tree(os.path.join(self.folder, "tree-" + name), **files)
        place = os.path.join(folder, "openstack", "latest", "meta_data.json")
        if host is None:
            os.remove(place)
        else:
            with open(place, "w", encoding="utf-8") as file:
                json.dump({"hostname": host}, file)
        path = os.path.join(self.folder, name)
        if kind == "iso":
            write_iso("genisoimage", folder, path, label, NOVA)
        else:
            write_fat(folder, path, label, mib)
        return path

    def attach_made(self, device, name, host, kind="iso", **how):
        path = self.made(name, host, kind, **how)
        (self.fake.attach_iso if kind == "iso" else self.fake.attach_fat)(device, path)

    def write_image(self, disk, drive_path=None):
        """The image on a disk, with a partition for the config drive at its end as Ironic's agent makes it."""
        image = os.path.join(self.folder, "image")
        with open(image, "wb") as file:
            file.truncate(160 * 2**20)
        subprocess.run(["sgdisk", "-o", "-U", GUID, "-n", "1:2048:+32M", "-t", "1:EF00", image], check=True,
                       capture_output=True)
        if drive_path:
            subprocess.run(["sgdisk", "-e", image], check=True, capture_output=True)
            subprocess.run(["sgdisk", "-n", "0:-64MiB:0", image], check=True, capture_output=True)
            text = subprocess.run(["sgdisk", "-i", "2", image], check=True, capture_output=True).stdout.decode()
            first = int(text.partition("First sector: ")[2].split()[0])
            with open(image, "r+b") as file, open(drive_path, "rb") as source:
                file.seek(first * 512)
                file.write(source.read())
        self.fake.write_disk(disk, image)

    def hostname(self):
        self.prepare()
        return json.loads(self.include("description.json"))["hostname"]

    def mounts(self):
        return [call[-1] for call in self.calls("vsish") if call[-2].endswith("/mount")]


class RuleTest(Drives):
    def test_whatever_the_release_shows(self):
        for shown in fake_esxi.switches.scenarios():
            if not shown or list(shown)[0].startswith(("iso9660", "cdrom")):
                for device, kind in ((CD, "iso"), (BOOT + ":3", "iso"), (STICK, "fat"), (BOOT + ":3", "fat")):
                    with self.subTest(switches=shown, device=device, kind=kind):
                        shutil.rmtree(self.folder)
                        os.mkdir(self.folder)
                        self.start(switches=shown)
                        self.attach_made(device, "drive", "found", kind)
                        self.assertEqual(self.hostname(), "found")
                        self.assertEqual(self.mounts(), [])

    def test_behind_the_image_as_ironic_writes_it(self):
        for number, (kind, label) in enumerate((("iso", "config-2"), ("fat", "CONFIG-2"), ("fat", "config-2"))):
            with self.subTest(kind=kind, label=label):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start({"disk_guid": GUID}, disks=TWO_DISKS)
                self.write_image(OTHER, self.made("drive%d" % number, "behind", kind, label=label, mib=64))
                self.assertEqual(self.hostname(), "behind")
                self.assertEqual(self.include("disk"), "install --disk=/vmfs/devices/disks/%s --overwritevmfs\n" % OTHER)
                self.assertNotIn("config drives", self.lines.text)

    def test_a_stale_drive_on_another_disk(self):
        self.start({"disk_guid": GUID}, disks=TWO_DISKS)
        self.write_image(OTHER, self.made("new", "new"))
        self.attach_made(BOOT + ":3", "stale", "stale", "fat")
        self.attach_made(CD, "cd", "cd")
        self.assertEqual(self.hostname(), "new")
        for name in (BOOT + ":3", CD):
            self.assertIn("the config drives %s:2 and %s differ: %s:2 is used, because it is on the disk that holds "
                          "this image" % (OTHER, name, OTHER), self.lines.text)

    def test_a_whole_device_wins_over_a_partition(self):
        self.start(disks=TWO_DISKS)
        self.attach_made(BOOT + ":3", "partition", "partition")
        self.attach_made(STICK, "whole", "whole", "fat", label="CONFIG-2")
        self.assertEqual(self.hostname(), "whole")
        self.assertIn("the config drives %s and %s:3 differ: %s is used, because it is a whole device labelled "
                      "config-2" % (STICK, BOOT, STICK), self.lines.text)

    def test_two_drives(self):
        self.start()
        self.attach_made(CD, "a", "one")
        self.attach_made(STICK, "b", "two", "fat")
        self.assertEqual(self.hostname(), "one")
        self.assertIn("differ: %s is used, because its name comes first" % CD, self.lines.text)

    def test_two_drives_that_say_the_same(self):
        self.start()
        self.attach_made(CD, "a", "same")
        self.attach_made(STICK, "b", "same", "fat")
        self.assertEqual(self.hostname(), "same")
        self.assertNotIn("config drives", self.lines.text)

    def test_network_data_alone_is_no_drive(self):
        self.start()
        self.attach_made(CD, "a", None)
        self.attach_made(STICK, "b", "whole", "fat")
        self.assertEqual(self.hostname(), "whole")
        self.assertIn("the volume config-2 on %s is not used: it holds no meta_data.json" % CD, self.lines.text)
        self.assertNotIn("config drives", self.lines.text)

    def test_another_label(self):
        self.start()
        self.attach_made(STICK, "b", "other label", "fat", label="STICK")
        self.assertEqual(self.hostname(), "other-label")
        self.attach_made(CD, "a", "labelled")
        self.assertEqual(self.hostname(), "labelled")
        self.assertNotIn("config drives", self.lines.text)

    def test_another_label_needs_the_folder(self):
        self.start()
        folder = os.path.join(self.folder, "loose")
        os.mkdir(folder)
        with open(os.path.join(folder, "meta_data.json"), "w", encoding="utf-8") as file:
            json.dump({"hostname": "loose"}, file)
        path = os.path.join(self.folder, "loose.img")
        write_fat(folder, path, "STICK", 8)
        self.fake.attach_fat(STICK, path)
        self.assertIsNone(self.hostname())
        write_fat(folder, path, "CONFIG-2", 8)
        self.fake.attach_fat(STICK, path)
        self.assertEqual(self.hostname(), "loose")

    def test_a_damaged_drive_is_mounted_at_last(self):
        """What is left when the bytes cannot be read: let the host mount the device."""
        self.start()
        self.attach("nova-static-routes")
        self.fake.files.write(self.node(CD), b"")
        self.attach_made(BOOT + ":3", "none", None)
        self.prepare()
        self.assertIn("esx-lab-01", self.include("network"))
        self.assertEqual(self.mounts(), [CD])
        self.assertEqual(self.fake.state()["runtime"]["iso_mounts"], {})

    def node(self, name):
        return next(path for path in ("/dev/cdrom/" + name, "/dev/disks/" + name) if self.fake.files.exists(path))

    def test_a_mounted_drive_without_metadata_is_let_go(self):
        self.start()
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        pack_iso(empty, os.path.join(self.folder, "e.iso"))
        self.fake.attach_iso(CD, os.path.join(self.folder, "e.iso"))
        self.fake.files.write(self.node(CD), b"")
        self.assertEqual(drive.Finder(self.host, self.log).find(), {})
        self.assertEqual(self.mounts(), [CD])
        self.assertEqual(self.fake.state()["runtime"]["iso_mounts"], {})

    def test_case_of_labels_of_isos(self):
        for sample, label in (("ironic-bond-vlans-jumbo", "CONFIG-2"), ("nova-static-routes", "Config-2")):
            self.start()
            self.attach(sample, CD, label)
            self.assertTrue(self.hostname().startswith("esx-"))
            shutil.rmtree(os.path.join(self.folder, "host"))

    def test_every_sample(self):
        for sample in sorted(os.listdir(SAMPLES)):
            if os.path.isdir(os.path.join(SAMPLES, sample, "openstack")):
                self.start()
                self.attach(sample, BOOT + ":3")
                files = drive.Finder(self.host, self.log).find()
                latest = os.path.join(SAMPLES, sample, "openstack", "latest")
                self.assertEqual(sorted(files), sorted(os.listdir(latest)))
                shutil.rmtree(os.path.join(self.folder, "host"))


class LateTest(Drives):
    """Virtual media may appear after %pre has begun."""

    def wait(self, image, appears_after=None):
        """%pre on a host where a drive appears after so many seconds. @return: the seconds that were waited"""
        self.start(image)
        path = self.made("late", "late")
        passed = [0]

        def sleep(seconds):
            if appears_after is not None and passed[0] < appears_after <= passed[0] + seconds:
                self.fake.attach_iso(CD, path)
            passed[0] += seconds

        self.passed = passed
        pre.prepare(self.host, self.log, drive.WAIT_SECONDS, sleep, lambda: passed[0])

    def test_a_late_drive_is_waited_for_where_nobody_could_log_in(self):
        for image in ({"root_password_hash": None}, {"require_metadata": True}):
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)
            if "root_password_hash" in image:
                with self.assertRaisesRegex(pre.Stop, "nobody could log in"):  # the drive has neither password nor key
                    self.wait(image, 47)
            else:
                self.wait(image, 47)
                self.assertEqual(json.loads(self.include("description.json"))["hostname"], "late")
            self.assertEqual(self.passed[0], 50)

    def test_the_wait_ends(self):
        with self.assertRaisesRegex(pre.Stop, "--require-metadata"):
            self.wait({"require_metadata": True})
        self.assertEqual(self.passed[0], drive.WAIT_SECONDS)

    def test_who_can_log_in_waits_for_nothing(self):
        self.wait({}, 1)
        self.assertEqual(self.passed[0], 0)

    def test_metadata_that_are_there_are_not_waited_for(self):
        self.start({"root_password_hash": None, "require_metadata": True})
        self.attach("nova-static-routes")
        self.prepare()
        self.assertEqual(self.slept, [])


if __name__ == "__main__":
    unittest.main()
