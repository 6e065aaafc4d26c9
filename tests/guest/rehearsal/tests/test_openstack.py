"""Config drives, from the boot module to the end state."""
import json
import os
import sys
import unittest

from .base import RSA_KEY, TESTDATA, RehearsalTest

SAMPLES = os.path.join(TESTDATA, "openstack")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "hostconf"))

from test_samples import EXPECTED, REFUSED  # noqa: E402


class Samples(RehearsalTest):
    """Each sample ends as the same sample does when its plan is applied by itself (test_samples.py).

    Those without scripts by the faster machine, which ends as the real one does (test_fast.py).
    """

    def test_samples(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                result = self.rehearse_fast(metadata=os.path.join(SAMPLES, name), image_password=True)
                self.assertEqual((result["outcome"], result["reason"]), ("configured", None))
                self.assertEqual(result["secrets_left"], [])
                self.assert_host(result["host"], expected)
                keys = [key for key in expected.get("keys", []) if key != "ssh-ed25519"]
                self.assert_login(result, password=True, keys=len(keys), ssh=True)
                for word in expected["warn"]:
                    self.assertIn(word, "\n".join(result["warnings"]))

    def assert_host(self, host, expected):
        for shown, wanted in zip(host["interfaces"], expected["vmks"], strict=True):
            wanted = {key: value for key, value in wanted.items() if key != "order"}
            self.assertEqual({key: shown[key] for key in wanted}, wanted)
        self.assertEqual(host["dns"], expected["dns"])
        self.assertEqual(host["fqdn"], expected["fqdn"])
        self.assertEqual(host["ntp"]["servers"], expected.get("ntp", []))
        self.assertEqual([key.split()[0] for key in host["root_keys"]], expected.get("keys", []))

    def test_samples_on_other_releases(self):
        for release in ("6.7.0", "7.0.3", "9.0.0"):
            with self.subTest(release):
                result = self.rehearse_fast(metadata=os.path.join(SAMPLES, "ironic-bond-vlans-jumbo"), release=release)
                self.assertEqual(result["outcome"], "configured", result["reason"])
                self.assert_host(result["host"], EXPECTED["ironic-bond-vlans-jumbo"])
                self.assert_login(result, password=False, keys=2 if release < "8" else 1, ssh=True)

    def test_what_cannot_be_applied_leaves_a_host_that_can_be_entered(self):
        for name in REFUSED:
            with self.subTest(name):
                result = self.rehearse_fast(metadata=os.path.join(SAMPLES, name), image_password=True)
                self.assertEqual(result["outcome"], "failed")
                for word in REFUSED[name]:
                    self.assertIn(word, result["reason"])
                self.assert_login(result, password=True, keys=0, ssh=True)


class Login(RehearsalTest):
    def meta(self, **meta_data):
        folder = self.write("meta_data.json", json.dumps(dict({"hostname": "esx1.example.net"}, **meta_data)))
        return self.write("network_data.json", "{}") and folder

    def test_who_can_log_in(self):
        result = self.rehearse_fast(metadata=self.meta(admin_pass="Vt7#mexample-Only"))
        self.assert_login(result, password=True, keys=0, ssh=True)
        self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []))
        self.assertNotIn("Vt7#mexample-Only", json.dumps(result))
        result = self.rehearse_fast(metadata=self.meta(public_keys={"k": RSA_KEY}))
        self.assert_login(result, password=False, keys=1, ssh=True)

    def test_nobody_could_log_in(self):
        result = self.rehearse(metadata=self.meta())
        self.assertEqual(result["outcome"], "stopped-before-install")
        self.assertIn("nobody could log in", result["reason"])
        self.assertEqual((result["host"], result["disks_untouched"]), ({}, True))
        self.assert_login(result, password=False, keys=0, ssh=False)
        self.assertEqual(1, sum("INSTALLATION STOPPED" in line for line in result["log"]))

    def test_no_metadata(self):
        result = self.rehearse()
        self.assertEqual((result["outcome"], result["disks_untouched"]), ("stopped-before-install", True))
        self.assertIn("no metadata was found", result["reason"])

    def test_secure_boot(self):
        result = self.rehearse_fast(metadata=self.meta(public_keys={"k": RSA_KEY}), secure_boot=True)
        self.assertEqual(result["outcome"], "stopped-before-install")
        result = self.rehearse_fast(metadata=self.meta(public_keys={"k": RSA_KEY}), secure_boot=True, image_password=True)
        self.assertEqual(result["outcome"], "configured")
        self.assertIn("Secure Boot", result["reason"])
        self.assert_login(result, password=True, keys=0, ssh=False)

    def test_a_host_without_a_link_is_reached_by_nobody(self):
        folder = self.meta(admin_pass="Vt7#mexample-Only")
        with open(os.path.join(SAMPLES, "nova-static-routes", "nics.txt"), encoding="utf-8") as file:
            self.write("nics.txt", file.read().replace(" Up            Up ", " Up            Down "))
        self.assert_login(self.rehearse_fast(metadata=folder), password=False, keys=0, ssh=False)


class Scripts(RehearsalTest):
    def script(self, text):
        self.write("meta_data.json", json.dumps({"hostname": "esx1", "admin_pass": "Vt7#mexample-Only"}))
        return self.rehearse(metadata=self.write("user_data", "#!/bin/sh\n" + text))

    def test_scripts_see_the_host_and_not_this_machine(self):
        result = self.script("esxcli system welcomemsg set -m hello; uname -r; ls -d /bootbank /home; cat /etc/hosts")
        said = "\n".join(result["log"])
        self.assertIn("script user_data: 8.0.3\n", said)
        self.assertIn("script user_data: /bootbank\n", said)
        self.assertNotIn("script user_data: /home\n", said)

    def test_a_script_that_restarts_the_host(self):
        result = self.script("reboot\n")
        self.assertEqual(result["outcome"], "configured", result["reason"])

    def test_a_script_that_hangs_is_ended(self):
        result = self.script("while :; do :; done\n")
        self.assertEqual(result["outcome"], "failed")
        self.assertIn("user data", result["reason"])
        self.assert_login(result, password=True, keys=0, ssh=True)

    def test_what_a_script_leaves_is_found(self):
        result = self.script("echo Vt7#mexample-Only >/etc/note; echo Vt7#mexample-Only | gzip >/bootbank/note.gz\n")
        self.assertEqual(result["secrets_left"], ["/bootbank/note.gz", "/etc/note"])


if __name__ == "__main__":
    unittest.main()
