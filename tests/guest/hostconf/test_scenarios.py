"""Networks as deployers describe them, each to the asserted state of the host.

Every scenario runs on four releases, and on 8.0 with each unconfirmed behaviour of ESXi either way. The
network that the installer left varies too.
"""
import base64
import unittest

from support import apply, check_state, describe, fake_esxi, interfaces, nic_list, nic_mac

KEY = "ssh-rsa " + base64.b64encode(b"\0\0\0\7ssh-rsa" + b"\0\0\0\3\1\0\1" + b"\0\0\1\0" + bytes(range(256))).decode()


def phy(link_id, nic, **more):
    return dict({"id": link_id, "type": "phy", "ethernet_mac_address": nic_mac(nic)}, **more)


def vlan(name, parent, number, **more):
    return dict({"id": name, "type": "vlan", "vlan_link": parent, "vlan_id": number}, **more)


def static(name, link, address, netmask="255.255.255.0", gateway=None, routes=(), **more):
    routes = list(routes)
    if gateway:
        routes.insert(0, {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": gateway})
    return dict({"id": name, "type": "ipv4", "link": link, "ip_address": address, "netmask": netmask,
                 "routes": routes, "network_id": name}, **more)


def static6(name, link, address, gateway=None, **more):
    routes = [{"network": "::", "netmask": "::", "gateway": gateway}] if gateway else []
    return dict({"id": name, "type": "ipv6", "link": link, "ip_address": address, "routes": routes,
                 "netmask": "ffff:ffff:ffff:ffff::"}, **more)


def dns(*addresses):
    return [{"type": "dns", "address": address} for address in addresses]


def bond(name, members, mode, **more):
    return dict({"id": name, "type": "bond", "bond_mode": mode, "bond_links": members}, **more)


ROUTE = {"network": "203.0.113.0", "netmask": "255.255.255.0", "gateway": "192.0.2.254"}

# name: (NICs of the host, network_data, meta_data, expected)
SCENARIOS = {
    "single NIC static": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5",
                                                                          gateway="192.0.2.1")]},
                          {"hostname": "esx1.example.net"}, {
        "vmks": [dict(ipv4="192.0.2.5/24", uplinks=["vmnic0"], vlan=0, mtu=1500)],
        "routes4": {("default", "192.0.2.1")}, "fqdn": "esx1.example.net"}),
    "DHCP as nova sends it": (1, {"links": [phy("a", 0, mtu=None, vif_id="v")],
                                  "networks": [{"id": "n", "type": "ipv4_dhcp", "link": "a", "network_id": "x"}],
                                  "services": []}, {}, {"vmks": [dict(ipv4="dhcp", peer_dns=True,
                                                                      uplinks=["vmnic0"])]}),
    "DHCP entry with address and routes": (1, {"links": [phy("a", 0)], "networks": [
        dict(static("n", "a", "192.0.2.5", gateway="192.0.2.1"), type="ipv4_dhcp")]}, {},
        {"vmks": [dict(ipv4="dhcp")]}),
    "three VLANs on one NIC": (2, {"links": [vlan("one", "a", 11), phy("a", 1), vlan("two", "a", "12"), vlan("tri",
                                                                                                             "a", 13)],
                                   "networks": [static("n1", "one", "192.0.2.5", gateway="192.0.2.1"),
                                                static("n2", "two", "198.51.100.5"), static("n3", "tri",
                                                                                            "203.0.113.5")]}, {}, {
        "vmks": [dict(vlan=11, ipv4="192.0.2.5/24", uplinks=["vmnic1"]), dict(vlan=12, ipv4="198.51.100.5/24"),
                 dict(vlan=13, ipv4="203.0.113.5/24")], "vswitches": 1, "routes4": {("default", "192.0.2.1")}}),
    "bond with VLANs before its members": (4, {"links": [
        vlan("m", "b", 101), bond("b", ["y", "x"], "active-backup", ethernet_mac_address="02:aa:bb:cc:dd:ee"),
        vlan("s", "b", 102, mtu=9000), phy("x", 2), phy("y", 3)],
        "networks": [static("n1", "m", "192.0.2.5", gateway="192.0.2.1"), static("n2", "s", "198.51.100.5"),
                     static6("n3", "s", "2001:db8:5::5")]}, {"name": "esx7"}, {
            "fqdn": "esx7", "vmks": [dict(vlan=101, ipv4="192.0.2.5/24", uplinks=["vmnic2", "vmnic3"],
                                          order=["vmnic3", "vmnic2"],
                          load_balancing="explicit", mtu=1500),
                     dict(vlan=102, ipv4="198.51.100.5/24", mtu=9000, vswitch_mtu=9000, ipv6=["2001:db8:5::5/64"])],
            "vswitches": 1, "routes4": {("default", "192.0.2.1")}}),
    "bond with a primary": (2, {"links": [phy("x", 0), phy("y", 1), bond("b", ["x", "y"], "active-backup",
                                                                         bond_primary="y")],
                                "networks": [static("n", "b", "192.0.2.5")]}, {}, {
        "vmks": [dict(load_balancing="explicit", order=["vmnic1", "vmnic0"], ipv4="192.0.2.5/24")]}),
    "four DNS servers": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5")],
                             "services": dns("192.0.2.51", "192.0.2.52", "2001:db8::53", "192.0.2.54")}, {}, {
        "vmks": [dict(ipv4="192.0.2.5/24")], "dns": ["192.0.2.51", "192.0.2.52", "2001:db8::53", "192.0.2.54"]}),
    "DHCP with DNS servers given": (1, {"links": [phy("a", 0)], "networks": [{"id": "n", "type": "ipv4_dhcp",
                                                                              "link": "a"}],
                                        "services": dns("192.0.2.51")}, {}, {
        "vmks": [dict(ipv4="dhcp", peer_dns=False)], "dns": ["192.0.2.51"]}),
    "balance-rr bond": (2, {"links": [phy("x", 0), phy("y", 1), bond("b", ["x", "y"], "balance-rr")],
                            "networks": [static("n", "b", "192.0.2.5", gateway="192.0.2.1")]}, {}, {
        "vmks": [dict(load_balancing="portid", uplinks=["vmnic0", "vmnic1"], standby=[], ipv4="192.0.2.5/24")],
        "routes4": {("default", "192.0.2.1")}}),
    "802.3ad bond by number, jumbo members": (3, {"links": [
        bond("b", ["x", "y"], 4), phy("x", 1, mtu=9000), phy("y", 2, mtu=9000)],
        "networks": [{"id": "n", "type": "ipv4_dhcp", "link": "b"}]}, {}, {
            "vmks": [dict(load_balancing="iphash", uplinks=["vmnic1", "vmnic2"], ipv4="dhcp", mtu=9000)]}),
    "bond without mode": (2, {"links": [bond("b", ["x", "y"], None), phy("x", 0), phy("y", 1)],
                              "networks": [static("n", "b", "192.0.2.5")]}, {}, {
        "vmks": [dict(load_balancing="explicit", order=["vmnic0", "vmnic1"], ipv4="192.0.2.5/24")]}),
    "IPv4 and IPv6 on one link": (1, {"links": [phy("a", 0)], "networks": [
        static("n4", "a", "192.0.2.5", gateway="192.0.2.1"), static6("n6", "a", "2001:db8::5", "2001:db8::1")]}, {}, {
            "vmks": [dict(ipv4="192.0.2.5/24", ipv6=["2001:db8::5/64"])],
            "routes4": {("default", "192.0.2.1")}, "routes6": {("default", "2001:db8::1")}}),
    "IPv6 only": (1, {"links": [phy("a", 0)], "networks": [static6("n6", "a", "2001:db8::5/48", "2001:db8::1")]}, {}, {
        "vmks": [dict(ipv4=None, ipv6=["2001:db8::5/48"])], "routes6": {("default", "2001:db8::1")}}),
    "stateful DHCPv6": (1, {"links": [phy("a", 0)], "networks": [
        {"id": "n", "type": "ipv6_dhcpv6-stateful", "link": "a", "ip_address": "2001:db8::9", "routes": []}]}, {}, {
            "vmks": [dict(ipv4=None, ipv6=[], dhcpv6=True, router_adv=True)]}),
    "two default routes": (2, {"links": [phy("a", 0), phy("b", 1)], "networks": [
        static("n1", "a", "192.0.2.5", gateway="192.0.2.1"), static("n2", "b", "198.51.100.5",
                                                                    gateway="198.51.100.1")]},
        {}, {"vmks": [dict(ipv4="192.0.2.5/24"), dict(ipv4="198.51.100.5/24")], "routes4": {("default",
                                                                                             "192.0.2.1")}}),
    "no default route": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5")]}, {},
                         {"vmks": [dict(ipv4="192.0.2.5/24")]}),
    "management is where the default route is": (3, {"links": [phy("a", 2), phy("b", 1)], "networks": [
        static("n1", "a", "198.51.100.5"), static("n2", "b", "192.0.2.5", gateway="192.0.2.1")]}, {}, {
            "vmks": [dict(ipv4="192.0.2.5/24", uplinks=["vmnic1"]), dict(ipv4="198.51.100.5/24", uplinks=["vmnic2"])],
            "routes4": {("default", "192.0.2.1")}}),
    "static routes": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5", gateway="192.0.2.1",
                                                                      routes=[
        ROUTE, dict(ROUTE, network="198.51.100.7", netmask="255.255.255.255"), ROUTE,
        {"network": "198.51.100.128/25", "gateway": "192.0.2.254"},
        {"network": "10.0.0.0", "netmask": "255.0.0.0", "gateway": "0.0.0.0"},
        {"network": "10.1.0.0", "netmask": "255.255.0.0", "gateway": "198.51.100.1"},
        {"network": "10.2.0.0", "netmask": "255.255.0.0", "gateway": None},
        {"network": "192.0.2.0", "netmask": "255.255.255.0", "gateway": "192.0.2.254"}])]}, {}, {
            "vmks": [dict(ipv4="192.0.2.5/24")],
            "routes4": {("default", "192.0.2.1"), ("203.0.113.0/24", "192.0.2.254"), ("198.51.100.7/32",
                                                                                      "192.0.2.254"),
                        ("198.51.100.128/25", "192.0.2.254")}}),
    "jumbo frames": (1, {"links": [phy("a", 0, mtu=9000)], "networks": [static("n", "a", "192.0.2.5")]}, {},
                     {"vmks": [dict(mtu=9000, vswitch_mtu=9000)]}),
    "more than jumbo frames": (1, {"links": [phy("a", 0, mtu=9216)], "networks": [static("n", "a", "192.0.2.5")]}, {},
                               {"vmks": [dict(mtu=9000, vswitch_mtu=9000)]}),
    "point-to-point prefix": (1, {"links": [phy("a", 0)], "networks": [
        static("n", "a", "192.0.2.4", netmask="255.255.255.254", gateway="192.0.2.5")]}, {}, {
            "vmks": [dict(ipv4="192.0.2.4/31")], "routes4": {("default", "192.0.2.5")}}),
    "a VLAN MAC that no interface can have": (1, {"links": [phy("a", 0), vlan("v", "a", 5,
                                                                              vlan_mac_address="03:00:00:00:00:01"),
                                                           vlan("w", "a", 6, vlan_mac_address="02:00:5e:00:77:01")],
                                                  "networks": [static("n", "a", "192.0.2.5"), static("m", "v",
                                                                                                     "198.51.100.5"),
                                                               static("o", "w", "203.0.113.5")]}, {}, {
        "vmks": [dict(mac=nic_mac(0)), dict(vlan=5), dict(vlan=6, mac="02:00:5e:00:77:01")], "vswitches": 1}),
    "small MTU": (1, {"links": [phy("a", 0, mtu="1400")], "networks": [static("n", "a", "192.0.2.5")]}, {},
                  {"vmks": [dict(mtu=1400, vswitch_mtu=1400)]}),
    "unknown keys": (1, {"version": 3, "x": [1], "links": [phy("a", 0, x_y={"z": 1}, name=None)],
                         "networks": [static("n", "a", "192.0.2.5", tags=["t"], metric=1)], "services": None},
                         {"zone": 1},
                     {"vmks": [dict(ipv4="192.0.2.5/24")]}),
    "upper-case MAC": (2, {"links": [dict(phy("a", 1), ethernet_mac_address=nic_mac(1).upper())],
                           "networks": [static("n", "a", "192.0.2.5")]}, {}, {"vmks": [dict(uplinks=["vmnic1"])]}),
    "DNS in networks, in routes and globally": (1, {"links": [phy("a", 0)], "networks": [static(
        "n", "a", "192.0.2.5", services=dns("192.0.2.53"), routes=[dict(ROUTE, services=dns("192.0.2.54"))])],
        "services": dns("192.0.2.53", "2001:db8::53") + [{"type": "ntp", "address": "192.0.2.9"}]}, {}, {
            "vmks": [dict(ipv4="192.0.2.5/24")], "dns": ["192.0.2.53", "192.0.2.54", "2001:db8::53"],
            "routes4": {("203.0.113.0/24", "192.0.2.254")}}),
    "keys in keys and public_keys": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5")]},
                                     {"public_keys": {"k": KEY + " a\n"},
                                      "keys": [{"name": "k", "type": "ssh", "data": KEY + " b"},
                                               {"name": "c", "type": "x509", "data": "MIIC"}]},
                                     {"vmks": [dict()], "keys": ["ssh-rsa"]}),
    "twenty NICs": (20, {"links": [phy("l%d" % i, 19 - i) for i in range(20)], "networks": [
        static("n%d" % i, "l%d" % i, "10.%d.0.5" % i, gateway="10.0.0.1" if i == 0 else None) for i in range(20)]},
        {}, {
            "vmks": [dict(ipv4="10.%d.0.5/24" % i, uplinks=["vmnic%d" % (19 - i)]) for i in range(20)],
            "routes4": {("default", "10.0.0.1")}}),
    "several addresses on one link": (1, {"links": [phy("a", 0)], "networks": [
        static("n1", "a", "198.51.100.5"), static("n2", "a", "192.0.2.5", gateway="192.0.2.1"),
        static6("n3", "a", "2001:db8:1::5"), static6("n4", "a", "2001:db8:2::5"), static("n1", "a", "198.51.100.5")]},
        {}, {
            "vmks": [dict(ipv4="192.0.2.5/24", ipv6=["2001:db8:1::5/64", "2001:db8:2::5/64"]),
                     dict(ipv4="198.51.100.5/24")],
            "vswitches": 1, "routes4": {("default", "192.0.2.1")}}),
    "link-local gateway": (1, {"links": [phy("a", 0)], "networks": [static6("n", "a", "2001:db8::5", "fe80::1")]}, {},
                           {"vmks": [dict(ipv6=["2001:db8::5/64"])], "routes6": {("default", "fe80::1%vmk0")}}),
    "unused link with a foreign MAC": (1, {"links": [phy("a", 0), phy("b", 77)], "networks": [
        static("n", "a", "192.0.2.5")]}, {}, {"vmks": [dict(ipv4="192.0.2.5/24")]}),
    "Unicode host name": (1, {"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5")]},
                          {"hostname": "stra\u00dfe-\u00e9_7.example.net"},
                          {"vmks": [dict()], "fqdn": "xn--strae-_7-s8a0b.example.net"}),
}
SCENARIOS["Unicode host name"][3]["fqdn"] = None  # asserted in its own test


