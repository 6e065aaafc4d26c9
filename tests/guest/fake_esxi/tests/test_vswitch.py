"""Rules of standard switches, uplinks, port groups and teaming."""
import unittest

from fake_esxi.tests.base import HostTest, nic_list


class Switches(HostTest):
    def test_a_new_switch(self):
        self.net("vswitch standard add -v vSwitch1 -P 64")
        switch = self.host.config()["vswitches"]["vSwitch1"]
        self.assertEqual((switch["mtu"], switch["ports"], switch["cdp"], switch["uplinks"]), (1500, 64, "listen", []))

    def test_names(self):
        self.assertIn("this name already exists", self.fails("esxcli network vswitch standard add -v vSwitch0"))
        self.fails("esxcli network vswitch standard add -v " + "x" * 32)
        self.net("vswitch standard add -v " + "x" * 31)
        self.make(switches={"vswitch_name_limit": "32"})
        self.net("vswitch standard add -v " + "x" * 32)

    def test_unknown_switch(self):
        for line in ("list -v vSwitch9", "remove -v vSwitch9", "set -v vSwitch9 -m 9000",
                     "uplink add -v vSwitch9 -u vmnic1", "portgroup add -v vSwitch9 -p x",
                     "policy failover get -v vSwitch9"):
            self.assertEqual(self.fails("esxcli network vswitch standard " + line), "vSwitch vSwitch9 does not exist\n")

    def test_a_switch_with_a_vmk_stays(self):
        before = self.host.config()
        self.assertIn("in use", self.fails("esxcli network vswitch standard remove -v vSwitch0"))
        self.assertEqual(self.host.config(), before)
        self.net("ip interface remove -i vmk0")
        self.net("vswitch standard remove -v vSwitch0")
        self.assertEqual(self.host.config()["portgroups"], {})

    def test_idle_portgroups_may_keep_a_switch(self):
        self.make(switches={"vswitch_idle_portgroups": "busy", "vswitch_busy_text": "busy"})
        self.net("vswitch standard add -v vSwitch1")
        self.net("vswitch standard portgroup add -v vSwitch1 -p idle")
        self.assertIn("Busy", self.fails("esxcli network vswitch standard remove -v vSwitch1"))
        self.net("vswitch standard portgroup remove -v vSwitch1 -p idle")
        self.net("vswitch standard remove -v vSwitch1")

    def test_mtu(self):
        for mtu in ("1279", "9001"):
            self.fails(f"esxcli network vswitch standard set -v vSwitch0 -m {mtu}")
        self.net("vswitch standard set -v vSwitch0 -m 9000")
        self.net("ip interface set -i vmk0 -m 9000")
        self.fails("esxcli network vswitch standard set -v vSwitch0 -m 1500")
        self.make(switches={"vswitch_mtu_max": "9190", "vswitch_mtu_below_vmk": "succeed"})
        self.net("vswitch standard set -v vSwitch0 -m 9190")
        self.net("vswitch standard set -v vSwitch0 -m 1400")

    def test_cdp(self):
        self.net("vswitch standard set -v vSwitch0 -c both")
        self.assertIn("Invalid data constraint",
                      self.fails("esxcli network vswitch standard set -v vSwitch0 -c sometimes"))

    def test_security_defaults(self):
        for release, chosen, expected in (("8.0.3", {}, False), ("6.7.0", {}, True),
                                          ("8.0.3", {"security_defaults": "permissive"}, True)):
            self.make(release=release, switches=chosen)
            security = self.host.config()["vswitches"]["vSwitch0"]["security"]
            self.assertEqual((security["mac_change"], security["forged"]), (expected, expected))


