"""Links without an address are how MAAS's users give virtual machines their uplinks."""
import unittest

from maas_support import Deployed, sample_config, sample_text
from support import nic_list, nic_mac

from esxihook import deploy, network
from hostconf.host.inventory import parse_nics
from hostconf.model.inventory import assumed
from hostconf.planning.plan import plan

MANUAL = [{"type": "manual"}]


def nic(number, subnets=MANUAL, **more):
    return dict({"id": "eno%d" % number, "name": "eno%d" % number, "type": "physical", "mac_address": nic_mac(number - 1),
                 "mtu": 1500, "subnets": subnets}, **more)


def bond(name, members, subnets=MANUAL, mode="active-backup", **more):
    return dict({"id": name, "name": name, "type": "bond", "bond_interfaces": members, "mac_address": nic_mac(1),
                 "params": {"bond-mode": mode}, "subnets": subnets}, **more)


def vlan(link, number, subnets=MANUAL, **more):
    name = "%s.%d" % (link, number)
    return dict({"id": name, "name": name, "type": "vlan", "vlan_link": link, "vlan_id": number, "subnets": subnets},
                **more)


STATIC = [{"type": "static", "address": "192.0.2.31/24", "gateway": "192.0.2.1"}]


def read(*entries):
    """(the description's vm_networks, warnings)"""
    warnings = []
    found, _ = network.read({"version": 1, "config": list(entries)}, warnings.append)
    return (found or {}).get("vm_networks", []), warnings


class HookTest(unittest.TestCase):
    def test_what_becomes_a_network_for_virtual_machines(self):
        found, warnings = read(nic(1, STATIC), nic(2, mtu=9000), nic(3, mtu=9000), nic(4),
                               bond("bond0", ["eno2", "eno3"], mtu=9000), vlan("bond0", 10, mtu=1500), vlan("eno1", 20))
        self.assertEqual([(entry["id"], entry["link"], entry["vlan"], entry["mtu"]) for entry in found], [
            ("eno4", "eno4", 0, 1500), ("bond0", "bond0", 0, 9000), ("bond0.10", "bond0", 10, 1500),
            ("eno1.20", "eno1", 20, None)])
        self.assertEqual(warnings, [])

    def test_what_does_not(self):
        # A link that carries an addressed VLAN has nothing untagged of its own; a bridge's address counts for its NIC.
        found, _ = read(nic(1), vlan("eno1", 5, STATIC))
        self.assertEqual(found, [])
        found, _ = read(nic(1), {"id": "br0", "name": "br0", "type": "bridge", "bridge_interfaces": ["eno1"],
                                 "subnets": STATIC})
        self.assertEqual(found, [])

    def test_what_cannot_be_had_stops_nobody(self):
        found, warnings = read(nic(1, STATIC), bond("bond0", ["eno1", "eno2"]), nic(2), vlan("nowhere", 3))
        self.assertEqual(found, [])
        self.assertEqual(len(warnings), 2, warnings)
        self.assertIn("bond0", warnings[0])
        self.assertIn("nowhere", warnings[1])

    def test_without_any_address(self):
        found, warnings = read(nic(1))
        self.assertEqual([entry["id"] for entry in found], ["eno1"])
        self.assertIn("gives no address", warnings[0])


