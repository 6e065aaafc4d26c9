"""Forms of network data, meta data and vendor data that cloud-init and emitters know besides Nova's own."""
import unittest

from support import apply, describe, fake_esxi, interfaces, nic_list, nic_mac
from test_scenarios import bond, dns, phy, static, static6, vlan

from common import bonds
from hostconf.sources import netdata


def read(data, **more):
    warnings = []
    network, found = netdata.read(data, warnings.append, **more)
    return network, found, " | ".join(warnings)


class FormsTest(unittest.TestCase):
    def test_keys_of_a_network(self):
        entry = dict(static("n", "a", "192.0.2.5"), gateway="192.0.2.1", dns_nameservers="192.0.2.53, 2001:db8::53/64",
                     dns_search=["example.org.", "example.net", "no good"],
                     services=[{"type": "dns", "address": "192.0.2.54", "search": "example.com"}])
        network, found, warnings = read({"links": [phy("a", 0)], "networks": [entry]})
        self.assertEqual(network["gateway4"], {"address": "192.0.2.1", "interface": "a"})
        self.assertEqual(found["servers"], ["192.0.2.53", "2001:db8::53", "192.0.2.54"])
        self.assertEqual(found["search"], ["example.org", "example.net", "example.com"])
        self.assertIn("no good", warnings)
        entry = dict(static6("n", "a", "2001:db8::5"), gateway="fe80::1%eth0")
        self.assertEqual(read({"links": [phy("a", 0)], "networks": [entry]})[0]["gateway6"]["address"], "fe80::1")

    def test_the_key_gateway_decides_what_is_management(self):
        network, _, _ = read({"links": [phy("a", 0), phy("b", 1)], "networks": [
            static("n", "a", "192.0.2.5"), dict(static("m", "b", "198.51.100.5"), gateway="198.51.100.1")]})
        self.assertEqual(network["management"], "b")

    def test_other_types(self):
        for kind, address, wanted in (("static", "192.0.2.5", "ipv4-static"), ("static6", "2001:db8::5", "ipv6-static")):
            network, _, _ = read({"links": [phy("a", 0)], "networks": [
                {"id": "n", "type": kind, "link": "a", "ip_address": address, "netmask": "24"}]})
            self.assertEqual(network["interfaces"][0]["addresses"][0]["type"], wanted)

    def test_masks(self):
        for address, mask, length, said in (("192.0.2.5", None, 24, "24 is used"), ("192.0.2.5/26", None, 26, ""),
                                            ("192.0.2.5", "255.255.255.128", 25, ""), ("192.0.2.5", 22, 22, "")):
            entry = {"id": "n", "type": "ipv4", "link": "a", "ip_address": address, "netmask": mask}
            network, _, warnings = read({"links": [phy("a", 0)], "networks": [entry]})
            self.assertEqual(network["interfaces"][0]["addresses"][0]["prefix"], length)
            self.assertIn(said, warnings) if said else self.assertEqual(warnings, "")

    def test_numbers_of_any_kind(self):
        network, found, warnings = read({
            "links": [phy("a", 0, mtu=9000.0), vlan("v", "a", 30.0)],
            "networks": [static("n", "v", "192.000.002.005")],
            "services": dns("192.000.002.053")})
        self.assertEqual((network["links"][0]["mtu"], network["interfaces"][0]["vlan"]), (9000, 30))
        self.assertEqual(network["interfaces"][0]["addresses"][0]["address"], "192.0.2.5")
        self.assertEqual((found["servers"], warnings), (["192.0.2.53"], ""))
        for mtu in (9000.5, float("inf"), float("nan")):
            self.assertIsNone(read({"links": [phy("a", 0, mtu=mtu)], "networks": [
                static("n", "a", "192.0.2.5")]})[0]["links"][0]["mtu"])

    def test_nics_by_name(self):
        for link in ({"id": "vmnic1", "type": "phy"}, {"id": "x", "type": "phy", "name": "vmnic1"}):
            fake = fake_esxi.create(nics=nic_list(2))
            apply(fake, describe({"links": [link], "networks": [static("n", link["id"], "192.0.2.5")]}))
            self.assertEqual(interfaces(fake)["vmk0"]["uplinks"], ["vmnic1"])
        description = describe({"links": [{"id": "eth0", "type": "phy"}], "networks": [static("n", "eth0", "192.0.2.5")]})
        self.assertIn("link eth0 has no MAC address", description["refusal"])
        description = describe({"links": [phy("a", 0), {"id": "vmnic7", "type": "phy"}], "networks": [
            static("n", "a", "192.0.2.5"), static("m", "vmnic7", "198.51.100.5")]})
        fake = fake_esxi.create(nics=nic_list(2))
        self.assertIn("network m (link vmnic7) is left out: no NIC of this host has the name vmnic7",
                      apply(fake, description)[1])

    def test_bonds_with_members_missing(self):
        given = {"links": [bond("b", ["x", "y", "z"], "802.3ad"), phy("x", 0), phy("y", 9)],
                 "networks": [static("n", "b", "192.0.2.5")]}
        fake = fake_esxi.create(nics=nic_list(2))
        _, log, _ = apply(fake, describe(given))
        self.assertEqual(interfaces(fake)["vmk0"]["uplinks"], ["vmnic0"])
        self.assertIn("bond b does without a member: bond b uses link z", log)
        self.assertIn("does without a member of bond b: no NIC of this host has the MAC " + nic_mac(9), log)

    def test_modes_of_bonds(self):
        for given, name in (("802.1ad", "802.3ad"), ("802.1AD", "802.3ad"), ("2", "balance-xor"), ("6", "balance-alb")):
            self.assertEqual(bonds.mode(given, "b", lambda sentence: None), name)

    def test_management_by_name(self):
        given = {"links": [phy("a", 0), phy("b", 1)], "networks": [
            static("n", "a", "192.0.2.5", gateway="192.0.2.1"), static("m", "b", "198.51.100.5")]}
        for name in ("m", "b"):
            self.assertEqual(read(given, management=name)[0]["management"], "b")
        with self.assertRaisesRegex(netdata.NetworkDataError, "nowhere"):
            read(given, management="nowhere")
        off = dict(given, networks=[static("n", "a", "192.0.2.5", gateway="203.0.113.1"), given["networks"][1]])
        network, _, warnings = read(off, management="m")
        self.assertIsNone(network["gateway4"])
        self.assertIn("203.0.113.1 is left out", warnings)

    def test_empty_objects(self):
        for given in ({"links": [{}], "networks": [{}], "services": [{}]}, {"links": [{}], "networks": []}):
            self.assertEqual(read(given), (None, {"servers": [], "search": []}, ""))


