"""Curtin's part of a deployment, played on the partition of an image that `esxi-img build` made.

mtools copy the partition out and back in; GNU tar, Python's tarfile and fsck.fat judge the result.
"""
import errno
import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import built_image
from curtin_play import CONFIGURATION, Curtin, LOG, STAGES, partition_offsets
from maas_support import GUEST, HOOK_FOLDER, NAMES, SAMPLES, boot_cfg, make_target, run_hook, sample_config, sample_text

from common import bootmodule, description as schema
from esxihook import HookError, deploy, maasconf, partition

CUTS = 40


def setUpModule():
    global FOLDER, IMAGE
    FOLDER = tempfile.mkdtemp(prefix="esxi-curtin-")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    password = os.path.join(FOLDER, "password")
    with open(password, "w", encoding="ascii") as file:
        file.write("Build-Time#Secret-77\n")
    IMAGE = built_image.build(FOLDER, "--root-password-file", password)


class OnTheImage(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-curtin-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.target = os.path.join(self.folder, "target")
        self.image = os.path.join(self.folder, "esxi.img")
        shutil.copyfile(IMAGE, self.image)

    def play(self, config, image=None):
        """The whole installation by curtin. @return: (the result of curtin-hooks, that of finalize or None)"""
        self.played = Curtin(image or self.image, self.folder, config).install()
        self.target = self.played.target
        return self.played.results["curtin-hooks"], self.played.results.get("finalize")

    def partition_now(self):
        """The partition, mounted again; curtin's log, which curtin adds at the very end, is looked at elsewhere."""
        folder = os.path.join(self.folder, "again")
        built_image.mount(self.image, folder)
        found = built_image.tree_of(folder)
        shutil.rmtree(folder)
        self.logged = found.pop(LOG, b"").decode()
        return found

    def check_module(self, data):
        """The module's content, after everybody who may read it has read it."""
        path = os.path.join(self.folder, "hostdesc.tgz")
        with open(path, "wb") as file:
            file.write(data)
        listed = subprocess.run(["tar", "tvzf", path, "--numeric-owner"], check=True, capture_output=True, text=True).stdout
        self.assertEqual([(line.split()[0], line.split()[1], line.split()[-1]) for line in listed.splitlines()],
                         [("drwxr-xr-x", "0/0", "esxiimg-host/"), ("-rw-------", "0/0", "esxiimg-host/description.json")])
        subprocess.run(["gzip", "-t", path], check=True)
        tar = gzip.decompress(data)
        self.assertEqual(tar[257:265], b"ustar  \0")
        self.assertEqual((int.from_bytes(data[-4:], "little"), data[3]), (len(tar), 0), "one member, no name in it")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            text = archive.extractfile(bootmodule.DESCRIPTION_PATH).read().decode()
        return schema.loads(text)

    def test_every_sample(self):
        before = self.partition_now()
        for name in NAMES:
            with self.subTest(name):
                shutil.copyfile(IMAGE, self.image)
                config = sample_config(name)
                hook, late = self.play(config)
                self.assertEqual((hook.returncode, late.returncode), (0, 0), hook.stderr)
                after = self.partition_now()
                description = self.check_module(after.pop("hostdesc.tgz"))
                self.assertEqual(description["maas"]["endpoint"], config["reporting"]["maas"]["endpoint"])
                for path in ("BOOT.CFG", "EFI/BOOT/BOOT.CFG"):
                    old, new = before[path].decode(), after.pop(path).decode()
                    self.assertEqual([line for line in new.split("\n") if not line.startswith(("modules=", "kernelopt="))],
                                     [line for line in old.split("\n") if not line.startswith(("modules=", "kernelopt="))])
                    self.assertIn("\n%s --- /hostdesc.tgz\n" % next(
                        line for line in old.split("\n") if line.startswith("modules=")), new)
                    option = "" if name == "dhcp-linux-layout" else " systemMediaSize=min"
                    self.assertIn(" ks=file:///esxiimg/KS.CFG%s\n" % option, new)
                self.assertEqual(after, {path: data for path, data in before.items() if "BOOT.CFG" not in path},
                                 "nothing else is there, and nothing of what was there changed")
                for secret in maasconf.secrets(config):
                    self.assertNotIn(secret, hook.stderr + hook.stdout + late.stderr + late.stdout + self.logged)
                self.assertIn("esxi-img: the host description was added", self.logged)
                self.assertEqual(built_image.check(self.image, self.folder)[0], 0)

    def test_twice_is_once(self):
        for name in ("lacp-jumbo-nvme-span", "dhcp-linux-layout"):
            shutil.copyfile(IMAGE, self.image)
            self.play(sample_config(name))
            first = self.partition_now()
            self.assertEqual(self.play(sample_config(name))[0].returncode, 0)
            self.assertEqual(self.partition_now(), first)

    def test_a_later_deployment_replaces_the_description(self):
        self.play(sample_config("flat-static-boot-disk"))
        self.play(sample_config("lacp-jumbo-nvme-span"))
        after = self.partition_now()
        self.assertEqual(self.check_module(after["hostdesc.tgz"])["network"]["links"][-1]["id"], "bond0")
        self.assertEqual(after["BOOT.CFG"].count(b"hostdesc"), 1)

    def test_empty_storage_and_network(self):
        for changes in ({"storage": {}}, {"storage": {"version": 1, "config": []}}, {"storage": None}, {"network": {}},
                        {"network": {"version": 1, "config": []}, "storage": {"version": 1, "config": []}}):
            shutil.copyfile(IMAGE, self.image)
            hook, _ = self.play(dict(sample_config("flat-static-boot-disk"), **changes))
            self.assertEqual(hook.returncode, 0, hook.stderr)
            description = self.check_module(self.partition_now()["hostdesc.tgz"])
            if "storage" in changes:
                self.assertTrue(description["storage"]["extend_default"])
            if "network" in changes:
                self.assertIsNone(description["network"])
        without = sample_config("flat-static-boot-disk")
        del without["storage"], without["network"]
        self.assertEqual(self.play(without)[0].returncode, 0)

    def test_a_configuration_that_is_cut_short_changes_nothing(self):
        text = sample_text("bond-ab-vlans-vcenter", "config.json")
        built_image.mount(self.image, self.target)
        before = built_image.tree_of(self.target)
        path = os.path.join(self.folder, "config")
        for cut in sorted({len(text) * i // CUTS for i in range(CUTS)} | {1, len(text) - 1}):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text[:cut])
            os.makedirs(os.path.join(self.target, "root"), exist_ok=True)
            with open(os.path.join(self.target, CONFIGURATION), "w", encoding="utf-8") as file:
                file.write(text)
            hook = run_hook("curtin-hooks", self.target, path, self.folder)
            self.assertEqual(hook.returncode, 1, cut)
            self.assertRegex(hook.stderr, r"esxi-img: error: the configuration \S+ is not JSON")
            self.assertNotIn("Traceback", hook.stderr)
            self.assertEqual(built_image.tree_of(self.target), before, cut)

    def test_refusals_change_nothing(self):
        def broken(change):
            config = sample_config("bond-ab-vlans-vcenter")
            change(config)
            return config
        cases = (("reporting.maas", lambda c: c.pop("reporting")), ("reporting.maas", lambda c: c["reporting"]["maas"].pop("token_key")),
                 ("status URL", lambda c: c["reporting"]["maas"].update(endpoint="http://192.0.2.5/")),
                 ("no-such-mode", lambda c: c["network"]["config"][2]["params"].update({"bond-mode": "no-such-mode"})),
                 ("sdb-part9", lambda c: c["storage"]["config"][10].update(devices=["sdb-part9"])))
        before = self.partition_now()
        for words, change in cases:
            hook, late = self.play(broken(change))
            self.assertEqual((hook.returncode, late, self.played.ran[-1]), (1, None, "curthooks"))
            self.assertIn(words, hook.stderr)
            self.assertTrue(self.played.message.startswith("curtin: Installation failed with exception: "))
            self.assertIn(hook.stderr, self.played.message, "what MAAS shows of a failed installation")
            self.assertEqual(self.partition_now(), before)
            for secret in maasconf.secrets(sample_config("bond-ab-vlans-vcenter")):
                self.assertNotIn(secret, self.played.message + self.logged)

    def test_what_curtin_writes_after_the_hooks_holds_no_credential(self):
        """curtin copies its log onto the partition when everything else is over."""
        for refused in (False, True):
            shutil.copyfile(IMAGE, self.image)
            config = sample_config("flat-static-boot-disk")
            if refused:
                config["network"]["version"] = 7
            log = config["install"]["log_file"] = os.path.join(self.folder, "install.log")
            secrets = maasconf.secrets(config)
            with open(log, "w", encoding="utf-8") as file:
                file.write("merged config: %s\nsecond line\n" % json.dumps(config))
            length = os.path.getsize(log)
            hook, _ = self.play(config)
            self.assertEqual(hook.returncode, int(refused))
            self.partition_now()
            self.assertEqual(self.logged, self.played.log)
            self.assertEqual(self.logged.index("curtin: Installation started."), length, "curtin goes on writing to it")
            self.assertIn("second line\n", self.logged)
            for secret in secrets:
                self.assertNotIn(secret, self.logged)

    def test_the_hook_is_found_by_its_folder(self):
        """curtin mounts each partition, and takes the one with a folder curtin; a disk without one is none of ours."""
        self.play(sample_config("flat-static-boot-disk"))
        self.assertEqual(self.played.ran, list(STAGES))
        self.assertEqual(partition_offsets(self.image), [self.played.offset])
        built_image.mount(self.image, os.path.join(self.folder, "mine"))
        for name in ("curtin-hooks", "finalize"):
            path = os.path.join(self.folder, "mine", "curtin", name)
            with open(path, "rb") as file:
                self.assertEqual(file.readline(), b"#!/usr/bin/env python3\n", "curtin runs the file itself")
        built_image.remove_folder(self.image, "curtin")
        shutil.rmtree(self.target)
        played = Curtin(self.image, self.folder, sample_config("flat-static-boot-disk")).install()
        self.assertEqual((played.ran[-1], played.results), ("partitioning", {}))
        self.assertIn("root device", played.message)

    def test_the_configuration_is_json(self):
        """What CONFIG names is what MAAS gave, and what curtin adds to it: its own copy of it, for root/."""
        config = sample_config("flat-static-boot-disk")
        self.play(config)
        with open(self.played.config_path, encoding="utf-8") as file:
            seen = json.load(file)
        self.assertEqual(seen["network"], config["network"])
        self.assertIn(config["reporting"]["maas"]["token_secret"], seen["write_files"]["curtin_install_cfg"]["content"])
        self.assertNotIn(CONFIGURATION, self.partition_now())

    def test_other_files_with_credentials_go_too(self):
        config = sample_config("flat-static-boot-disk")
        secret = config["reporting"]["maas"]["token_secret"]
        built_image.mount(self.image, self.target)
        for path, text in (("ROOT/Curtin-Install.LOG", "x"), ("ROOT/deep/er/notes.txt", "token " + secret), ("ROOT/mine.txt", "y"),
                           ("etc/cloud/cloud.cfg.d/90_maas_cloud_config.cfg", secret), ("etc/plain.txt", secret)):
            os.makedirs(os.path.dirname(os.path.join(self.target, path)), exist_ok=True)
            with open(os.path.join(self.target, path), "w", encoding="utf-8") as file:
                file.write(text)
        run_hook("finalize", self.target, os.path.join(SAMPLES, "flat-static-boot-disk", "config.json"), self.folder)
        left = {path for path in built_image.tree_of(self.target) if path.lower().startswith(("root/", "etc/"))}
        self.assertEqual(left, {"ROOT/mine.txt", "etc/plain.txt"}, "what is not curtin's stays, wherever it is")
        self.assertFalse(os.path.exists(os.path.join(self.target, "ROOT/deep")))

    def test_the_environment_is_checked(self):
        built_image.mount(self.image, self.target)
        before = built_image.tree_of(self.target)
        script = os.path.join(self.target, "curtin", "curtin-hooks")
        config = os.path.join(SAMPLES, NAMES[0], "config.json")
        for environment in ({}, {"TARGET_MOUNT_POINT": self.target}, {"CONFIG": config},
                            {"TARGET_MOUNT_POINT": self.target, "CONFIG": "/does/not/exist"},
                            {"TARGET_MOUNT_POINT": "/does/not/exist", "CONFIG": config},
                            {"TARGET_MOUNT_POINT": self.folder, "CONFIG": config}):
            done = subprocess.run([script], env=dict(environment, PATH=os.environ["PATH"]), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("esxi-img: error: ", done.stderr)
        self.assertEqual(built_image.tree_of(self.target), before)


class BootCfgTest(unittest.TestCase):
    def edited(self, text):
        """Both boot.cfg of a partition after the hook, each of which held the text."""
        folder = tempfile.mkdtemp(prefix="esxi-curtin-")
        self.addCleanup(shutil.rmtree, folder)
        make_target(folder + "/t")
        for name in ("BOOT.CFG", "EFI/BOOT/BOOT.CFG"):
            with open(os.path.join(folder, "t", name), "wb") as file:
                file.write(text.encode("latin-1"))
        before = built_image.tree_of(folder)
        try:
            deploy.install_description(folder + "/t", deploy.describe(sample_config("flat-static-boot-disk"), lambda s: None))
        except HookError:
            self.assertEqual(built_image.tree_of(folder), before)
            raise
        after = built_image.tree_of(folder)
        self.assertEqual(after["t/BOOT.CFG"], after["t/EFI/BOOT/BOOT.CFG"])
        return after["t/BOOT.CFG"].decode("latin-1")

    def test_what_the_loader_would_misread_is_refused(self):
        for text in ("", "kernel=/b\n", "modules=\n", "modules =/a\n", "modules=" + " --- ".join(["/m"] * 240),
                     "modules=/" + "x" * 255, "\xef\xbb\xbfmodules=/a\n"):
            with self.assertRaises(HookError):
                self.edited(text)

    def test_the_size_of_the_system(self):
        module, build = "modules=/a --- /hostdesc.tgz\n", "build=8.0.3-0.0.1\n"
        size = "systemMediaSize=min"
        for before, after in (("kernelopt=a ks=b\n", "kernelopt=a ks=b %s\n" % size),
                              ("kernelopt=SystemMediaSize=max\n", "kernelopt=SystemMediaSize=max\n"),
                              ("kernelopt=a autoPartitionOSDataSize=9000\n", "kernelopt=a autoPartitionOSDataSize=9000\n")):
            self.assertEqual(self.edited("modules=/a\n" + build + before), module + build + after)
        self.assertEqual(self.edited("modules=/a\n" + build), module + build + "kernelopt=%s\n" % size)
        self.assertEqual(self.edited("modules=/a\nbuild=\n"), module + "build=\n")
        with self.assertRaises(HookError):
            self.edited("kernel=/b.b00\nmodules=/a\n%skernelopt=%s\n" % (build, "x" * 4080))

    def test_releases_before_the_option(self):
        for release, wanted in (("6.7.0", False), ("7.0.3", True), ("8.0.3", True)):
            folder = tempfile.mkdtemp(prefix="esxi-curtin-")
            self.addCleanup(shutil.rmtree, folder)
            make_target(folder + "/t", release)
            deploy.install_description(folder + "/t", deploy.describe(sample_config("flat-static-boot-disk"), lambda s: None))
            with open(folder + "/t/BOOT.CFG", encoding="latin-1") as file:
                self.assertEqual("systemMediaSize" in file.read(), wanted)


class AllOrNothing(unittest.TestCase):
    """Whatever call fails, each file is whole: as it was before, or as it should become, and all alike."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-curtin-")
        self.addCleanup(shutil.rmtree, self.folder)
        make_target(os.path.join(self.folder, "t"))
        self.before = built_image.tree_of(self.folder)
        self.description = deploy.describe(sample_config("flat-static-boot-disk"), lambda sentence: None)

    def failing(self, name, nth):
        """os.NAME that fails at its nth call."""
        real, calls = getattr(os, name), []

        def call(*words, **more):
            calls.append(words)
            if len(calls) == nth:
                raise OSError(errno.ENOSPC, "No space left on device", str(words[0]))
            return real(*words, **more)

        setattr(os, name, call)
        self.addCleanup(setattr, os, name, real)
        return lambda: setattr(os, name, real)

    def test_any_call_may_fail(self):
        failures = 0
        for name in ("replace", "fsync"):
            for nth in range(1, 10):
                restore = self.failing(name, nth)
                try:
                    deploy.install_description(os.path.join(self.folder, "t"), self.description)
                    done = True
                except HookError:
                    done = False
                    failures += 1
                restore()
                after = built_image.tree_of(self.folder)
                self.assertFalse([path for path in after if path.endswith(".new")])
                changed = [path for path in after if after[path] != self.before.get(path)]
                self.assertEqual(len(changed), 3 if done else 0)
                shutil.rmtree(os.path.join(self.folder, "t"))
                make_target(os.path.join(self.folder, "t"))
        self.assertEqual(failures, 6, "each of three files, when it is written and when it is renamed")

    def test_a_full_partition(self):
        real = partition._write

        def full(path, content):
            if path.endswith("tgz.new"):
                raise OSError(errno.ENOSPC, "No space left on device", path)
            real(path, content)

        partition._write = full
        self.addCleanup(setattr, partition, "_write", real)
        with self.assertRaisesRegex(HookError, "No space"):
            deploy.install_description(os.path.join(self.folder, "t"), self.description)
        self.assertEqual(built_image.tree_of(self.folder), self.before)

    def test_names_in_any_case(self):
        target = os.path.join(self.folder, "t")
        os.rename(os.path.join(target, "BOOT.CFG"), os.path.join(target, "Boot.cfg"))
        os.rename(os.path.join(target, "EFI"), os.path.join(target, "efi"))
        with open(os.path.join(target, "HOSTDESC.TGZ"), "wb") as file:
            file.write(b"old")
        deploy.install_description(target, self.description)
        found = built_image.tree_of(target)
        self.assertEqual(sorted(found), ["Boot.cfg", "HOSTDESC.TGZ", "efi/BOOT/BOOT.CFG"])
        self.assertNotEqual(found["HOSTDESC.TGZ"], b"old")

    def test_the_boot_cfg_that_uefi_reads_must_be_there(self):
        os.remove(os.path.join(self.folder, "t", "EFI/BOOT/BOOT.CFG"))
        before = built_image.tree_of(self.folder)
        with self.assertRaisesRegex(HookError, "not an image"):
            deploy.install_description(os.path.join(self.folder, "t"), self.description)
        self.assertEqual(built_image.tree_of(self.folder), before)

    def test_the_other_boot_cfg_is_edited_if_it_can_be(self):
        for content in (None, b"modules =/a\n", b"modules=/a\ntimeout=5s\n", b"title=x\n"):
            shutil.rmtree(os.path.join(self.folder, "t"))
            make_target(os.path.join(self.folder, "t"))
            other = os.path.join(self.folder, "t", "BOOT.CFG")
            os.remove(other)
            if content is not None:
                with open(other, "wb") as file:
                    file.write(content)
            deploy.install_description(os.path.join(self.folder, "t"), self.description)
            found = built_image.tree_of(os.path.join(self.folder, "t"))
            self.assertEqual(found.get("BOOT.CFG"), content)
            self.assertIn(b"/hostdesc.tgz", found["EFI/BOOT/BOOT.CFG"])


class SelfContained(unittest.TestCase):
    def test_the_hook_needs_nothing_but_its_folder(self):
        """Standard library and its own modules: imported with nothing else to be found."""
        folder = tempfile.mkdtemp(prefix="esxi-curtin-")
        self.addCleanup(shutil.rmtree, folder)
        make_target(os.path.join(folder, "t"))
        shutil.copytree(HOOK_FOLDER, os.path.join(folder, "t", "curtin"))
        shutil.copytree(os.path.join(GUEST, "common"), os.path.join(folder, "t", "curtin", "common"))
        done = subprocess.run(["python3", "-I", "-S", "-c", "import sys; sys.path.insert(0, %r); sys.argv[0] = 'x'; "
                               "sys.dont_write_bytecode = True; from esxihook import deploy; "
                               "print([name for name in sys.modules if 'hostconf' in name or 'yaml' in name])"
                               % os.path.join(folder, "t", "curtin")], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "[]\n")
        self.assertEqual(boot_cfg().count("modules="), 1)


if __name__ == "__main__":
    unittest.main()