# What every unconfirmed behaviour is tried with: all kinds of commands stand in one of these.
TELLING = ("bond with VLANs before its members", "IPv4 and IPv6 on one link", "several addresses on one link",
           "static routes", "link-local gateway", "DHCP as nova sends it", "small MTU",
           "DNS in networks, in routes and globally", "keys in keys and public_keys", "four DNS servers")


def run_scenario(test, name, release="8.0.3", installed="", switches=None):
    count, network_data, meta, expected = SCENARIOS[name]
    fake = fake_esxi.create(release=release, nics=nic_list(count), network=installed, switches=switches)
    description = describe(network_data, meta)
    expected = {key: value for key, value in expected.items() if value is not None}
    # Not refused: the second form of a link-local gateway is kept by the interface, not in the routes.
    if switches == {"link_local_route": "refuse"} and "link-local" in name:
        expected["routes6"] = set()
    if switches == {"dns_server_limit": "three"} and "dns" in expected:
        expected["dns"] = expected["dns"][:3]
    apply(fake, description)
    if switches == {"link_local_route": "refuse"} and "link-local" in name:
        test.assertEqual(fake.summary()["interfaces"][0]["ipv6_gateway"], "fe80::1")
    check_state(test, fake, expected)
    test.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
    before = fake.config()
    apply(fake, description)
    test.assertEqual(fake.config(), before, "applying twice changes nothing")
    return fake


