"""What is refused, and what happens when a command of the network fails for good."""
import unittest

from support import apply, check_state, describe, fake_esxi, network_config, nic_list, nic_mac
from test_scenarios import ROUTE, bond, dns, phy, static, static6, vlan

from hostconf.host.apply import ApplyError
from hostconf.sources import openstack


class RefusalsTest(unittest.TestCase):
    """What cannot be carried out is refused before the first change, with a message that names the culprit."""

    def refuse(self, network_data, *words, nics=2, network=""):
        fake = fake_esxi.create(nics=nic_list(nics), network=network)
        before = network_config(fake)
        with self.assertRaises(ApplyError) as caught:
            apply(fake, describe(network_data))
        self.assertEqual(network_config(fake), before)
        self.assertTrue(fake.summary()["ssh"]["running"], "all else is applied")
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertEqual(len(str(caught.exception).splitlines()), 1)

    def test_unknown_mac(self):
        self.refuse({"links": [phy("a", 9)], "networks": [static("n", "a", "192.0.2.5")]}, nic_mac(9), nic_mac(0))

    def test_unknown_macs_of_a_bond(self):
        self.refuse({"links": [bond("b", ["x", "y"], "802.3ad"), phy("x", 8), phy("y", 9)],
                     "networks": [static("n", "b", "192.0.2.5")]}, nic_mac(8), nic_mac(9))

    def test_address_twice(self):
        self.refuse({"links": [phy("a", 0), phy("b", 1)], "networks": [
            static6("n1", "a", "2001:db8::5"), static6("n2", "b", "2001:0db8:0:0::5")]}, "2001:db8::5", "n1", "n2")

    def test_unreachable_default_gateway(self):
        self.refuse({"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5", gateway="203.0.113.1")]},
                    "203.0.113.1")

    def test_own_address_as_gateway(self):
        self.refuse({"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5", gateway="192.0.2.5")]},
                    "192.0.2.5")

    def test_missing_links(self):
        self.refuse({"links": [], "networks": [static("n7", "a8", "192.0.2.5")]}, "n7", "a8")
        self.refuse({"links": [vlan("v", "gone", 5)], "networks": [static("n", "v", "192.0.2.5")]}, "gone")
        self.refuse({"links": [bond("b", ["gone"], "802.3ad")], "networks": [static("n", "b", "192.0.2.5")]}, "gone")

    def test_a_bond_mode_that_is_none(self):
        for mode in (7, "nonsense"):
            self.refuse({"links": [bond("b9", ["x"], mode), phy("x", 0)], "networks": [static("n", "b9",
                                                                                              "192.0.2.5")]},
                        "b9", "bond" if isinstance(mode, int) else mode)

    def test_wrong_values(self):
        link = {"links": [phy("a", 0)]}
        self.refuse(dict(link, networks=[static("n", "a", "192.0.2.500")]), "192.0.2.500")
        self.refuse(dict(link, networks=[static("n", "a", "192.0.2.5", netmask="255.0.255.0")]), "255.0.255.0")
        for address, mask in (("224.0.0.5", "255.255.255.0"), ("192.0.2.0", "255.255.255.0"), ("192.0.2.255",
                                                                                               "255.255.255.0"),
                              ("192.0.2.64", "255.255.255.192"), ("240.0.0.5", "255.0.0.0"), ("192.0.2.5", "0.0.0.0"),
                              ("127.0.0.2", "255.0.0.0")):
            self.refuse(dict(link, networks=[static("n", "a", address, netmask=mask)]), address)
        for address in ("fe80::5", "::1", "ff02::1", "::"):
            self.refuse(dict(link, networks=[static6("n", "a", address)]), address)
        self.refuse(dict(link, networks=[dict(static("n", "a", "192.0.2.5"), type="ipv5")]), "ipv5")
        self.refuse(dict(link, networks=[dict(static("n", "a", "192.0.2.5"), ip_address=None)]), "ip_address")
        self.refuse({"links": [phy("a", 0), vlan("v", "a", 4095)], "networks": [static("n", "v", "192.0.2.5")]},
                    "4095")
        self.refuse({"links": [{"id": "a", "type": "phy"}], "networks": [static("n", "a", "192.0.2.5")]}, "MAC")

    def test_not_json(self):
        fake = fake_esxi.create()
        for name in ("network_data.json", "meta_data.json"):
            with self.assertRaisesRegex(ApplyError, name):
                apply(fake, openstack.read({name: b'{"links": ['}, "config-drive"))

    def test_management_does_not_move_to_a_nic_without_link(self):
        fake = fake_esxi.create(nics=nic_list(2, down=[1]))
        before = network_config(fake)
        with self.assertRaisesRegex(ApplyError, "vmnic1"):
            apply(fake, describe({"links": [phy("a", 1)], "networks": [static("n", "a", "192.0.2.5")]}))
        self.assertEqual(network_config(fake), before)


