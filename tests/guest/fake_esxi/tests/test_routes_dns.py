"""Rules of routes, name servers, firewall and ping."""
import unittest

from fake_esxi.tests.base import HostTest


class Routes(HostTest):
    def add(self, network, gateway, family="ipv4"):
        return self.net(f"ip route {family} add -n {network} -g {gateway}")

    def refused(self, network, gateway, family="ipv4"):
        before = self.host.config()
        self.fails(f"esxcli network ip route {family} add -n {network} -g {gateway}")
        self.assertEqual(self.host.config(), before)

    def test_one_default_route(self):
        self.refused("default", "192.0.2.2")
        self.refused("0.0.0.0/0", "192.0.2.2")
        self.net("ip route ipv4 remove -n default -g 192.0.2.1")
        self.add("default", "192.0.2.2")
        self.make(switches={"default_route_exists": "replace"})
        self.add("default", "192.0.2.2")
        self.assertEqual(self.host.summary()["routes4"], [("default", "192.0.2.2", "vmk0")])

    def test_gateway_must_be_on_a_connected_network(self):
        self.refused("203.0.113.0/24", "198.51.100.1")
        self.refused("203.0.113.0/24", "0.0.0.0")
        self.refused("203.0.113.0/24", "192.0.2.10")
        self.refused("203.0.113.0/24", "2001:db8::1")

    def test_networks(self):
        for network in ("203.0.113.1/24", "203.0.113.0", "203.0.113.0/33", "203.0.113.0/255.255.255.0", "x"):
            self.refused(network, "192.0.2.254")
        self.add("203.0.113.77/32", "192.0.2.253")
        self.refused("192.0.2.0/24", "192.0.2.254")

    def test_duplicates(self):
        self.add("203.0.113.0/24", "192.0.2.254")
        self.refused("203.0.113.0/24", "192.0.2.254")
        self.make(switches={"duplicate_route": "ignore"})
        self.add("203.0.113.0/24", "192.0.2.254")
        self.add("203.0.113.0/24", "192.0.2.254")
        self.assertEqual(len(self.host.summary()["routes4"]), 2)

    def test_remove(self):
        self.fails("esxcli network ip route ipv4 remove -n 203.0.113.0/24")
        self.net("ip route ipv4 remove -n default")
        self.make(switches={"route_remove_gateway": "required"})
        self.fails("esxcli network ip route ipv4 remove -n default")
        self.net("ip route ipv4 remove -n default -g 192.0.2.1")

    def test_they_go_with_the_interface(self):
        self.net("ip interface remove -i vmk0")
        self.assertEqual(self.net("ip route ipv4 list"), "")

    def test_ipv6(self):
        self.refused("default", "2001:db8::1", "ipv6")
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.add("::/0", "2001:db8::1", "ipv6")
        self.refused("default", "2001:db8::2", "ipv6")
        self.add("2001:db8:77::/64", "2001:db8::2", "ipv6")
        self.net("ip interface ipv6 address remove -i vmk0 -I 2001:db8::10/64")
        self.assertEqual(self.host.summary()["routes6"], [])

    def test_link_local_gateways_name_their_interface(self):
        self.refused("default", "fe80::1", "ipv6")
        self.refused("default", "fe80::1%vmk9", "ipv6")
        self.add("default", "fe80::1%vmk0", "ipv6")
        self.assertIn("fe80::1  vmk0", self.net("ip route ipv6 list"))
        self.make(switches={"link_local_route": "refuse"})
        self.refused("default", "fe80::1%vmk0", "ipv6")

    def test_ipv6_columns(self):
        self.make(switches={"ipv6_route_columns": "cidr", "ipv6_address_columns": "short"})
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.assertIn("2001:db8::/64  ::", self.net("ip route ipv6 list"))
        self.assertIn("IPv6 Address", self.net("ip interface ipv6 address list"))

    def test_esxcfg_route(self):
        self.fails("esxcfg-route 192.0.2.9")
        self.ok("esxcfg-route -d default 192.0.2.1")
        self.assertEqual(self.ok("esxcfg-route"), "VMkernel default gateway is not set\n")
        self.ok("esxcfg-route 192.0.2.9")
        self.ok("esxcfg-route -a 203.0.113.0/24 192.0.2.254")
        self.assertIn("203.0.113.0      255.255.255.0    192.0.2.254      vmk0", self.ok("esxcfg-route -l"))
        self.fails("esxcfg-route -x")