class ScenariosTest(unittest.TestCase):
    maxDiff = None

    def test_releases(self):
        for name in SCENARIOS:
            for release in ("6.7.0", "7.0.3", "8.0.1", "8.0.3", "9.0.0"):
                with self.subTest(name, release=release):
                    run_scenario(self, name, release)

    def test_installed_networks(self):
        """What the installer left behind: another NIC, a static address, a VLAN."""
        lines = ["--bootproto=dhcp --device=%s" % nic_mac(1),
                 "--bootproto=static --ip=192.0.2.99 --netmask=255.255.255.0 --gateway=192.0.2.1 "
                 "--nameserver=192.0.2.98",
                 "--bootproto=static --ip=192.0.2.5 --netmask=255.255.255.0 --gateway=192.0.2.250 --vlanid=7",
                 "--bootproto=dhcp --vlanid=101 --hostname=esx1 --addvmportgroup=0"]
        for name in SCENARIOS:
            for line in lines:
                if SCENARIOS[name][0] > 1 or nic_mac(1) not in line:
                    with self.subTest(name, installed=line):
                        run_scenario(self, name, installed=line)

    def test_unconfirmed_behaviour(self):
        for switches in fake_esxi.switches.scenarios():
            for name in TELLING:
                with self.subTest(name, switches=switches):
                    run_scenario(self, name, switches=switches)

    def test_unconfirmed_behaviour_of_old_releases(self):
        for switches in fake_esxi.switches.scenarios():
            for release in ("6.7.0", "7.0.0"):
                with self.subTest(switches=switches, release=release):
                    run_scenario(self, "bond with VLANs before its members", release, switches=switches)


