"""Rules of vmkernel interfaces and their addresses."""
import unittest

from fake_esxi.tests.base import STATIC, HostTest, nic_list


class Interfaces(HostTest):
    def setUp(self):
        super().setUp()
        self.net("vswitch standard portgroup add -p pg -v vSwitch0")

    def test_add_and_remove(self):
        self.net("ip interface add -p pg")
        vmk = self.host.config()["vmks"]["vmk1"]
        self.assertEqual((vmk["portgroup"], vmk["mtu"], vmk["mac"]), ("pg", 1500, "00:50:56:60:00:01"))
        self.fails("esxcli network ip interface remove")
        self.fails("esxcli network ip interface remove -i vmk1 -p pg")
        self.net("ip interface remove -p pg")
        self.fails("esxcli network ip interface remove -p pg")
        self.fails("esxcli network ip interface remove -i vmk1")

    def test_the_installers_vmk0_has_the_mac_of_its_uplink(self):
        self.assertEqual(self.host.summary()["interfaces"][0]["mac"], "02:00:5e:00:53:00")
        self.net("ip interface remove -i vmk0")
        self.net("ip", "interface", "add", "-p", "Management Network")
        vmk = self.host.summary()["interfaces"][0]
        self.assertEqual((vmk["name"], vmk["mac"][:9], vmk["tags"]), ("vmk0", "00:50:56:", ["Management"]))

    def test_portgroup_must_exist_and_be_free(self):
        self.fails("esxcli network ip interface add -p nothing")
        self.fails("esxcli", "network", "ip", "interface", "add", "-p", "Management Network")
        self.fails("esxcli network ip interface add")
        self.fails("esxcli network ip interface add -s dvs -P 1")
        self.make(switches={"second_vmk_on_portgroup": "succeed"})
        self.net("ip", "interface", "add", "-p", "Management Network")

    def test_names(self):
        for name in ("vmk100", "vmk01", "eth0", "vmk0"):
            self.fails(f"esxcli network ip interface add -p pg -i {name}")
        self.net("ip interface add -p pg -i vmk99")

    def test_macs(self):
        for mac in ("02:00:5e:00:53", "03:00:5e:00:53:01", "02:00:5e:00:53:0g", "02:00:5e:00:53:00"):
            self.fails(f"esxcli network ip interface add -p pg -M {mac}")
        self.net("ip interface add -p pg -M 02:00:5E:00:53:AA")
        self.assertEqual(self.host.config()["vmks"]["vmk1"]["mac"], "02:00:5e:00:53:aa")

    def test_mtu_stays_below_that_of_the_switch(self):
        self.fails("esxcli network ip interface add -p pg -m 9000")
        self.fails("esxcli network ip interface set -i vmk0 -m 1501")
        self.net("vswitch standard set -v vSwitch0 -m 9000")
        self.net("ip interface add -p pg -m 9000")
        self.net("ip interface set -i vmk0 -m 8000")
        self.fails("esxcli network ip interface set -i vmk0 -m 100")
        self.make()
        self.net("ip interface remove -i vmk0")
        self.net("vswitch standard set -v vSwitch0 -m 1450")
        self.fails("esxcli", "network", "ip", "interface", "add", "-p", "VM Network")
        self.net("ip", "interface", "add", "-p", "VM Network", "-m", "1450")

    def test_tags(self):
        self.net("ip interface add -p pg")
        self.net("ip interface tag add -i vmk1 -t VMotion")
        self.assertEqual(self.net("ip interface tag get -i vmk1"), "   Tags: VMotion\n")
        self.fails("esxcli network ip interface tag add -i vmk1 -t vmotion")
        self.net("ip interface tag remove -i vmk1 -t VMotion")
        self.fails("esxcli network ip interface tag remove -i vmk1 -t VMotion")

    def test_netstacks(self):
        self.fails("esxcli network ip interface add -p pg -N vmotion")
        self.net("ip netstack add -N vmotion")
        self.net("ip interface add -p pg -N vmotion")
        self.assertEqual(self.net("ip interface list -N vmotion").splitlines()[0], "vmk1")
        self.fails("esxcli network ip netstack remove -N vmotion")
        self.net("ip interface remove -i vmk1")
        self.net("ip netstack remove -N vmotion")

    def test_esxcfg_vmknic(self):
        self.ok("esxcfg-vmknic -a -i 198.51.100.5 -n 255.255.255.0 -m 1400 -M 02:00:5e:00:53:99 pg")
        vmk = self.host.summary()["interfaces"][1]
        self.assertEqual((vmk["ipv4"], vmk["mtu"], vmk["mac"]), ("198.51.100.5/24", 1400, "02:00:5e:00:53:99"))
        self.ok("esxcfg-vmknic -D pg")
        self.assertFalse(self.host.summary()["interfaces"][1]["enabled"])
        self.ok("esxcfg-vmknic -d pg")
        self.ok("esxcfg-vmknic -a -i DHCP pg")
        self.assertEqual(self.host.summary()["interfaces"][1]["ipv4"], "dhcp")
        for line in ("esxcfg-vmknic -a", "esxcfg-vmknic", "esxcfg-vmknic -d nothing", "esxcfg-vmknic -a pg",
                     "esxcfg-vmknic -z pg"):
            self.fails(line)


