"""partedUtil and the partition tables, judged by sgdisk where they are in files."""
import shutil
import subprocess
import unittest

import fake_esxi
from fake_esxi.storage import gpt
from fake_esxi.tests.base import HostTest, block

DISK = "mpx.vmhba0:C0:T0:L0"
PATH = f"/vmfs/devices/disks/{DISK}"
VMFS = "AA31E02A400F11DB9590000C2911D1B8"


def disk_text(*disks):
    """`storage core device list` with (name, MiB) disks, the first being the boot disk."""
    return "\n".join(f"{name}\n   Size: {size}\n   Model: Sample {at}\n   Is Boot Device: {'true' if at == 0 else 'false'}\n"
                     for at, (name, size) in enumerate(disks))


class Layouts(HostTest):
    def test_67(self):
        self.make(release="6.7.0", disks=disk_text((DISK, 139976)))  # 286670848 sectors
        self.assertEqual(self.ok(f"partedUtil getptbl {PATH}").splitlines(), [
            "gpt", "17844 255 63 286670848",
            "1 64 8191 C12A7328F81F11D2BA4B00A0C93EC93B systemPartition 128",
            "5 8224 520191 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
            "6 520224 1032191 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
            "7 1032224 1257471 9D27538040AD11DBBF97000C2911D1B8 vmkDiagnostic 0",
            "8 1257504 1843199 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
            "9 1843200 7086079 9D27538040AD11DBBF97000C2911D1B8 vmkDiagnostic 0",
            "2 7086080 15472639 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
            "3 15472640 286670814 AA31E02A400F11DB9590000C2911D1B8 vmfs 0"])

    def test_70_and_later(self):
        for release in ("7.0.3", "8.0.3", "9.1.1"):
            self.make(release=release, disks=disk_text((DISK, 204800)))
            self.assertEqual(self.ok(f"partedUtil getptbl {PATH}").splitlines(), [
                "gpt", "26108 255 63 419430400",
                "1 64 204863 C12A7328F81F11D2BA4B00A0C93EC93B systemPartition 128",
                "5 208896 8595455 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
                "6 8597504 16984063 EBD0A0A2B9E5443387C068B6B72699C7 linuxNative 0",
                "7 16986112 268435455 4EB2EA3978554790A79EFAE495E21F8D vmfsl 0",
                "8 268437504 419430366 AA31E02A400F11DB9590000C2911D1B8 vmfs 0"])

    def test_small_disks_have_no_datastore(self):
        self.make(disks=disk_text((DISK, 10240)))
        self.assertEqual(self.ok(f"partedUtil getptbl {PATH}").splitlines()[-1],
                         "7 4407296 20971486 4EB2EA3978554790A79EFAE495E21F8D vmfsl 0")
        self.assertEqual(self.host.summary()["datastores"], [])
        self.make(disks=disk_text((DISK, 102400)), boot_options="runweasel systemMediaSize=min")
        self.assertEqual(self.host.summary()["datastores"], [("datastore1", [(DISK, 8)])])


