"""Disks that MAAS knows by serial number and ESXi by WWN, EUI-64 or NGUID: joined in Ubuntu, found again on the host."""
import os
import shutil
import tempfile
import unittest

from maas_support import fake_esxi

from esxihook import HookError, seen, storage
from hostconf.host import disks as host_disks
from hostconf.planning import diskmatch

GIB = 1024 ** 3
MODEL = "ST1200MM0099"


class Machine(unittest.TestCase):
    """A folder with what udev and sysfs show on the deploying machine."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="esxi-seen-")
        self.addCleanup(shutil.rmtree, self.root)
        os.makedirs(os.path.join(self.root, "dev/disk/by-id"))

    def links(self, **devices):
        for device, names in devices.items():
            for name in names.split():
                os.symlink("../../" + device, os.path.join(self.root, "dev/disk/by-id", name))
                os.symlink("../../" + device + "1", os.path.join(self.root, "dev/disk/by-id", name + "-part1"))

    def sysfs(self, device, **files):
        for name, text in files.items():
            path = os.path.join(self.root, "sys/block", device, name.replace("__", "/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")

    def layout(self, *disks, boot_device=None, datastores=True):
        """The storage part for disks (id, serial, model or None, path or None); the first is the boot disk."""
        entries = []
        for i, (name, serial, model, path) in enumerate(disks):
            entry = {"id": name, "type": "disk", "grub_device": i == 0, "wipe": "superblock"}
            entry.update({key: value for key, value in (("serial", serial), ("model", model), ("path", path)) if value})
            entries.append(entry)
            if i and datastores:
                entries += [{"id": name + "-part1", "type": "partition", "number": 1, "device": name, "size": "100GB"},
                            {"id": "ds-" + name, "name": "ds-" + name, "type": "vmfs6", "devices": [name + "-part1"]}]
        self.warnings = []
        return storage.read({"config": entries}, self.warnings.append, seen.read(self.root), boot_device)

    def numbers(self, result):
        return [datastore["extents"][0]["disk"]["numbers"] for datastore in result["datastores"]]

    def on_host(self, result, *disks):
        """The names of the host's disks that each datastore lies on; disks are (name, fields)."""
        text = "\n".join(name + "\n" + "".join("   %s: %s\n" % item for item in dict(
            {"Size": "1144641", "Is Boot Device": "true" if i == 0 else "false"}, **fields).items())
            for i, (name, fields) in enumerate(disks))
        fake = fake_esxi.create(os.path.join(self.root, "host"), disks=text)
        present = host_disks.read(lambda argv: fake.run(argv)[:2])
        wanted = [dict(datastore["extents"][0]["disk"], device=None) for datastore in result["datastores"]]
        found = diskmatch.find_all(wanted, present, self.warnings.append)
        return [disk if isinstance(disk, str) else disk.name for disk in found]


class SeenTest(Machine):
    def test_nothing_to_see(self):
        self.assertEqual(seen.read(self.root), [])
        self.assertEqual(seen.read(os.path.join(self.root, "nowhere")), [])
        self.assertEqual(self.numbers(self.layout(("sda", "A", None, None), ("sdb", "B", None, None))), [[]])

    def test_links_and_sysfs(self):
        self.links(sda="scsi-35000c500a1b2c3d0 wwn-0x5000c500a1b2c3d0 scsi-SSEAGATE_ST1200MM0099_WFK0AAAA",
                   nvme0n1="nvme-eui.0025385b71b00a12 nvme-SAMSUNG_MZ1_S665NS0W100001_1 nvme-SAMSUNG_MZ1_S665NS0W100001",
                   sdc="scsi-36f9c538e0d2a0ef77e93fc8a507fb9bf wwn-0x6f9c538e0d2a0ef77e93fc8a507fb9bf")
        self.sysfs("sda", size="2344225968", device__model="ST1200MM0099")
        self.sysfs("nvme0n1", size="1000", wwid="eui.0025385b71b00a12", device__serial="S665NS0W100001   ",
                   nguid="00253858-0000-0000-0025-385b71b00a12")
        self.sysfs("loop0", size="5")
        self.sysfs("vda", size="7", device__wwid="", serial="abc")
        disks = {disk.device: disk for disk in seen.read(self.root)}
        self.assertEqual(sorted(disks), ["nvme0n1", "sda", "sdc", "vda"])
        self.assertEqual(disks["sda"].numbers, ["5000c500a1b2c3d0"])
        self.assertEqual(disks["sda"].size_bytes, 2344225968 * 512)
        self.assertEqual(disks["nvme0n1"].numbers, ["0025385b71b00a12", "00253858000000000025385b71b00a12"])
        self.assertEqual(disks["sdc"].numbers, ["6f9c538e0d2a0ef77e93fc8a507fb9bf"])
        self.assertEqual(disks["vda"].numbers, [])
        for device, serial in (("sda", "WFK0AAAA"), ("nvme0n1", "S665NS0W100001"), ("vda", "abc"),
                               ("sdc", "6f9c538e0d2a0ef77e93fc8a507fb9bf"), ("sdc", "36f9c538e0d2a0ef77e93fc8a507fb9bf")):
            self.assertEqual([name for name, disk in disks.items() if disk.shows_serial(serial)], [device])
        self.assertFalse(disks["sda"].shows_serial("AAAA"), "only whole serial numbers")

    def test_the_disk_of_a_folder(self):
        self.assertIsNone(seen.disk_of(self.root, self.root))
        self.assertIsNone(seen.disk_of(os.path.join(self.root, "nowhere")))
        real = seen.disk_of("/")
        self.assertTrue(real is None or os.path.exists("/sys/block/" + real), real)