class IPv4(HostTest):
    def set_ipv4(self, rest):
        return self.net(f"ip interface ipv4 set -i vmk0 {rest}")

    def refused(self, rest):
        before = self.host.config()
        self.fails(f"esxcli network ip interface ipv4 set -i vmk0 {rest}")
        self.assertEqual(self.host.config(), before)

    def test_what_static_needs(self):
        self.refused("-t static -I 192.0.2.7")
        self.refused("-t static -N 255.255.255.0")
        self.refused("-t dhcp -I 192.0.2.7 -N 255.255.255.0")
        for address, mask in (("192.0.2.300", "255.255.255.0"), ("192.0.2.7", "24"), ("192.0.2.7", "255.0.255.0"),
                              ("192.0.2.0", "255.255.255.0"), ("192.0.2.255", "255.255.255.0"),
                              ("224.0.0.1", "255.255.255.0"), ("0.0.0.0", "255.255.255.0"), ("2001:db8::1", "64")):
            self.refused(f"-t static -I {address} -N {mask}")
        self.fails("esxcli network ip interface ipv4 set -i vmk7 -t none")

    def test_address_of_another_interface(self):
        self.net("vswitch standard portgroup add -p pg -v vSwitch0")
        self.net("ip interface add -p pg")
        self.fails("esxcli network ip interface ipv4 set -i vmk1 -t static -I 192.0.2.10 -N 255.255.255.0")

    def test_setting_drops_routes_through_the_interface(self):
        self.set_ipv4("-t static -I 198.51.100.7 -N 255.255.255.0")
        self.assertEqual(self.host.summary()["routes4"], [])
        self.make(switches={"ipv4_set_routes": "kept"})
        self.set_ipv4("-t static -I 192.0.2.11 -N 255.255.255.0")
        self.assertEqual(self.host.summary()["routes4"], [("default", "192.0.2.1", "vmk0")])

    def test_gateway_of_the_interface(self):
        self.refused("-t static -I 192.0.2.7 -N 255.255.255.0 -g 198.51.100.1")
        self.refused("-t static -I 192.0.2.7 -N 255.255.255.0 -g 0.0.0.0")
        self.set_ipv4("-t static -I 192.0.2.7 -N 255.255.255.0 -g 192.0.2.2")
        self.assertEqual(self.host.summary()["routes4"], [])  # it is not the stack's default
        self.assertIn("STATIC        192.0.2.2", self.net("ip interface ipv4 get"))
        self.set_ipv4("-t static -I 192.0.2.7 -N 255.255.255.0")
        self.assertIsNone(self.host.summary()["interfaces"][0]["ipv4_gateway"])
        self.make(switches={"ipv4_set_no_gateway": "keeps", "ipv4_gateway_off_subnet": "accept"})
        self.set_ipv4("-t static -I 192.0.2.7 -N 255.255.255.0 -g 198.51.100.1")
        self.set_ipv4("-t static -I 192.0.2.8 -N 255.255.255.0")
        self.assertEqual(self.host.summary()["interfaces"][0]["ipv4_gateway"], "198.51.100.1")

    def test_calls_that_fail_while_the_link_comes_up(self):
        self.make(switches={"transient_ip_failures": "2"})
        for _ in range(2):
            self.fails("esxcli network ip interface ipv4 set -i vmk0 -t static -I 192.0.2.7 -N 255.255.255.0")
        self.set_ipv4("-t static -I 192.0.2.7 -N 255.255.255.0")
        for _ in range(2):
            self.fails("esxcli network ip route ipv4 add -n default -g 192.0.2.1")
        self.net("ip route ipv4 add -n default -g 192.0.2.1")

    def test_none(self):
        self.set_ipv4("-t none")
        self.assertIsNone(self.host.summary()["interfaces"][0]["ipv4"])
        self.assertFalse(self.host.manageable())


