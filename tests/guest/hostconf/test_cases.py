"""Inputs that once failed (testdata/cases/openstack), as far as they are about the network: each ends as its expect.md
says, on four releases, with the installer's own line as the start; and what lies next to each of them.
"""
import contextlib
import copy
import io
import json
import os
import shlex
import unittest

from support import Adapter, CASES, apply, check_state, describe, fake_esxi, interfaces, network_config

from hostconf import __main__ as command_line
from hostconf.host.apply import ApplyError
from hostconf.host.inventory import parse_nics
from hostconf.planning import ksfiles
from hostconf.sources import metadata, openstack

RELEASES = ("6.7.0", "7.0.3", "8.0.3", "9.0.0")
MANAGEMENT = dict(ipv4="192.0.2.10/24", uplinks=["vmnic0"], vlan=0, mtu=1500)
BOND = dict(MANAGEMENT, uplinks=["vmnic0", "vmnic1"])
DEFAULT = {("default", "192.0.2.1")}
# Expected states as support.check_state takes them; "warn": words of the warnings.
EXPECTED = {
    "bond-802.1ad": {"vmks": [dict(BOND, load_balancing="iphash", active=["vmnic0", "vmnic1"])], "routes4": DEFAULT,
                     "warn": ["static port channel"]},
    "bond-balance-xor": {"vmks": [dict(BOND, load_balancing="iphash", active=["vmnic0", "vmnic1"])],
                         "routes4": DEFAULT, "warn": ["static port channel"]},
    "bond-balance-tlb": {"vmks": [dict(BOND, load_balancing="portid", active=["vmnic0", "vmnic1"])],
                         "routes4": DEFAULT, "warn": ["approximated"]},
    "bond-dhcp-own-mac": {"vmks": [dict(ipv4="dhcp", uplinks=["vmnic0", "vmnic1"], mac="fa:16:3e:aa:bb:cc", vlan=0,
                                        load_balancing="explicit", order=["vmnic0", "vmnic1"])]},
    "dhcp-routes": {"vmks": [MANAGEMENT, dict(ipv4="dhcp", uplinks=["vmnic0"], vlan=30)], "vswitches": 1,
                    "routes4": DEFAULT | {("10.0.0.0/8", "198.51.100.1")},
                    "dhcp": {"vmnic0:30": {"address": "198.51.100.77", "netmask": "255.255.255.0", "gateway": None,
                                           "dns": []}, "*": "auto"}},
    "empty-objects": {"vmks": [dict(ipv4="dhcp", uplinks=["vmnic0"])], "warn": []},
    "gateway6-off-link": {"vmks": [dict(MANAGEMENT, ipv6=["2001:db8::10/64"])], "routes4": DEFAULT,
                          "warn": ["network n6", "2001:db8:1::1"]},
    "keys-of-a-network": {"vmks": [MANAGEMENT], "routes4": DEFAULT, "dns": ["192.0.2.53"], "search": ["example.org"]},
    "refusal-locks-out": {"vmks": [dict(BOND, load_balancing="iphash")], "routes4": DEFAULT, "keys": ["ssh-rsa"]},
    "schema-number-mtu": {"vmks": [dict(MANAGEMENT, mtu=9000, vswitch_mtu=9000)], "routes4": DEFAULT,
                          "dns": ["2001:db8::53"]},
    "second-nic-absent": {"vmks": [MANAGEMENT], "routes4": DEFAULT, "warn": ["02:00:5e:00:53:99", "network n2"]},
}


def files(name):
    return metadata.load(os.path.join(CASES, name))


def nics(name):
    with open(os.path.join(CASES, name, "nics.txt"), encoding="utf-8") as file:
        return file.read()


def data(name):
    return json.loads(files(name)["network_data.json"].decode())


