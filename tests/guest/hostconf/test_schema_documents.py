"""Documents that are valid by Nova's schema of network_data (doc/api_schemas/network_data.json), at random: none is
refused, and each ends as the schema's own words say. What must come out is written down while a document is made.

Each document is tried on one release; ESXI_IMG_ALL_RELEASES=1 tries each on all four.
"""
import ipaddress
import os
import random
import unittest

from support import apply, check_routes, check_segments, describe, fake_esxi, interfaces, nic_list, nic_mac
from test_property import Generator

from hostconf.host.inventory import parse_nics
from hostconf.planning import ksfiles

SEED = 9002026
DOCUMENTS = 900
RELEASES = ("6.7.0", "7.0.3", "8.0.3", "9.0.0")
LINK_TYPES = ("bridge", "dvs", "hw_veb", "hyperv", "ovs", "tap", "vhostuser", "vif", "phy")
# The schema's seven modes, and what README.md says a standard vSwitch does in their stead.
POLICIES = {"802.3ad": "iphash", "balance-xor": "iphash", "balance-rr": "portid", "balance-tlb": "portid",
            "balance-alb": "portid", "active-backup": "explicit", "broadcast": "explicit"}
# Numbers from 1 to 65535, and what is left of them: a vSwitch takes 1280 to 9000.
MTUS = ((None, None), (1500, 1500), (9000.0, 9000), (1450.0, 1450), (576, None), (1, None), (65535, 9000), (1280, 1280))