class Commands(HostTest):
    DATA = "mpx.vmhba0:C0:T1:L0"

    def setUp(self):
        self.make(disks=disk_text((DISK, 204800), (self.DATA, 40960)))
        self.data = f"/dev/disks/{self.DATA}"

    def test_usage(self):
        for line in ("partedUtil", "partedUtil getptbl", f"partedUtil bogus {PATH}", f"partedUtil mklabel {PATH}"):
            self.assertIn("getptbl", self.fails(line))
        self.assertTrue(self.fails("partedUtil").startswith("Not enough arguments\n"))
        self.assertIn("vmfs", self.ok("partedUtil showGuids"))

    def test_paths(self):
        for path in (DISK, "/dev/disks/nothing", f"{PATH}:8"):
            self.fails(f"partedUtil getptbl {path}")
        self.ok(f"partedUtil getptbl /dev/disks/{DISK}")

    def test_add_and_delete(self):
        self.assertEqual(self.ok(f"partedUtil getptbl {self.data}"), "unknown\n5221 255 63 83886080\n")
        self.fails("partedUtil", "add", self.data, "gpt", f"1 2048 83886046 {VMFS} 0")
        self.assertEqual(self.ok(f"partedUtil mklabel {self.data} gpt"), "")
        self.assertEqual(self.ok(f"partedUtil getUsableSectors {self.data}"), "34 83886046\n")
        self.assertEqual(self.ok("partedUtil", "add", self.data, "gpt", f"1 2048 83886046 {VMFS} 0"), "")
        self.assertEqual(self.ok(f"partedUtil getptbl {self.data}").splitlines()[2:], [f"1 2048 83886046 {VMFS} vmfs 0"])
        self.assertEqual(self.ok(f"partedUtil get {self.data}").splitlines()[1:], ["1 2048 83886046 251 0"])
        self.ok(f"partedUtil delete {self.data} 1")
        self.fails(f"partedUtil delete {self.data} 1")

    def test_what_does_not_fit(self):
        self.ok(f"partedUtil mklabel {self.data} gpt")
        self.ok("partedUtil", "add", self.data, "gpt", f"1 2048 4095 {VMFS} 0")
        for text in (f"1 8192 9000 {VMFS} 0", f"2 4095 9000 {VMFS} 0", f"2 8192 83886047 {VMFS} 0", f"2 33 60 {VMFS} 0",
                     f"2 9000 8192 {VMFS} 0", "2 8192 9000 vmfs 0", f"2 8192 9000 {VMFS}", f"x 8192 9000 {VMFS} 0",
                     f"129 8192 9000 {VMFS} 0"):
            self.fails("partedUtil", "add", self.data, "gpt", text)
        self.fails("partedUtil", "add", self.data, "gpt", "2", "8192", "9000", VMFS, "0")
        self.assertIn("overlapping", self.fails("partedUtil", "add", self.data, "gpt", f"2 4095 9000 {VMFS} 0"))

    def test_setptbl_prints_the_table(self):
        self.ok(f"partedUtil mklabel {self.data} gpt")
        self.assertEqual(self.ok("partedUtil", "setptbl", self.data, "gpt", f"2 2048 9000 {VMFS} 0"),
                         f"gpt\n0 0 0 0\n2 2048 9000 {VMFS} vmfs 0\n")

    def test_resize(self):
        self.ok(f"partedUtil resize {PATH} 8 268437504 419430366")
        self.fails(f"partedUtil resize {PATH} 8 268437504 319430366")  # in use: it may only grow
        self.fails(f"partedUtil resize {PATH} 8 268437504 419430367")
        self.fails(f"partedUtil resize {PATH} 9 268437504 419430366")

    def test_partitions_in_use(self):
        for number in (5, 6, 7, 8):
            self.assertIn("Read-only file system during write", self.fails(f"partedUtil delete {PATH} {number}"))
        self.fails(f"partedUtil mklabel {PATH} gpt")
        self.ok("esxcli storage filesystem unmount -l datastore1")
        self.ok(f"partedUtil delete {PATH} 8")
        self.make(switches={"parted_busy_text": "in-use"})
        self.assertIn("in use", self.fails(f"partedUtil delete {PATH} 5"))

    def test_fix_gpt_asks_only_when_it_has_to(self):
        self.ok(f"partedUtil fixGpt {PATH}")
        self.make(switches={"fixgpt_asks_when_fine": "yes"})
        self.fails(f"partedUtil fixGpt {PATH}")
        self.ok(f"partedUtil fixGpt {PATH}", stdin="Y\n")