class TwiceTest(unittest.TestCase):
    """The same address twice, a NIC twice: management keeps what is its own."""

    def test_addresses(self):
        links = [phy("a", 0), phy("b", 1), phy("c", 2)]
        refused = {"links": links, "networks": [static("n", "a", "192.0.2.5"), static("m", "b", "192.0.2.5", "255.255.255.128")]}
        for word in ("192.0.2.5", "network n", "network m"):
            self.assertIn(word, describe(refused)["refusal"])
        network, _, warnings = read({"links": links, "networks": [
            static("n", "a", "192.0.2.5"), static("m", "b", "198.51.100.5"), static("o", "c", "198.51.100.5", "255.255.255.128")]})
        self.assertEqual([i["id"] for i in network["interfaces"]], ["a", "b"])
        self.assertIn("network o is left out: the address 198.51.100.5 is given twice, by network m and by network o",
                      warnings)

    def test_nics(self):
        """Management is listed last and has its bond all the same."""
        network, _, warnings = read({"links": [bond("b", ["x", "y"], "active-backup"), phy("x", 0), phy("y", 1)],
                                     "networks": [static("m", "x", "198.51.100.5"),
                                                  static("n", "b", "192.0.2.5", gateway="192.0.2.1")]})
        self.assertEqual([i["id"] for i in network["interfaces"]], ["b"])
        self.assertIn("network m is left out: NIC 'x' is used by 'b' and by 'x'", warnings)


class MetadataTest(unittest.TestCase):
    UUID = "1B4E28BA-2FA1-11D2-883F-0016D3CCA427"

    def test_an_unnamed_node(self):
        for meta, name in (({"uuid": self.UUID}, self.UUID.lower()), ({"uuid": self.UUID, "name": ""}, self.UUID.lower()),
                           ({"uuid": self.UUID, "name": "esx1"}, "esx1"), ({"uuid": "u"}, None), ({}, None)):
            self.assertEqual(describe({}, meta)["hostname"], name)

    def test_forms_of_vendor_data(self):
        config = "#cloud-config\nntp: {servers: [192.0.2.9]}\n"
        for given in (config, [config], {"cloud-init": config}, {"cloud-init": [config, 5]}, [{"cloud-init": config}, None],
                      [{"ntp": {"servers": ["192.0.2.9"]}}], [{"esxi": {"ntp": {"servers": ["192.0.2.9"]}}}]):
            description = describe({}, vendor_data=given)
            self.assertEqual(description["ntp"]["servers"], ["192.0.2.9"], given)
        for given in (5, None, "", "text", [], [[config]], {"cloud-init": None}):
            self.assertEqual(describe({}, vendor_data=given)["ntp"]["servers"], [])


if __name__ == "__main__":
    unittest.main()