class LeaseTest(unittest.TestCase):
    def test_a_lease_is_asked_for_again_on_another_nic_or_vlan(self):
        dhcp = {"id": "n", "type": "ipv4_dhcp", "link": "a"}
        for installed, data, server, network in (
                ("--bootproto=dhcp --device=" + nic_mac(1), {"links": [phy("a", 0)], "networks": [dhcp]}, "vmnic0",
                 "198.18.0."),
                ("--bootproto=dhcp", {"links": [phy("x", 0), vlan("a", "x", 9)], "networks": [dhcp]}, "vmnic0:9",
                 "192.0.2.")):
            lease = {"address": "192.0.2.77", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "dns": []}
            fake = fake_esxi.create(nics=nic_list(2), network=installed, dhcp={
                "vmnic1": "auto", "vmnic0": "auto", **({} if server == "vmnic0" else {server: lease})})
            apply(fake, describe(data))
            self.assertTrue(fake.config()["vmks"]["vmk0"]["lease"]["address"].startswith(network))

    def test_another_mac_than_the_network_expects(self):
        """DHCP gets the MAC, on an interface that is made again; what routers announce is taken as it comes."""
        for device, kind, mac, said in ((1, "ipv4_dhcp", 0, False), (0, "ipv4_dhcp", 0, False), (1, "ipv6_dhcp", 0, False),
                                        (1, "ipv6_slaac", 1, True)):
            data = {"links": [phy("a", 0)], "networks": [{"id": "n", "type": kind, "link": "a"}]}
            fake = fake_esxi.create(nics=nic_list(2), network="--device=" + nic_mac(device))
            self.assertEqual("expects " + nic_mac(0) in apply(fake, describe(data))[1], said)
            self.assertEqual([vmk["mac"] for vmk in interfaces(fake).values()], [nic_mac(mac)])
            self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])

    def test_a_missing_lease_is_said(self):
        fake = fake_esxi.create(nics=nic_list(1), dhcp=False)
        _, log, _ = apply(fake, describe({"links": [phy("a", 0)], "networks": [{"id": "n", "type": "ipv4_dhcp",
                                                                                "link": "a"}]}))
        self.assertIn("no DHCP lease yet for vmk0", log)

    def test_a_host_without_vmk0(self):
        fake = fake_esxi.create(nics=nic_list(1))
        fake.run(["esxcli", "network", "ip", "interface", "remove", "-i", "vmk0"])
        apply(fake, describe({"links": [phy("a", 0)], "networks": [static("n", "a", "192.0.2.5")]}))
        check_state(self, fake, {"vmks": [dict(ipv4="192.0.2.5/24", tags=["Management"])]})


if __name__ == "__main__":
    unittest.main()
