"""curtin's network configuration, version 1, in every form that MAAS and operators give it."""
import random
import unittest

from maas_support import NAMES, sample_config

from common import description as schema
from esxihook import HookError, deploy, network


def nic(name, number, *subnets, **more):
    return dict({"type": "physical", "id": name, "name": name, "mac_address": "02:00:5E:00:54:%02X" % number, "mtu": 1500,
                 "subnets": list(subnets) or [{"type": "manual"}]}, **more)


def static(address, **more):
    return dict({"type": "static", "address": address}, **more)


def read(*entries, **section):
    warnings = []
    result, dns = network.read(dict({"version": 1, "config": list(entries)}, **section), warnings.append)
    schema.validate({"format": 1, "source": "maas", "network": result, "dns": dns})
    return result, dns, " ".join(warnings)


class Forms(unittest.TestCase):
    maxDiff = None

    def refused(self, words, *entries, **section):
        """The whole hook refuses it: by what reads the network, or by the validator."""
        config = dict(sample_config("flat-static-boot-disk"), storage=None)
        config["network"] = dict({"version": 1, "config": list(entries)}, **section)
        with self.assertRaisesRegex(HookError, words):
            deploy.describe(config, lambda sentence: None)

    def test_nothing_asked_for(self):
        for section in (None, {}, {"version": 1, "config": []}, {"version": 1, "config": "disabled"}, {"config": "disabled"}):
            result, dns = network.read(section, lambda sentence: None)
            self.assertEqual((result, dns), (None, {"servers": [], "search": []}))
        self.assertEqual(read(nic("a", 1))[0]["interfaces"], [])

    def test_masks_of_ipv6(self):
        for mask in ("ffff:ffff:ffff:ffff::", "64", 64):
            found = read(nic("a", 1, dict(static("2001:db8::5"), netmask=mask)))[0]
            self.assertEqual(found["interfaces"][0]["addresses"][0]["prefix"], 64, mask)

    def test_subnet_types(self):
        types = {"dhcp": "ipv4-dhcp", "dhcp4": "ipv4-dhcp", "dhcp6": "ipv6-dhcp", "ipv6_slaac": "ipv6-slaac",
                 "ipv6_dhcpv6-stateless": "ipv6-dhcp-stateless", "ipv6_dhcpv6-stateful": "ipv6-dhcp"}
        for given, wanted in types.items():
            result = read(nic("a", 1, {"type": given}))[0]
            self.assertEqual(result["interfaces"][0]["addresses"], [{"type": wanted}])
        result = read(nic("a", 1, {"type": "dhcp4"}, {"type": "dhcp6"}, {"type": "dhcp4"}))[0]
        self.assertEqual([a["type"] for a in result["interfaces"][0]["addresses"]], ["ipv4-dhcp", "ipv6-dhcp"])
        self.refused("unknown type", nic("a", 1, {"type": "magic"}))

    def test_addresses(self):
        forms = {"192.0.2.5/24": ("192.0.2.5", 24, "ipv4-static"), "2001:DB8::5/64": ("2001:db8::5", 64, "ipv6-static")}
        for text, (address, prefix, kind) in forms.items():
            self.assertEqual(read(nic("a", 1, static(text)))[0]["interfaces"][0]["addresses"],
                             [{"type": kind, "address": address, "prefix": prefix}])
        for mask in ({"netmask": "255.255.255.192"}, {"prefix": 26}, {"netmask": 26}):
            found = read(nic("a", 1, static("192.0.2.5", **mask)))[0]
            self.assertEqual(found["interfaces"][0]["addresses"][0]["prefix"], 26)
        self.assertIn("64 is used", read(nic("a", 1, static("2001:db8::5")))[2])
        self.assertIn("24 is used", read(nic("a", 1, static("192.0.2.5")))[2])
        for bad, words in (("192.0.2.500/24", "not an IP address"), (None, "without address"),
                           ("127.0.0.1/8", "cannot be"), ("224.0.0.1/4", "cannot be"), ("192.0.2.5/33", "not a netmask")):
            self.refused(words, nic("a", 1, static(bad)))

    def test_the_same_address_twice(self):
        self.refused("192.0.2.5 is given twice, by interface a and by interface b", nic("a", 1, static("192.0.2.5/24")), nic("b", 2, static("192.0.2.5/24")))
        self.assertEqual(len(read(nic("a", 1, static("192.0.2.5/24"), static("192.0.2.5/24")))[0]["interfaces"][0]["addresses"]), 1)

    def test_only_used_nics_count(self):
        result = read(nic("a", 1, static("192.0.2.5/24")), nic("b", 2), {"type": "physical", "id": "c", "name": "c"})[0]
        self.assertEqual([link["id"] for link in result["links"]], ["a", "b"], "b gives virtual machines an uplink")
        self.assertEqual(result["links"][0]["mac"], "02:00:5e:00:54:01")
        self.refused("no MAC", {"type": "physical", "name": "c", "subnets": [static("192.0.2.5/24")]})

    def test_gateways(self):
        result, _, warnings = read(
            nic("a", 1, static("192.0.2.5/24", gateway="192.0.2.1"), static("2001:db8::5/64", gateway="fe80::1%eth0")),
            nic("b", 2, static("198.51.100.5/24", gateway="198.51.100.1")))
        self.assertEqual(result["gateway4"], {"address": "192.0.2.1", "interface": "a"})
        self.assertEqual(result["gateway6"], {"address": "fe80::1", "interface": "a"})
        self.assertIn("198.51.100.1 is ignored", warnings)
        self.refused("not an address", nic("a", 1, static("192.0.2.5/24", gateway="gw")))

    def test_routes(self):
        routes = [{"destination": "203.0.113.0/24", "gateway": "192.0.2.9", "metric": 200},
                  {"destination": "203.0.113.0/24", "gateway": "192.0.2.8", "metric": 100},
                  {"network": "198.51.100.0", "netmask": "255.255.255.0", "gateway": "192.0.2.7"},
                  {"destination": "198.51.100.77", "gateway": "192.0.2.7"},
                  {"destination": "default", "gateway": "192.0.2.1"},
                  {"destination": "10.0.0.0/8"}, {"destination": "2001:db8::/32", "gateway": "192.0.2.7"},
                  {"destination": "nonsense", "gateway": "192.0.2.7"}, {"gateway": "192.0.2.7"}]
        result, _, warnings = read(nic("a", 1, static("192.0.2.5/24", routes=routes)))
        self.assertEqual({(r["network"], r["gateway"]) for r in result["routes"]},
                         {("203.0.113.0/24", "192.0.2.8"), ("198.51.100.0/24", "192.0.2.7"), ("198.51.100.77/32", "192.0.2.7")})
        self.assertEqual(result["gateway4"]["address"], "192.0.2.1")
        for words in ("no gateway", "mixes", "nonsense", "no destination", "second route", "metric"):
            self.assertIn(words, warnings)

    def test_routes_of_their_own(self):
        result, _, warnings = read(
            {"type": "route", "destination": "203.0.113.0/24", "gateway": "198.51.100.9"},
            nic("a", 1, static("192.0.2.5/24")), nic("b", 2, static("198.51.100.5/24")),
            {"type": "route", "destination": "203.0.113.0/24", "gateway": "10.9.9.9"})
        self.assertEqual(result["routes"], [{"network": "203.0.113.0/24", "gateway": "198.51.100.9", "interface": "b"}])
        self.assertIn("no interface reaches", warnings)

    def test_dns(self):
        result, dns, warnings = read(
            nic("a", 1, static("192.0.2.5/24", dns_nameservers=["192.0.2.53", "192.0.2.54"], dns_search="one.example two.example")),
            {"type": "nameserver", "address": "192.0.2.54", "search": ["two.example."]},
            {"type": "nameserver", "address": ["2001:DB8::53", "ns.example"], "search": ["not valid!"]})
        self.assertEqual(dns, {"servers": ["192.0.2.54", "2001:db8::53", "192.0.2.53"],
                               "search": ["two.example", "one.example"]})
        self.assertIn("ns.example", warnings)
        self.assertIn("not valid!", warnings)
        self.assertIsNotNone(result)

    def bond(self, mode, members=("a", "b"), **more):
        params = {} if mode is None else {"bond-mode": mode}
        return dict({"type": "bond", "id": "bond0", "name": "bond0", "bond_interfaces": list(members), "params": params,
                     "subnets": [static("192.0.2.5/24")]}, **more)

    def test_bond_modes(self):
        for given, wanted in (("active-backup", "active-backup"), ("balance-rr", "balance-rr"), ("802.3ad", "802.3ad"),
                              (1, "active-backup"), ("0", "balance-rr"), (4, "802.3ad"), (None, "active-backup"),
                              ("balance-xor", "balance-xor"), (2, "balance-xor"), ("5", "balance-tlb"),
                              ("balance-alb", "balance-alb"), ("broadcast", "broadcast")):
            links = read(self.bond(given), nic("a", 1), nic("b", 2))[0]["links"]
            self.assertEqual(links[-1]["mode"], wanted)
            self.assertEqual(links[-1]["members"], ["a", "b"])
        for mode in ("no-such-mode", 7):
            self.refused("bond0 has the mode", self.bond(mode), nic("a", 1), nic("b", 2))

    def test_bond_parameters_in_every_spelling(self):
        for key in ("bond-mode", "bond_mode", "mode"):
            entry = self.bond(None, params={key: "802.3ad", "bond_miimon": 100, "lacp-rate": "fast"})
            result, _, warnings = read(entry, nic("a", 1), nic("b", 2))
            self.assertEqual(result["links"][-1]["mode"], "802.3ad")
            self.assertIn("bond-lacp-rate, bond-miimon", warnings)

    def test_who_goes_first_in_a_bond(self):
        def primary(entry):
            return read(entry, nic("a", 1), nic("b", 2))[0]["links"][-1]["primary"]
        self.assertEqual(primary(self.bond("active-backup", mac_address="02:00:5e:00:54:02")), "b")
        self.assertEqual(primary(self.bond("active-backup", mac_address="02:00:5e:00:54:99")), None)
        self.assertEqual(primary(self.bond("active-backup", mac_address="02:00:5e:00:54:02",
                                           params={"bond-mode": "active-backup", "bond-primary": "a"})), "a")

    def test_bonds_that_cannot_be(self):
        self.refused("no members", self.bond("802.3ad", ()))
        self.refused("uses the interface a", self.bond("802.3ad"))
        self.refused("of type vlan", self.bond("802.3ad"), *[
            {"type": "vlan", "name": name, "vlan_id": 5, "vlan_link": "c"} for name in ("a", "b")])
        result, _, warnings = read(self.bond("802.3ad"), nic("a", 1))
        self.assertEqual(result["links"][-1]["members"], ["a"], "the members that are there")
        self.assertIn("bond bond0 does without a member: bond bond0 uses the interface b", warnings)
        unused = self.bond("balance-alb", subnets=[{"type": "manual"}])
        self.assertEqual(read(unused, nic("a", 1), nic("b", 2))[0]["vm_networks"][0]["id"], "bond0")

    def vlan(self, name, link, number, *subnets, **more):
        return dict({"type": "vlan", "name": name, "id": name, "vlan_link": link, "vlan_id": number, "mtu": 1500,
                     "subnets": list(subnets)}, **more)

    def test_vlans(self):
        result = read(self.vlan("v5", "bond0", "5", static("198.51.100.5/24")), self.bond("802.3ad", subnets=[]),
                      nic("a", 1, mtu=9000), nic("b", 2), self.vlan("v6", "a2", 6, static("203.0.113.5/24"), mtu=9000),
                      nic("a2", 3))[0]
        self.assertEqual([(i["id"], i["link"], i["vlan"], i["mtu"]) for i in result["interfaces"]],
                         [("v5", "bond0", 5, 1500), ("v6", "a2", 6, 9000)])
        for number in (0, 4095, "x", None, True):
            self.refused("legal", nic("a", 1), self.vlan("v", "a", number, static("192.0.2.5/24")))
        self.refused("another VLAN", nic("a", 1), self.vlan("v", "a", 5), self.vlan("w", "v", 6, static("192.0.2.5/24")))
        self.refused("uses the interface gone", self.vlan("v", "gone", 5, static("192.0.2.5/24")))

    def bridge(self, name, members, *subnets):
        return {"type": "bridge", "name": name, "id": name, "bridge_interfaces": members, "subnets": list(subnets),
                "params": {"bridge_stp": 0, "bridge_fd": 15}, "mac_address": "02:00:5e:00:54:01", "mtu": 1500}

    def test_bridges_become_their_member(self):
        result, _, warnings = read(nic("a", 1, {"type": "manual"}), self.bridge("br0", ["a"], static("192.0.2.5/24")))
        self.assertEqual((result["interfaces"][0]["link"], result["interfaces"][0]["id"]), ("a", "br0"))
        self.assertIn("br0", warnings)
        result = read(nic("a", 1), self.vlan("v", "a", 7), self.bridge("br0", ["v"], static("192.0.2.5/24")))[0]
        self.assertEqual((result["interfaces"][0]["link"], result["interfaces"][0]["vlan"]), ("a", 7))
        result = read(nic("a", 1), self.bridge("br0", ["a"]), self.vlan("v", "br0", 7, static("192.0.2.5/24")))[0]
        self.assertEqual((result["interfaces"][0]["link"], result["interfaces"][0]["vlan"]), ("a", 7))
        result = read(nic("a", 1, static("192.0.2.6/24")), self.bridge("br0", ["a"], static("192.0.2.5/24")))[0]
        self.assertEqual(len(result["interfaces"]), 1, "one segment, both addresses")
        self.assertIsNone(read(nic("a", 1), self.bridge("br0", ["a", "b"]))[0], "without address it does not matter")

    def test_bridges_that_cannot_be(self):
        self.refused("br0 has 2 members", nic("a", 1), nic("b", 2), self.bridge("br0", ["a", "b"], static("192.0.2.5/24")))
        self.refused("br0 has 0 members", self.bridge("br0", [], static("192.0.2.5/24")))
        self.refused("lies on itself", self.bridge("br0", ["br0"], static("192.0.2.5/24")))

    def test_mtu(self):
        for given, wanted in ((9000, 9000), ("1450", 1450), (None, None), (9216, 9000), (576, None), ("x", None), (True, None)):
            result = read(nic("a", 1, static("192.0.2.5/24"), mtu=given))[0]
            self.assertEqual(result["interfaces"][0]["mtu"], wanted)

    def test_what_is_left_out(self):
        """Anything but management, by name; of management the whole hook refuses it."""
        management = nic("a", 1, static("192.0.2.5/24", gateway="192.0.2.1"))
        for words, *entries in (
                ("cannot be the address", nic("b", 2, static("198.51.100.0/24"))),
                ("unknown type magic", nic("b", 2, {"type": "magic"})),
                ("has the mode", self.bond("no-such-mode", ("c",), name="b"), nic("c", 2)),
                ("legal", nic("c", 2), self.vlan("b", "c", 5000, static("198.51.100.5/24"))),
                ("NIC 'a' is used by 'a' and by 'b'", self.bond("802.3ad", ("a", "c"), name="b"), nic("c", 2)),
                ("no MAC", {"type": "physical", "name": "b", "subnets": [static("198.51.100.5/24")]})):
            # Listed before management or after it.
            for order in (list(entries) + [management], [management] + list(entries)):
                result, _, warnings = read(*order)
                self.assertEqual([i["id"] for i in result["interfaces"]], ["a"])
                self.assertEqual((result["management"], result["gateway4"]["address"]), ("a", "192.0.2.1"))
                self.assertIn("interface b is left out: ", warnings)
                self.assertIn(words, warnings)
            if "used by" not in words:
                for entry in entries:
                    for subnet in entry["subnets"]:
                        subnet.update(gateway="192.0.2.1")
                self.refused(words, nic("a", 1, static("192.0.2.5/24")), *entries)
        result, _, warnings = read(management, nic("b", 2, static("2001:db8::5/64", gateway="2001:db8:1::1")))
        self.assertEqual((len(result["interfaces"]), result["gateway6"]), (2, None))
        self.assertIn("interface b: the default route via 2001:db8:1::1 is left out", warnings)
        self.refused("198.51.100.1 is not on a network", nic("a", 1, static("192.0.2.5/24", gateway="198.51.100.1")))
        result, _, warnings = read(management, nic("b", 2, static("198.51.100.5/24")), nic("c", 3, static("198.51.100.5/25")))
        self.assertEqual([i["id"] for i in result["interfaces"]], ["a", "b"])
        self.assertIn("198.51.100.5 is given twice, by interface b and by interface c", warnings)

    def test_other_types(self):
        self.assertIsNone(read({"type": "loopback", "name": "lo"}, "nonsense", {"type": "nameserver"}, 5)[0])
        self.refused("type infiniband", {"type": "infiniband", "name": "ib0", "subnets": [static("192.0.2.5/24")]})
        self.refused("neither name nor id", {"type": "physical", "subnets": [static("192.0.2.5/24")]})
        self.refused("version 2", version=2)
        self.refused("not a list", config={})

    def test_any_damage_is_refused_in_words_or_read(self):
        """Values of samples replaced at random: never anything but a description or a HookError."""
        generator = random.Random(1)
        seen = {"read": 0, "refused": 0}
        for _ in range(1500):
            section = sample_config(generator.choice(NAMES))["network"]
            entry = generator.choice(section["config"])
            places = [entry] + [s for s in entry.get("subnets", []) if isinstance(s, dict)]
            place = generator.choice(places)
            key = generator.choice(sorted(place))
            place[key] = generator.choice([None, "", [], {}, 0, -1, True, "x", "a\nb", "\x00", "192.0.2.300/24", ["x"], [{}], {"a": 1}, 1e9])
            try:
                result, dns = network.read(section, lambda sentence: None)
            except HookError as error:
                self.assertTrue(str(error))
                seen["refused"] += 1
                continue
            schema.validate({"format": 1, "source": "maas", "network": result, "dns": dns})
            seen["read"] += 1
        self.assertGreater(min(seen.values()), 100)


if __name__ == "__main__":
    unittest.main()
