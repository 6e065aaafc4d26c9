"""The readers of file systems and partition tables, on what other programs write, and on what nobody should."""
import io
import os
import random
import shutil
import subprocess
import tempfile
import unittest

from media_support import ISO_OPTIONS, NOVA, contents, tree, write_fat, write_iso
from hostconf.media import partitions, volumes
from hostconf.media.device import BLOCK_BYTES, Device
from hostconf.media.fat import FatVolume
from hostconf.media.iso9660 import IsoVolume
from hostconf.media.structure import MediaError
from hostconf.sources import metadata


class Raw:
    """A device as strict as raw ones are: whole sectors only, and no block that reaches past the end."""

    def __init__(self, path, sector_bytes=2048, strict_end=True):
        with open(path, "rb") as file:
            self.data = file.read()
        self.sector_bytes = sector_bytes
        self.strict_end = strict_end
        self.at = 0
        self.bytes_read = 0

    def seek(self, offset, whence=0):
        if whence == 2:
            raise OSError("this device does not tell its size")
        if offset % self.sector_bytes:
            raise OSError("unaligned")
        self.at = offset
        return offset

    def read(self, count):
        if count % self.sector_bytes:
            raise OSError("unaligned")
        if self.strict_end and self.at < len(self.data) < self.at + count:
            raise OSError("past the end")
        data = self.data[self.at:self.at + count]
        self.at += len(data)
        self.bytes_read += count
        return data


def files_of(volume):
    """What metadata.read finds in each tree of a volume."""
    return [metadata.read(root, metadata.REQUIRED) for root in volume.roots]


class MediaTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-media-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "drive")

    def tree(self, **files):
        return tree(os.path.join(self.folder, "tree"), **files)


