"""Config drives as emitters write them: every oddity known of nova, ironic, openstacksdk and metalsmith."""
import json
import os
import shutil
import tempfile
import unittest

from support import describe, nic_mac
from test_scenarios import KEY, phy, static

from common import description as schema, netvalues
from common.description import DescriptionError
from hostconf.sources import hostnames as names, metadata, netdata, openstack, sshkeys

OTHER_KEY = KEY.replace("AAAAB3NzaC1yc2E", "AAAAB3NzaC1yc2F")


def network_of(data):
    warnings = []
    network, dns = netdata.read(data, warnings.append)
    return network, dns["servers"], warnings


class NetworkDataTest(unittest.TestCase):
    def test_nothing_said(self):
        for data in (None, {}, {"links": None, "networks": None}, {"links": [], "networks": [], "services": []}):
            self.assertEqual(network_of(data), (None, [], []))
        for content in (b"", b"  ", b"null", b"{}"):
            description = openstack.read({"network_data.json": content}, "config-drive")
            self.assertIsNone(description["network"])
            self.assertIsNone(description["refusal"])

    def test_dhcp_as_nova_sends_it(self):
        network, _, warnings = network_of({
            "links": [phy("tap1", 0, mtu=None, vif_id="x")], "services": [],
            "networks": [{"id": "network0", "type": "ipv4_dhcp", "link": "tap1", "network_id": "y"}]})
        self.assertEqual(network["interfaces"][0]["addresses"], [{"id": "network0", "type": "ipv4-dhcp"}])
        self.assertIsNone(network["interfaces"][0]["mtu"])
        self.assertEqual(warnings, [])

    def test_the_type_decides_what_counts(self):
        for given, kind in (("ipv4_dhcp", "ipv4-dhcp"), ("ipv6_slaac", "ipv6-slaac"), ("ipv6_dhcp", "ipv6-dhcp"),
                            ("ipv6_dhcpv6-stateful", "ipv6-dhcp"), ("ipv6_dhcpv6-stateless", "ipv6-dhcp-stateless")):
            network, _, _ = network_of({"links": [phy("a", 0)], "networks": [{
                "id": "n", "type": given, "link": "a", "ip_address": "2001:db8::7", "netmask": "64",
                "routes": [{"network": "::", "netmask": "::", "gateway": "2001:db8::1"},
                           {"network": "2001:db8:1::", "netmask": "ffff:ffff:ffff::", "gateway": "2001:db8::2"}]}]})
            self.assertEqual(network["interfaces"][0]["addresses"], [{"id": "n", "type": kind}])
            self.assertIsNone(network["gateway6"], "the lease or a router brings the default route")
            self.assertEqual([route["network"] for route in network["routes"]], ["2001:db8:1::/48"])

    def test_forms_of_the_default_route(self):
        for network, mask, address, gateway in (
                ("0.0.0.0", "0.0.0.0", "192.0.2.5", "192.0.2.1"), ("0.0.0.0/0", None, "192.0.2.5", "192.0.2.1"),
                ("0.0.0.0", None, "192.0.2.5", "192.0.2.1"), ("0.0.0.0", 0, "192.0.2.5", "192.0.2.1"),
                ("default", None, "192.0.2.5", "192.0.2.1"), ("::", "::", "2001:db8::5", "2001:db8::1"),
                ("::0", "::0", "2001:db8::5", "2001:db8::1"), ("::/0", None, "2001:db8::5", "2001:db8::1"),
                ("::", "0", "2001:db8::5", "fe80::1"), ("::0", "::", "2001:db8::5", "fe80::1%eth0")):
            with self.subTest(network=network, mask=mask):
                version = 6 if ":" in address else 4
                entry = static("n", "a", address, netmask="64" if version == 6 else "255.255.255.0",
                               routes=[{"network": network, "netmask": mask, "gateway": gateway}])
                entry["type"] = "ipv%d" % version
                found, _, warnings = network_of({"links": [phy("a", 0)], "networks": [entry]})
                self.assertEqual(found["gateway%d" % version],
                                 {"address": gateway.partition("%")[0], "interface": "a"})
                self.assertEqual(found["routes"], [])
                self.assertEqual(warnings, [])

    def test_netmasks(self):
        for mask, version, length in (("255.255.255.192", 4, 26), ("255.255.255.255", 4, 32), ("0.0.0.0", 4, 0),
                                      ("24", 4, 24),
                                      ("/24", 4, 24), ("ffff:ffff:ffff:ffff::", 6, 64), ("ffff:ffff:ffff:ff00::", 6,
                                                                                         56),
                                      ("64", 6, 64), ("::", 6, 0)):
            self.assertEqual(netvalues.prefix_length(mask, version), length)
        for mask, version in (("255.0.255.0", 4), ("33", 4), ("ffff::1", 6), ("255.255.255.0", 6), ("x", 4), ("-1",
                                                                                                              4)):
            with self.assertRaises(ValueError):
                netvalues.prefix_length(mask, version)

    def test_address_may_carry_its_length(self):
        for kind, address, mask, length in (("ipv6", "2001:db8::5/56", None, 56), ("ipv6", "2001:db8::5/56", "64", 56),
                                            ("ipv4", "192.0.2.5/26", None, 26), ("ipv6", "2001:db8::5", None, 64)):
            network, _, warnings = network_of({"links": [phy("a", 0)], "networks": [
                {"id": "n", "type": kind, "link": "a", "ip_address": address, "netmask": mask}]})
            self.assertEqual(network["interfaces"][0]["addresses"][0]["prefix"], length)
            self.assertEqual(len(warnings), 0 if "/" in address else 1)

    def test_routes_that_cannot_be_set_are_left_out_one_by_one(self):
        routes = [{"network": "203.0.113.0", "netmask": "255.255.255.0", "gateway": gateway}
                  for gateway in ("0.0.0.0", None, "", "on-link", "2001:db8::1")]
        routes += [{"netmask": "255.255.255.0", "gateway": "192.0.2.1"}, {"network": "x", "gateway": "192.0.2.1"},
                   "text",
                   {"network": "203.0.113.7", "netmask": "255.255.255.255", "gateway": "192.0.2.254"},
                   {"network": "203.0.113.129", "netmask": "255.255.255.128", "gateway": "192.0.2.253"}]
        network, _, warnings = network_of({"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5",
                                                                                       routes=routes)]})
        self.assertEqual([(r["network"], r["gateway"]) for r in network["routes"]],
                         [("203.0.113.7/32", "192.0.2.254"), ("203.0.113.128/25", "192.0.2.253")])
        self.assertEqual(len(warnings), 7)
        self.assertTrue(all("network n" in warning for warning in warnings))

    def test_a_bond_as_ironic_regenerates_it(self):
        network, _, warnings = network_of({
            "links": [{"id": "iface2", "type": "bond", "bond_links": ["iface0", "iface1"],
                       "ethernet_mac_address": "02:ff:ff:ff:ff:ff"}, phy("iface0", 0), phy("iface1", 1)],
            "networks": [static("n", "iface2", "192.0.2.5")]})
        self.assertEqual([link["id"] for link in network["links"]], ["iface0", "iface1", "iface2"])
        self.assertEqual(network["links"][2]["mode"], "active-backup")
        self.assertIn("has no mode", warnings[0])

    def test_bond_options_are_passed_over(self):
        network, _, warnings = network_of({
            "links": [{"id": "b", "type": "bond", "bond_mode": "active-backup", "bond_links": ["x", "y"],
                       "bond_primary": "y",
                       "bond_miimon": "100", "bond_xmit_hash_policy": "layer2+3", "bond_fail_over_mac": 1},
                      phy("x", 0), phy("y", 1)], "networks": [static("n", "b", "192.0.2.5")]})
        self.assertEqual(network["links"][2]["primary"], "y")
        self.assertEqual(warnings, [])

    def test_mtu(self):
        for given, mtu, warned in ((None, None, 0), (0, None, 0), (1500, 1500, 0), ("9000", 9000, 0), (9216, 9000, 1),
                                   (576, None, 1), ("big", None, 1), (True, None, 1), (-1, None, 1)):
            network, _, warnings = network_of({"links": [phy("a", 0, mtu=given)], "networks": [static("n", "a",
                                                                                                      "192.0.2.5")]})
            self.assertEqual(network["interfaces"][0]["mtu"], mtu)
            self.assertEqual(len(set(warnings)), warned)
            schema.validate({"format": 1, "source": "embedded", "network": network})

    def test_numbers_as_ids(self):
        network, _, _ = network_of({"links": [phy(7, 0)], "networks": [dict(static("n", 7, "192.0.2.5"), id=3)]})
        self.assertEqual(network["interfaces"][0]["id"], "7")
        self.assertEqual(network["interfaces"][0]["addresses"][0]["id"], "3")

    def test_two_links_with_one_mac_are_one_nic(self):
        network, _, _ = network_of({"links": [phy("a", 0), dict(phy("b", 0), type="vif")], "networks": [
            static("n", "a", "192.0.2.5"), static("m", "b", "198.51.100.5")]})
        self.assertEqual(len(network["links"]), 1)
        self.assertEqual(len(network["interfaces"]), 1)
        self.assertEqual(len(network["interfaces"][0]["addresses"]), 2)

    def test_every_type_of_novas_schema_passes_without_a_word(self):
        for kind in ("phy", "vif", "ovs", "tap", "bridge", "dvs", "hyperv", "hw_veb", "vhostuser"):
            _, _, warnings = network_of({"links": [dict(phy("a", 0), type=kind)], "networks": [static("n", "a",
                                                                                                      "192.0.2.5")]})
            self.assertEqual(warnings, [])

    def test_anything_but_networks_is_refused_or_passed_over(self):
        for data in ([], "x", 5, {"links": {}}, {"networks": "x"}):
            with self.assertRaises(netdata.NetworkDataError):
                network_of(data)
        self.assertEqual(network_of({"links": [None, 5], "networks": ["x"], "services": [5, {"type": "dns"}]})[0],
                         None)

    def test_refusals_are_kept_in_the_description(self):
        description = describe({"links": [], "networks": [static("n", "gone", "192.0.2.5")]}, {"hostname": "h"})
        self.assertIn("gone", description["refusal"])
        self.assertIsNone(description["network"])
        self.assertEqual(description["hostname"], "h")