class Dhcp(HostTest):
    def setUp(self):
        self.make(network="--bootproto=dhcp")

    def test_a_fresh_host_has_a_lease(self):
        summary = self.host.summary()
        self.assertEqual(summary["interfaces"][0]["ipv4"], "dhcp")
        self.assertEqual(summary["routes4"], [("default", "198.18.0.1", "vmk0")])
        self.assertEqual(summary["dns"], ["198.18.0.53"])
        self.assertIn("default     0.0.0.0        198.18.0.1  vmk0       DHCP", self.net("ip route ipv4 list"))

    def test_going_static(self):
        self.net("ip interface ipv4 set -i vmk0 -t static -I 192.0.2.7 -N 255.255.255.0")
        self.assertEqual((self.host.summary()["routes4"], self.host.summary()["dns"]), ([], ["198.18.0.53"]))
        self.make(network="--bootproto=dhcp", switches={"leased_dns_after_static": "removed"})
        self.net("ip interface ipv4 set -i vmk0 -t static -I 192.0.2.7 -N 255.255.255.0")
        self.assertEqual(self.host.summary()["dns"], [])

    def test_no_link_no_lease(self):
        self.net("vswitch standard uplink remove -v vSwitch0 -u vmnic0")
        self.net("ip interface ipv4 set -i vmk0 -t dhcp -P true")
        self.assertEqual(self.host.summary()["routes4"], [])
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic0")
        self.assertEqual(self.host.summary()["routes4"], [])  # the override of the port group is empty now
        self.net("vswitch", "standard", "portgroup", "policy", "failover", "set", "-p", "Management Network", "-u")
        self.assertEqual(self.host.summary()["routes4"], [("default", "198.18.0.1", "vmk0")])

    def test_a_static_default_route_stays(self):
        self.make(network=STATIC)
        self.net("vswitch standard add -v vSwitch1")
        self.net("vswitch standard uplink add -v vSwitch1 -u vmnic1")
        self.net("vswitch standard portgroup add -p pg -v vSwitch1")
        self.net("ip interface add -p pg")
        self.net("ip interface ipv4 set -i vmk1 -t dhcp -P false")
        summary = self.host.summary()
        self.assertEqual((summary["routes4"], summary["dns"]), ([("default", "192.0.2.1", "vmk0")], ["192.0.2.53"]))
        self.assertIn("198.18.1.11", self.net("ip interface ipv4 get"))

    def test_servers_by_nic_and_vlan(self):
        lease = {"address": "203.0.113.9", "netmask": "255.255.255.0", "gateway": None, "dns": []}
        self.make(network="--bootproto=dhcp --vlanid=12", dhcp={"vmnic0:12": lease})
        self.assertIn("203.0.113.9", self.net("ip interface ipv4 get"))
        self.make(network="--bootproto=dhcp --vlanid=13", dhcp={"vmnic0:12": lease})
        self.assertIn("vmk0  0.0.0.0       0.0.0.0       0.0.0.0         DHCP", self.net("ip interface ipv4 get"))
        self.assertFalse(self.host.manageable())


