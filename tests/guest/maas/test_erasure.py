"""Secrets are overwritten before they are removed or replaced: a removed file's blocks stay on the medium as they were.

A second name (hard link) of each file shows what its blocks hold after the first name is gone; where a disk can be
mounted, the bytes of the disk itself are searched.
"""
import base64
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import built_image
from maas_support import Deployed, GUEST, HOOK_FOLDER, Lines, SAMPLES, make_target, sample_config, sample_text

from common import bootmodule, erase
from esxihook import deploy, maasconf, partition
from hostconf.host import bootbank, scripts
from hostconf.host.log import Log
from hostconf.host.run import Host

NAME = "flat-static-boot-disk"
DISK_BYTES = 8 * 1024 * 1024
CFG = "kernel=b.b00\nkernelopt=\nmodules=a.b00\n"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Linked(unittest.TestCase):
    """Files of a folder, each with a second name elsewhere."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-erasure-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.links = os.path.join(self.folder, "links")
        os.mkdir(self.links)

    def write(self, path, text):
        place = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)
        return place

    def link(self, path):
        """A second name of a file. @return: it, and how long the file is"""
        name = os.path.join(self.links, "%d" % len(os.listdir(self.links)))
        os.link(path, name)
        return name, os.path.getsize(path)

    def assert_overwritten(self, link):
        name, size = link
        self.assertGreater(size, 0)
        self.assertEqual(os.stat(name).st_nlink, 1, "the file is gone")
        self.assertEqual(read(name), b"\0" * size, "and every byte of it is overwritten in its place")


class EraseTest(Linked):
    def test_remove(self):
        for size in (1, 4096, 3 * 1024 * 1024 + 1):
            path = self.write("secret", "s" * size)
            link = self.link(path)
            erase.remove(path)
            self.assert_overwritten(link)
        with self.assertRaises(FileNotFoundError):
            erase.remove(path)

    def test_a_link_is_removed_and_what_it_names_stays(self):
        path = self.write("kept", "kept")
        os.symlink(path, os.path.join(self.folder, "symlink"))
        os.mkdir(os.path.join(self.folder, "tree"))
        os.symlink(path, os.path.join(self.folder, "tree", "symlink"))
        erase.remove(os.path.join(self.folder, "symlink"))
        erase.remove_tree(os.path.join(self.folder, "tree"))
        os.mkdir(os.path.join(self.folder, "real"))
        self.write("real/kept", "kept")
        os.symlink(os.path.join(self.folder, "real"), os.path.join(self.folder, "symlink"))
        erase.remove_tree(os.path.join(self.folder, "symlink"))
        self.assertEqual(read(os.path.join(self.folder, "real", "kept")), b"kept")
        shutil.rmtree(os.path.join(self.folder, "real"))
        os.remove(os.path.join(self.folder, "symlink"))
        self.assertEqual(read(path), b"kept")
        self.assertEqual(sorted(os.listdir(self.folder)), ["kept", "links"])

    def test_tree(self):
        links = [self.link(self.write("tree/" + path, "secret " * 100)) for path in ("a", "deep/er/b", "deep/c")]
        erase.remove_tree(os.path.join(self.folder, "tree"))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "tree")))
        for link in links:
            self.assert_overwritten(link)
        erase.remove_tree(os.path.join(self.folder, "tree"))

    def test_replace(self):
        link = self.link(self.write("target", "old secret"))
        erase.replace(self.write("source", "new"), os.path.join(self.folder, "target"))
        self.assert_overwritten(link)
        self.assertEqual(read(os.path.join(self.folder, "target")), b"new")
        erase.replace(os.path.join(self.folder, "target"), os.path.join(self.folder, "fresh"))
        self.assertEqual(read(os.path.join(self.folder, "fresh")), b"new")

    def test_what_cannot_be_renamed_is_left_as_it_was(self):
        path = self.write("target", "old")
        with self.assertRaises(OSError):
            erase.replace(os.path.join(self.folder, "missing"), path)
        self.assertEqual(read(path), b"old")


class HookTest(Linked):
    def test_what_curtin_left(self):
        config = sample_config(NAME)
        secret = config["reporting"]["maas"]["token_secret"]
        config["write_files"] = {"mine": {"path": "/etc/cloud/90.cfg"}, "plain": {"path": "/etc/plain.cfg"}}
        target = os.path.join(self.folder, "t")
        make_target(target, config=config)
        left = [os.path.join(target, "root", "curtin-install-cfg.yaml"), self.write("t/root/deep/notes.txt", "x" + secret),
                self.write("t/root/curtin-install.log", "log"), self.write("t/etc/cloud/90.cfg", secret)]
        plain = self.write("t/etc/plain.cfg", "no secret")
        links = [self.link(path) for path in left]
        environment = {"TARGET_MOUNT_POINT": target, "CONFIG": self.write("config", json.dumps(config)),
                       "ESXIIMG_ROOT": built_image.machine(os.path.join(self.folder, "machine"))}
        self.assertEqual(deploy.hooks([], environment), 0)
        for link in links:
            self.assert_overwritten(link)
        self.assertEqual(read(plain), b"no secret")

    def test_a_hook_that_fails_overwrites_too(self):
        config = sample_config(NAME)
        target = os.path.join(self.folder, "t")
        make_target(target, config=config)
        link = self.link(os.path.join(target, "root", "curtin-install-cfg.yaml"))
        config["network"]["config"] = "nonsense"
        environment = {"TARGET_MOUNT_POINT": target, "CONFIG": self.write("config", json.dumps(config)),
                       "ESXIIMG_ROOT": built_image.machine(os.path.join(self.folder, "machine"))}
        self.assertEqual(deploy.hooks([], environment), 1)
        self.assert_overwritten(link)

    def test_the_description_of_an_earlier_deployment(self):
        target = os.path.join(self.folder, "t")
        make_target(target)
        deploy.install_description(target, deploy.describe(sample_config(NAME), lambda sentence: None))
        module = os.path.join(target, "hostdesc.tgz")
        link = self.link(module)
        deploy.install_description(target, deploy.describe(sample_config(NAME), lambda sentence: None))
        self.assertEqual(os.stat(link[0]).st_nlink, 2, "the same description is left alone")
        later = sample_config("lacp-jumbo-nvme-span")
        deploy.install_description(target, deploy.describe(later, lambda sentence: None))
        self.assert_overwritten(link)
        self.assertIn(later["reporting"]["maas"]["token_secret"].encode(), gzip.decompress(read(module)))

    def test_a_description_that_was_put_back(self):
        """A failure after the new description got its name: the old one is there, the new one's blocks are not."""
        target = os.path.join(self.folder, "t")
        make_target(target)
        module = os.path.join(target, "hostdesc.tgz")
        deploy.install_description(target, deploy.describe(sample_config(NAME), lambda sentence: None))
        before = read(module)
        real, links = os.replace, []

        def replace(source, place):
            if place != module:
                links.append(self.link(module))
                raise OSError(5, "Input/output error", place)
            real(source, place)

        partition.os.replace = replace
        self.addCleanup(setattr, os, "replace", real)
        with self.assertRaises(deploy.HookError):
            partition.replace_all([(module, b"new secret"), (os.path.join(target, "BOOT.CFG"), b"x")], secret=[module])
        setattr(os, "replace", real)
        self.assertEqual(read(module), before)
        self.assert_overwritten(links[0])