def installed(description, nics_text):
    """The network line that the installer gets."""
    return ksfiles.network_line(description, parse_nics(nics_text), lambda sentence: None)


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_states(self):
        for name, expected in EXPECTED.items():
            for release in RELEASES:
                for start in ("the installer's line", "another"):
                    with self.subTest(name, release=release, start=start):
                        self.check(name, expected, release, start == "another")

    def check(self, name, expected, release, elsewhere):
        description = openstack.read(files(name), "config-drive")
        self.assertIsNone(description["refusal"])
        line = "network --bootproto=dhcp" if elsewhere else installed(description, nics(name))
        fake = fake_esxi.create(release=release, nics=nics(name), network=line.partition(" ")[2],
                                dhcp=expected.get("dhcp"))
        _, log, adapter = apply(fake, description)
        check_state(self, fake, expected)
        self.assertEqual(fake.summary()["fqdn"], "esx1.example.net")
        self.assertEqual(fake.summary()["search"], expected.get("search", []))
        # The key of one case is none, and is refused where hosts look at keys; the file gets it all the same.
        self.assertEqual([argv for argv, _ in adapter.failed_changes() if "key" not in argv], [])
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
        for word in expected.get("warn", []):
            self.assertIn(word, log)
        before = fake.config()
        apply(fake, description)
        self.assertEqual(fake.config(), before, "applying twice changes nothing")

    def test_shown_plans_lead_to_the_same_states(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                out, err = io.StringIO(), io.StringIO()
                folder = os.path.join(CASES, name)
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    status = command_line.main(["plan", "--metadata", folder, "--nics",
                                                os.path.join(folder, "nics.txt"), "--image-password"])
                self.assertEqual(status, 0)
                fake = fake_esxi.create(nics=nics(name), dhcp=expected.get("dhcp"))
                adapter = Adapter(fake)
                for line in out.getvalue().splitlines():
                    argv = shlex.split(line)
                    if argv[:2] == ["sh", "-c"]:
                        adapter.ensure_line(argv[4], argv[5])
                    elif fake.run(argv)[0] != 0:
                        self.assertIn("Example", argv[-1], "only the key that is none fails: " + line)
                        adapter.ensure_line("/etc/ssh/keys-root/authorized_keys", argv[-1])
                check_state(self, fake, expected)
                self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
                for word in expected.get("warn", []):
                    self.assertIn(word, err.getvalue())


class RefusedTest(unittest.TestCase):
    def test_management_on_a_bond_of_no_known_mode(self):
        """The installer's DHCP stays, and everything else is done: name, key, SSH."""
        wrong = files("refusal-locks-out")
        wrong["network_data.json"] = wrong["network_data.json"].replace(b"802.1ad", b"no-such-mode")
        description = openstack.read(wrong, "config-drive")
        self.assertIn("no-such-mode", description["refusal"])
        for release in RELEASES:
            line = installed(description, nics("refusal-locks-out"))
            self.assertEqual(line, "network --bootproto=dhcp --hostname=esx1.example.net")
            fake = fake_esxi.create(release=release, nics=nics("refusal-locks-out"), network=line.partition(" ")[2])
            before = network_config(fake)
            with self.assertRaisesRegex(ApplyError, "no-such-mode"):
                apply(fake, description)
            self.assertEqual(network_config(fake), before)
            summary = fake.summary()
            self.assertTrue(summary["ssh"]["running"] and summary["ssh"]["with_host"])
            self.assertEqual((len(summary["root_keys"]), summary["fqdn"]), (1, "esx1.example.net"))

    def test_secondary_parts_of_the_same_kind(self):
        """What refuses management only costs a network that is not management."""
        for name in EXPECTED:
            given = data(name)
            if name in ("bond-dhcp-own-mac", "empty-objects", "dhcp-routes", "second-nic-absent", "gateway6-off-link"):
                continue
            given = copy.deepcopy(given)
            given["links"] += [{"id": "x", "type": "bond", "bond_mode": "no-such-mode", "bond_links": ["p0"]},
                               {"id": "y", "type": "vlan", "vlan_link": given["networks"][0]["link"], "vlan_id": 4095},
                               {"id": "z", "type": "phy"}]
            for link in ("x", "y", "z", "nowhere"):
                given["networks"].append({"id": "on-" + link, "type": "ipv4", "link": link,
                                          "ip_address": "198.51.100.9", "netmask": "255.255.255.0"})
            given["networks"].append(dict(given["networks"][0], id="mask", ip_address="203.0.113.1",
                                          netmask="255.0.255.0", routes=[]))
            with self.subTest(name):
                description = describe(given, {"hostname": "esx1.example.net"})
                fake = fake_esxi.create(nics=nics(name))
                _, log, _ = apply(fake, description)
                check_state(self, fake, dict(EXPECTED[name], keys=[]))
                for network in ("on-x", "on-y", "on-z", "on-nowhere", "mask"):
                    self.assertIn("network %s is left out: " % network, log)


class OwnMacTest(unittest.TestCase):
    """vmk0 with the MAC that the network expects, whatever the DHCP server answers."""

    name, wanted, before = "bond-dhcp-own-mac", "fa:16:3e:aa:bb:cc", "02:00:5e:00:53:01"

    def host(self, dhcp=None, **how):
        return fake_esxi.create(nics=nics(self.name), dhcp=dhcp, **how)

    def apply(self, fake):
        return apply(fake, openstack.read(files(self.name), "config-drive"))

    def test_a_server_that_knows_this_mac_alone(self):
        fake = self.host({"*": {"known": [self.wanted]}})
        self.assertFalse(fake.manageable())
        self.apply(fake)
        self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()], [self.wanted])
        self.assertTrue(fake.manageable())

    def test_no_server(self):
        fake = self.host(False)
        self.apply(fake)
        self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()], [self.wanted])

    def test_a_server_that_answers_all_others(self):
        """vmk0 had an address and would have none: it is put back as it was, and that is a failure."""
        fake = self.host({"*": {"unknown": [self.wanted]}})
        with self.assertRaisesRegex(ApplyError, "the MAC fa:16:3e:aa:bb:cc of vmk0 is left out"):
            self.apply(fake)
        self.assert_as_before(fake)

    def test_a_server_that_knows_the_mac_of_before_alone(self):
        fake = self.host({"*": {"known": [self.before]}})
        with self.assertRaisesRegex(ApplyError, "the MAC fa:16:3e:aa:bb:cc of vmk0 is left out"):
            self.apply(fake)
        self.assert_as_before(fake)

    def assert_as_before(self, fake):
        self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()], [self.before])
        self.assertEqual(interfaces(fake)["vmk0"]["uplinks"], ["vmnic0", "vmnic1"], "all else is applied")
        self.assertNotIn("esxi-img keeper", fake.config()["portgroups"])
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def test_each_command_that_fails(self):
        whole = self.host()
        self.apply(whole)
        changes = [call for call in whole.state()["runtime"]["calls"]
                   if call[:2] == ["esxcli", "network"] and not {"list", "get"} & set(call)]
        self.assertGreater(len(changes), 10)
        for change in changes:
            for times in (1, 1000):
                with self.subTest(" ".join(change), times=times):
                    fake = self.host()
                    fake.fail(change, times=times)
                    with contextlib.suppress(ApplyError):
                        self.apply(fake)
                        self.assertEqual(interfaces(fake)["vmk0"]["mac"], self.wanted)
                    self.assertTrue(fake.manageable())
                    self.assertIn("Management", interfaces(fake)["vmk0"]["tags"])
                    self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def test_unconfirmed_behaviour(self):
        for switches in fake_esxi.switches.scenarios():
            with self.subTest(switches=switches):
                fake = self.host(switches=switches)
                self.apply(fake)
                self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()], [self.wanted])
                self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def test_two_interfaces_that_exchange_their_macs(self):
        """The installer's NIC is the second network's: its MAC is free for that one when vmk0 has its own."""
        given = {"links": [{"id": "a", "type": "phy", "ethernet_mac_address": "02:00:5e:00:53:02"},
                           {"id": "b", "type": "phy", "ethernet_mac_address": "02:00:5e:00:53:01"}],
                 "networks": [{"id": "m", "type": "ipv4_dhcp", "link": "a"}, {"id": "n", "type": "ipv4_dhcp", "link": "b"}]}
        fake = self.host()
        apply(fake, describe(given))
        self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()],
                         ["02:00:5e:00:53:02", "02:00:5e:00:53:01"])


class OptionalRoutesTest(unittest.TestCase):
    def test_a_gateway_that_no_lease_reaches(self):
        fake = fake_esxi.create(nics=nics("dhcp-routes"))
        _, log, _ = apply(fake, openstack.read(files("dhcp-routes"), "config-drive"))
        self.assertIn("a route is left out, its gateway cannot be reached: esxcli network ip route ipv4 add -n 10.0.0.0/8",
                      log)
        check_state(self, fake, dict(EXPECTED["dhcp-routes"], routes4=DEFAULT))
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def test_routes_of_routers(self):
        given = {"links": [{"id": "a", "type": "phy", "ethernet_mac_address": "02:00:5e:00:53:01"}],
                 "networks": [{"id": "n", "type": "ipv6_slaac", "link": "a", "routes": [
                     {"network": "2001:db8:5::", "netmask": "48", "gateway": "fe80::5"},
                     {"network": "::", "netmask": "::", "gateway": "fe80::1"}]}]}
        fake = fake_esxi.create(nics=nics("dhcp-routes"))
        apply(fake, describe(given))
        self.assertEqual([route[:2] for route in fake.summary()["routes6"]], [("2001:db8:5::/48", "fe80::5%vmk0")])


if __name__ == "__main__":
    unittest.main()
