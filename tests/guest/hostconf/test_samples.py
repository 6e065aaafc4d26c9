"""Every config drive in testdata/openstack ends on the fake host in the state that its expect.md describes.

Each is applied twice over: by the guest code as on a host (listing, planning, running), and by running what
`hostconf plan` prints, line by line, on a fresh host.
"""
import contextlib
import io
import os
import shlex
import sys
import unittest

from support import Adapter, Lines, SAMPLES, apply, check_state, fake_esxi, interfaces, network_config

from hostconf import __main__ as command_line
from hostconf.host import scripts
from hostconf.host.apply import ApplyError
from hostconf.host.log import Log
from hostconf.sources import metadata, openstack

REFUSED = {
    "refuse-duplicate-ip": ("192.0.2.40", "network0", "network1"),
    "refuse-mac-absent": ("02:00:5e:00:53:7f", "02:00:5e:00:53:71", "02:00:5e:00:53:72"),
}
# Expected states as support.check_state takes them; besides "hash": root gets a password, "scripts": how many,
# "warn": words of the warnings.
EXPECTED = {
    "nova-static-routes": {
        "vmks": [dict(uplinks=["vmnic0"], vlan=0, mtu=1450, vswitch_mtu=1450, ipv4="192.0.2.21/24", ipv6=[])],
        "routes4": {("default", "192.0.2.1"), ("198.51.100.0/24", "192.0.2.254"), ("203.0.113.77/32", "192.0.2.253")},
        "dns": ["192.0.2.53", "198.51.100.53"], "fqdn": "esx-lab-01.example.net", "keys": ["ssh-rsa"],
        "ntp": ["192.0.2.123", "ntp.example.net"], "warn": ["203.0.113.128/25", "packages"],
    },
    "nova-dhcp-mtu-null": {
        "vmks": [dict(uplinks=["vmnic1"], vlan=0, mtu=1500, ipv4="dhcp"),
                 dict(uplinks=["vmnic0"], vlan=0, mtu=1500, ipv4="dhcp")],
        "dns": ["192.0.2.53", "198.51.100.53"], "fqdn": "esx-dhcp.novalocal", "keys": [],
        "hash": True, "scripts": 1, "warn": [],
    },
    "nova-ipv6-slaac-stateless": {
        "vmks": [dict(uplinks=["vmnic0"], mtu=1500, ipv4="192.0.2.90/27", ipv6=[], router_adv=True, dhcpv6=False),
                 dict(uplinks=["vmnic1"], mtu=1500, ipv4=None, ipv6=[], router_adv=True, dhcpv6=False)],
        "routes4": {("default", "192.0.2.65")}, "routes6": set(),
        "dns": ["192.0.2.94", "2001:db8:53:5::53", "2001:db8:53:6::53"], "fqdn": "esx-v6.example.net",
        "keys": ["ssh-ed25519"], "warn": [],
    },
    "ironic-bond-active-backup": {
        "vmks": [dict(uplinks=["vmnic2", "vmnic3"], load_balancing="explicit", order=["vmnic2", "vmnic3"], vlan=0,
                      mtu=1500, ipv4="192.0.2.66/26", ipv6=["2001:db8:53:3::66/64"])],
        "vswitches": 1, "routes4": {("default", "192.0.2.65")}, "routes6": {("default", "fe80::1%vmk0")},
        "dns": ["192.0.2.126", "2001:db8:53:3::53"], "fqdn": "esx-bm-03", "keys": ["ecdsa-sha2-nistp256"], "warn": [],
    },
    "ironic-bond-vlans-jumbo": {
        "vmks": [dict(vlan=101, mtu=1500, ipv4="192.0.2.130/26", load_balancing="iphash", uplinks=["vmnic2", "vmnic3"],
                      vswitch_mtu=9000),
                 dict(vlan=102, mtu=9000, ipv4="198.51.100.130/26", uplinks=["vmnic2", "vmnic3"]),
                 dict(vlan=103, mtu=9000, ipv4="198.51.100.200/26", uplinks=["vmnic2", "vmnic3"])],
        "vswitches": 1, "routes4": {("default", "192.0.2.129"), ("203.0.113.0/26", "198.51.100.193")},
        "dns": ["192.0.2.190", "203.0.113.253"], "fqdn": "esx-bm-04.dc1.example.net",
        "keys": ["ssh-ed25519", "ssh-rsa"], "ntp": ["192.0.2.189"], "warn": ["LACP"],
    },
    "ironic-two-gateways-extra-keys": {
        "vmks": [dict(uplinks=["vmnic0"], mtu=1500, ipv4="192.0.2.200/26"),
                 dict(uplinks=["vmnic1"], mtu=9000, vswitch_mtu=9000, ipv4="198.51.100.20/25")],
        "vswitches": 2, "dns": ["192.0.2.254", "198.51.100.2"], "fqdn": "esx-two-gw", "keys": ["ssh-rsa"],
        "routes4": {("default", "192.0.2.193"), ("203.0.113.64/26", "192.0.2.194"),
                    ("203.0.113.192/27", "198.51.100.3")},
        "warn": ["198.51.100.1"],
    },
    "ironic-unicode-name-mime-userdata": {
        "vmks": [dict(uplinks=["vmnic1"], mtu=1500, ipv4="192.0.2.10/27", ipv6=["2001:db8:53:7::10/64"]),
                 dict(uplinks=["vmnic1"], mtu=1500, ipv4="198.51.100.10/27", ipv6=[])],
        "vswitches": 1, "routes4": {("default", "192.0.2.1")},
        "routes6": {("default", "2001:db8:53:7::1"), ("2001:db8:53:77::/64", "2001:db8:53:7::2")},
        "dns": ["192.0.2.30", "2001:db8:53:7::53"], "fqdn": "zurich-esx-7.example.net",
        "keys": ["ssh-ed25519", "ssh-ed25519"], "ntp": ["192.0.2.29"], "scripts": 1, "warn": ["host name"],
    },
    "unknown-link-type": {
        "vmks": [dict(uplinks=["vmnic0"], mtu=1500, ipv4="192.0.2.140/24"),
                 dict(uplinks=["vmnic1"], mtu=1500, ipv4="198.51.100.140/24")],
        "vswitches": 2, "routes4": {("default", "192.0.2.1")}, "dns": ["192.0.2.53"],
        "fqdn": "esx-odd-link.example.net", "keys": ["ssh-rsa"], "warn": ["tap1d24749f-56", "cascading"],
    },
}