class MetaDataTest(unittest.TestCase):
    def read(self, meta, **more):
        return describe({}, meta, **more)

    def test_everything_is_optional(self):
        description = openstack.read({}, "config-drive")
        self.assertEqual((description["hostname"], description["ssh_keys"], description["root_password_hash"]), (None,
            [], None))
        self.assertTrue(description["services"]["ssh"])

    def test_unknown_keys_and_types(self):
        description = self.read({"x_vendor": {"deep": [1]}, "dsmode": "local", "launch_index": 0, "hostname": 7,
                                 "name": "n",
                                 "keys": "x", "public_keys": 5, "meta": "x", "devices": [], "admin_pass": None})
        self.assertEqual(description["hostname"], "n")
        self.assertEqual(description["ssh_keys"], [])

    def test_hostname_wins_over_name(self):
        self.assertEqual(self.read({"hostname": "a.example.net", "name": "b"})["hostname"], "a.example.net")
        self.assertEqual(self.read({"hostname": "", "name": "b"})["hostname"], "b")

    def test_host_names_that_esxi_does_not_take(self):
        for text, safe in (("z\u00fcrich-7.example.net", "zurich-7.example.net"), ("Z\u00fcrich ESX \u21167",
                                                                                   "Zurich-ESX-No7"),
                           ("a_b", "a-b"), ("-a-", "a"), ("host.", "host"), ("a..b", "a.b"), ("\u4e3b\u673a",
                                                                                              "xn--tiq422d"),
                           ("x" * 70, "x" * 63), ("caf\u00e9\u0301", "cafe"), ("\u00ff" * 3, "yyy"), ("a b.c d",
                                                                                                      "a-b.c-d")):
            with self.subTest(text):
                warnings = []
                found = names.safe_hostname(text, warnings.append)
                self.assertEqual(found, safe)
                schema.validate({"format": 1, "source": "embedded", "hostname": found})
                self.assertEqual(len(warnings), 0 if text == "host." else 1)
        for text in ("\u2603", "...", "---", " "):
            warnings = []
            self.assertIsNone(names.safe_hostname(text, warnings.append))
            self.assertEqual(len(warnings), 1)
        long = ".".join(["y" * 60] * 6)
        self.assertLessEqual(len(names.safe_hostname(long, lambda w: None)), 253)

    def test_keys(self):
        self.assertEqual(self.read({"public_keys": {"k": KEY + " a\n"}, "keys": [{"type": "ssh",
                                                                                  "data": KEY + " b"}]})["ssh_keys"],
                         [KEY + " a"])
        self.assertEqual(self.read({"public_keys": {"10": OTHER_KEY, "2": KEY}})["ssh_keys"], [KEY, OTHER_KEY])
        self.assertEqual(self.read({"public_keys": [KEY, "# comment\n\n" + OTHER_KEY + "\r\n"]})["ssh_keys"], [KEY,
            OTHER_KEY])
        self.assertEqual(self.read({"public_keys": {"cl\u00e9": KEY + " \u00e9"}})["ssh_keys"], [KEY + " \u00e9"])
        with_options = 'no-pty,from="192.0.2.0/24" ' + KEY
        self.assertEqual(self.read({"public_keys": {"k": with_options}})["ssh_keys"], [with_options])
        description = self.read({"public_keys": {"k": "S3cret-passphrase-here", "l": 7},
                                 "keys": [{"type": "x509", "data": "x"}, 5]})
        self.assertEqual(description["ssh_keys"], [])
        self.assertNotIn("passphrase-here", " ".join(description["warnings"]))
        self.assertGreaterEqual(len(description["warnings"]), 3)

    def test_key_bodies(self):
        self.assertIsNone(sshkeys.key_body("ssh-rsa"))
        self.assertIsNone(sshkeys.key_body(""))
        self.assertEqual(sshkeys.key_body("a ssh-rsa AAAAx c"), ("ssh-rsa", "AAAAx"))

    def test_admin_pass(self):
        seen = []
        files = {"meta_data.json": json.dumps({"admin_pass": "p\u00e4ss"}).encode()}
        openstack.read(files, "config-drive", hash_password=lambda text: seen.append(text) or "$6$x$" + "y" * 86)
        self.assertEqual(seen, ["p\u00e4ss"])
        self.assertTrue(self.read({"meta": {"admin_pass": "x"}})["root_password_hash"])
        self.assertIsNone(self.read({"admin_pass": ""})["root_password_hash"])

    def test_damaged_files(self):
        for name in ("vendor_data.json", "vendor_data2.json"):
            for content in (b"{", b"\xff\xfe", b"[" * 100000):
                description = openstack.read({name: content}, "config-drive")
                self.assertIsNone(description["refusal"])
                self.assertIn(name, description["warnings"][0])
        for content in (b"{", b"[]", b'"x"', b"\xff"):
            self.assertIn("meta_data.json", openstack.read({"meta_data.json": content}, "config-drive")["refusal"])
        self.assertIsNone(openstack.read({"meta_data.json": b"\xef\xbb\xbf{}"}, "config-drive")["refusal"])


class FolderTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-metadata-")
        self.addCleanup(shutil.rmtree, self.folder)

    def put(self, path, content=b"{}"):
        full = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)

    def test_layouts(self):
        self.assertEqual(metadata.load(self.folder), {})
        self.assertEqual(metadata.load(os.path.join(self.folder, "missing")), {})
        self.put("meta_data.json", b"loose")
        self.assertEqual(metadata.load(self.folder)["meta_data.json"], b"loose")
        self.put("openstack/2012-08-10/meta_data.json", b"old")
        self.put("openstack/2018-08-27/meta_data.json", b"new")
        self.assertEqual(metadata.load(self.folder)["meta_data.json"], b"new")
        self.put("openstack/latest/network_data.json", b"latest")
        self.assertEqual(metadata.load(self.folder), {"network_data.json": b"latest"})

    def test_plain_iso_names(self):
        self.put("OPENSTACK/LATEST/META_DATA.JSON;1", b"a")
        self.put("OPENSTACK/LATEST/USER_DATA.;1", b"b")
        self.assertEqual(metadata.load(self.folder), {"meta_data.json": b"a", "user_data": b"b"})

    def test_short_names(self):
        self.put("OPENSTAC/LATEST/META_DAT.JSO", b"a")
        self.put("OPENSTAC/LATEST/NETWORK_.JSO", b"b")
        self.assertEqual(metadata.load(self.folder), {"meta_data.json": b"a", "network_data.json": b"b"})


