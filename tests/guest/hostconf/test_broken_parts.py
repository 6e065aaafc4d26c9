"""One part of a random valid network broken at random: if management's own part is intact, management is as asked and
all that is not broken besides; if it is not, the installer's DHCP stays. Somebody can log in either way.

ESXI_IMG_CASES=5000 tries more of them.
"""
import copy
import os
import random
import unittest

from support import apply, describe, fake_esxi, interfaces, network_config, nic_list, nic_mac
from test_property import AUTOMATIC6, Generator, RELEASES
from test_scenarios import KEY

from hostconf.host.apply import ApplyError
from hostconf.host.inventory import parse_nics
from hostconf.planning import ksfiles

SEED = 20261125
CASES = int(os.environ.get("ESXI_IMG_CASES", "400"))
ABSENT = "02:00:5e:00:99:99"


class Broken:
    """A valid document, what was broken in it, and which networks cannot be had then."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.generator = Generator(rnd)
        self.data = copy.deepcopy(self.generator.build())
        self.networks = self.data["networks"]
        self.links = {link["id"]: link for link in self.data["links"]}
        self.defaults = {network["id"]: network["expect"] for network in self.generator.networks}
        self.management = self.choose_management()
        self.lost = set()  # ids of networks
        self.gone = set()  # NICs whose MAC is on no host
        self.no_default = set()  # ids of networks whose default route cannot be had
        breaks = [self.absent_mac, self.bond_mode, self.vlan_id, self.dangling_link, self.address, self.mask,
                  self.gateway, self.twice, self.type]
        rnd.shuffle(breaks)
        self.what = next(found for found in (attempt() for attempt in breaks) if found)

    def choose_management(self):
        """The network that is management, by what the document says before anything is broken."""
        def first(fits):
            return next((n["id"] for n in self.networks if fits(n)), None)
        return (first(lambda n: (self.defaults[n["id"]] or (0,))[0] == 4)
                or first(lambda n: (self.defaults[n["id"]] or (0,))[0] == 6)
                or first(lambda n: n["type"].startswith("ipv4")) or self.networks[0]["id"])

    def place(self, network):
        """(NICs that carry the network and are there, VLAN)."""
        link, vlan = self.links[network["link"]], 0
        if link["type"] == "vlan":
            link, vlan = self.links[link["vlan_link"]], int(link["vlan_id"])
        members = link["bond_links"] if link["type"] == "bond" else [link["id"]]
        return sorted("vmnic%s" % name[1:] for name in members if name not in self.gone), vlan

    def on(self, link):
        """Ids of the networks on a link, or on a VLAN on it."""
        return {n["id"] for n in self.networks
                if link in (n["link"], self.links[n["link"]].get("vlan_link"))}

    def pick(self, fits):
        found = [network for network in self.networks if fits(network)]
        return self.rnd.choice(found) if found else None

    def absent_mac(self):
        nic = self.rnd.choice([link for link in self.data["links"] if link["type"] not in ("bond", "vlan")])
        nic["ethernet_mac_address"] = ABSENT
        self.gone.add(nic["id"])
        self.lost = {n["id"] for n in self.networks if not self.place(n)[0]}
        return "MAC of %s" % nic["id"]

    def bond_mode(self):
        bonds = [link for link in self.data["links"] if link["type"] == "bond"]
        if not bonds:
            return None
        bond = self.rnd.choice(bonds)
        bond["bond_mode"] = self.rnd.choice(["no-such-mode", "7"])
        self.lost = self.on(bond["id"])
        return "mode of %s" % bond["id"]

    def vlan_id(self):
        network = self.pick(lambda n: self.links[n["link"]]["type"] == "vlan")
        if network is None:
            return None
        self.links[network["link"]]["vlan_id"] = self.rnd.choice([4095, -1, "x", None])
        self.lost = self.on(network["link"])
        return "VLAN of %s" % network["link"]

    def spoil(self, network, key, value):
        network[key] = value
        self.lost = {network["id"]}
        return "%s of %s" % (key, network["id"])

    def dangling_link(self):
        return self.spoil(self.rnd.choice(self.networks), "link", "nowhere")

    def type(self):
        network = self.rnd.choice(self.networks)
        return self.spoil(network, "type", "ipv5" if network["type"] in ("ipv4", "ipv6") else network["type"] + "_x")

    def address(self):
        network = self.pick(lambda n: n["type"] in ("ipv4", "ipv6"))
        return network and self.spoil(network, "ip_address", self.rnd.choice(
            ["192.0.2.300", "224.0.0.5", "127.0.0.2", None, "ff02::1", "fe80::5"]))

    def mask(self):
        network = self.pick(lambda n: n["type"] == "ipv4")
        return network and self.spoil(network, "netmask", self.rnd.choice(["255.0.255.0", "33", "0.0.0.0", "255.255.255"]))

    def gateway(self):
        network = self.pick(lambda n: self.defaults[n["id"]])
        if network is None:
            return None
        version, old = self.defaults[network["id"]]
        for route in network["routes"]:
            if route["gateway"] == old and route["network"] in ("0.0.0.0", "::", "::0"):
                route["gateway"] = self.rnd.choice(["203.0.113.1" if version == 4 else "2001:db8:ffff::1", "gw"])
        self.no_default = {network["id"]}
        if network["id"] == self.management:
            self.lost = {network["id"]}
        return "gateway of %s" % network["id"]

    def twice(self):
        statics = [n for n in self.networks if n["type"] in ("ipv4", "ipv6")]
        pairs = [(a, b) for i, a in enumerate(statics) for b in statics[i + 1:]
                 if a["type"] == b["type"] and a["link"] != b["link"]]
        if not pairs:
            return None
        first, second = self.rnd.choice(pairs)
        second["ip_address"], second["netmask"] = first["ip_address"], first["netmask"]
        self.lost = {first["id"], second["id"]} if self.management in (first["id"], second["id"]) else {second["id"]}
        if second["id"] == self.management:
            self.lost = {second["id"]}
        return "address of %s and %s" % (first["id"], second["id"])


def without_dns(config):
    """The network without its name servers, which are set all the same."""
    return dict(config, netstacks={name: {key: stack[key] for key in stack if "dns" not in key}
                                   for name, stack in config["netstacks"].items()})


class BrokenPartsTest(unittest.TestCase):
    maxDiff = None

    def test_one_part_broken(self):
        rnd = random.Random(SEED)
        ends = {True: 0, False: 0}
        for number in range(CASES):
            broken = Broken(random.Random(rnd.random()))
            release = rnd.choice(RELEASES)
            with self.subTest(number=number, release=release, what=broken.what, management=broken.management):
                intact = broken.management not in broken.lost
                ends[intact] += 1
                self.check(broken, release, intact)
        self.assertGreater(min(ends.values()), CASES // 8, "both ends are tried")

    def check(self, broken, release, intact):
        description = describe(broken.data, {"hostname": "esx1", "public_keys": {"k": KEY}})
        nics = nic_list(broken.generator.nics)
        said = list(description["warnings"])
        line = ksfiles.network_line(description, parse_nics(nics), said.append)
        fake = fake_esxi.create(release=release, nics=nics, network=line.partition(" ")[2])
        before = network_config(fake)
        try:
            _, log, _ = apply(fake, description)
        except ApplyError as error:
            self.assertFalse(intact, error)
            self.assertEqual(line, "network --bootproto=dhcp --hostname=esx1")
            self.assertEqual(without_dns(network_config(fake)), without_dns(before))
        else:
            self.assertTrue(intact, "management was broken, and something was set up")
            self.check_management(broken, fake)
            self.check_others(broken, fake)
            for name in broken.lost:
                self.assertIn(name, log, "what is left out is named")
        summary = fake.summary()
        self.assertTrue(fake.manageable() and summary["ssh"]["running"] and summary["ssh"]["with_host"])
        self.assertEqual((len(summary["root_keys"]), summary["fqdn"].split(".")[0]), (1, "esx1"))
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def check_management(self, broken, fake):
        network = next(n for n in broken.networks if n["id"] == broken.management)
        vmk = interfaces(fake)["vmk0"]
        self.assertEqual((vmk["uplinks"], vmk["vlan"]), broken.place(network))
        self.check_address(network, vmk)
        if broken.defaults[network["id"]]:
            version, gateway = broken.defaults[network["id"]]
            self.assertIn(("default", gateway, "vmk0"), fake.summary()["routes%d" % version])

    def check_others(self, broken, fake):
        for network in broken.networks:
            if network["id"] not in broken.lost:
                place = broken.place(network)
                on_it = [vmk for vmk in interfaces(fake).values() if (vmk["uplinks"], vmk["vlan"]) == place]
                self.assertTrue(any(self.has_address(network, vmk) for vmk in on_it), network)

    def check_address(self, network, vmk):
        self.assertTrue(self.has_address(network, vmk), (network, vmk))

    @staticmethod
    def has_address(network, vmk):
        if network["type"] == "ipv4":
            return (vmk["ipv4"] or "").partition("/")[0] == network["ip_address"]
        if network["type"] == "ipv6":
            return network["ip_address"] in [text.partition("/")[0] for text in vmk["ipv6"]]
        if network["type"] == "ipv4_dhcp":
            return vmk["ipv4"] == "dhcp"
        return vmk["router_adv"] and vmk["dhcpv6"] >= AUTOMATIC6[network["type"]]


if __name__ == "__main__":
    unittest.main()
