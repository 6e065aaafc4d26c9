"""curtin's storage configuration, as MAAS writes it, and what becomes of it in the host description."""
import random
import unittest

from maas_support import NAMES, sample_config

from common import description as schema
from esxihook import HookError, storage

GIB = 1024 ** 3


def disk(name, **more):
    return dict({"type": "disk", "id": name, "name": name, "serial": "SER-" + name, "model": "MODEL", "wipe": "superblock",
                 "ptable": "gpt"}, **more)


def part(device, number, size="10737418240B", **more):
    return dict({"type": "partition", "id": "%s-part%d" % (device, number), "device": device, "number": number,
                 "size": size, "wipe": "superblock"}, **more)


def vmfs(name, *devices):
    return {"type": "vmfs6", "id": name, "name": name, "devices": list(devices)}


def read(*entries):
    warnings = []
    result = storage.read({"version": 1, "config": list(entries)}, warnings.append)
    checked = schema.validate({"format": 1, "source": "maas", "storage": result})["storage"]
    return checked, " ".join(warnings)


class Layouts(unittest.TestCase):
    def refused(self, words, *entries):
        with self.assertRaisesRegex(HookError, words):
            read(*entries)

    def test_no_layout(self):
        for section in (None, {}, {"version": 1, "config": []}, {"config": "disabled"}, {"version": 1}):
            result = storage.read(section, lambda sentence: None)
            self.assertTrue(result["extend_default"])
            self.assertFalse(storage.needs_room(result), "of a disk of unknown size nothing is asked")
        result, _ = read(disk("sda", grub_device=True), part("sda", 1), {"type": "format", "id": "f", "fstype": "ext4",
                                                                         "volume": "sda-part1"})
        self.assertEqual((result["extend_default"], result["datastores"], result["wipe"]), (True, [], []))

    def test_which_disk_is_the_boot_disk(self):
        cases = ([disk("sda"), disk("sdb", grub_device=True), part("sdb", 8)],
                 [disk("sda"), disk("sdb"), part("sdb", 1, flag="boot"), part("sdb", 8)],
                 [disk("sdb"), part("sdb", 8)],
                 [disk("sdb", grub_device=True), disk("sda", grub_device=True), part("sdb", 8)])
        for entries in cases:
            result, _ = read(*entries, vmfs("ds", "sdb-part8"))
            self.assertTrue(result["datastores"][0]["extents"][0]["disk"]["boot_disk"])
            self.assertNotIn("SER-sdb", [entry["serial"] for entry in result["wipe"]])

    def test_partitions_and_disks(self):
        result, _ = read(disk("sda", grub_device=True), disk("sdb", serial=None, path="/dev/disk/by-id/wwn-0x5000c500a0b1c2d3"),
                         part("sda", 8, "50G"), vmfs("one", "sda-part8", "sdb"))
        head, extent = result["datastores"][0]["extents"]
        self.assertEqual((head["partition"], head["size_bytes"]), (8, 50 * GIB))
        self.assertEqual((extent["partition"], extent["size_bytes"]), (1, None))
        self.assertEqual((extent["disk"]["path"], extent["disk"]["serial"]), ("/dev/disk/by-id/wwn-0x5000c500a0b1c2d3", None))

    def test_sizes(self):
        for text, wanted in (("445741268992B", 445741268992), (1024, 1024), ("1024", 1024), ("100M", 100 * 1024 ** 2),
                             ("1.5GB", GIB * 3 // 2), ("2TiB", 2 * 1024 ** 4), ("4 KB", 4096), (None, None), ("", None)):
            self.assertEqual(storage.size_bytes(text), wanted)
        for text in ("much", "-5", "5X", "1e9"):
            with self.assertRaises(HookError):
                storage.size_bytes(text)

    def test_control_characters_of_careless_firmware(self):
        result, _ = read(disk("sda", grub_device=True), disk("sdb", serial="\x00S47M \n", model="A\tB\x7f"), part("sdb", 1),
                         vmfs("ds", "sdb-part1"))
        self.assertEqual(result["datastores"][0]["extents"][0]["disk"], {
            "boot_disk": False, "device": None, "serial": "S47M", "model": "A B", "path": None, "numbers": [],
            "size_bytes": None})

    def test_what_is_wiped(self):
        result, warnings = read(
            disk("sda", grub_device=True), part("sda", 8), vmfs("boot", "sda-part8"),
            disk("used"), part("used", 1), vmfs("data", "used-part1"), disk("empty"), disk("kept", preserve=True),
            disk("unwiped", wipe=None), disk("linux"), part("linux", 1), disk("nameless", serial=None))
        self.assertEqual([entry["serial"] for entry in result["wipe"]], ["SER-used", "SER-empty"])
        for name in ("linux", "nameless"):
            self.assertIn("disk %s" % name, warnings)

    def test_how_far_the_boot_disk_was_planned(self):
        result, _ = read(disk("sda", grub_device=True), part("sda", 1, "1G"), part("sda", 8, "9G"), vmfs("ds", "sda-part8"))
        self.assertEqual(result["boot_disk_planned_bytes"], 10 * GIB + 4 * 1024 ** 2)
        self.assertIsNone(read(disk("sda"), disk("sdb"), part("sdb", 1), vmfs("ds", "sdb-part1"))[0]["boot_disk_planned_bytes"])

    def test_when_esxi_must_leave_room(self):
        small = [disk("sda", grub_device=True), part("sda", 2, "100G")]
        large = [disk("sda", grub_device=True), part("sda", 2, "400G")]
        self.assertTrue(storage.needs_room(read(*small)[0]))
        self.assertFalse(storage.needs_room(read(*large)[0]))
        self.assertTrue(storage.needs_room(read(*large, vmfs("ds", "sda-part2"))[0]))
        self.assertFalse(storage.needs_room(read(*small, disk("sdb"), part("sdb", 1), vmfs("ds", "sdb-part1"))[0]))

    def test_what_cannot_be_traced(self):
        sda = disk("sda", grub_device=True)
        self.refused("names no devices", sda, vmfs("ds"))
        self.refused("does not have", sda, vmfs("ds", "gone"))
        self.refused("boots from", sda, vmfs("ds", "sda"))
        self.refused("neither a disk nor", sda, {"type": "raid", "id": "md0"}, vmfs("ds", "md0"))
        self.refused("neither a disk nor", sda, part("lost", 1), vmfs("ds", "lost-part1"))
        self.refused("neither serial nor path", sda, disk("sdb", serial=None), part("sdb", 1), vmfs("ds", "sdb-part1"))
        self.refused("two datastores are called ds", sda, part("sda", 8), part("sda", 10), vmfs("ds", "sda-part8"),
                     vmfs("ds", "sda-part10"))
        self.refused("given twice", sda, part("sda", 8), vmfs("a", "sda-part8"), vmfs("b", "sda-part8"))
        self.refused("number None", sda, dict(part("sda", 8), number=None), vmfs("a", "sda-part8"))
        with self.assertRaises(HookError):
            storage.read("text", lambda sentence: None)

    def test_any_damage_is_refused_in_words_or_read(self):
        generator = random.Random(2)
        seen = {"read": 0, "refused": 0}
        for _ in range(1500):
            section = sample_config(generator.choice(NAMES))["storage"]
            entry = generator.choice(section["config"])
            if generator.random() < 0.2:
                section["config"].remove(entry)
            else:
                key = generator.choice(sorted(entry))
                entry[key] = generator.choice([None, "", [], {}, 0, -1, True, "x", ["x"], [{}], {"a": 1}, 1e9, "5B"])
            try:
                result = storage.read(section, lambda sentence: None)
            except HookError as error:
                self.assertTrue(str(error))
                seen["refused"] += 1
                continue
            schema.validate({"format": 1, "source": "maas", "storage": result})
            seen["read"] += 1
        self.assertGreater(min(seen.values()), 100)


if __name__ == "__main__":
    unittest.main()