class OnAHostTest(Deployed):
    def deployed(self, *entries, nics=6, **how):
        config = sample_config("flat-static-boot-disk")
        config["network"] = {"version": 1, "config": list(entries)}
        self.serve({"public-keys": b""}, config)
        self.install(config, nics=nic_list(nics), disks=sample_text("flat-static-boot-disk", "disks.txt"), **how)
        self.status = self.first_boot()
        state = self.fake.config()
        return ({name: (sorted(switch["uplinks"]), switch["mtu"]) for name, switch in state["vswitches"].items()},
                {name: (group["vswitch"], group["vlan"]) for name, group in state["portgroups"].items()})

    def test_unnumbered_bond(self):
        """bond0 (eno2+eno3, active-backup, MTU 9000) and bond0.10 without addresses."""
        for release in ("6.7.0", "8.0.3"):
            with self.subTest(release):
                switches, groups = self.deployed(
                    nic(1, STATIC), nic(2, mtu=9000), nic(3, mtu=9000), bond("bond0", ["eno2", "eno3"], mtu=9000),
                    vlan("bond0", 10, mtu=1500), release=release)
                self.assertEqual(self.status, 0, self.lines.text)
                self.assertEqual(switches, {"vSwitch0": (["vmnic0"], 1500), "vSwitch1": (["vmnic1", "vmnic2"], 9000)})
                self.assertEqual((groups["bond0"], groups["bond0.10"]), (("vSwitch1", 0), ("vSwitch1", 10)))
                policy = self.fake.run(["esxcli", "network", "vswitch", "standard", "policy", "failover", "get", "-v",
                                        "vSwitch1"])[1]
                self.assertIn("Load Balancing: explicit", policy)
                self.assertIn("Active Adapters: vmnic1\n", policy)
                self.assertIn("Standby Adapters: vmnic2\n", policy)
                self.assertEqual(len(self.fake.summary()["interfaces"]), 1, "no vmk on them")
                self.assertIn(("default", "192.0.2.1"), {route[:2] for route in self.fake.summary()["routes4"]})

    def test_a_lone_nic_and_a_vlan_on_managements_nic(self):
        switches, groups = self.deployed(nic(1, STATIC), nic(4), vlan("eno1", 20))
        self.assertEqual(self.status, 0, self.lines.text)
        self.assertEqual(switches, {"vSwitch0": (["vmnic0"], 1500), "vSwitch1": (["vmnic3"], 1500)})
        self.assertEqual((groups["eno4"], groups["eno1.20"]), (("vSwitch1", 0), ("vSwitch0", 20)))
        self.assertEqual(self.fake.state()["runtime"]["unmanageable_after"], [])

    def test_a_nic_that_is_not_there_and_one_that_management_has(self):
        switches, groups = self.deployed(nic(4), nic(9), nic(1), nics=4)  # no address: the installer's vmnic0 stays
        self.assertEqual(self.status, 0, self.lines.text)
        self.assertEqual(switches["vSwitch0"][0], ["vmnic0"])
        self.assertEqual((groups["eno4"][0], "eno9" in groups), ("vSwitch1", False))
        self.assertEqual(groups["eno1"], ("vSwitch0", 0), "beside management, nothing is taken from it")
        self.assertTrue(self.fake.manageable())

    def test_it_fails_alone(self):
        config_nics = [nic(1, STATIC), nic(4)]
        config = sample_config("flat-static-boot-disk")
        config["network"] = {"version": 1, "config": config_nics}
        service = self.serve({"public-keys": b""}, config)
        self.install(config, nics=nic_list(4), disks=sample_text("flat-static-boot-disk", "disks.txt"))
        self.fake.fail(["portgroup", "add", "-p", "eno4"], times=10000)
        self.assertEqual(self.first_boot(), 1)
        self.assertIn("vm networks: ", service.events[0]["description"])
        self.assertEqual(self.fake.summary()["interfaces"][0]["ipv4"], "192.0.2.31/24")
        self.assertEqual(len(self.volumes()), 1, "storage was done")

    def test_the_plan_says_the_same(self):
        config = sample_config("flat-static-boot-disk")
        config["network"] = {"version": 1, "config": [nic(1, STATIC), nic(2), nic(3), bond("b", ["eno2", "eno3"])]}
        from common import description as schema
        found = schema.validate(deploy.describe(config, lambda sentence: None))
        lines = [command.shell() for command in plan(found, assumed(parse_nics(nic_list(4)))).commands]
        self.assertIn("esxcli network vswitch standard add -v vSwitch1", lines)
        self.assertIn("esxcli network vswitch standard portgroup add -p b -v vSwitch1", lines)


if __name__ == "__main__":
    unittest.main()
