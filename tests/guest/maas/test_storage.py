"""Finding the deployer's disks on a host, and datastores on hosts of every shape."""
import os
import random
import re
import shutil
import tempfile
import unittest

from maas_support import Adapter, Lines, RELEASES, fake_esxi

from common import description as schema
from hostconf.host import disks as devices, storage
from hostconf.host.log import Log
from hostconf.host.apply import Applier
from hostconf.model.disk import Disk
from hostconf.planning import diskmatch, storeplace, storeplan

MIB = 1024 ** 2
GIB = 1024 ** 3
BOOT = "mpx.vmhba0:C0:T0:L0"
NVME = "t10.NVMe____%s______________%s"
NVME_LISTS = """\
# esxcli nvme device list
HBA Name  Status  Signature
--------  ------  ----------------
vmhba2    Online  nvmeMgmt-nvmhba0
vmhba3    Online  nvmeMgmt-nvmhba1

# esxcli nvme device get -A vmhba2
Controller Identify Info:
   Serial Number: S6650001
   Model Number: SAMSUNG MZ1L2960HCJR-00A07
# esxcli nvme device get -A vmhba3
Controller Identify Info:
   Serial Number: S6650002
   Model Number: SAMSUNG MZ1L2960HCJR-00A07
"""


def listed(*entries):
    """The output of `storage core device list` for (name, size in GiB, fields); the first is the boot disk."""
    blocks = []
    for i, (name, size, fields) in enumerate(entries):
        fields = dict({"Size": str(size * 1024), "Is Boot Device": "true" if i == 0 else "false"}, **fields)
        blocks.append(name + "\n" + "".join("   %s: %s\n" % item for item in fields.items()))
    return "\n".join(blocks)


def wanted(serial=None, model=None, path=None, boot=False, numbers=(), size_bytes=None):
    return {"boot_disk": boot, "serial": serial, "model": model, "path": path, "device": None,
            "numbers": list(numbers), "size_bytes": size_bytes}


def shown(name, **fields):
    return Disk(name, fields.get("Model", ""), fields.get("Is_Boot_Device") == "true",
                [fields["Other_UIDs"]] if "Other_UIDs" in fields else [])