class InFiles(HostTest):
    """The tables are real: another program reads what partedUtil wrote, and the other way round."""

    def setUp(self):
        self.host = fake_esxi.create(self.sandbox(), disks=disk_text((DISK, 204800)))
        self.file = self.host.path(f"/dev/disks/{DISK}")

    def sgdisk(self, *words):
        done = subprocess.run(["sgdisk", *words, self.file], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_sgdisk_accepts_the_layout(self):
        self.assertIn("No problems found", self.sgdisk("-v"))
        self.assertRegex(self.sgdisk("-p"), r"(?m)^ +8 +268437504 +419430366 ")

    def test_what_sgdisk_wrote(self):
        self.sgdisk("-o", "-U", "11111111-2222-3333-4444-555555555555", "-n", "3:2048:+64M", "-t",
                    "3:C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
        table = self.host.partitions(DISK)
        self.assertEqual(table["guid"], "11111111222233334444555555555555")
        self.assertEqual(self.ok(f"partedUtil getptbl {PATH}").splitlines()[2:],
                         ["3 2048 133119 C12A7328F81F11D2BA4B00A0C93EC93B systemPartition 0"])

    def test_a_smaller_image_was_written(self):
        small = self.host.path("/tmp/small.img")
        with open(small, "wb") as file:
            file.truncate(8 * 1024 * 1024)
        with open(small, "r+b") as file:
            gpt.write(file, gpt.blank(8 * 2048, "1" * 32))
        with open(small, "rb") as source, open(self.file, "r+b") as target:
            target.truncate(0)
            target.truncate(204800 * 1024 * 1024)
            shutil.copyfileobj(source, target)
        self.assertEqual(self.ok(f"partedUtil getUsableSectors {PATH}"), "34 16350\n")
        self.assertIn("end of the disk", self.fails(f"partedUtil fixGpt {PATH}", stdin="Y\n"))
        self.ok(f"partedUtil fixGpt {PATH}", stdin="Y\nFix\n")
        self.assertEqual(self.ok(f"partedUtil getUsableSectors {PATH}"), "34 419430366\n")
        self.assertIn("No problems found", self.sgdisk("-v"))
        self.ok(f"partedUtil fix {PATH}")

    def test_nodes_follow_the_table(self):
        names = self.host.files.names("/dev/disks")
        self.assertEqual(names, [DISK] + [f"{DISK}:{number}" for number in (1, 5, 6, 7, 8)])
        self.ok("esxcli storage filesystem unmount -l datastore1")
        self.ok(f"partedUtil delete {PATH} 8")
        self.assertNotIn(f"{DISK}:8", self.host.files.names("/vmfs/devices/disks"))


class Lists(HostTest):
    def test_device_block(self):
        self.make(disks=disk_text((DISK, 145408)).replace("   Model: Sample 0\n", ""))
        text = self.ok("esxcli storage core device list")
        self.assertEqual(text.splitlines()[:14], block(f"""
            {DISK}
               Display Name: Local VMware Disk ({DISK})
               Has Settable Display Name: false
               Size: 145408
               Device Type: Direct-Access 
               Multipath Plugin: HPP
               Devfs Path: /vmfs/devices/disks/{DISK}
               Vendor: VMware  
               Model: Virtual disk    
               Revision: 2.0 
               SCSI Level: 6
               Is Pseudo: false
               Status: on
               Is RDM Capable: false
            """).splitlines())
        self.assertIn("   Other UIDs: vml.0000000000766d686261303a303a30\n", text)
        self.assertEqual(text.splitlines()[-1], "   Emulated DIX/DIF Enabled: false")
        self.assertTrue(self.ok(f"localcli storage core device list -d {DISK}").startswith(f"{DISK}:\n"))
        self.fails("esxcli storage core device list -d nothing")
        self.make(release="6.7.0")
        text = self.ok("esxcli storage core device list")
        self.assertIn("   Multipath Plugin: NMP\n", text)
        self.assertTrue(text.endswith("   Protection Enabled: false\n"))

    def test_capacity(self):
        name = "t10.NVMe____SAMPLE_MODEL_0001____________________0000000000000001"
        self.make(disks=disk_text((name, 3815447), ("mpx.vmhba64:C0:T0:L0", 0)))
        self.assertEqual(self.ok("esxcli storage core device capacity list").splitlines()[:2], [
            "Device" + " " * 61 + "Physical Blocksize  Logical Blocksize  Logical Block Count         Size  Format Type",
            "-" * 65 + "  ------------------  -----------------  -------------------  -----------  -----------"])
        self.assertIn("mpx.vmhba64:C0:T0:L0                                                              512  ",
                      self.ok("esxcli storage core device capacity list"))

    def test_paths_and_adapters(self):
        text = self.ok("esxcli storage core path list")
        self.assertIn(f"   Device: {DISK}\n", text)
        self.assertIn("   Adapter: vmhba0\n   Controller: Not Applicable\n", text)
        self.assertTrue(self.ok("esxcli storage core adapter list").splitlines()[2].startswith("vmhba0    vmw_ahci"))
        self.ok("esxcli storage core adapter rescan --all")
        self.fails("esxcli storage core adapter rescan")
        self.fails("esxcli storage core adapter rescan -A vmhba9")
        self.ok("esxcfg-rescan -A")
        self.fails("esxcfg-rescan vmhba9")
        self.make(release="7.0.3")
        self.assertNotIn("Controller:", self.ok("esxcli storage core path list"))

    def test_partition_list(self):
        lines = self.ok("esxcli storage core device partition list").splitlines()
        self.assertEqual(lines[0].split(), "Device Partition Start Sector End Sector Type Size".split())
        self.assertEqual(lines[-1].split(), [DISK, "8", "268437504", "419430367", "fb", "77308345856"])

    def test_scsidevs(self):
        text = self.ok("esxcfg-scsidevs -l")
        self.assertTrue(text.startswith(f"{DISK}\n   Device Type: Direct-Access \n   Size: 204800 MB\n"))
        self.assertIn("   Other Names:\n      vml.", text)
        self.assertNotIn("\n\n", text)
        self.assertEqual(self.ok("esxcfg-scsidevs -c").splitlines()[0],
                         "Device UID                   Device Type      Console Device                                   "
                         "  Size      Multipath PluginDisplay Name")
        self.assertRegex(self.ok("esxcfg-scsidevs -m"), f"^{DISK}:8   /vmfs/devices/disks/{DISK}:8 [0-9a-f-]+  0  datastore1\n$")
        self.fails("esxcfg-scsidevs")


if __name__ == "__main__":
    unittest.main()
