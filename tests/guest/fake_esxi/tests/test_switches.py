"""The switch table, the grammar tables, and random use of all commands."""
import os
import random
import re
import unittest

import fake_esxi
from fake_esxi import grammar, releases, switches
from fake_esxi.network import nics, route
from fake_esxi.registry import ESXCLI
from fake_esxi.tests.base import STATIC, nic_list

FOLDER = os.path.dirname(os.path.abspath(fake_esxi.__file__))
_VALUES = {
    "vswitch-name": ["vSwitch0", "vSwitch1", "vSwitch2", "x" * 40], "portgroup-name": ["VM Network", "pg", "pg2"],
    "uplink-name": ["vmnic0", "vmnic1", "vmnic9"], "nic-name": ["vmnic0", "vmnic1", "x"],
    "interface-name": ["vmk0", "vmk1", "vmk2", "vmk100"], "mtu": ["1500", "9000", "1400", "70000"],
    "ipv4": ["192.0.2.10", "198.51.100.7", "192.0.2.0", "x"], "netmask": ["255.255.255.0", "255.255.0.255"],
    "gateway": ["192.0.2.1", "198.51.100.1", "2001:db8::1", "fe80::1", "fe80::1%vmk0", "0.0.0.0"],
    "network": ["default", "203.0.113.0/24", "2001:db8:7::/64", "::/0", "x"],
    "ipv6": ["2001:db8::7/64", "2001:db8::8/64", "2001:db8::9"], "server": ["192.0.2.53", "2001:db8::53", "x y"],
    "domain": ["example.com", "a b"], "mac-address": ["02:00:5e:00:53:77", "x"], "option": ["/Misc/HostName", "x"],
    "active-uplinks": ["vmnic0", "vmnic1", "vmnic0,vmnic1", ""], "standby-uplinks": ["vmnic0", "vmnic1", ""],
    "netstack": ["defaultTcpipStack", "vmotion"], "ruleset-id": ["sshServer", "syslog", "ntpClient", "x"],
    "vlan-id": ["0", "12", "4095", "4096"], "device": ["mpx.vmhba0:C0:T0:L0", "x"], "id": ["root", "operator"],
    "ip-address": ["192.0.2.0/24", "x"], "host": ["esx01", "192.0.2.7", "a.b"], "fqdn": ["esx01.example.com", "-"],
}


class Table(unittest.TestCase):
    def test_every_switch_has_alternatives_and_is_used(self):
        text = ""
        for path, folders, names in os.walk(FOLDER):
            folders[:] = [name for name in folders if name not in ("tests", "__pycache__")]
            for name in names:
                if name.endswith((".py", ".txt")) and name != "switches.py":
                    with open(os.path.join(path, name), encoding="utf-8") as file:
                        text += file.read()
        for switch in switches.ALL:
            self.assertGreaterEqual(len(switch.values), 2, switch.name)
            self.assertEqual(len(set(switch.values)), len(switch.values), switch.name)
            self.assertRegex(text, f"[\"'=]{switch.name}[\"':]", switch.name)

    def test_names_and_values_are_checked(self):
        for wrong in ({"bogus": "x"}, {"dns_add_present": "x"}):
            with self.assertRaises(ValueError):
                fake_esxi.create(switches=wrong)

    def test_scenarios_name_each_alternative_once(self):
        seen = list(switches.scenarios())
        self.assertEqual(seen[0], {})
        self.assertEqual(len(seen), 1 + sum(len(switch.alternatives) for switch in switches.ALL))
        for chosen in seen:
            self.assertEqual(switches.from_variant(switches.variant(switches.settle(chosen))), switches.settle(chosen))
            fake_esxi.create(switches=chosen, nics=nic_list(), network=STATIC)

    def test_the_readme_has_the_table(self):
        with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
            rows = [_cells(line) for line in file if line.startswith("|")]
        expected = [_cells(line) for line in switches.documentation().splitlines()]
        self.assertEqual([row for row in rows[-len(expected):] if set("".join(row)) != {"-"}],
                         [row for row in expected if set("".join(row)) != {"-"}])