class HostTest(Deployed):
    def kept(self, path):
        """A second name of a file of the host."""
        name = os.path.join(self.folder, "link-" + path.replace("/", "-"))
        os.link(self.fake.path(path), name)
        return name

    def test_first_boot(self):
        config = sample_config(NAME)
        service = self.serve({"user-data": b"", "local-hostname": b"host1"}, config)
        self.install(config, nics=sample_text(NAME, "nics.txt"))
        banks = [self.kept(bank + "/hostdesc.tgz") for bank in ("/bootbank", "/altbootbank")]
        memory = self.kept("/esxiimg-host/description.json")
        secrets = [secret.encode() for secret in maasconf.secrets(config)]
        for name in banks:
            self.assertIn(secrets[0], gzip.decompress(read(name)))
        self.assertIn(secrets[0], read(memory))
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertIn("user-data", service.asked)
        for name in banks + [memory]:
            self.assertEqual(os.stat(name).st_nlink, 1)
            self.assertGreater(os.path.getsize(name), 0)
            self.assertEqual(set(read(name)), {0}, name)

    def test_user_scripts(self):
        script = "#!/bin/sh\nln \"$0\" '%s' # s3cret\n" % os.path.join(self.folder, "kept")
        entry = {"name": "one", "script_base64": base64.b64encode(script.encode()).decode()}
        scripts.run_all([entry], Host(self.folder), Log([Lines()]))
        self.assertEqual(read(os.path.join(self.folder, "kept")), b"\0" * len(script))