class Document(Generator):
    """One document, with what the host must have in the end (see test_property)."""

    def __init__(self, rnd):
        Generator.__init__(self, rnd)
        self.macs = {}  # link: its MAC as ESXi writes it
        self.places = {}  # link: (uplinks, VLAN)
        self.dns = []

    def build(self):
        data = Generator.build(self)
        for network in data["networks"]:
            network.pop("services", None)
            network["network_id"] = "id of %s" % network["id"]
            if self.rnd.random() < 0.2:
                network["x_unknown"] = {"y": [1]}
        data["services"] = []
        for _ in range(self.rnd.randint(0, 3)):
            self.add_dns(data["services"])
        for network in data["networks"]:
            for route in network.get("routes", []):
                if self.rnd.random() < 0.1:
                    self.add_dns(route.setdefault("services", []))
        return data

    def add_dns(self, services):
        number = self.rnd.randint(1, 250)
        address, text = self.rnd.choice([("198.51.100.%d" % number, "198.51.100.%03d" % number),
                                         ("2001:db8::%x" % number, "2001:DB8:0::%x/64" % number)])
        self.dns.append(address)
        services.append({"type": "dns", "address": text})

    def spelled(self, mac):
        return self.rnd.choice([mac, mac.upper(), mac.replace(":", "-")])

    def name(self, base):
        name = self.rnd.choice([base, "%s: %s/é" % (base, "x" * 70), "tap-%s" % base])
        return name

    def carrier(self, members, bonded):
        given, mtu = self.rnd.choice(MTUS)
        names = []
        for nic in members:
            names.append(self.name("p%d" % nic))
            link = {"id": names[-1], "type": self.rnd.choice(LINK_TYPES), "vif_id": "v%d" % nic,
                    "ethernet_mac_address": self.spelled(nic_mac(nic))}
            if not bonded:
                link["mtu"] = given
            self.macs[names[-1]] = nic_mac(nic)
            self.links.append(link)
        uplinks = tuple("vmnic%d" % nic for nic in sorted(members))
        self.places[names[0]] = (list(uplinks), 0)
        if not bonded:
            return names[0], uplinks, mtu
        mode = self.rnd.choice(sorted(POLICIES))
        name = self.name("bond%d" % members[0])
        self.macs[name] = self.rnd.choice([nic_mac(members[0]), "fa:16:3e:00:00:%02x" % members[0]])
        self.places[name] = (list(uplinks), 0)
        self.links.append({"id": name, "type": "bond", "bond_mode": mode, "bond_links": names, "mtu": given,
                           "bond_miimon": 100, "ethernet_mac_address": self.spelled(self.macs[name])})
        self.policies[uplinks] = (POLICIES[mode], ["vmnic%d" % nic for nic in members])
        return name, uplinks, mtu

    def segment(self, carrier, uplinks, vlan, carrier_mtu):
        name, mtu = carrier, carrier_mtu
        if vlan:
            given, own = self.rnd.choice(MTUS)
            mtu = own or carrier_mtu
            name = "%s.%d" % (carrier, vlan)
            self.macs[name] = "fa:16:3e:01:%02x:%02x" % (vlan // 256, vlan % 256)
            self.places[name] = (list(uplinks), vlan)
            self.links.append({"id": name, "type": "vlan", "vlan_link": carrier, "vlan_id": vlan, "mtu": given,
                               "vlan_mac_address": self.spelled(self.macs[name])})
        entry = {"v4": [], "v6": [], "dhcpv6": False, "auto6": False, "mtu": mtu or 1500}
        self.segments[(uplinks, vlan)] = entry
        for _ in range(self.rnd.randint(1, 3)):
            self.rnd.choice([self.static4, self.static4, self.static6, self.automatic])(name, entry)

    def static(self, link, entry, version, network, netmask):
        Generator.static(self, link, entry, version, network, netmask)
        made = self.networks[-1]
        if version == 6:
            # The schema lets an address carry its length, and knows masks as addresses alone.
            made["ip_address"] += self.rnd.choice(["", "/%d" % network.prefixlen])
            made["netmask"] = str(network.netmask)
            if "/" in made["ip_address"] and self.rnd.random() < 0.5:
                del made["netmask"]
            return
        if network.prefixlen == 24 and self.rnd.random() < 0.3:
            del made["netmask"]  # the schema does not require it; cloud-init takes 24
        if self.rnd.random() < 0.1:
            made["ip_address"] = ".".join("%03d" % int(part) for part in made["ip_address"].split("."))

    def automatic(self, link, entry):
        kind = self.rnd.choice(["ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac"])
        more = {}
        if kind == "ipv4_dhcp" and "dhcp" not in entry["v4"]:
            entry["v4"].append("dhcp")
            if self.rnd.random() < 0.3:
                # Nobody leases this: an optional route that is left out.
                more = {"ip_address": "203.0.113.9", "netmask": "255.255.255.0", "routes": [
                    {"network": "10.0.0.0", "netmask": "255.0.0.0", "gateway": "203.0.113.1"}]}
            self.add(link, kind, **more)
        elif kind != "ipv4_dhcp" and not entry["auto6"]:
            entry["auto6"], entry["dhcpv6"] = True, kind == "ipv6_dhcp"
            self.add(link, kind, ip_address="2001:db8:ffff::1", netmask="ffff:ffff:ffff:ffff::", routes=[
                {"network": "::", "netmask": "::", "gateway": "2001:db8:ffff::2"}])


class SchemaDocumentsTest(unittest.TestCase):
    maxDiff = None

    def test_documents(self):
        rnd = random.Random(SEED)
        everywhere = os.environ.get("ESXI_IMG_ALL_RELEASES") == "1"
        tried = 0
        for number in range(DOCUMENTS):
            document = Document(random.Random(rnd.random()))
            data = document.build()
            if not data["networks"]:
                continue
            for release in RELEASES if everywhere else [RELEASES[number % len(RELEASES)]]:
                with self.subTest(number=number, release=release):
                    self.check(document, data, release)
                    tried += 1
        self.assertGreater(tried, DOCUMENTS * 0.9)

    def check(self, document, data, release):
        description = describe(data)
        self.assertIsNone(description["refusal"])
        nics = nic_list(document.nics)
        line = ksfiles.network_line(description, parse_nics(nics), lambda sentence: None)
        fake = fake_esxi.create(release=release, nics=nics, network=line.partition(" ")[2])
        apply(fake, description)
        self.check_uplinks(document, fake)
        check_routes(self, fake, document.routes, document.defaults)
        self.check_management(document, data, fake)
        if document.dns:
            self.assertEqual(set(fake.summary()["dns"]), set(document.dns))
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
        self.assertTrue(fake.manageable())

    def check_uplinks(self, document, fake):
        check_segments(self, fake, document.segments)
        for vmk in interfaces(fake).values():
            uplinks = tuple(vmk["uplinks"])
            if uplinks in document.policies:
                policy, order = document.policies[uplinks]
                self.assertEqual(vmk["load_balancing"], policy)
                self.assertEqual(vmk["active"] + vmk["standby"] if policy == "explicit" else sorted(vmk["active"]),
                                 order if policy == "explicit" else sorted(order))

    def check_management(self, document, data, fake):
        """vmk0 is on the first network with the IPv4 default route, else IPv6's, else the first with IPv4, else first."""
        expect = {network["id"]: (network["expect"] or (0,))[0] for network in document.networks}
        order = sorted(range(len(data["networks"])), key=lambda i: (
            0 if expect[data["networks"][i]["id"]] == 4 else 1 if expect[data["networks"][i]["id"]] == 6 else
            2 if data["networks"][i]["type"].startswith("ipv4") else 3, i))
        network = data["networks"][order[0]]
        vmk = interfaces(fake)["vmk0"]
        self.assertEqual((vmk["uplinks"], vmk["vlan"]), document.places[network["link"]])
        if network["type"] == "ipv4_dhcp":
            self.assertEqual((vmk["ipv4"], vmk["mac"]), ("dhcp", document.macs[network["link"]]))
        elif network["type"] == "ipv4":
            plain = ".".join(str(int(part)) for part in network["ip_address"].split("."))
            self.assertEqual(ipaddress.ip_interface(vmk["ipv4"]).ip, ipaddress.ip_address(plain))


if __name__ == "__main__":
    unittest.main()