class Grammar(unittest.TestCase):
    def test_every_command_has_a_function_and_the_other_way_round(self):
        self.assertEqual(set(grammar.everything()), set(ESXCLI))

    def test_no_letter_means_two_things_in_one_command(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.1.1"):
            for command in grammar.for_host(releases.numbers(release)).values():
                for names in ([option.long for option in command.options],
                              [option.short for option in command.options if option.short]):
                    self.assertEqual(len(names), len(set(names)), command.path)

    def test_the_notation_is_strict(self):
        for text in ("network nic list", "a b :: text\n  -x|y=<str> :: z", "a b :: text\n  -x|--y=<int> :: z"):
            with self.assertRaises(ValueError):
                grammar.parse(text)

    def test_attributes_name_things_that_exist(self):
        for command in grammar.everything().values():
            for attributes in [command.attributes, *(option.attributes for option in command.options)]:
                self.assertLessEqual(set(attributes), {"required", "repeat", "secret", "range", "enum", "since", "until",
                                                       "if", "hostd", "vim", "unsure"}, command.path)
                if "if" in attributes:
                    name, value = attributes["if"].split(":")
                    self.assertIn(value, next(switch.values for switch in switches.ALL if switch.name == name))


def _cells(line):
    """The cells of a row of a Markdown table, whatever its alignment."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _random_words(dice, command):
    words = []
    for option in command.options:
        if "required" not in option.attributes and dice.random() < 0.55:
            continue
        if not option.type:
            words.append(f"--{option.long}")
            continue
        if option.type == "bool":
            value = dice.choice(["true", "false"])
        elif "enum" in option.attributes:
            value = dice.choice(option.attributes["enum"].split(","))
        else:
            value = dice.choice(_VALUES.get(option.long, ["1", "7", "text"]))
        words.append(f"--{option.long}={value}")
    return words


class RandomUse(unittest.TestCase):
    """Commands in any order never break the host's rules, and a command that fails has changed nothing."""

    def check(self, world):
        config = world.config
        owners = [nic for switch in config["vswitches"].values() for nic in switch["uplinks"]]
        self.assertEqual(len(owners), len(set(owners)))
        for group in config["portgroups"].values():
            self.assertIn(group["vswitch"], config["vswitches"])
        for name, switch in config["vswitches"].items():
            policies = [switch["failover"]] + [group["failover"] for group in config["portgroups"].values()
                                               if group["vswitch"] == name]
            for policy in policies:
                named = policy.get("active", []) + policy.get("standby", [])
                self.assertEqual(len(named), len(set(named)))
                self.assertLessEqual(set(named), set(switch["uplinks"]))
        carried = [vmk["portgroup"] for vmk in config["vmks"].values()]
        self.assertEqual(len(carried), len(set(carried)))
        for vmk in config["vmks"].values():
            self.assertLessEqual(vmk["mtu"], config["vswitches"][config["portgroups"][vmk["portgroup"]]["vswitch"]]["mtu"])
        for name, stack in config["netstacks"].items():
            for family in (4, 6):
                routes = stack[f"routes{family}"]
                self.assertLessEqual(sum(entry["network"] == "default" for entry in routes), 1)
                for entry in routes:
                    self.assertEqual(route.interface_towards(world, name, entry["gateway"], family), entry["interface"], entry)

    def test_many_hosts(self):
        for seed in range(8):
            dice = random.Random(seed)
            release = dice.choice(["6.7.0", "7.0.3", "8.0.3", "9.1.1"])
            host = fake_esxi.create(release=release, nics=nic_list(), network=dice.choice([STATIC, "--bootproto=dhcp"]))
            table = grammar.for_host(releases.numbers(release))
            paths = sorted(table)
            changing = [path for path in paths if path[0] == "network" and path[-1] not in ("list", "get", "ping")]
            failed = 0
            for _ in range(200):
                path = dice.choice(changing if dice.random() < 0.75 else paths)
                before = host.config()
                status, stdout, stderr = host.run(["esxcli", *path, *_random_words(dice, table[path])])
                self.assertIn(status, (0, 1))
                if status:
                    failed += 1
                    self.assertEqual(host.config(), before, f"seed {seed}: {path}: {stdout}")
                    self.assertTrue((stdout + stderr).strip())
                with host.world() as world:
                    self.check(world)
            self.assertTrue(0 < failed < 200)


class Parsers(unittest.TestCase):
    def test_nic_list_text_is_checked(self):
        for text in ("", "vmnic0\n", "Name  MAC\nvmnic0  x\n"):
            with self.assertRaises(ValueError):
                nics.parse_list(text)

    def test_a_list_that_the_host_printed_reads_back(self):
        host = fake_esxi.create(nics=nic_list(12), network=STATIC)
        text = host.run(["esxcli", "network", "nic", "list"])[1]
        self.assertEqual(nics.parse_list(text), nics.parse_list(nic_list(12)))
        self.assertEqual(re.findall(r"(?m)^vmnic\d+", text)[:4], ["vmnic0", "vmnic1", "vmnic10", "vmnic11"])


if __name__ == "__main__":
    unittest.main()