class BankTest(Linked):
    def test_another_description_in_the_same_bank(self):
        """An upgrade of the same disk: the bank still has the modules of the installation before."""
        path = self.write("bank/boot.cfg", CFG)
        bank = os.path.dirname(path)
        old = {"esxiimg.tgz": b"payload", "hostdesc.tgz": bootmodule.pack_description("{\"old\": 1}")}
        bootbank.add_modules(bank, old)
        link = self.link(os.path.join(bank, "hostdesc.tgz"))
        bootbank.add_modules(bank, dict(old, **{"hostdesc.tgz": bootmodule.pack_description("{}")}))
        self.assert_overwritten(link)
        self.assertEqual(read(path).decode(), CFG.replace("a.b00", "a.b00 --- esxiimg.tgz --- hostdesc.tgz"))


def can_mount():
    """Whether this machine mounts a disk image."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return on_disk(folder, "true") == 0
        except FileNotFoundError:
            return False


def on_disk(folder, script, path=None):
    """Run a shell script in a fresh ext2 file system, which keeps the blocks of removed files as FAT does.

    @return: its exit status; the disk is folder/disk then, mounted no more
    """
    disk = os.path.join(folder, "disk")
    if not os.path.exists(disk):
        with open(disk, "wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext2", "-q", "-F", disk], check=True)
    os.makedirs(os.path.join(folder, "mounted"), exist_ok=True)
    command = "mount -t ext2 -o loop,sync ../disk . && cd ../mounted && { %s; status=$?; cd ..; umount mounted; exit $status; }"
    done = subprocess.run(["unshare", "-m", "sh", "-c", command % script], cwd=os.path.join(folder, "mounted"),
                          env=dict(os.environ, **(path or {})), capture_output=True, check=False)
    return done.returncode


@unittest.skipUnless(can_mount(), "this machine mounts no disk image")
class MediumTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-erasure-")
        self.addCleanup(shutil.rmtree, self.folder)

    def found(self, words):
        data = read(os.path.join(self.folder, "disk"))
        return [word for word in words if word in data]

    def test_the_hook_on_a_disk(self):
        config = sample_config(NAME)
        secrets = [secret.encode() for secret in maasconf.secrets(config)]
        source = os.path.join(self.folder, "source")
        make_target(source, config=config)
        shutil.copytree(HOOK_FOLDER, os.path.join(source, "curtin"))
        shutil.copytree(os.path.join(GUEST, "common"), os.path.join(source, "curtin", "common"))
        path = {"CONFIG": os.path.join(SAMPLES, NAME, "config.json"), "TARGET_MOUNT_POINT": os.path.join(self.folder, "mounted"),
                "ESXIIMG_ROOT": built_image.machine(os.path.join(self.folder, "machine"))}
        self.assertEqual(on_disk(self.folder, "cp -r ../source/* . && rm root/curtin-install-cfg.yaml"), 0)
        self.assertEqual(self.found(secrets), secrets, "what is only removed is found")
        os.remove(os.path.join(self.folder, "disk"))
        self.assertEqual(on_disk(self.folder, "cp -r ../source/* . && sync"), 0)
        self.assertEqual(self.found(secrets), secrets)
        self.assertEqual(on_disk(self.folder, "python3 curtin/curtin-hooks && python3 curtin/finalize", path), 0)
        self.assertEqual(self.found(secrets), [])
        self.assertEqual(on_disk(self.folder, "test -s hostdesc.tgz && test ! -e root"), 0)

    def test_a_boot_bank_on_a_disk(self):
        module = bootmodule.pack_description(json.dumps({"token": "t0k3n" * 40}))
        body = module[16:]
        with open(os.path.join(self.folder, "module"), "wb") as file:
            file.write(module)
        with open(os.path.join(self.folder, "boot.cfg"), "w", encoding="ascii") as file:
            file.write(CFG)
        code = ("import sys; sys.dont_write_bytecode = True; from hostconf.host import bootbank; "
                "bootbank.%s(\".\"%s)")
        add = code % ("add_modules", ", {\"hostdesc.tgz\": open(\"../module\", \"rb\").read()}")
        path = {"PYTHONPATH": GUEST}
        self.assertEqual(on_disk(self.folder, "cp ../boot.cfg . && python3 -c '%s'" % add, path), 0)
        self.assertEqual(self.found([body]), [body])
        self.assertEqual(on_disk(self.folder, "python3 -c '%s'" % (code % ("remove_modules", "")), path), 0)
        self.assertEqual(self.found([body]), [])
        self.assertEqual(on_disk(self.folder, "test ! -e hostdesc.tgz && cmp boot.cfg ../boot.cfg"), 0)


if __name__ == "__main__":
    unittest.main()