class Uplinks(HostTest):
    def test_a_nic_has_one_switch(self):
        self.net("vswitch standard add -v vSwitch1")
        self.assertEqual(self.fails("esxcli network vswitch standard uplink add -v vSwitch1 -u vmnic0"),
                         "Unable to Set: Busy\n")
        self.net("vswitch standard uplink remove -v vSwitch0 -u vmnic0")
        self.net("vswitch standard uplink add -v vSwitch1 -u vmnic0")

    def test_unknown_nics(self):
        self.assertIn("Not a valid pnic", self.fails("esxcli network vswitch standard uplink add -v vSwitch0 -u vmnic9"))
        self.fails("esxcli network vswitch standard uplink remove -v vSwitch0 -u vmnic1")

    def test_a_new_uplink_is_active_but_unused_by_the_management_network(self):
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")
        self.assertIn("Active Adapters: vmnic0, vmnic1", self.net("vswitch standard policy failover get -v vSwitch0"))
        text = self.net("vswitch", "standard", "portgroup", "policy", "failover", "get", "-p", "Management Network")
        self.assertIn("Active Adapters: vmnic0\n", text)
        self.assertIn("Unused Adapters: vmnic1\n", text)

    def test_losing_the_only_uplink_makes_the_host_unmanageable(self):
        self.assertTrue(self.host.manageable())
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")
        self.net("vswitch standard uplink remove -v vSwitch0 -u vmnic0")
        self.assertFalse(self.host.manageable())  # the override of the port group named vmnic0 alone
        self.net("vswitch", "standard", "portgroup", "policy", "failover", "set", "-p", "Management Network", "-u")
        self.assertTrue(self.host.manageable())
        after = self.host.state()["runtime"]["unmanageable_after"]
        self.assertEqual([words[4:6] for words in after], [["uplink", "remove"]])


class Portgroups(HostTest):
    def test_names_are_unique_on_the_host(self):
        self.net("vswitch standard add -v vSwitch1")
        self.net("vswitch standard portgroup add -p pg -v vSwitch1")
        self.assertIn("already exists", self.fails("esxcli network vswitch standard portgroup add -p pg -v vSwitch0"))
        self.assertIn("already exists", self.fails("esxcli network vswitch standard portgroup add -p pg -v vSwitch1"))
        self.make(switches={"duplicate_portgroup": "ignore"})
        self.net("vswitch", "standard", "portgroup", "add", "-p", "VM Network", "-v", "vSwitch0")

    def test_length(self):
        self.fails("esxcli network vswitch standard portgroup add -v vSwitch0 -p " + "x" * 81)

    def test_vlan(self):
        for vlan in ("4096", "-1"):
            self.assertIn("Expected integer in the range 0-4095",
                          self.fails("esxcli", "network", "vswitch", "standard", "portgroup", "set", "-p",
                                     "VM Network", "-v", vlan))
        self.net("vswitch", "standard", "portgroup", "set", "-p", "VM Network", "-v", "4095")

    def test_removal(self):
        remove = ("esxcli", "network", "vswitch", "standard", "portgroup", "remove", "-v", "vSwitch0", "-p")
        self.assertIn("in use", self.fails(*remove, "Management Network"))
        self.ok(*remove, "VM Network")
        self.fails(*remove, "VM Network")
        self.net("vswitch standard add -v vSwitch1")
        self.net("vswitch standard portgroup add -p pg -v vSwitch1")
        self.fails(*remove, "pg")


