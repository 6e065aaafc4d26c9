"""Every state that docs/maas.md names is reached, each by the exact sequence of calls that MAAS sees."""
import json
import os
import shutil
import unittest

import built_image
from maas_support import (Deployed, GUEST, HASH, HOOK_FOLDER, answers, make_target, sample_config,
                          sample_text)

from common import bootmodule

SAMPLE = "flat-static-boot-disk"
ED25519 = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINP3qKBPVEhmdMUWt0tVW/cSNqo5C3gWu5f0kKkLLyC7 me\n"
POWER_OFF = (b'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\nContent-Type: '
             b'text/x-shellscript; charset="utf-8"\n\n#!/bin/bash\nmain() {\n touch /must-not-be\n}\nmain\nexit\n--b--\n')
BEGIN = ["POST firstboot start", "POST login finish SUCCESS"]
METADATA = ["GET local-hostname", "GET public-keys", "GET vendor-data"]
AREAS = ("name", "dns", "ntp", "syslog", "settings", "licence", "storage", "certificate")


def ended(*areas, **how):
    """The events of areas that ended; `failed` names those that failed."""
    return ["POST %s finish %s" % (area, "FAIL" if area in how.get("failed", ()) else "SUCCESS") for area in areas]


WHOLE = (BEGIN + ended("network", "vm-networks") + METADATA + ended("login", "maas", *AREAS) +
         ended("firstboot") + ["GET user-data"] + ended("user-data"))


class InTheHookTest(Deployed):
    """What fails on the deploying machine: curtin reports it, and MAAS hears nothing of us but the question for keys."""

    def refuse(self, words, calls=(), facts=None, keys=b"", loaders=(), config=None, **machine):
        """The hook, as curtin runs it, refuses; the partition stays as it was."""
        config = config or sample_config(SAMPLE)
        service = self.serve(dict(answers(SAMPLE), **{"public-keys": keys}), config)
        for name in ("target", "root"):
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)
        target = os.path.join(self.folder, "target")
        make_target(target, "8.0.3")
        shutil.copytree(HOOK_FOLDER, os.path.join(target, "curtin"))
        shutil.copytree(os.path.join(GUEST, "common"), os.path.join(target, "curtin", "common"))
        for name in loaders:
            with open(os.path.join(target, "EFI", "BOOT", name), "wb") as file:
                file.write(b"MZ")
        with open(os.path.join(target, "esxiimg.tgz"), "wb") as file:
            facts = json.dumps(dict({"format": 1}, **(facts or {})))
            file.write(bootmodule.pack([("esxiimg/image.json", facts.encode(), 0o644)]))
        before = built_image.tree_of(target)
        path = os.path.join(self.folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        done = built_image.run_hook("curtin-hooks", target, path, self.folder,
                                    root=built_image.machine(os.path.join(self.folder, "root"), **machine))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"\Aesxi-img: error: .*%s.*\n\Z" % words)
        self.assertEqual(built_image.tree_of(target), before)
        self.assertEqual((service.calls, service.refused), (list(calls), []))
        self.assertEqual(service.status, "Deploying", "curtin reports it, not the hook")

    def test_nobody_could_log_in(self):
        self.refuse("no SSH key in MAAS", ["GET public-keys"])
        self.refuse("Ed25519", ["GET public-keys"], keys=ED25519)
        self.refuse("nobody could log in", ["GET public-keys"], keys=b"no key\n")

    def test_secure_boot(self):
        self.refuse("Secure Boot is on", secure_boot=1, facts={"root_password_hash": HASH})

    def test_bios(self):
        self.refuse("BIOS.*UEFI", efi=False, facts={"root_password_hash": HASH})

    def test_another_architecture(self):
        loader, name = {"aarch64": ("BOOTX64.EFI", "x86_64")}.get(os.uname().machine, ("BOOTAA64.EFI", "aarch64"))
        self.refuse("the image is for %s, and this machine's processor is %s" % (name, os.uname().machine),
                    loaders=[loader], facts={"root_password_hash": HASH})

    def test_a_network_without_management(self):
        config = sample_config("bond-ab-vlans-vcenter")
        next(entry for entry in config["network"]["config"] if entry["type"] == "bond")["params"]["bond-mode"] = "none"
        self.refuse("none", config=config, facts={"root_password_hash": HASH})