def folder(name):
    return os.path.join(SAMPLES, name)


def nics(name):
    with open(os.path.join(folder(name), "nics.txt"), encoding="utf-8") as file:
        return file.read()


def description(name):
    return openstack.read(metadata.load(folder(name)), "config-drive")


def fresh_host(name, release="8.0.3", **how):
    return fake_esxi.create(release=release, nics=nics(name), **how)


def shown_plan(name, release="8.0"):
    """(exit status, standard output, standard error) of `hostconf plan`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command_line.main(["plan", "--metadata", folder(name), "--nics",
                                    os.path.join(folder(name), "nics.txt"), "--esxi-version", release,
                                    "--image-password"])
    return status, out.getvalue(), err.getvalue()


class SamplesTest(unittest.TestCase):
    maxDiff = None

    def test_all_samples_are_covered(self):
        present = {entry.name for entry in os.scandir(SAMPLES) if entry.is_dir()}
        self.assertEqual(present, set(EXPECTED) | set(REFUSED))

    def assert_state(self, name, fake):
        check_state(self, fake, EXPECTED[name])

    def test_states(self):
        for name in EXPECTED:
            for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
                with self.subTest(name, release=release):
                    fake = fresh_host(name, release)
                    wanted = description(name)
                    _, log, adapter = apply(fake, wanted)
                    self.assert_state(name, fake)
                    self.assertEqual(adapter.failed_changes(), [])
                    self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
                    for word in EXPECTED[name]["warn"]:
                        self.assertIn(word, log)
                    before = fake.config()
                    apply(fake, wanted)
                    self.assertEqual(fake.config(), before, "applying twice changes nothing")

    def test_passwords_and_scripts(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                wanted = description(name)
                self.assertEqual(bool(wanted["root_password_hash"]), expected.get("hash", False))
                self.assertEqual(len(wanted["user_data"]), expected.get("scripts", 0))

    def test_shown_plan_leads_to_the_same_state(self):
        for name in EXPECTED:
            for release in ("7.0.3", "8.0.3"):
                with self.subTest(name, release=release):
                    status, out, err = shown_plan(name, release)
                    self.assertEqual(status, 0)
                    fake = fresh_host(name, release)
                    adapter = Adapter(fake)
                    for line in out.splitlines():
                        argv = shlex.split(line)
                        if argv[:2] == ["sh", "-c"]:
                            self.assertEqual(argv[3], "sh")
                            adapter.ensure_line(argv[4], argv[5])
                        else:
                            result = fake.run(argv)
                            self.assertEqual(result[0], 0, (line, result))
                    self.assert_state(name, fake)
                    self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
                    for word in EXPECTED[name]["warn"]:
                        self.assertIn(word, err)

    def test_scripts_are_named_beside_the_plan(self):
        self.assertIn("script user_data", shown_plan("nova-dhcp-mtu-null")[2])
        self.assertNotIn("script", shown_plan("nova-static-routes")[2])

    def test_a_module_of_the_same_name_where_it_is_started(self):
        """A laptop's folder may hold a module called common; ours lies beside hostconf and is found first."""
        import shutil
        import subprocess
        import tempfile
        from support import GUEST
        place = tempfile.mkdtemp(prefix="esxi-guest-")
        self.addCleanup(shutil.rmtree, place)
        with open(os.path.join(place, "common.py"), "w", encoding="ascii") as file:
            file.write("raise SystemExit('the wrong module')\n")
        sample = folder("nova-static-routes")
        done = subprocess.run([sys.executable, "-B", "-m", "hostconf", "plan", "--metadata", sample, "--nics",
                               os.path.join(sample, "nics.txt")], cwd=place, env=dict(os.environ, PYTHONPATH=GUEST),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, b"wrong" in done.stderr), (0, False))

    def test_a_reader_that_goes_away(self):
        import subprocess
        from support import GUEST
        command = "%s -m hostconf plan --metadata %s --nics %s/nics.txt | true" % (
            sys.executable, folder("nova-static-routes"), folder("nova-static-routes"))
        done = subprocess.run(["bash", "-c", command], env=dict(os.environ, PYTHONPATH=GUEST, LC_ALL="C"),
                              stderr=subprocess.PIPE)
        self.assertNotIn(b"Traceback", done.stderr)

    def test_wrong_usage(self):
        for argv, status in ((["plan", "--metadata", "/nonexistent", "--nics", "/nonexistent"], 1), ([], 2)):
            err = io.StringIO()
            with contextlib.redirect_stderr(err):
                self.assertEqual(command_line.main(argv), status)
            self.assertEqual(len(err.getvalue().splitlines()), 1)

    def test_refusals_leave_the_host_alone(self):
        for name, words in REFUSED.items():
            for release in ("6.7.0", "8.0.3"):
                with self.subTest(name, release=release):
                    fake = fresh_host(name, release)
                    before = fake.summary()
                    with self.assertRaises(ApplyError) as caught:
                        apply(fake, description(name))
                    for part in ("interfaces", "vswitches", "routes4", "routes6"):
                        self.assertEqual(fake.summary()[part], before[part])
                    self.assertTrue(fake.summary()["ssh"]["running"] and fake.summary()["root_keys"])
                    status, out, err = shown_plan(name)
                    self.assertEqual(status, 1)
                    self.assertNotIn("esxcli network ip interface", out)
                    self.assertIn("ssh", out, "all else is applied")
                    for word in words:
                        self.assertIn(word, str(caught.exception))
                        self.assertIn(word, err)

    def test_banner_script_of_the_mime_sample_takes_effect(self):
        fake = fresh_host("ironic-unicode-name-mime-userdata")
        entry = description("ironic-unicode-name-mime-userdata")["user_data"][0]
        self.assertEqual(scripts.decode(entry), b"#!/bin/sh\nesxcli system welcomemsg set -m 'lab host'\n")
        self.assertEqual(fake.run(["esxcli", "system", "welcomemsg", "set", "-m", "lab host"])[0], 0)


class ReleasesTest(unittest.TestCase):
    def test_management_port_group_inherits_the_teaming(self):
        fake = fresh_host("ironic-bond-vlans-jumbo")
        apply(fake, description("ironic-bond-vlans-jumbo"))
        self.assertEqual(interfaces(fake)["vmk0"]["active"], ["vmnic2", "vmnic3"])

    def test_network_is_not_touched_without_network_data(self):
        fake = fake_esxi.create()
        before = network_config(fake)
        apply(fake, openstack.read({"network_data.json": b"{}"}, "config-drive"))
        self.assertEqual(network_config(fake), before)

    def test_log_mask(self):
        lines = Lines()
        log = Log([lines])
        log.hide("s3cret", "")
        log.info("a s3cret here")
        self.assertIn("a ******** here", lines.text)


if __name__ == "__main__":
    unittest.main()