class Teaming(HostTest):
    def setUp(self):
        self.make(nics=nic_list(3))
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")

    def failover(self, *words):
        return self.net("vswitch", "standard", "policy", "failover", "set", "-v", "vSwitch0", *words)

    def refused(self, *words):
        before = self.host.config()
        text = self.fails("esxcli", "network", "vswitch", "standard", "policy", "failover", "set", "-v", "vSwitch0",
                          *words)
        self.assertEqual(self.host.config(), before)
        return text

    def policy(self):
        return self.host.config()["vswitches"]["vSwitch0"]["failover"]

    def test_vocabularies_of_set_and_get(self):
        for given, shown in (("portid", "srcport"), ("mac", "srcmac"), ("iphash", "iphash"), ("explicit", "explicit")):
            self.failover("-l", given)
            self.assertIn(f"Load Balancing: {shown}\n", self.net("vswitch standard policy failover get -v vSwitch0"))
        self.assertIn("Invalid data constraint", self.refused("-l", "srcport"))

    def test_uplinks_must_be_on_the_switch(self):
        self.refused("-a", "vmnic0,vmnic2")
        self.make(nics=nic_list(3), switches={"teaming_foreign_uplink": "ignore"})
        self.failover("-a", "vmnic0,vmnic2")
        self.assertEqual(self.policy()["active"], ["vmnic0"])

    def test_named_in_neither_list_is_unused(self):
        self.failover("-a", "vmnic1", "-s", "")
        self.assertIn("Unused Adapters: vmnic0\n", self.net("vswitch standard policy failover get -v vSwitch0"))

    def test_one_list_alone(self):
        self.failover("-a", "vmnic0", "-s", "vmnic1")
        self.failover("-a", "vmnic0,vmnic1")
        self.assertEqual((self.policy()["active"], self.policy()["standby"]), (["vmnic0", "vmnic1"], []))
        self.failover("-s", "vmnic1")
        self.assertEqual((self.policy()["active"], self.policy()["standby"]), (["vmnic0"], ["vmnic1"]))
        self.failover("-a", "vmnic0")
        self.assertEqual(self.policy()["standby"], ["vmnic1"])
        self.make(switches={"failover_partial": "clear"})
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")
        self.failover("-a", "vmnic0", "-s", "vmnic1")
        self.failover("-a", "vmnic0")
        self.assertEqual(self.policy()["standby"], [])

    def test_both_lists_cannot_name_one_nic(self):
        self.refused("-a", "vmnic0", "-s", "vmnic0")
        self.refused("-a", "vmnic0,vmnic0")

    def test_iphash_excludes_standby_and_beacons(self):
        self.failover("-a", "vmnic0", "-s", "vmnic1")
        self.refused("-l", "iphash")
        self.failover("-l", "iphash", "-a", "vmnic0,vmnic1", "-s", "")
        self.refused("-s", "vmnic1")
        self.refused("-f", "beacon")

    def test_portgroup_overrides(self):
        get = ("vswitch", "standard", "portgroup", "policy", "failover", "get", "-p", "VM Network")
        put = ("vswitch", "standard", "portgroup", "policy", "failover", "set", "-p", "VM Network")
        self.assertIn("Override Vswitch Load Balancing: false\n", self.net(*get))
        self.net(*put, "-l", "mac")
        self.assertIn("Override Vswitch Load Balancing: true\n", self.net(*get))
        self.net(*put, "-u", "-b", "false")
        text = self.net(*get)
        self.assertIn("Override Vswitch Load Balancing: false\n", text)
        self.assertIn("Override Vswitch Failback: true\n", text)
        self.assertIn("   Load Balancing: srcport\n", text)
        self.assertEqual(text.count("Override"), 4)
        for chosen, count in (("five", 5), ("none", 0)):
            self.make(switches={"override_lines": chosen})
            self.assertEqual(self.net(*get).count("Override"), count)

    def test_portgroup_security(self):
        put = ("esxcli", "network", "vswitch", "standard", "portgroup", "policy", "security", "set", "-p", "VM Network")
        self.ok(*put, "-o", "true")
        self.fails(*put, "-p", "true")
        text = self.net("vswitch", "standard", "portgroup", "policy", "security", "get", "-p", "VM Network")
        self.assertIn("   Allow Promiscuous: true\n", text)
        self.assertIn("   Override Vswitch Allow Promiscuous: true\n", text)
        self.make(switches={"portgroup_promisc_letter": "p"})
        self.fails(*put, "-o", "true")

    def test_shaping(self):
        line = "esxcli network vswitch standard policy shaping set -v vSwitch0"
        self.fails(line + " -e true -b 1000")
        self.ok(line + " -e true -b 1000 -k 2000 -t 512")
        self.assertIn("   Peak Bandwidth: 2000 Kbps\n", self.net("vswitch standard policy shaping get -v vSwitch0"))


class OldProgram(HostTest):
    def test_esxcfg_vswitch(self):
        self.ok("esxcfg-vswitch -a vSwitch1:256")
        self.assertEqual(self.ok("esxcfg-vswitch -c vSwitch1"), "1\n")
        self.assertEqual(self.ok("esxcfg-vswitch -c vSwitch2"), "0\n")
        self.ok("esxcfg-vswitch -A pg vSwitch1")
        self.ok("esxcfg-vswitch -p pg -v 12 vSwitch1")
        self.ok("esxcfg-vswitch -L vmnic1 vSwitch1")
        self.ok("esxcfg-vswitch -m 9000 vSwitch1")
        config = self.host.config()
        self.assertEqual((config["portgroups"]["pg"]["vlan"], config["vswitches"]["vSwitch1"]["mtu"]), (12, 9000))
        self.assertEqual(config["vswitches"]["vSwitch1"]["uplinks"], ["vmnic1"])
        self.assertEqual(self.ok("esxcfg-vswitch -C pg"), "1\n")
        self.ok("esxcfg-vswitch -U vmnic1 vSwitch1")
        self.ok("esxcfg-vswitch -D pg vSwitch1")
        self.ok("esxcfg-vswitch -d vSwitch1")
        for line in ("esxcfg-vswitch", "esxcfg-vswitch -d vSwitch0", "esxcfg-vswitch -m x vSwitch0",
                     "esxcfg-vswitch -x", "esxcfg-vswitch -L"):
            self.fails(line)


if __name__ == "__main__":
    unittest.main()