class OnTheHostTest(Deployed):
    """What the host tells MAAS."""

    def boot(self, contents=None, change=None, failing=None, name=SAMPLE, **how):
        """The first boot. @return: (service, its exit status)"""
        config = sample_config(name)
        if change:
            change(config)
        service = self.serve(dict(answers(name), **(contents or {})), config, **how)
        self.install(config, nics=sample_text(name, "nics.txt"), disks=sample_text(name, "disks.txt"))
        self.assertEqual(service.calls, [], "the installer has nothing to tell")
        if failing:
            self.fake.fail(failing, times=1000)
        status = self.first_boot()
        self.assertEqual(service.refused, [])
        self.assert_no_secrets(config)
        self.assertTrue(self.fake.manageable() and self.fake.summary()["ssh"]["running"])
        return service, status

    def assert_failed(self, service, status, calls):
        self.assertEqual(service.calls, calls + ended("firstboot", failed=("firstboot",)) + ["POST ! finish FAIL"])
        self.assertEqual((status, service.status), (1, "Failed deployment"))
        self.assertIn("deploy it again", self.lines.text)
        self.assertIsNone(self.fake.summary()["power"], "no reboot")

    def test_deployed(self):
        service, status = self.boot()
        self.assertEqual(service.calls, WHOLE)
        self.assertEqual((status, service.status), (0, "Deployed"))

    def test_an_area_that_fails(self):
        service, status = self.boot(failing=["ntp", "set"])
        self.assert_failed(service, status, BEGIN + ended("network", "vm-networks") + METADATA +
                           ended("login", "maas", *AREAS, failed=("ntp",)))

    def test_the_network_fails(self):
        service, status = self.boot(change=lambda config: config["network"]["config"][0].update(
            mac_address="02:00:5e:00:54:99"))
        self.assert_failed(service, status, BEGIN + ended("network", "vm-networks", failed=("network",)) + METADATA +
                           ended("login", "maas", *AREAS))

    def test_storage_fails_alone(self):
        def change(config):
            next(e for e in config["storage"]["config"] if e["id"] == "sdb")["serial"] = "S47MNE0M999999"
        name = "bond-ab-vlans-vcenter"
        service, status = self.boot(change=change, name=name)
        self.assert_failed(service, status, BEGIN + ended("network") + METADATA + ended(
            "login", "maas", *(AREAS + ("vcenter",)), failed=("storage", "vcenter")))

    def test_a_join_that_fails_changes_no_status(self):
        service, status = self.boot(name="bond-ab-vlans-vcenter")
        self.assertEqual(service.calls, BEGIN + ended("network") + METADATA + ended(
            "login", "maas", *(AREAS + ("vcenter", "firstboot")), failed=("vcenter",)) +
            ["GET user-data"] + ended("user-data"))
        self.assertEqual((status, service.status), (0, "Deployed"))

    def test_the_metadata_never_come(self):
        service, status = self.boot(trouble={"vendor-data": [("status", 500)] * 99})
        self.assert_failed(service, status, BEGIN + ended("network", "vm-networks") + METADATA[:2] +
                           ["GET vendor-data"] * 8 + ended("maas", *AREAS[:-1], failed=("maas",)))

    def test_user_data_that_fail(self):
        service, status = self.boot(contents={"user-data": b"#!/bin/sh\nexit 7\n"})
        self.assertEqual(service.calls, WHOLE[:-1] + ended("user-data", failed=("user-data",)))
        self.assertEqual((status, service.status), (1, "Deployed"), "told as an event alone")

    def test_the_power_off_part_is_not_run(self):
        service, status = self.boot(contents={"user-data": POWER_OFF})
        self.assertEqual(service.calls, WHOLE[:-1] + ended("user-data", failed=("user-data",)) + ["POST ! finish FAIL"])
        self.assertEqual(status, 1)
        self.assertIn("has to deploy it again", self.lines.text)
        self.assertFalse(self.fake.files.exists("/must-not-be") or os.path.exists("/must-not-be"))
        self.assertIsNone(self.fake.summary()["power"])

    def test_secure_boot_with_the_option(self):
        config = sample_config(SAMPLE)
        service = self.serve(answers(SAMPLE), config)
        self.install(config, nics=sample_text(SAMPLE, "nics.txt"), disks=sample_text(SAMPLE, "disks.txt"),
                     secure_boot=True)
        self.assertEqual((service.calls, service.status), (["GET user-data"], "Deployed"))


class LicenceTest(Deployed):
    KEY = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"

    def deploy(self, **contents):
        config = sample_config(SAMPLE)
        contents = {part.replace("_", "-"): data for part, data in contents.items()}
        service = self.serve(dict(answers(SAMPLE), **contents), config)
        self.install(config, nics=sample_text(SAMPLE, "nics.txt"), disks=sample_text(SAMPLE, "disks.txt"))
        self.assertEqual((self.first_boot(), service.status), (0, "Deployed"), self.lines.text)
        self.assertIn(["vim-cmd", "vimsvc/license", "--set=" + self.KEY], self.fake.state()["runtime"]["calls"])
        self.assertNotIn(self.KEY, self.lines.text)
        self.assert_no_secrets(config)

    def test_by_vendor_data(self):
        """Where something between MAAS and the machine adds to the vendor data that MAAS makes."""
        text = "#cloud-config\nntp:\n  servers: [192.0.2.5]\nesxi:\n  licence_key: %s\n" % self.KEY
        self.deploy(vendor_data=("cloud-init: %s\n" % json.dumps(text)).encode())
        self.assertEqual(self.fake.summary()["ntp"]["servers"], ["192.0.2.5"])

    def test_by_user_data(self):
        self.deploy(user_data=("#cloud-config\nesxi:\n  licence_key: %s\n" % self.KEY).encode())


if __name__ == "__main__":
    unittest.main()