class IPv6(HostTest):
    def test_addresses(self):
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.fails("esxcli network ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        for text in ("2001:db8::11", "192.0.2.1/24", "2001:db8::11/129", "ff02::1/64", "::/64"):
            self.fails(f"esxcli network ip interface ipv6 address add -i vmk0 -I {text}")
        self.net("ip interface ipv6 address remove -i vmk0 -I 2001:db8:0::10/64")
        self.fails("esxcli network ip interface ipv6 address remove -i vmk0 -I 2001:db8::10/64")
        self.make(switches={"ipv6_bare_address": "accept"})
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::11")
        self.assertEqual(self.host.summary()["interfaces"][0]["ipv6"], ["2001:db8::11/64"])

    def test_settings(self):
        self.net("ip interface ipv6 set -i vmk0 -r true -d yes -P off")
        vmk = self.host.summary()["interfaces"][0]
        self.assertEqual((vmk["router_adv"], vmk["dhcpv6"], vmk["ipv6_peer_dns"]), (True, True, False))
        self.net("ip interface ipv6 set -i vmk0 -e false")
        self.assertEqual(self.net("ip interface ipv6 address list"), "")
        self.fails("esxcli network ip interface ipv6 set -i vmk0 -r true")
        self.fails("esxcli network ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")

    def test_a_new_interface_may_have_it_off(self):
        self.make(switches={"vmk_ipv6_initially": "disabled"})
        self.net("ip", "interface", "add", "-p", "VM Network")
        self.fails("esxcli network ip interface ipv6 address add -i vmk1 -I 2001:db8::10/64")
        self.net("ip interface ipv6 set -i vmk1 -e true")
        self.net("ip interface ipv6 address add -i vmk1 -I 2001:db8::10/64")

    def test_gateway(self):
        self.net("ip interface ipv6 set -i vmk0 -g fe80::1")
        self.assertEqual(self.host.summary()["interfaces"][0]["ipv6_gateway"], "fe80::1")
        for text in ("2001:db8::1", "fe80::1%vmk0", "::", "192.0.2.1"):
            self.fails(f"esxcli network ip interface ipv6 set -i vmk0 -g {text}")
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.net("ip interface ipv6 set -i vmk0 -g 2001:db8::1")

    def test_off_for_the_whole_host_needs_a_reboot(self):
        self.assertFalse(self.host.state()["runtime"]["reboot_required"])
        self.net("ip set -e false")
        self.assertTrue(self.host.state()["runtime"]["reboot_required"])
        self.assertEqual(self.net("ip get"), "   IPv6 Enabled: false\n")
        self.assertIn("fe80::", self.net("ip interface ipv6 address list"))
        self.host.reboot()
        self.assertEqual(self.net("ip interface ipv6 address list"), "")


class TwentyNics(HostTest):
    def test_all_can_carry_a_switch(self):
        self.make(nics=nic_list(20))
        for at in range(1, 20):
            self.net(f"vswitch standard add -v vSwitch{at}")
            self.net(f"vswitch standard uplink add -v vSwitch{at} -u vmnic{at}")
            self.net(f"vswitch standard portgroup add -v vSwitch{at} -p pg{at}")
            self.net(f"ip interface add -p pg{at}")
        self.assertEqual([vmk["name"] for vmk in self.host.summary()["interfaces"]], [f"vmk{at}" for at in range(20)])
        self.assertEqual(self.net("ip interface list").count("Portset:"), 20)


if __name__ == "__main__":
    unittest.main()