class NameService(HostTest):
    def test_servers(self):
        self.net("ip dns server add -s 2001:db8::53")
        self.assertEqual(self.host.summary()["dns"], ["192.0.2.53", "2001:db8::53"])
        self.fails("esxcli network ip dns server add -s 2001:db8::53")
        self.fails("esxcli network ip dns server add -s dns.example.com")
        self.net("ip dns server remove -s 192.0.2.53")
        self.fails("esxcli network ip dns server remove -s 192.0.2.53")
        self.fails("esxcli network ip dns server remove")
        self.net("ip dns server remove --all")
        self.net("ip dns server remove -a")
        self.assertEqual(self.net("ip dns server list"), "   DNSServers: \n")

    def test_switches(self):
        self.make(switches={"dns_add_present": "ignore"})
        self.net("ip dns server add -s 192.0.2.53")
        self.assertEqual(self.host.summary()["dns"], ["192.0.2.53"])
        self.make(switches={"dns_remove_missing": "ignore"})
        self.net("ip dns server remove -s 192.0.2.99")
        self.make(switches={"dns_remove_all_empty": "fail"})
        self.net("ip dns server remove -a")
        self.fails("esxcli network ip dns server remove -a")
        self.make(switches={"dns_server_limit": "three"})
        for last in (1, 2):
            self.net(f"ip dns server add -s 198.51.100.{last}")
        self.fails("esxcli network ip dns server add -s 198.51.100.3")

    def test_search_domains(self):
        self.net("ip dns search add -d example.com")
        self.fails("esxcli network ip dns search add -d example.com")
        self.fails("esxcli", "network", "ip", "dns", "search", "add", "-d", "two words")
        self.net("ip dns search remove -d example.com")
        self.fails("esxcli network ip dns search remove -d example.com")


class Firewall(HostTest):
    def test_sets_of_services(self):
        line = "esxcli network firewall ruleset set -r ntpClient -e true"
        self.assertIn("owned by system service", self.fails(line))
        self.make(release="8.0.0")
        self.ok(line)
        self.make(switches={"owned_ruleset_enable": "accept"})
        self.ok(line)

    def test_a_service_opens_its_set(self):
        self.ok("esxcli system ntp set -s 192.0.2.5 -e true")
        self.assertTrue(self.host.config()["firewall"]["rulesets"]["ntpClient"]["enabled"])
        self.ok("/etc/init.d/ntpd stop")
        self.assertFalse(self.host.config()["firewall"]["rulesets"]["ntpClient"]["enabled"])

    def test_allowed_addresses(self):
        self.fails("esxcli network firewall ruleset allowedip add -r syslog -i 192.0.2.0/24")
        self.net("firewall ruleset set -r syslog -a false")
        self.net("firewall ruleset allowedip add -r syslog -i 192.0.2.0/24")
        self.fails("esxcli network firewall ruleset allowedip add -r syslog -i 192.0.2.0/24")
        self.fails("esxcli network firewall ruleset allowedip add -r syslog -i x")
        self.assertIn("syslog   192.0.2.0/24", self.net("firewall ruleset allowedip list -r syslog"))
        self.net("firewall ruleset allowedip remove -r syslog -i 192.0.2.0/24")
        self.assertEqual(
            self.fails("esxcli network firewall ruleset set -r ntpClient -a false"),
            "Invalid operation requested: Can not change allowed ip list this ruleset, it is owned by system service.\n")

    def test_unknown_set(self):
        self.fails("esxcli network firewall ruleset set -r nothing -e true")
        self.make(switches={"unknown_ruleset": "ignore"})
        self.net("firewall ruleset set -r nothing -e true")

    def test_whole_firewall(self):
        self.net("firewall set -d true -e false")
        self.assertEqual(self.net("firewall get"), "   Default Action: PASS\n   Enabled: false\n   Loaded: true\n")
        self.net("firewall unload")
        self.assertIn("Loaded: false", self.net("firewall get"))
        self.net("firewall refresh")
        self.make(switches={"firewall_off_loaded": "false"})
        self.net("firewall set -e false")
        self.assertIn("Loaded: false", self.net("firewall get"))


class Ping(HostTest):
    def test_reachable(self):
        self.assertIn("Packet Lost: 0\n", self.net("diag ping -H 198.51.100.1"))
        self.net("ip route ipv4 remove -n default")
        self.assertIn("Packet Lost: 100\n", self.net("diag ping -H 198.51.100.1"))
        self.assertIn("Packet Lost: 0\n", self.net("diag ping -H 192.0.2.77"))
        self.make(switches={"ping_unreachable": "rc1"}, network="--bootproto=dhcp", dhcp=False)
        self.fails("esxcli network diag ping -H 198.51.100.1")

    def test_vmkping_sees_the_mtu(self):
        self.ok("vmkping -I vmk0 -d -s 1472 192.0.2.1")
        self.fails("vmkping -I vmk0 -d -s 1473 192.0.2.1")
        self.fails("vmkping -I vmk5 192.0.2.1")
        self.fails("vmkping")


if __name__ == "__main__":
    unittest.main()
