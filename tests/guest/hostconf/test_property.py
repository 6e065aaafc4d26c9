"""For random valid network_data the host ends with exactly the addresses, VLANs, uplinks and routes asked for."""
import ipaddress
import random
import unittest

from support import apply, check_routes, check_segments, describe, fake_esxi, interfaces, nic_list, nic_mac

SEED = 20240611
CASES = 150
RELEASES = ("6.7.0", "7.0.0", "7.0.3", "8.0.0", "8.0.3", "9.0.0")
MODES = {"active-backup": "explicit", "balance-rr": "portid", "802.3ad": "iphash"}
AUTOMATIC6 = {"ipv6_slaac": False, "ipv6_dhcpv6-stateless": False, "ipv6_dhcpv6-stateful": True, "ipv6_dhcp": True}


class Generator:
    """Makes one network_data, and writes down beside it what the host must have in the end."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.nics = rnd.randint(1, 6)
        self.links, self.networks, self.servers = [], [], []
        # {(uplinks, VLAN): {"v4": [addresses or "dhcp"], "v6": [...], "dhcpv6": bool, "auto6": bool, "mtu": bytes}}
        self.segments = {}
        self.policies = {}
        self.routes, self.defaults = {4: set(), 6: set()}, {}
        self.subnets = 0

    def build(self):
        free = list(range(self.nics))
        self.rnd.shuffle(free)
        carriers = []
        while free and (not carriers or self.rnd.random() < 0.6):
            size = self.rnd.randint(1, min(3, len(free)))
            members, free = free[:size], free[size:]
            bonded = size > 1 or self.rnd.random() < 0.2
            carriers.append(self.carrier(members if bonded else members[:1], bonded))
        for name, uplinks, mtu in carriers:
            ids = self.rnd.sample(range(1, 4095), self.rnd.randint(0, 3))
            tagged = [] if ids and self.rnd.random() < 0.5 else [0]
            for vlan in tagged + ids:
                self.segment(name, uplinks, vlan, mtu)
        self.rnd.shuffle(self.links)
        order = self.rnd.sample(range(len(self.networks)), len(self.networks))
        self.networks = [self.networks[i] for i in order]
        for network in self.networks:
            self.note_default(network)
        data = {"links": self.links, "networks": [dict(n) for n in self.networks], "services": []}
        for network in data["networks"]:
            del network["expect"]
        for _ in range(self.rnd.randint(0, 3)):
            address = "198.51.100.%d" % self.rnd.randint(1, 250)
            place = self.rnd.choice([data, self.rnd.choice(data["networks"])])
            place.setdefault("services", []).append({"type": "dns", "address": address})
        return data

    def mac(self, nic):
        return nic_mac(nic).upper() if self.rnd.random() < 0.3 else nic_mac(nic)

    def carrier(self, members, bonded):
        mtu = self.rnd.choice([None, 1500, 9000])
        names = []
        for nic in members:
            names.append("p%d" % nic)
            link = {"id": "p%d" % nic, "type": self.rnd.choice(["phy", "ovs", "vif"]),
                    "ethernet_mac_address": self.mac(nic)}
            if not bonded:
                link["mtu"] = mtu
            self.links.append(link)
        uplinks = tuple("vmnic%d" % nic for nic in sorted(members))
        if not bonded:
            return names[0], uplinks, mtu
        mode = self.rnd.choice(sorted(MODES))
        name = "bond%d" % members[0]
        self.links.append({"id": name, "type": "bond", "bond_mode": mode, "bond_links": names, "mtu": mtu,
                           "ethernet_mac_address": self.rnd.choice([self.mac(members[0]), "02:ff:00:00:00:01"])})
        self.policies[uplinks] = (MODES[mode], ["vmnic%d" % nic for nic in members])
        return name, uplinks, mtu

    def segment(self, carrier, uplinks, vlan, carrier_mtu):
        name, mtu = carrier, carrier_mtu
        if vlan:
            own = self.rnd.choice([None, 1500, 9000])
            mtu = own or carrier_mtu
            name = "%s.%d" % (carrier, vlan)
            self.links.append({"id": name, "type": "vlan", "vlan_link": carrier, "mtu": own,
                               "vlan_id": self.rnd.choice([vlan, str(vlan)]), "vlan_mac_address": self.mac(0)})
        entry = {"v4": [], "v6": [], "dhcpv6": False, "auto6": False, "mtu": mtu or 1500}
        self.segments[(uplinks, vlan)] = entry
        for _ in range(self.rnd.randint(1, 3)):
            self.rnd.choice([self.static4, self.static4, self.static6, self.automatic])(name, entry)

    def add(self, link, kind, **more):
        self.networks.append(dict({"id": "net%d" % len(self.networks), "type": kind, "link": link, "expect": None},
                                  **more))
        return self.networks[-1]

    def static4(self, link, entry):
        self.subnets += 1
        length = self.rnd.choice([20, 24, 26, 29])
        network = ipaddress.ip_network("10.%d.16.0/%d" % (self.subnets, length))
        self.static(link, entry, 4, network, str(network.netmask))

    def static6(self, link, entry):
        self.subnets += 1
        network = ipaddress.ip_network("2001:db8:%x::/64" % self.subnets)
        self.static(link, entry, 6, network, self.rnd.choice(["ffff:ffff:ffff:ffff::", "64"]))

    def static(self, link, entry, version, network, netmask):
        address = network[self.rnd.randint(2, 4)]
        routes = []
        made = self.add(link, "ipv%d" % version, ip_address=str(address), netmask=netmask, routes=routes)
        entry["v%d" % version].append("%s/%d" % (address, network.prefixlen))
        gateway = str(network[1])
        if self.rnd.random() < 0.5:
            zero = {4: "0.0.0.0", 6: self.rnd.choice(["::", "::0"])}[version]
            routes.append({"network": zero, "netmask": zero, "gateway": gateway})
            made["expect"] = (version, gateway)
        for _ in range(self.rnd.randint(0, 2)):
            self.subnets += 1
            if version == 4:
                target = ipaddress.ip_network("172.16.%d.0/%d" % (self.subnets, self.rnd.choice([24, 28, 32])))
            else:
                target = ipaddress.ip_network("2001:db8:f%03x::/48" % self.subnets)
            routes.append({"network": str(target.network_address), "netmask": str(target.netmask), "gateway": gateway})
            self.routes[version].add((str(target), gateway))
        self.rnd.shuffle(routes)

    def automatic(self, link, entry):
        kind = self.rnd.choice(["ipv4_dhcp"] + sorted(AUTOMATIC6))
        if kind == "ipv4_dhcp":
            if "dhcp" not in entry["v4"]:
                entry["v4"].append("dhcp")
                self.add(link, kind)
        elif not entry["auto6"]:
            entry["auto6"] = True
            entry["dhcpv6"] = AUTOMATIC6[kind]
            self.add(link, kind, ip_address="2001:db8:ffff::1", routes=[
                {"network": "::", "netmask": "::", "gateway": "2001:db8:ffff::2"}])

    def note_default(self, network):
        if network["expect"]:
            version, gateway = network["expect"]
            self.defaults.setdefault(version, gateway)


class PropertyTest(unittest.TestCase):
    maxDiff = None

    def test_random_networks(self):
        rnd = random.Random(SEED)
        alternatives = list(fake_esxi.switches.scenarios())
        for number in range(CASES):
            generator = Generator(random.Random(rnd.random()))
            data = generator.build()
            release = rnd.choice(RELEASES)
            switches = {} if rnd.random() < 0.5 else rnd.choice(alternatives)
            device = nic_mac(rnd.randrange(generator.nics))
            with self.subTest(number=number, release=release, switches=switches):
                self.check(generator, data, release, switches, device)

    def check(self, generator, data, release, switches, device):
        fake = fake_esxi.create(release=release, nics=nic_list(generator.nics), switches=switches,
                                network="--bootproto=dhcp --device=" + device)
        description = describe(data)
        self.assertIsNone(description["refusal"])
        apply(fake, description)
        check_segments(self, fake, generator.segments)
        for vmk in interfaces(fake).values():
            uplinks = tuple(vmk["uplinks"])
            if uplinks in generator.policies:
                policy, order = generator.policies[uplinks]
                self.assertEqual(vmk["load_balancing"], policy)
                if policy == "explicit":
                    self.assertEqual(vmk["active"] + vmk["standby"], order)
        check_routes(self, fake, generator.routes, generator.defaults)
        if description["dns"]["servers"]:
            self.assertEqual(fake.summary()["dns"], description["dns"]["servers"])
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
        before = fake.config()
        apply(fake, description)
        self.assertEqual(fake.config(), before)


if __name__ == "__main__":
    unittest.main()
