"""VMFS volumes, file systems and NVMe controllers."""
import unittest

from fake_esxi.tests.base import HostTest, block
from fake_esxi.tests.test_partitions import DISK, PATH, VMFS, disk_text

DATA = "naa.6000c29000000001"
NVME = """\
# esxcli nvme device list
HBA Name  Status  Signature
--------  ------  ----------------
vmhba3    Online  nvmeMgmt-nvmhba0
vmhba4    Online  nvmeMgmt-nvmhba1

# esxcli nvme device get -A vmhba3
Controller Identify Info:
   PCIVID: 0x144d
   Serial Number: SERIAL0001
   Model Number: SAMPLE MODEL-1

# esxcli nvme device get -A vmhba4
Controller Identify Info:
   PCIVID: 0x144d
   Serial Number: SERIAL0002
   Model Number: SAMPLE MODEL-1
"""


class Vmfs(HostTest):
    def setUp(self):
        self.make(disks=disk_text((DISK, 204800), (DATA, 40960)))
        self.ok(f"partedUtil mklabel /dev/disks/{DATA} gpt")
        self.ok("partedUtil", "add", f"/dev/disks/{DATA}", "gpt", f"3 2048 40000000 {VMFS} 0")
        self.node = f"/vmfs/devices/disks/{DATA}:3"

    def create(self, label="data1", node=None):
        return self.ok(f"vmkfstools -C vmfs6 -b 1m -S {label} {node or self.node}")

    def test_create(self):
        text = self.create()
        uuid = text.split()[-1]
        self.assertEqual(text, block(f"""
            create fs deviceName:'/vmfs/devices/disks/{DATA}:3', fsShortName:'vmfs6', fsName:'data1'
            deviceFullPath:/dev/disks/{DATA}:3 deviceFile:{DATA}:3
            ATS on device /dev/disks/{DATA}:3: not supported
            .
            Checking if remote hosts are using this device as a valid file system. This may take a few seconds...
            Creating vmfs6 file system on "{DATA}:3" with blockSize 1048576, unmapGranularity 1048576, unmapPriority default and volume label "data1".
            Successfully created new volume: {uuid}
            """))
        self.assertRegex(uuid, r"\A[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
        self.assertEqual(self.host.summary()["datastores"], [("data1", [(DATA, 3)]), ("datastore1", [(DISK, 8)])])
        self.assertIn("data1", self.host.files.names("/vmfs/volumes"))

    def test_refused(self):
        self.fails(f"vmkfstools -C vmfs7 -S x {self.node}")
        self.fails(f"vmkfstools -C vmfs6 -S x -b 8m {self.node}")
        self.fails(f"vmkfstools -C vmfs6 -S x /vmfs/devices/disks/{DATA}")
        self.fails(f"vmkfstools -C vmfs6 -S x /vmfs/devices/disks/{DATA}:4")
        self.fails(f"vmkfstools -C vmfs6 -S x {PATH}:7")
        self.fails(f"vmkfstools -C vmfs6 -S x {PATH}:8")
        self.fails(f"vmkfstools -C vmfs6 -S datastore1 {self.node}")
        self.fails("vmkfstools")
        self.fails(f"vmkfstools -X vmfs6 {self.node}")
        self.ok("partedUtil", "add", f"/dev/disks/{DATA}", "gpt", f"4 40000512 40010000 {VMFS} 0")
        self.fails(f"vmkfstools -C vmfs6 -S x /vmfs/devices/disks/{DATA}:4")

    def test_label_in_use_may_be_taken(self):
        self.make(disks=disk_text((DISK, 204800), (DATA, 40960)),
                  switches={"vmfs_label_in_use": "succeed", "vmkfstools_unmap_text": "short"})
        self.ok(f"partedUtil mklabel /dev/disks/{DATA} gpt")
        self.ok("partedUtil", "add", f"/dev/disks/{DATA}", "gpt", f"3 2048 40000000 {VMFS} 0")
        self.assertIn("blockSize 1048576 and volume", self.create("datastore1"))

    def test_span(self):
        self.assertIn("Select a number", self.fails(f"vmkfstools -Z {self.node} {PATH}:8"))
        self.fails(f"vmkfstools -Z {self.node} {PATH}:8", stdin="1\n")
        self.ok(f"vmkfstools -Z {self.node} {PATH}:8", stdin="0\n")
        self.assertEqual(self.host.summary()["datastores"], [("datastore1", [(DISK, 8), (DATA, 3)])])
        self.fails(f"vmkfstools -Z {self.node} {PATH}:8", stdin="0\n")
        rows = [line.split()[2:] for line in self.ok("esxcli storage vmfs extent list").splitlines()[2:]]
        self.assertIn(["0", DISK, "8"], rows)
        self.assertIn(["1", DATA, "3"], rows)

    def test_span_with_the_answer_from_a_pipe(self):
        text = 'echo 0 | vmkfstools -Z "$1" "$2"'
        self.ok("sh", "-c", text, "sh", self.node, f"{PATH}:8")
        self.assertEqual(len(self.host.summary()["datastores"][0][1]), 2)
        for other in ("vmkfstools -P /", "echo 0 | reboot; halt", 'printf 0 | vmkfstools -Z "$1" "$2"', "echo $(reboot) | x"):
            self.assertEqual(self.host.run(["sh", "-c", other])[0], 127)
        self.assertIsNone(self.host.summary()["power"])

    def test_grow(self):
        self.create()
        before = self._size("data1")
        self.ok(f"partedUtil resize /dev/disks/{DATA} 3 2048 83886046")
        self.assertEqual(self._size("data1"), before)
        self.ok(f"vmkfstools --growfs {self.node} {self.node}")
        self.assertEqual(self._size("data1"), (83886046 - 2048 + 1) * 512)
        self.fails(f"vmkfstools -G {self.node} {PATH}:8")

    def _size(self, label):
        return next(volume["size"] for volume in self.host.state()["storage"]["volumes"].values()
                    if volume["label"] == label)

    def test_query(self):
        self.assertIn("spanning 1 partitions", self.ok("vmkfstools -P /vmfs/volumes/datastore1"))

    def test_unmount(self):
        self.create()
        self.fails("esxcli storage filesystem unmount")
        self.fails("esxcli storage filesystem unmount -l nothing")
        self.assertIn("Busy", self.fails("esxcli storage filesystem unmount -l BOOTBANK1"))
        self.ok("esxcli storage filesystem unmount -p /vmfs/volumes/data1")
        self.fails("esxcli storage filesystem unmount -l data1")
        self.assertNotIn("data1", self.host.files.names("/vmfs/volumes"))
        self.ok("esxcli storage filesystem mount -l data1")
        self.ok("esxcli storage filesystem unmount --unmount-all")
        mounted = [volume["label"] for volume in self.host.state()["storage"]["volumes"].values() if volume["mounted"]]
        self.assertEqual([label.split("-")[0] for label in mounted], ["BOOTBANK1", "BOOTBANK2", "OSDATA"])
        self.ok("esxcli storage filesystem rescan")
        self.make(switches={"unmount_all_busy": "rc1"})
        self.fails("esxcli storage filesystem unmount -a")

    def test_a_deleted_partition_takes_its_volume_along(self):
        self.create()
        self.ok("esxcli storage filesystem unmount -l data1")
        self.ok(f"partedUtil delete /dev/disks/{DATA} 3")
        self.assertEqual(len(self.host.summary()["datastores"]), 1)

    def test_rename(self):
        self.create()
        self.ok("vim-cmd hostsvc/datastore/rename datastore1 local1")
        self.assertIn("local1", self.host.files.names("/vmfs/volumes"))
        self.fails("vim-cmd hostsvc/datastore/rename local1 data1")
        self.fails("vim-cmd hostsvc/datastore/rename nothing x")
        self.fails("vim-cmd hostsvc/datastore/rename local1")


class Lists(HostTest):
    def test_file_systems(self):
        rows = [line.split() for line in self.ok("esxcli storage filesystem list").splitlines()]
        self.assertEqual(" ".join(rows[0]), "Mount Point Volume Name UUID Mounted Type Size Free")
        self.assertEqual([(row[1].split("-")[0], row[-3]) for row in rows[2:]],
                         [("BOOTBANK1", "vfat"), ("BOOTBANK2", "vfat"), ("OSDATA", "VMFSOS"), ("datastore1", "VMFS-6")])
        self.assertTrue(all(row[0] == "/vmfs/volumes/" + row[2] for row in rows[2:]))
        self.make(release="6.7.0")
        rows = [line.split() for line in self.ok("esxcli storage filesystem list").splitlines()[2:]]
        self.assertEqual([len(row) for row in rows], [6, 6, 6, 6, 7])  # only the datastore has a name

    def test_extents(self):
        rows = self.ok("esxcli storage vmfs extent list").splitlines()
        self.assertEqual(rows[0].split(), "Volume Name VMFS UUID Extent Number Device Name Partition".split())
        self.assertEqual([row.split()[0].split("-")[0] for row in rows[2:]], ["OSDATA", "datastore1"])
        self.assertEqual(rows[-1].split()[2:], ["0", DISK, "8"])
        self.make(release="7.0.3")
        self.assertEqual(len(self.ok("esxcli storage vmfs extent list").splitlines()), 3)


class Nvme(HostTest):
    DISKS = disk_text(("t10.NVMe____SAMPLE_MODEL1____0001", 204800), ("t10.NVMe____SAMPLE_MODEL1____0002", 204800)
                      ).replace("Model: Sample 0", "Model: SAMPLE MODEL-1").replace("Model: Sample 1",
                                                                                   "Model: SAMPLE MODEL-1")

    def test_controllers(self):
        self.make(disks=self.DISKS, nvme=NVME)
        self.assertEqual(self.ok("esxcli nvme device list"), block("""
            HBA Name  Status  Signature
            --------  ------  ----------------
            vmhba3    Online  nvmeMgmt-nvmhba0
            vmhba4    Online  nvmeMgmt-nvmhba1
            """))
        self.assertEqual(self.ok("esxcli nvme device get -A vmhba4").splitlines(), [
            "Controller Identify Info:", "   PCIVID: 0x144d", "   Serial Number: SERIAL0002",
            "   Model Number: SAMPLE MODEL-1"])
        self.fails("esxcli nvme device get -A vmhba0")

    def test_devices_by_controller(self):
        self.make(disks=self.DISKS, nvme=NVME)
        blocks = self.ok("esxcli storage core path list").split("\n\n")
        for text, adapter, serial in zip(blocks, ("vmhba3", "vmhba4"), ("SERIAL0001", "SERIAL0002")):
            self.assertIn(f"   Adapter: {adapter}\n", text)
            self.assertRegex(text, f"   Controller: nqn\\..*_{serial}\n")
        self.assertIn("nvme_pcie", self.ok("esxcli storage core adapter list"))


if __name__ == "__main__":
    unittest.main()