class IsoTest(MediaTest):
    def check(self, folder, label="config-2", is_short=False):
        wanted = contents(folder)
        for sector_bytes in (512, 2048):
            volume = volumes.volume(Device(Raw(self.path, sector_bytes)))
            self.assertIsInstance(volume, IsoVolume)
            self.assertEqual(volume.label, label)
            for files in files_of(volume):
                # Which of the two names that are cut alike stands for which cannot be told.
                names = [name for name in wanted if not is_short or not name.startswith("vendor")]
                self.assertTrue(all(files.get(name) == wanted[name] for name in names))
                self.assertEqual(sorted(files.values()), sorted(wanted.values()))

    def test_genisoimage_and_xorriso(self):
        folder = self.tree(user_data=bytes(range(256)) * 1000)
        for program in ("genisoimage", "xorriso"):
            for kind, options in ISO_OPTIONS.items():
                for label in ("config-2", "CONFIG-2"):
                    with self.subTest(program=program, kind=kind, label=label):
                        write_iso(program, folder, self.path, label, options)
                        self.check(folder, label, kind in ("Joliet", "plain", "level 1"))

    def test_pycdlib(self):
        folder = self.tree()
        for kinds in ((), ("joliet",), ("rr",), ("joliet", "rr")):
            with self.subTest(kinds=kinds):
                write_iso("pycdlib", folder, self.path, "config-2", kinds)
                self.check(folder)

    def test_both_trees_are_read(self):
        write_iso("genisoimage", self.tree(), self.path, "config-2", NOVA)
        self.assertEqual(len(IsoVolume(Device(Raw(self.path))).roots), 2)

    def test_names_that_continue_elsewhere(self):
        """A Rock Ridge name too long for its record goes on in a continuation area."""
        folder = self.tree()
        names = ["%03d-%s" % (i, "long-name-" * 22) for i in range(40)]
        for name in names:
            open(os.path.join(folder, name), "wb").close()
        for program in ("genisoimage", "xorriso"):
            write_iso(program, folder, self.path, "config-2", ("-r",))
            self.check(folder)
            self.assertLessEqual(set(names), set(IsoVolume(Device(Raw(self.path))).roots[0].entries()))

    def test_files_in_many_directories(self):
        folder = self.tree()
        for i in range(600):
            os.makedirs(os.path.join(folder, "openstack", "20%02d-01-%02d" % (i // 28, i % 28 + 1)), exist_ok=True)
        write_iso("genisoimage", folder, self.path, "config-2", NOVA)
        self.check(folder)


class FatTest(MediaTest):
    def check(self, folder, label="CONFIG-2"):
        for sector_bytes in (512, 2048):
            volume = volumes.volume(Device(Raw(self.path, sector_bytes)))
            self.assertIsInstance(volume, FatVolume)
            self.assertEqual(volume.label, label)
            self.assertEqual(files_of(volume), [contents(folder)])

    def test_mkfs_vfat(self):
        folder = self.tree(user_data=bytes(range(256)) * 3000)
        for options, mib in (((), 64), ((), 1), (("-F", "12"), 4), (("-F", "16"), 32), (("-F", "32"), 64),
                             (("-F", "32", "-S", "4096"), 300), (("-F", "16", "-s", "64"), 200), (("-f", "1"), 64),
                             (("-F", "12", "-s", "1"), 2)):
            with self.subTest(options=options, mib=mib):
                write_fat(folder, self.path, mib=mib, options=options)
                self.check(folder)

    def test_fragments_and_deleted_files(self):
        folder = self.tree(user_data=bytes(range(256)) * 8000)
        names = [os.path.join(self.folder, "a-name-that-is-long-%03d" % i) for i in range(100)]
        for name in names:
            with open(name, "wb") as file:
                file.write(bytes(3000))
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        for options, mib in ((("-F", "12", "-s", "1"), 2), (("-F", "16", "-s", "1"), 8), (("-F", "32", "-s", "1"), 40)):
            with self.subTest(options=options):
                write_fat(empty, self.path, mib=mib, options=options)
                subprocess.run(["mcopy", "-i", self.path] + names + ["::"], check=True)
                subprocess.run(["mdel", "-i", self.path] + ["::" + os.path.basename(name) for name in names[::2]],
                               check=True)
                data = contents(folder)
                if "12" in options:
                    data["user_data"] = data["user_data"][:600000]
                    with open(os.path.join(folder, "openstack/latest/user_data"), "wb") as file:
                        file.write(data["user_data"])
                subprocess.run(["mcopy", "-s", "-i", self.path, os.path.join(folder, "openstack"), "::"], check=True)
                subprocess.run(["fsck.fat", "-n", self.path], check=True, capture_output=True)
                self.check(folder)

    def test_label_of_the_boot_sector(self):
        folder = self.tree()
        for options in (("-F", "16"), ("-F", "32")):
            write_fat(folder, self.path, "CONFIG-2", options=options)
            subprocess.run(["mlabel", "-c", "-i", self.path, "::"], check=True, capture_output=True)
            with open(self.path, "r+b") as file:
                file.seek(71 if "32" in options else 43)
                file.write(b"CONFIG-2   ")
            self.check(folder)


class PartitionsTest(MediaTest):
    def disk(self, script, mib=64):
        with open(self.path, "wb") as file:
            file.truncate(mib * 2**20)
        subprocess.run(["sfdisk", "-q", self.path], input=script.encode(), check=True, capture_output=True)

    def put(self, sector, path):
        with open(path, "rb") as source, open(self.path, "r+b") as file:
            file.seek(sector * 512)
            file.write(source.read())

    def found(self):
        return [(number, volume.label) for number, volume in volumes.find(Device(Raw(self.path)))]

    def test_gpt_and_mbr_with_logical_partitions(self):
        folder = self.tree()
        iso, fat = os.path.join(self.folder, "iso"), os.path.join(self.folder, "fat")
        write_iso("genisoimage", folder, iso, "config-2", NOVA)
        write_fat(folder, fat, mib=8)
        for label, numbers in (("gpt", (1, 2, 3)), ("dos", (1, 5, 6))):
            extended = "" if label == "gpt" else "start=32768,size=65536,type=5\n"
            self.disk("label: %s\nstart=2048,size=16384\n%sstart=36864,size=16384\nstart=57344,size=20480\n"
                      % (label, extended))
            for sector, path in ((2048, fat), (36864, iso), (57344, fat)):
                self.put(sector, path)
            self.assertEqual(self.found(), list(zip(numbers, ("CONFIG-2", "config-2", "CONFIG-2"))), label)
            for _, volume in volumes.find(Device(Raw(self.path))):
                self.assertEqual(files_of(volume)[0], contents(folder))

    def test_a_gpt_whose_begin_is_damaged(self):
        fat = os.path.join(self.folder, "fat")
        write_fat(self.tree(), fat, mib=8)
        self.disk("label: gpt\nstart=2048,size=16384\n")
        self.put(2048, fat)
        with open(self.path, "r+b") as file:
            file.seek(512)
            file.write(b"x" * 512)
        self.assertEqual(self.found(), [])
        with open(self.path, "rb", buffering=0) as file:
            self.assertEqual([number for number, _ in volumes.find(Device(file))], [1])

    def test_an_extended_partition_that_leads_back(self):
        self.disk("label: dos\nstart=2048,size=65536,type=5\nstart=4096,size=2048\nstart=8192,size=2048\n")
        with open(self.path, "r+b") as file:
            file.seek(2048 * 512 + 446 + 16 + 8)
            file.write(bytes(4))
        self.assertEqual([entry.number for entry in partitions.find(Device(Raw(self.path)))], [5])


class DamageTest(MediaTest):
    """Nothing but MediaError comes out, whatever is read; and reading ends."""

    def read_all(self, data):
        device = Device(io.BytesIO(data))
        for _, volume in volumes.find(device):
            for root in volume.roots:
                try:
                    metadata.read(root, metadata.REQUIRED)
                except MediaError:
                    pass

    def test_changed_bytes(self):
        folder = self.tree()
        write_iso("genisoimage", folder, self.path, "config-2", NOVA)
        with open(self.path, "rb") as file:
            iso = file.read()
        write_fat(folder, self.path, mib=1)
        with open(self.path, "rb") as file:
            fat = file.read()
        for name, data, places in (("iso", iso, (32768, 60000)), ("fat", fat, (0, 30000))):
            for seed in range(300):
                dice = random.Random("%s %d" % (name, seed))
                changed = bytearray(data)
                for _ in range(dice.randrange(1, 20)):
                    changed[dice.randrange(*places)] = dice.choice((0, 1, 255, dice.randrange(256)))
                self.read_all(bytes(changed[:dice.choice((len(data), len(data), dice.randrange(len(data))))]))

    def test_a_fat_chain_that_is_a_loop(self):
        folder = self.tree(user_data=bytes(200000))
        write_fat(folder, self.path, mib=8, options=("-F", "16", "-s", "1"))
        with open(self.path, "rb") as file:
            data = bytearray(file.read())
        at = int.from_bytes(data[14:16], "little") * 512
        for cluster in range(2, 4000):
            if 2 < int.from_bytes(data[at + 2 * cluster:at + 2 * cluster + 2], "little") < 0xFFF0:
                data[at + 2 * cluster:at + 2 * cluster + 2] = cluster.to_bytes(2, "little")
        with self.assertRaisesRegex(MediaError, "loop"):
            files_of(FatVolume(Device(io.BytesIO(bytes(data)))))

    def test_a_name_that_continues_in_itself(self):
        folder = self.tree()
        open(os.path.join(folder, "x" * 240), "wb").close()
        write_iso("genisoimage", folder, self.path, "config-2", ("-r",))
        with open(self.path, "rb") as file:
            data = bytearray(file.read())
        # The continuation area is made to consist of a field CE that names the area itself.
        at = data.index(b"CE\x1c\x01", data.index(b"XXXXXXXX"))
        block = int.from_bytes(data[at + 4:at + 8], "little")
        offset = int.from_bytes(data[at + 12:at + 16], "little")
        field = bytes(data[at:at + 20]) + (28).to_bytes(4, "little") + bytes(data[at + 24:at + 28])
        place = block * 2048 + offset
        data[place:place + 28] = field
        data[at + 20:at + 24] = (28).to_bytes(4, "little")
        with self.assertRaisesRegex(MediaError, "continuation"):
            IsoVolume(Device(io.BytesIO(bytes(data)))).roots[0].entries()

    def test_a_huge_table_and_places_outside(self):
        with self.assertRaises(MediaError):
            Device(io.BytesIO(b"x" * 100)).read(90, 20)
        with self.assertRaises(MediaError):
            Device(io.BytesIO(b"x" * 100)).read(-1, 1)
        with self.assertRaises(MediaError):
            Device(io.BytesIO(b"")).read(2 ** 70, 1)
        with open(self.path, "wb") as file:
            file.truncate(4 * 2**20)
        subprocess.run(["sgdisk", "-n", "1:2048:4095", self.path], check=True, capture_output=True)
        with open(self.path, "rb") as file:
            data = bytearray(file.read())
        data[512 + 80:512 + 84] = (2 ** 32 - 1).to_bytes(4, "little")
        source = io.BytesIO(bytes(data[:-512]))
        self.assertEqual(partitions.find(Device(source)), [])

    def test_little_is_kept_and_little_is_read_of_what_is_none(self):
        with open(self.path, "wb") as file:
            file.write(os.urandom(64) * 2**16)
        raw = Raw(self.path)
        self.assertEqual(volumes.find(Device(raw)), [])
        self.assertLess(raw.bytes_read, 20 * BLOCK_BYTES)


if __name__ == "__main__":
    unittest.main()