class MatchTest(unittest.TestCase):
    def find(self, entry, *disks, others=()):
        self.warnings = []
        return diskmatch.find_all([entry] + list(others), list(disks), self.warnings.append)[0]

    def test_serials_in_names(self):
        pairs = (("S47MNE0M500033", "t10.ATA_____SAMSUNG_MZ7KH480HAHQ2D00005____________________S47MNE0M500033"),
                 ("S3Z2NB0K123456X", "t10.ATA_____Samsung_SSD_860_EVO_500GB_______________S3Z2NB0K123456X_____"),
                 ("WD-WMC1T0", "t10.ATA_____WDC_WD10EFRX2D68FYTN0_________________________WD2DWMC1T0"),
                 ("12345678901234567890", "t10.ATA_____%s12345678901234567890" % ("M" * 40)),
                 ("6f9c538e0d2a0ef77e93fc8a507fb9bf", "naa.6f9c538e0d2a0ef77e93fc8a507fb9bf"),
                 ("36f9c538e0d2a0ef77e93fc8a507fb9bf", "naa.6f9c538e0d2a0ef77e93fc8a507fb9bf"),
                 ("6F9C538E0D2A0EF77E93FC8A507FB9BF", "naa.6f9c538e0d2a0ef77e93fc8a507fb9bf"),
                 ("0025385b01b9b373", "eui.0025385b01b9b373"))
        for serial, name in pairs:
            disk = shown(name)
            self.assertIs(self.find(wanted(serial), shown("naa.5000c500a0b1c2d3"), disk), disk, serial)
            for other in (serial[:-1], serial[:-1] + "#", serial[2:]):
                self.assertIsInstance(self.find(wanted(other), disk), str, other)

    def test_serials_in_vml_names(self):
        uid = "vml.0100000000" + ("S47MNE0M500033".ljust(20) + "SAMSUN").encode().hex()
        disk = shown("mpx.vmhba1:C0:T1:L0", Other_UIDs=uid)
        self.assertIs(self.find(wanted("S47MNE0M500033"), disk), disk)
        self.assertIsInstance(self.find(wanted("S47MNE0M50003"), disk), str)

    def test_paths(self):
        nvme = shown(NVME % ("Samsung_SSD_980_PRO_1TB", "73B9B01B5B382500"))
        pairs = (("/dev/disk/by-id/wwn-0x5000c500a0b1c2d3", shown("naa.5000c500a0b1c2d3")),
                 ("/dev/disk/by-id/scsi-35000c500a0b1c2d3", shown("naa.5000c500a0b1c2d3")),
                 ("/dev/disk/by-id/nvme-eui.0025385b1bb0b973", nvme),
                 ("/dev/disk/by-id/nvme-eui.73b9b01b5b382500", nvme),
                 ("/dev/disk/by-id/nvme-eui.36344830525000420025384100000001", shown("eui.36344830525000420025384100000001")),
                 ("/dev/disk/by-id/ata-SAMSUNG_MZ7KH480HAHQ-00005_S47MNE0M500033",
                  shown("t10.ATA_____SAMSUNG_MZ7KH480HAHQ2D00005____________________S47MNE0M500033")))
        for path, disk in pairs:
            self.assertIs(self.find(wanted(path=path), shown("naa.5000c500ffffffff"), disk), disk, path)
        controller = shown(NVME % ("M", "0000000000000001"))
        controller.serials.append("S666NE0R")
        for path in ("/dev/disk/by-id/nvme-SAMSUNG_MZ1L_S666NE0R", "/dev/disk/by-id/nvme-SAMSUNG_MZ1L_S666NE0R_1"):
            self.assertIs(self.find(wanted(path=path), controller), controller)
        for path in ("/dev/sdb", "/dev/disk/by-path/pci-0000:00:17.0-ata-1", "/dev/disk/by-id/ata-X_1", "/dev/disk/by-id/dm-0"):
            self.assertIsInstance(self.find(wanted(path=path), shown("naa.5000c500a0b1c2d3"), shown("naa.1000c500a0b1c2d3")), str)

    def test_a_path_decides_between_equal_serials(self):
        one, two = shown("naa.5000c500a0b1c2d3"), shown("naa.5000c500a0b1c2d4")
        one.serials = two.serials = ["TWIN"]
        self.assertIn("any of", self.find(wanted("TWIN"), one, two))
        self.assertIs(self.find(wanted("TWIN", path="/dev/disk/by-id/wwn-0x5000c500a0b1c2d4"), one, two), two)

    def test_the_only_disk_of_a_model_that_shows_no_serial(self):
        boot, sas = shown("naa.5000c500a0b1c2d3", Model="BOSS"), shown("naa.5000c500a0b1c2d4", Model="ST8000NM000A-2KE")
        boot.boot = True
        self.assertIs(self.find(wanted("ZA1ABCDE", "ST8000NM000A-2KE101"), boot, sas), sas)
        self.assertEqual(len(self.warnings), 1)
        twin = shown("naa.5000c500a0b1c2d5", Model="ST8000NM000A-2KE")
        self.assertIsInstance(self.find(wanted("ZA1ABCDE", "ST8000NM000A-2KE101"), boot, sas, twin), str)
        self.assertIsInstance(self.find(wanted("ZA1ABCDE", "ST8000NM000A-2KE101"), boot, sas,
                                        others=[wanted("ZA1OTHER", "ST8000NM000A-2KE101")]), str)

    def test_a_replaced_disk_is_not_taken(self):
        """The model is the same, and the host shows a serial: another one."""
        ata = shown("t10.ATA_____SAMSUNG_MZ7KH480HAHQ2D00005____________________S47MNE0M500033", Model="SAMSUNG MZ7KH480")
        raid = shown("naa.6f9c538e0d2a0ef77e93fc8a507fb9bf", Model="PERC H755 Front")
        nvme = shown(NVME % ("SAMSUNG_MZ1L2960HCJR2D00A07", "3636353054300041"), Model="SAMSUNG MZ1L2960HCJR-00A07")
        nvme.serials.append("S665NE0T300041")
        for entry in (wanted("S47MNE0M999999", "SAMSUNG MZ7KH480HAHQ-00005"), wanted("S999", "SAMSUNG MZ1L2960HCJR-00A07"),
                      wanted("6f9c538e0d2a0ef77e93fc8a507f0000", "PERC H755 Front")):
            found = self.find(entry, ata, raid, nvme)
            self.assertIsInstance(found, str)
            self.assertIn(entry["serial"], found)
            self.assertIn(ata.name, found)

    def test_elimination(self):
        boot, left = shown(BOOT), shown("mpx.vmhba0:C0:T1:L0")
        boot.boot = True
        self.assertIs(self.find(wanted(path="/dev/sdb"), boot, left), left)
        self.assertEqual(len(self.warnings), 1)
        self.assertIsInstance(self.find(wanted(path="/dev/sdb"), boot, left, shown("mpx.vmhba0:C0:T2:L0")), str)
        self.assertIsInstance(self.find(wanted(path="/dev/sdb"), boot, left, others=[wanted(path="/dev/sdc")]), str)
        left.partitions = [{"number": 1, "start": 2048, "end": 4096, "vmfs": True, "esp": False}]
        self.assertIsInstance(self.find(wanted(path="/dev/sdb"), boot, left), str, "it is not blank")

    def test_the_boot_disk(self):
        boot, other = shown(BOOT, Is_Boot_Device="true"), shown("naa.5000c500a0b1c2d3")
        self.assertIs(self.find(wanted(boot=True), other, boot), boot)
        self.assertIsInstance(self.find(wanted(boot=True), other), str)
        self.assertIsInstance(self.find(wanted(boot=True), boot, shown("x", Is_Boot_Device="true")), str)

    def test_tables(self):
        sectors, parts = devices.parse_table(
            "gpt\n26108 255 63 419430400\n1 64 204863 C12A7328F81F11D2BA4B00A0C93EC93B systemPartition 128\n"
            "8 268437504 419430366 AA31E02A400F11DB9590000C2911D1B8 vmfs 0\n")
        self.assertEqual((sectors, [(p["number"], p["vmfs"], p["esp"]) for p in parts]),
                         (419430400, [(1, False, True), (8, True, False)]))
        self.assertEqual(devices.parse_table("unknown\n26108 255 63 419430400\n"), (419430400, []))
        self.assertEqual(devices.parse_table("Error: nothing\n"), (None, []))