class JoinedTest(Machine):
    def test_sas_two_identical(self):
        """Two equal drives behind a SAS HBA: MAAS knows serials, ESXi lists naa names."""
        self.links(sda="scsi-35000c500a1b2c3d0 scsi-SSEAGATE_ST1200MM0099_WFK0AAAA wwn-0x5000c500a1b2c3d0",
                   sdb="scsi-35000c500a1b2c3d4 scsi-SSEAGATE_ST1200MM0099_WFK0ABCD wwn-0x5000c500a1b2c3d4",
                   sdc="scsi-35000c500a1b2c3d8 scsi-SSEAGATE_ST1200MM0099_WFK0EFGH wwn-0x5000c500a1b2c3d8")
        result = self.layout(("sda", "WFK0AAAA", MODEL, None), ("sdb", "WFK0EFGH", MODEL, None),
                             ("sdc", "WFK0ABCD", MODEL, None))
        self.assertEqual(self.numbers(result), [["5000c500a1b2c3d8"], ["5000c500a1b2c3d4"]])
        names = ["naa.5000c500a1b2c3d0", "naa.5000c500a1b2c3d4", "naa.5000c500a1b2c3d8"]
        self.assertEqual(self.on_host(result, *[(name, {"Model": MODEL}) for name in names]), [names[2], names[1]])

    def test_the_boot_disk_is_no_twin(self):
        """Equal models, no serial shown: the boot disk is known, so the other one is the only one of its model."""
        result = self.layout(("sda", "A1", MODEL, None), ("sdb", "B2", MODEL, None))
        self.assertEqual(self.on_host(result, ("naa.5000c500a1b2c3d0", {"Model": MODEL}),
                                      ("naa.5000c500a1b2c3d4", {"Model": MODEL})), ["naa.5000c500a1b2c3d4"])

    def test_sata_behind_a_sas_hba(self):
        self.links(sda="ata-SSD_A wwn-0x5002538c00000001", sdb="ata-SAMSUNG_MZ7KH480_S47MNE0M500099 wwn-0x5002538c00000002")
        result = self.layout(("sda", "A", None, None), ("sdb", "S47MNE0M500099", "SAMSUNG MZ7KH480", None))
        for name in ("naa.5002538c00000002", "t10.ATA_____SAMSUNG_MZ7KH480________________________S47MNE0M500099"):
            shutil.rmtree(os.path.join(self.root, "host"), ignore_errors=True)
            self.assertEqual(self.on_host(result, ("naa.5002538c00000001", {}), (name, {})), [name])

    def test_a_controller_that_reports_its_own_serial(self):
        """Both volumes show the controller's serial: WWN and path tell them apart."""
        self.links(sda="scsi-36001c23000000000000000000000000a", sdb="scsi-36001c23000000000000000000000000b",
                   sdc="scsi-36001c23000000000000000000000000c")
        for device in ("sda", "sdb", "sdc"):
            self.sysfs(device, size="1000", device__serial="CTRL1")
        result = self.layout(("sda", "CTRL1", None, "/dev/disk/by-id/scsi-36001c23000000000000000000000000a"),
                             ("sdb", "CTRL1", None, "/dev/disk/by-id/scsi-36001c23000000000000000000000000c"))
        self.assertEqual(self.numbers(result), [["6001c23000000000000000000000000c"]])

    def test_what_stays_ambiguous_fails_with_the_candidates(self):
        for device in ("sda", "sdb", "sdc"):
            self.sysfs(device, size="1000", device__serial="CTRL1", device__model="LOGICAL VOLUME")
        with self.assertRaisesRegex(HookError, "could be any of sdb .*sdc"):
            self.layout(("sda", "CTRL1", "LOGICAL VOLUME", None), ("sdb", "CTRL1", "LOGICAL VOLUME", None),
                        boot_device="sda")
        result = self.layout(("sda", "CTRL1", None, None), ("sdb", "CTRL1", None, None), boot_device="sda",
                             datastores=False)
        self.assertEqual(result["datastores"], [], "a disk that nothing lies on stops nobody")

    def test_a_disk_that_is_not_there_fails(self):
        self.sysfs("sda", size="1000", serial="A")
        with self.assertRaisesRegex(HookError, "none of this machine's: sda"):
            self.layout(("sda", "A", None, None), ("sdb", "B", None, None), boot_device="sda")

    def test_nvme_in_the_spellings_of_the_releases(self):
        self.links(nvme0n1="nvme-eui.0025385b71b00a11", nvme1n1="nvme-eui.0025385b71b00a12 nvme-MZ1_S665NS0W100001")
        result = self.layout(("nvme0n1", None, None, "/dev/disk/by-id/nvme-eui.0025385b71b00a11"),
                             ("nvme1n1", "S665NS0W100001", "MZ1", None))
        self.assertEqual(self.numbers(result), [["0025385b71b00a12"]])
        for name in ("eui.0025385b71b00a12", "t10.NVMe____MZ1______________________120AB0715B382500",
                     "t10.NVMe____MZ1______________________0025385B71B00A12"):
            shutil.rmtree(os.path.join(self.root, "host"), ignore_errors=True)
            self.assertEqual(self.on_host(result, ("eui.0025385b71b00a11", {}), (name, {})), [name])

    def test_a_virtual_disk_is_known_by_its_path(self):
        self.sysfs("vda", size="1000")
        self.sysfs("vdb", size="2000")
        result = self.layout(("vda", None, None, "/dev/vda"), ("vdb", None, None, "/dev/vdb"))
        self.assertEqual(result["datastores"][0]["extents"][0]["disk"]["size_bytes"], 2000 * 512)


if __name__ == "__main__":
    unittest.main()