class DescriptionTest(unittest.TestCase):
    BASE = {"format": 1, "source": "maas"}

    def refused(self, *words, **fields):
        with self.assertRaises(DescriptionError) as caught:
            schema.validate(dict(self.BASE, **fields))
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertEqual(len(str(caught.exception).splitlines()), 1)
        return str(caught.exception)

    def test_defaults_are_stable(self):
        once = schema.validate(self.BASE)
        self.assertEqual(schema.validate(once), once)
        self.assertEqual(schema.loads(schema.dumps(once)), once)
        once["ssh_keys"].append("x")
        self.assertEqual(schema.validate(self.BASE)["ssh_keys"], [])

    def test_all_faults_at_once(self):
        text = self.refused("hostname", "ssh_keys[1]", "colour: unknown key", "ntp.servers", hostname="a b", colour=1,
                            ssh_keys=[KEY, "x"], ntp={"servers": "x"})
        self.assertNotIn("ssh_keys[0]", text)

    def test_secrets_are_not_repeated(self):
        secret = "P4ss\nword"
        text = self.refused("root_password_hash", root_password_hash=secret, licence_key=7,
                            vcenter={"server": "v", "username": "u", "password": 12345})
        self.assertNotIn("P4ss", text)
        self.assertNotIn("12345", text)

    def test_wrong_shapes(self):
        for text in ("[]", "5", "{", "null", '{"format": 2, "source": "maas"}', '{"format": 1}',
                     '{"format": true, "source": "maas"}'):
            with self.assertRaises(DescriptionError):
                schema.loads(text)
        for network in ({"interfaces": [{"id": "i", "link": "gone"}]}, {"links": [{"id": "a", "kind": "nic"}]},
                        {"links": [{"id": "a", "kind": "bond", "members": ["b"], "mode": "802.3ad"}]},
                        {"links": [{"id": "a", "kind": "nic", "mac": nic_mac(0)}] * 2}, {"management": "x"},
                        {"routes": [{"network": "0.0.0.0/0", "gateway": "192.0.2.1", "interface": "x"}]},
                        {"gateway4": {"address": "2001:db8::1", "interface": "x"}}):
            self.refused("network", network=network)

    def test_addresses(self):
        link = {"id": "a", "kind": "nic", "mac": nic_mac(0)}

        def network(**address):
            return {"links": [link], "interfaces": [{"id": "i", "link": "a", "addresses": [address]}]}

        for address in (dict(type="ipv4-static"), dict(type="ipv4-static", address="192.0.2.1"),
                        dict(type="ipv4-dhcp", prefix=3),
                        dict(type="ipv4-static", address="2001:db8::1", prefix=64), dict(type="ipv6-static",
                                                                                         address="::1", prefix=64),
                        dict(type="ipv4-static", address="192.0.2.1", prefix=33), dict(type="ipv4-static",
                                                                                       address="0.0.0.0", prefix=8)):
            self.refused("network", network=network(**address))
        good = schema.validate(dict(self.BASE, network=network(type="ipv6-static", address="2001:DB8:0::1",
                                                               prefix=64)))
        self.assertEqual(good["network"]["interfaces"][0]["addresses"][0]["address"], "2001:db8::1")

    def test_storage(self):
        self.refused("extents", storage={"datastores": [{"name": "a", "extents": []}]})
        self.refused("needs boot_disk", storage={"datastores": [{"name": "a", "extents": [{"disk": {},
                                                                                           "partition": 1}]}]})
        self.refused("must not be wiped", storage={"wipe": [{"boot_disk": True}]})


if __name__ == "__main__":
    unittest.main()