class OnHosts(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-store-")
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, *entries, release="8.0.3", **how):
        shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), release=release, disks=listed(*entries), **how)

    def apply(self, datastores=(), wipe=(), planned=None, extend=False, hostd=True):
        """Apply a layout. @return: the commands that were run"""
        self.lines = Lines()
        self.host = Adapter(self.fake, hostd)
        layout = schema.validate({"format": 1, "source": "maas", "storage": {
            "datastores": [{"name": name, "extents": [{"disk": disk, "partition": number, "size_bytes": size}
                                                      for disk, number, size in extents]} for name, extents in datastores],
            "wipe": list(wipe), "extend_default": extend, "boot_disk_planned_bytes": planned}})["storage"]
        before = self.system_partitions()
        try:
            storage.apply(layout, Applier(self.host, Log([self.lines]), lambda seconds: None), Log([self.lines]))
        finally:
            self.assertEqual(self.system_partitions(), before, "ESXi's own partitions are as they were")
        return [line.partition(" run: ")[2] for line in self.lines.text.splitlines() if " run: " in line]

    def system_partitions(self):
        return [part for part in self.fake.partitions(self.boot())["partitions"] if part["type"][:8] != "AA31E02A"]

    def boot(self):
        return next(name for name, disk in self.fake.state()["hardware"]["disks"].items() if disk["Is Boot Device"] == "true")

    def volumes(self):
        return dict(self.fake.summary()["datastores"])

    def size(self, disk, number):
        part = next(part for part in self.fake.partitions(disk)["partitions"] if part["number"] == number)
        return (part["end"] - part["start"] + 1) * 512

    def test_an_installation_as_wanted_gets_no_commands(self):
        for release in RELEASES:
            self.start((BOOT, 300, {}), release=release)
            number = 3 if release == "6.7.0" else 8
            self.assertEqual(self.apply([("datastore1", [(wanted(boot=True), 8, None)])]), [])
            self.assertEqual(self.apply(extend=True), [])
            self.assertEqual(self.volumes(), {"datastore1": [(BOOT, number)]})

    def test_another_name_renames(self):
        self.start((BOOT, 300, {}))
        commands = self.apply([("vmstore", [(wanted(boot=True), 8, None)])])
        self.assertEqual(commands, ["vim-cmd hostsvc/datastore/rename datastore1 vmstore"])
        self.assertEqual(self.volumes(), {"vmstore": [(BOOT, 8)]})

    def test_without_hostd_the_datastore_is_made_again(self):
        self.start((BOOT, 300, {}), hostd="down")
        self.apply([("vmstore", [(wanted(boot=True), 8, None)])], hostd=False)
        self.assertEqual(self.volumes(), {"vmstore": [(BOOT, 8)]})

    def test_several_datastores_on_the_boot_disk(self):
        for release in RELEASES:
            self.start((BOOT, 300, {}), release=release)
            layout = [("datastore1", [(wanted(boot=True), 8, 50 * GIB)]), ("second", [(wanted(boot=True), 10, 20 * GIB)]),
                      ("third", [(wanted(boot=True), 11, None)])]
            commands = self.apply(layout)
            volumes = self.volumes()
            self.assertEqual(sorted(volumes), ["datastore1", "second", "third"])
            self.assertEqual(volumes["second"] + volumes["third"], [(BOOT, 10), (BOOT, 11)])
            self.assertEqual([self.size(*volumes[name][0]) for name in ("datastore1", "second")], [50 * GIB, 20 * GIB])
            self.assertTrue(commands)
            self.assertEqual(self.apply(layout), [], "a second time")

    def test_a_size_is_kept_unless_the_layout_fills_the_disk(self):
        for planned, wanted_size in ((300 * GIB, None), (200 * GIB, 40 * GIB), (None, 40 * GIB)):
            self.start((BOOT, 300, {}), boot_options="systemMediaSize=min")
            self.apply([("datastore1", [(wanted(boot=True), 8, 40 * GIB)])], planned=planned)
            size = self.size(*self.volumes()["datastore1"][0])
            if wanted_size:
                self.assertEqual(size, wanted_size)
            else:
                self.assertGreater(size, 260 * GIB)

    def test_a_disk_that_esxi_takes_whole_has_no_room(self):
        self.start((BOOT, 100, {}))
        with self.assertRaisesRegex(storage.StorageError, "no room .*systemMediaSize=min"):
            self.apply([("datastore1", [(wanted(boot=True), 8, 60 * GIB)])])
        self.apply(extend=True)
        self.assertIn("no room", self.lines.text)
        self.assertEqual(self.volumes(), {})

    def test_a_default_datastore_is_made_where_there_is_none(self):
        for release in RELEASES:
            self.start((BOOT, 300, {}), release=release, boot_options="systemMediaSize=min")
            number = 3 if release == "6.7.0" else 8
            path = "/vmfs/devices/disks/" + BOOT
            for argv in (["esxcli", "storage", "filesystem", "unmount", "-l", "datastore1"],
                         ["partedUtil", "delete", path, str(number)]):
                self.assertEqual(self.fake.run(argv)[0], 0)
            self.apply(extend=True)
            place = self.volumes()["datastore1"][0]
            self.assertEqual(place, (BOOT, number))
            self.assertGreater(self.size(*place), 250 * GIB)

    def test_whole_disks_and_extents(self):
        disk = "naa.5000c500a0b1c2d3"
        entry = wanted(path="/dev/disk/by-id/wwn-0x5000c500a0b1c2d3")
        self.start((BOOT, 300, {}), (disk, 500, {}), ("naa.5000c500a0b1c2d4", 500, {}))
        other = wanted(path="/dev/disk/by-id/wwn-0x5000c500a0b1c2d4")
        layout = [("big", [(entry, 1, None), (other, 2, 100 * GIB)]), ("small", [(other, 1, 200 * GIB)])]
        self.apply(layout, wipe=[entry, other])
        self.assertEqual(self.volumes(), {"big": [(disk, 1), ("naa.5000c500a0b1c2d4", 2)], "datastore1": [(BOOT, 8)],
                                          "small": [("naa.5000c500a0b1c2d4", 1)]})
        self.assertEqual(self.size("naa.5000c500a0b1c2d4", 2), 100 * GIB)
        self.assertEqual(self.apply(layout, wipe=[entry, other]), [], "a second time")

    def test_old_volumes_on_data_disks_go(self):
        disk = "naa.5000c500a0b1c2d3"
        entry = wanted("5000c500a0b1c2d3")
        self.start((BOOT, 300, {}), (disk, 500, {}))
        self.apply([("old", [(entry, 1, 100 * GIB)]), ("older", [(entry, 2, 100 * GIB)])])
        self.apply([("new", [(entry, 5, None)])])
        self.assertEqual(self.volumes(), {"datastore1": [(BOOT, 8)], "new": [(disk, 5)]})
        self.apply([("datastore1", [(wanted(boot=True), 8, None)])], wipe=[entry])
        self.assertEqual(self.volumes(), {"datastore1": [(BOOT, 8)]})
        self.assertEqual(self.fake.partitions(disk)["partitions"], [])

    def test_a_name_that_an_old_volume_has(self):
        for wipe in (True, False):
            self.start((BOOT, 300, {}), ("naa.5000c500a0b1c2d3", 500, {}))
            entry = wanted("5000c500a0b1c2d3")
            self.apply([("vmstore", [(entry, 1, None)])])
            self.apply([("vmstore", [(wanted(boot=True), 8, None)])] + ([] if wipe else [("data", [(entry, 1, None)])]),
                       wipe=[entry])
            self.assertEqual(self.volumes()["vmstore"], [(BOOT, 8)])

    def test_a_name_that_the_installer_took(self):
        self.start((BOOT, 300, {}), ("naa.5000c500a0b1c2d3", 500, {}))
        self.apply([("datastore1", [(wanted("5000c500a0b1c2d3"), 1, None)])])
        self.assertEqual(self.volumes(), {"datastore1": [("naa.5000c500a0b1c2d3", 1)], "datastore1-boot": [(BOOT, 8)]})
        self.assertIn("renamed", self.lines.text)

    def test_nvme_controllers(self):
        """Equal models: only the way from controller to disk tells them apart."""
        names = [NVME % ("SAMSUNG_MZ1L2960HCJR2D00A07", "363635305430004%d" % i) for i in (1, 2)]
        for release in RELEASES:
            self.start(*((name, 900, {"Model": "SAMSUNG MZ1L2960HCJR-00A07"}) for name in names), release=release,
                       nvme=NVME_LISTS)
            self.apply([("fast", [(wanted("S6650002", "SAMSUNG MZ1L2960HCJR-00A07"), 1, None)])])
            self.assertEqual(self.volumes()["fast"], [(names[1], 1)])
            with self.assertRaisesRegex(storage.StorageError, "ESXi runs from"):
                self.apply([("fast", [(wanted("S6650001", "SAMSUNG MZ1L2960HCJR-00A07"), 1, None)])])

    def test_refusals_change_nothing(self):
        self.start((BOOT, 300, {}), ("naa.5000c500a0b1c2d3", 500, {}))
        entry = wanted("5000c500a0b1c2d3")
        cases = (("not found", [("a", [(wanted("OTHER"), 1, None)])]),
                 ("not the disk that was meant", [("a", [(entry, 1, 900 * GIB)])]),
                 ("no room", [("a", [(entry, 1, 499 * GIB)]), ("b", [(entry, 2, 400 * GIB)])]),
                 ("no room", [("a", [(entry, 1, 100 * MIB)])]),
                 ("both naa", [("a", [(entry, 1, None)]), ("b", [(wanted(path="/dev/disk/by-id/wwn-0x5000c500a0b1c2d3"), 2, None)])]))
        for words, layout in cases:
            before = self.volumes(), [self.fake.partitions(name) for name in (BOOT, "naa.5000c500a0b1c2d3")]
            with self.assertRaisesRegex(storage.StorageError, words):
                self.apply(layout)
            self.assertEqual(before, (self.volumes(), [self.fake.partitions(name) for name in (BOOT, "naa.5000c500a0b1c2d3")]))

    def test_a_list_that_cannot_be_read_is_no_empty_list(self):
        self.start((BOOT, 300, {}))
        for words in (["storage", "vmfs", "extent", "list"], ["storage", "core", "device", "list"]):
            self.fake.fail(words)
            with self.assertRaisesRegex(storage.StorageError, "cannot be listed"):
                self.apply([("new", [(wanted(boot=True), 8, None)])])
        self.assertEqual(self.volumes(), {"datastore1": [(BOOT, 8)]})

    def test_steps_that_fail_are_tried_again_or_told(self):
        self.start((BOOT, 300, {}), ("naa.5000c500a0b1c2d3", 500, {}))
        layout = [("new", [(wanted("5000c500a0b1c2d3"), 1, None)])]
        self.fake.fail(["vmkfstools"], times=2)
        self.apply(layout)
        self.assertIn("new", self.volumes())
        self.start((BOOT, 300, {}), ("naa.5000c500a0b1c2d3", 500, {}))
        self.fake.fail(["partedUtil", "add"], "Error: the disk is broken", times=9)
        with self.assertRaisesRegex(storage.StorageError, "broken"):
            self.apply(layout)

    def test_unconfirmed_behaviour_either_way(self):
        disk = "naa.5000c500a0b1c2d3"
        for switches in fake_esxi.switches.scenarios():
            name = next(iter(switches), "")
            if not re.match(r"$|fixgpt|parted|vmfs|vmkfstools|unmount|error_stream|localcli|vim_", name):
                continue
            with self.subTest(switches=switches):
                self.start((BOOT, 300, {}), (disk, 500, {}), switches=switches)
                self.apply([("old", [(wanted("5000c500a0b1c2d3"), 1, None)])])
                self.apply([("datastore1", [(wanted(boot=True), 8, None), (wanted("5000c500a0b1c2d3"), 1, None)])],
                           wipe=[wanted("5000c500a0b1c2d3")])
                self.assertEqual(self.volumes(), {"datastore1": [(BOOT, 8), (disk, 1)]})