class FailuresTest(unittest.TestCase):
    """A command that fails for good: management is as asked or as before, what failed besides it is left out."""

    NETWORK = {"links": [phy("x", 1), phy("y", 2), phy("z", 0), bond("b", ["x", "y"], "802.3ad"), vlan("v", "b", 5),
                         vlan("w", "b", 6, mtu=9000)],
               "networks": [static("n1", "v", "192.0.2.5", gateway="192.0.2.1", routes=[ROUTE]),
                            static6("n2", "v", "2001:db8::5", "2001:db8::1"), static("n3", "w", "198.51.100.5"),
                            static("n4", "z", "203.0.113.5", netmask="255.255.255.128")],
               "services": dns("192.0.2.53")}

    def changes(self, release="8.0.3"):
        fake = fake_esxi.create(release=release, nics=nic_list(3))
        apply(fake, describe(self.NETWORK))
        calls = fake.state()["runtime"]["calls"]
        return [call for call in calls if call[:2] == ["esxcli", "network"]
                and not {"list", "get"} & set(call) and "dns" not in call]

    def test_every_step_of_the_network(self):
        changes = self.changes()
        self.assertGreater(len(changes), 20)
        lines = ("", "--bootproto=static --ip=192.0.2.5 --netmask=255.255.255.0 --gateway=192.0.2.1 --vlanid=5")
        for installed in lines:
            for change in changes:
                with self.subTest(" ".join(change), installed=installed):
                    fake = fake_esxi.create(nics=nic_list(3), network=installed)
                    before = network_config(fake)
                    fake.fail(change, times=1000)
                    try:
                        apply(fake, describe(self.NETWORK))
                    except ApplyError as error:
                        message = str(error)
                        self.assertIn("injected failure", message)
                    else:
                        # The step was not needed on this host, or there was another way.
                        check_state(self, fake, {
                            "vmks": [dict(ipv4="192.0.2.5/24", vlan=5, ipv6=["2001:db8::5/64"]),
                                     dict(ipv4="198.51.100.5/24"), dict(ipv4="203.0.113.5/25")],
                            "vswitches": 2, "routes6": {("default", "2001:db8::1")}, "dns": ["192.0.2.53"],
                            "routes4": {("default", "192.0.2.1"), ("203.0.113.0/24", "192.0.2.254")}})
                        continue
                    self.assertTrue(fake.manageable())
                    self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
                    after = network_config(fake)
                    if _reachability(after) == _reachability(before):
                        continue
                    summary = fake.summary()
                    self.assertEqual((summary["interfaces"][0]["ipv4"], summary["interfaces"][0]["vlan"]),
                                     ("192.0.2.5/24", 5))
                    self.assertIn(("default", "192.0.2.1"), {route[:2] for route in summary["routes4"]})
                    self.assertIn("is left out", message)

    def test_a_step_that_fails_once_is_tried_again(self):
        for change in self.changes():
            with self.subTest(" ".join(change)):
                fake = fake_esxi.create(nics=nic_list(3))
                fake.fail(change, times=1)
                apply(fake, describe(self.NETWORK))
                self.assertEqual(len(fake.summary()["interfaces"]), 3)

    def test_a_failure_elsewhere_does_not_keep_the_rest_from_being_done(self):
        fake = fake_esxi.create(nics=nic_list(3))
        fake.fail(["system", "ntp", "set"], times=1000)
        description = describe(self.NETWORK, {"hostname": "esx9.example.net"},
                               user_data=b"#cloud-config\nntp: {servers: [192.0.2.9]}\n")
        with self.assertRaisesRegex(ApplyError, "ntp"):
            apply(fake, description)
        self.assertEqual(fake.summary()["fqdn"], "esx9.example.net")
        self.assertTrue(fake.summary()["ssh"]["running"])

    def test_without_hostd(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            with self.subTest(release):
                fake = fake_esxi.create(release=release, nics=nic_list(3), hostd="down")
                apply(fake, describe(self.NETWORK, {"hostname": "esx9"}), hostd=False)
                self.assertEqual(len(fake.summary()["interfaces"]), 3)
                self.assertEqual(fake.summary()["fqdn"], "esx9")
                self.assertTrue(fake.summary()["ssh"]["with_host"] and fake.summary()["ssh"]["running"])


def _reachability(config):
    """What of the network decides how the host is reached."""
    return {"vmks": {name: {key: vmk[key] for key in ("mac", "portgroup", "mtu", "ipv4")}
                     for name, vmk in config["vmks"].items()},
            "uplinks": {name: sorted(switch["uplinks"]) for name, switch in config["vswitches"].items()},
            "vlans": {name: group["vlan"] for name, group in config["portgroups"].items()},
            "routes": [(route["network"], route["gateway"])
                       for route in config["netstacks"]["defaultTcpipStack"]["routes4"]]}

if __name__ == "__main__":
    unittest.main()
