"""What of a machine makes a deployment fail in the hook, with the reason and before anything is changed."""
import json
import os
import shutil
import tempfile
import unittest

import built_image
from maas_support import Service, answers, make_target, sample_config

from common import bootmodule
from esxihook import HookError, access, machine

RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAAABAgMEBQYHCAkKCwwNDg8= me"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINP3qKBPVEhmdMUWt0tVW/cSNqo5C3gWu5f0kKkLLyC7 me"
HASH = "$6$abcdefgh$" + "k" * 86


class OnAMachine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-machine-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.target = os.path.join(self.folder, "target")
        make_target(self.target)

    def payload(self, **facts):
        module = bootmodule.pack([("esxiimg/image.json", json.dumps(dict({"format": 1}, **facts)).encode(), 0o644)])
        with open(os.path.join(self.target, "esxiimg.tgz"), "wb") as file:
            file.write(module)

    def loader(self, name):
        with open(os.path.join(self.target, "EFI", "BOOT", name), "wb") as file:
            file.write(b"MZ")

    def root(self, **how):
        return built_image.machine(os.path.join(self.folder, "root"), **how)


class RequireTest(OnAMachine):
    def test_bios(self):
        with self.assertRaisesRegex(HookError, "BIOS.*UEFI"):
            machine.require(self.target, None, self.root(efi=False))
        machine.require(self.target, None, self.root())

    def test_secure_boot(self):
        machine.require(self.target, {}, self.root(secure_boot=0))
        with self.assertRaisesRegex(HookError, "Secure Boot is on.*--allow-secure-boot"):
            machine.require(self.target, {}, self.root(secure_boot=1))
        machine.require(self.target, {"allow_secure_boot": True}, self.root(secure_boot=1))
        self.assertTrue(machine.secure_boot(self.root(secure_boot=1)))

    def test_the_processor(self):
        for name, processor, fits in (("BOOTX64.EFI", "x86_64", True), ("BOOTX64.EFI", "aarch64", False),
                                      ("bootaa64.efi", "aarch64", True), ("bootaa64.efi", "x86_64", False),
                                      ("BOOTX64.EFI", "riscv64", True)):
            with self.subTest(name, processor=processor):
                shutil.rmtree(self.target)
                make_target(self.target)
                self.loader(name)
                if fits:
                    machine.require(self.target, None, self.root(), processor)
                else:
                    with self.assertRaisesRegex(HookError, "processor is " + processor):
                        machine.require(self.target, None, self.root(), processor)


class AccessTest(OnAMachine):
    """Who can log in to the result: the image's password or key, else the owner's keys in MAAS."""

    def require(self, facts, keys=b"", version=(8, 0, 3), is_secure=False, trouble=None):
        maas = sample_config("flat-static-boot-disk")["reporting"]["maas"]
        service = Service(dict(answers("flat-static-boot-disk"), **{"public-keys": keys}), maas, trouble=trouble)
        self.addCleanup(service.close)
        maas["endpoint"] = service.endpoint()
        self.asked = service.asked
        said = type("Voice", (), {"info": lambda self, sentence: None})()
        return access.require(facts, version, {"maas": maas}, said, is_secure, sleep=lambda seconds: None)

    def test_an_image_that_lets_people_in_asks_nobody(self):
        for facts in ({"root_password_hash": HASH}, {"ssh_keys": [RSA]}, {"kickstart_password": True}, None):
            self.assertEqual(self.require(facts), [])
            self.assertEqual(self.asked, [])

    def test_the_owners_keys(self):
        self.assertEqual(self.require({}, RSA.encode() + b"\n# comment\n"), [RSA])
        self.assertEqual(self.require({}, ED25519.encode(), version=(7, 0, 3)), [ED25519])
        self.assertEqual(self.require({"allow_ed25519": True}, ED25519.encode()), [ED25519])
        self.assertEqual(self.asked, ["public-keys"])

    def test_nobody_could_log_in(self):
        for facts, keys, how, words in (
                ({}, b"", {}, "no SSH key in MAAS.*--root-password-file"),
                ({}, ED25519.encode(), {}, "Ed25519"),
                ({}, b"not a key\n", {}, "key"),
                ({}, RSA.encode(), {"is_secure": True}, "Secure Boot"),
                ({"ssh_keys": [RSA]}, RSA.encode(), {"is_secure": True}, "Secure Boot"),
                ({}, RSA.encode(), {"trouble": {"public-keys": [("status", 500)] * 9}}, "could not be read.*500")):
            with self.subTest(words):
                with self.assertRaisesRegex(HookError, "nobody could log in.*" + words):
                    self.require(facts, keys, **how)

    def test_releases_as_boot_cfg_names_them(self):
        for text, version in (("build=8.0.3-0.35.24280767\n", (8, 0, 3)), ("build=7.0.3-0\n", (7, 0, 3)),
                              ("build=\n", None), ("title=x\n", None), ("build=9.0.0.0.1\n", (9, 0, 0))):
            self.assertEqual(access.esxi_version(text), version)

    def test_payloads_that_say_nothing_or_are_damaged(self):
        self.assertIsNone(access.image_facts(self.target))
        self.payload(ssh_keys=[RSA])
        self.assertEqual(access.image_facts(self.target)["ssh_keys"], [RSA])
        for data in (b"", b"x" * 600, bootmodule.pack([("esxiimg/image.json", b"{", 0o644)])):
            with open(os.path.join(self.target, "esxiimg.tgz"), "wb") as file:
                file.write(data)
            with self.assertRaises(HookError):
                access.image_facts(self.target)
        with open(os.path.join(self.target, "esxiimg.tgz"), "wb") as file:
            file.write(bootmodule.pack([("esxiimg/KS.CFG", b"x", 0o644)]))
        self.assertIsNone(access.image_facts(self.target))


class HookTest(OnAMachine):
    """The hook itself, as curtin runs it: a refusal changes nothing but curtin's own leftovers."""

    def test_refusals(self):
        config = sample_config("flat-static-boot-disk")
        path = os.path.join(self.folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        shutil.copytree(os.path.join(built_image.REPOSITORY, "lib/guest/curtin"), os.path.join(self.target, "curtin"))
        shutil.copytree(os.path.join(built_image.REPOSITORY, "lib/guest/common"), os.path.join(self.target, "curtin/common"))
        self.payload(root_password_hash=HASH)
        before = built_image.tree_of(self.target)
        for how, words in (({"efi": False}, "BIOS"), ({"secure_boot": 1}, "Secure Boot")):
            shutil.rmtree(os.path.join(self.folder, "root"), ignore_errors=True)
            done = built_image.run_hook("curtin-hooks", self.target, path, self.folder, root=self.root(**how))
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertEqual(built_image.tree_of(self.target), before)
        shutil.rmtree(os.path.join(self.folder, "root"))
        done = built_image.run_hook("curtin-hooks", self.target, path, self.folder, root=self.root(secure_boot=0))
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