class PlanProperty(unittest.TestCase):
    """Random disks and layouts: what is planned never touches what belongs to ESXi, and never overlaps."""

    def test_plans(self):
        generator = random.Random(6)
        planned = refused = 0
        for _ in range(800):
            disks, layout = self.random_case(generator)
            try:
                plan = storeplan.commands(layout, {"disks": disks, "volumes": self.present}, lambda sentence: None)
            except storage.StorageError as error:
                self.assertTrue(str(error))
                refused += 1
                continue
            planned += 1
            self.check(disks, plan)
        self.assertGreater(min(planned, refused), 50)

    def random_case(self, generator):
        disks = []
        for i in range(generator.randint(1, 4)):
            disk = shown("naa.5000c500a0b1c2d%d" % i)
            disk.sectors = generator.choice([64, 200, 900]) * GIB // 512 + generator.randint(0, 4000)
            disks.append(disk)
        boot = disks[0]
        boot.boot = True
        end = generator.choice([8, 33] if boot.sectors < 300 * GIB // 512 else [8, 33, 138]) * GIB // 512
        for number, (start, stop) in ((1, (64, 8191)), (5, (8224, 520191)), (6, (520224, end - 1))):
            boot.partitions.append({"number": number, "start": start, "end": stop, "vmfs": False, "esp": number == 1})
        self.present = []
        last = boot.sectors - 34
        if generator.random() < 0.7 and end + 2048 + 5000000 < last:
            stop = generator.choice([last, last - 2000000])
            boot.partitions.append({"number": 8, "start": end + 2048, "end": stop, "vmfs": True, "esp": False})
            self.present.append({"name": generator.choice(["datastore1", "x", "ds0"]), "uuid": "u", "extents": [(boot.name, 8)]})
        datastores = []
        taken = set()
        for n in range(generator.randint(0, 3)):
            extents = []
            for _ in range(generator.randint(1, 2)):
                disk = generator.choice(disks)
                number = generator.randint(1, 12)
                if (disk, number) not in taken:
                    taken.add((disk, number))
                    entry = wanted(boot=True) if disk.boot else wanted(disk.name[4:])
                    size = generator.choice([None, 3 * GIB, 30 * GIB, 150 * GIB])
                    extents.append({"disk": entry, "partition": number, "size_bytes": size})
            if extents:
                datastores.append({"name": "ds%d" % n, "extents": extents})
        return disks, {"datastores": datastores, "wipe": [wanted(disk.name[4:]) for disk in disks[1:]],
                       "extend_default": not datastores, "boot_disk_planned_bytes": generator.choice([None, 64 * GIB, 200 * GIB])}

    def check(self, disks, plan):
        tables = {disk.name: {p["number"]: (p["start"], p["end"]) for p in disk.partitions} for disk in disks}
        system = {number: place for number, place in tables[disks[0].name].items() if number != 8}
        volumes = {self.present[0]["extents"][0]: self.present[0]["name"]} if self.present else {}
        for command in plan:
            words = command.argv
            if words[0] == "partedUtil":
                name = words[2].rpartition("/")[2]
                if words[1] == "mklabel":
                    self.assertNotEqual(name, disks[0].name)
                    tables[name] = {}
                elif words[1] == "delete":
                    del tables[name][int(words[3])]
                    volumes.pop((name, int(words[3])), None)
                elif words[1] == "resize":
                    tables[name][int(words[3])] = (int(words[4]), int(words[5]))
                else:
                    number, start, end = (int(word) for word in words[4].split()[:3])
                    self.assertNotIn(number, tables[name])
                    tables[name][number] = (start, end)
            elif words[0] == "vmkfstools" and words[1] == "-C":
                name, _, number = words[-1].rpartition("/")[2].rpartition(":")
                self.assertIn(int(number), tables[name])
                self.assertNotIn(words[4], volumes.values(), "labels are unique")
                volumes[(name, int(number))] = words[4]
            elif words[0] == "vim-cmd":
                old = next(place for place, label in volumes.items() if label == words[2])
                self.assertNotIn(words[3], volumes.values())
                volumes[old] = words[3]
        for disk in disks:
            places = sorted(tables[disk.name].values())
            self.assertTrue(all(start <= end for start, end in places))
            self.assertTrue(all(one[1] < two[0] for one, two in zip(places, places[1:])), "no overlap")
            if places:
                self.assertLessEqual(places[-1][1], disk.sectors - storeplace.GPT_TAIL_SECTORS)
        for number, place in system.items():
            self.assertEqual(tables[disks[0].name][number], place)


if __name__ == "__main__":
    unittest.main()
