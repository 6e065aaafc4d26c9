"""MAAS deployments, from curtin's hook to the end state."""
import json
import os
import unittest

from .base import TESTDATA, RehearsalTest

SAMPLES = os.path.join(TESTDATA, "maas")


class Samples(RehearsalTest):
    def test_samples(self):
        for name in sorted(os.listdir(SAMPLES)):
            folder = os.path.join(SAMPLES, name)
            if not os.path.isdir(folder):
                continue
            with self.subTest(name):
                result = self.rehearse_fast(maas=folder, image_password=True)
                self.assertEqual((result["outcome"], result["maas"]), ("configured", "Deployed"), result["reason"])
                self.assertEqual([report["name"] for report in result["reports"] if "/" not in report["name"]],
                                 ["user-data"])
                self.assertTrue(result["login"]["password"] and result["login"]["ssh"])
                with open(os.path.join(folder, "local-hostname"), encoding="utf-8") as file:
                    self.assertEqual(result["host"]["fqdn"].split(".")[0], file.read().strip().split(".")[0])
                self.assertFalse([line for line in result["log"] if "token_secret" in line])


class Refusals(RehearsalTest):
    def test_nobody_could_log_in(self):
        folder = os.path.join(TESTDATA, "cases", "maas", "no-ssh-keys")
        result = self.rehearse_fast(maas=folder)
        self.assertEqual(result["outcome"], "refused-by-hook")
        self.assertIn("SSH key", result["reason"])
        self.assertEqual((result["host"], result["disks_untouched"], result["maas"]), ({}, True, "Deploying"))
        self.assertEqual(self.rehearse_fast(maas=folder, image_password=True)["outcome"], "configured")

    def test_secure_boot_is_seen_in_the_firmware(self):
        folder = os.path.join(TESTDATA, "cases", "maas", "secure-boot")
        result = self.rehearse_fast(maas=folder, image_password=True, secure_boot=True)
        self.assertEqual(result["outcome"], "refused-by-hook")
        self.assertIn("Secure Boot", result["reason"])

    def test_a_configuration_that_is_none(self):
        for text in ("", "[]", '{"reporting": {}}'):
            result = self.rehearse_fast(maas=self.write("config.json", text), image_password=True)
            self.assertEqual(result["outcome"], "refused-by-hook", text)
            self.assertNotIn("Traceback", result["reason"])


class Failures(RehearsalTest):
    def test_maas_is_told(self):
        folder = self.copied("maas", "lacp-jumbo-nvme-span")
        for name in ("nvme.txt", "user-data"):
            os.remove(os.path.join(folder, name))
        with open(os.path.join(folder, "disks.txt"), encoding="utf-8") as file:
            blocks = file.read().split("\n\n")
        self.write("disks.txt", next(block for block in blocks if "Is Boot Device: true" in block) + "\n")
        result = self.rehearse_fast(maas=folder, image_password=True)
        self.assertEqual((result["outcome"], result["maas"]), ("failed", "Failed deployment"))
        report, = [report for report in result["reports"] if "/" not in report["name"]]
        self.assertEqual((report["kind"], report["result"]), ("event", "FAIL"))
        self.assertIn("storage", result["reason"])
        self.assertTrue(result["login"]["password"])

    def test_hardware_is_taken_from_the_configuration(self):
        folder = os.path.join(TESTDATA, "cases", "maas", "ed25519-only")
        result = self.rehearse_fast(maas=folder, image_password=True)
        self.assertEqual(result["outcome"], "configured", result["reason"])
        (label, ((disk, number),)), = result["host"]["datastores"]
        self.assertEqual((label, number), ("datastore1", 8))
        self.assertTrue(disk.endswith("S47MNE0M500011"))
        self.assertEqual(2, sum(warning.startswith("no list of") for warning in result["warnings"]))


if __name__ == "__main__":
    unittest.main()
