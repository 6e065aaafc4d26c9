"""A user's kickstart, merged with ours by the build: its sections run as ESXi runs them."""
import os
import unittest

from .base import TESTDATA, RehearsalTest

METADATA = os.path.join(TESTDATA, "openstack", "nova-static-routes")
KICKSTART = """\
vmaccepteula
rootpw Example-Passw0rd
install --firstdisk --overwritevmfs
network --bootproto=dhcp
reboot
%pre --interpreter=busybox
echo pre of the user
%post --interpreter=busybox
echo post of the user
%firstboot --interpreter=busybox
esxcli network ip dns search add --domain=one.example.net
%firstboot --interpreter=python
import subprocess
subprocess.check_call(["esxcli", "network", "ip", "dns", "search", "add", "--domain=two.example.net"])
%firstboot --interpreter=busybox
exit 3
"""


class Kickstart(RehearsalTest):
    def given(self, text):
        return os.path.join(self.write("ks.cfg", text), "ks.cfg")

    def test_all_sections_run(self):
        result = self.rehearse(metadata=METADATA, kickstart=self.given(KICKSTART))
        self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
        self.assert_login(result, password=True, keys=1, ssh=True)
        self.assertEqual(result["host"]["search"][-2:], ["one.example.net", "two.example.net"])
        self.assertEqual(result["host"]["interfaces"][0]["ipv4"], "192.0.2.21/24")
        self.assertIn("a %firstboot section of the kickstart ended with exit status 3", result["warnings"])
        for line in ("pre of the user", "post of the user"):
            self.assertTrue(any(line in entry for entry in result["log"]), line)

    def test_a_pre_section_that_never_ends_is_ended(self):
        text = KICKSTART.replace("echo pre of the user", "while :; do :; done")
        result = self.rehearse(metadata=METADATA, kickstart=self.given(text))
        self.assertEqual(result["outcome"], "configured", result["reason"])
        self.assertIn("did not end within", "\n".join(result["log"]))


if __name__ == "__main__":
    unittest.main()
