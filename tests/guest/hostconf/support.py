"""Shared by the tests of the guest code: paths, and the fake host in the form the guest code expects."""
import os
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
GUEST = os.path.join(REPOSITORY, "lib", "guest")
SAMPLES = os.path.join(REPOSITORY, "testdata", "openstack")
CASES = os.path.join(REPOSITORY, "testdata", "cases", "openstack")
sys.dont_write_bytecode = True
sys.path[:0] = [GUEST, os.path.join(REPOSITORY, "tests", "guest")]

import fake_esxi  # noqa: E402
from hostconf.host.log import Log  # noqa: E402
from hostconf.host.apply import Applier  # noqa: E402
from hostconf.sources import openstack  # noqa: E402
from rehearsal.fast import FastHost  # noqa: E402

NIC_HEADER = (
    "Name     PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n"
    "-------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n")


def nic_mac(number):
    return "02:00:5e:00:54:%02x" % number


def nic_list(count, down=()):
    """The output of `esxcli network nic list` of a host with `count` NICs; those in `down` have no link."""
    rows = []
    for number in range(count):
        link, speed, duplex = ("Down", 0, "Half") if number in down else ("Up", 10000, "Full")
        rows.append("%-7s  0000:%02x:00.0  i40en   Up            %-11s  %5d  %-6s  %s  1500  Test NIC\n" % (
            "vmnic%d" % number, number + 1, link, speed, duplex, nic_mac(number)))
    return NIC_HEADER + "".join(sorted(rows))


class Adapter(FastHost):
    """A fake host that keeps the commands that failed."""

    def __init__(self, fake, hostd=True):
        super().__init__(fake, hostd)
        self.failed = []

    def run(self, argv, seconds=0, end_children=False):
        status, output = super().run(argv, seconds, end_children)
        if status != 0:
            self.failed.append((list(argv), output))
        return status, output

    def failed_changes(self):
        """Commands that failed though they were to change something."""
        reads = {"get", "list"}
        return [(argv, text) for argv, text in self.failed if not reads & set(argv)]


def check_segments(test, fake, segments):
    """The addresses and MTU of each (uplinks, VLAN) are those that were asked for."""
    found = {}
    for vmk in interfaces(fake).values():
        key = (tuple(vmk["uplinks"]), vmk["vlan"])
        entry = found.setdefault(key, {"v4": [], "v6": [], "dhcpv6": False, "auto6": False, "mtu": vmk["mtu"]})
        entry["v4"] += [vmk["ipv4"]] if vmk["ipv4"] else []
        entry["v6"] += vmk["ipv6"]
        entry["dhcpv6"] |= vmk["dhcpv6"]
        entry["auto6"] |= vmk["router_adv"]
        test.assertEqual(vmk["mtu"], entry["mtu"])
    for entries in (found, segments):
        for entry in entries.values():
            entry["v4"].sort()
            entry["v6"].sort()
    test.assertEqual(found, segments)


def check_routes(test, fake, routes, defaults):
    """The routes that somebody set are those of each family, by version, and its default."""
    stack = fake.config()["netstacks"]["defaultTcpipStack"]
    for version in (4, 6):
        found = {(r["network"], r["gateway"]) for r in stack["routes%d" % version] if r["source"] == "MANUAL"}
        wanted = set(routes[version])
        if version in defaults:
            wanted.add(("default", defaults[version]))
        test.assertEqual(found, wanted)


class Lines:
    """A stream that keeps what was logged."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def apply(fake, description, hostd=True):
    """Apply a description to a fake host. @return: (whether a reboot is needed, log text, Adapter)"""
    lines = Lines()
    adapter = Adapter(fake, hostd)
    reboot = Applier(adapter, Log([lines]), sleep=lambda seconds: None).apply(description)
    return reboot, lines.text, adapter


def describe(network_data, meta_data=None, **files):
    """The description of a config drive with the given network_data and meta_data (Python objects)."""
    import json
    given = {"network_data.json": json.dumps(network_data).encode(),
             "meta_data.json": json.dumps(meta_data or {}).encode()}
    for name, content in files.items():
        name = name if name == "user_data" else name + ".json"
        given[name] = content if isinstance(content, bytes) else json.dumps(content).encode()
    return openstack.read(given, "config-drive", hash_password=lambda password: "$6$salt$" + "x" * 86)


def interfaces(fake):
    """Interfaces of the summary by name."""
    return {interface["name"]: interface for interface in fake.summary()["interfaces"]}


def network_config(fake):
    """The part of the configuration that "the network was not touched" is about."""
    config = fake.config()
    return {key: config[key] for key in ("vswitches", "portgroups", "vmks", "netstacks")}


def check_state(test, fake, expected):
    """Assert the state of a host.

    expected holds "vmks" (for each, the summary's keys that count, and "order" for the failover order) and any of
    vswitches (how many have uplinks), routes4 and routes6 ({(network, gateway)}), manual4, dns, search, fqdn,
    keys (types), ntp. What is left out must be empty or as installed.
    """
    summary = fake.summary()
    listed = summary["interfaces"]
    test.assertEqual([vmk["name"] for vmk in listed], ["vmk%d" % i for i in range(len(expected["vmks"]))])
    for vmk, wanted in zip(listed, expected["vmks"]):
        wanted = dict(wanted)
        if "order" in wanted:
            test.assertEqual(vmk["active"] + vmk["standby"], wanted.pop("order"))
        test.assertEqual({key: vmk[key] for key in wanted}, wanted, vmk["name"])
        test.assertEqual(sorted(vmk["active"] + vmk["standby"]), vmk["uplinks"], "no uplink is unused")
    test.assertIn("Management", listed[0]["tags"])
    test.assertEqual(len({vmk["mac"] for vmk in listed}), len(listed), "MACs are distinct")
    used = [name for name, switch in summary["vswitches"].items() if switch["uplinks"]]
    test.assertEqual(len(used), expected.get("vswitches", len(expected["vmks"])))
    test.assertEqual({route[:2] for route in summary["routes6"]}, expected.get("routes6", set()))
    routes = fake.config()["netstacks"]["defaultTcpipStack"]["routes4"]
    test.assertEqual({(r["network"], r["gateway"]) for r in routes if r["source"] == "MANUAL"},
                     expected.get("routes4", set()))
    if not any(vmk["ipv4"] == "dhcp" for vmk in listed):
        test.assertEqual([r for r in routes if r["source"] == "DHCP"], [])
    if "dns" in expected:
        test.assertEqual(summary["dns"], expected["dns"])
    if "fqdn" in expected:
        test.assertEqual(summary["fqdn"], expected["fqdn"])
    test.assertEqual([key.split()[0] for key in summary["root_keys"]], expected.get("keys", []))
    test.assertEqual(len(set(summary["root_keys"])), len(summary["root_keys"]))
    test.assertEqual(summary["ntp"]["servers"], expected.get("ntp", []))
    test.assertEqual(summary["ntp"]["running"], "ntp" in expected)
    test.assertTrue(summary["ssh"]["with_host"] and summary["ssh"]["running"])
    test.assertTrue(summary["shell"]["with_host"] and summary["shell"]["running"])


__all__ = ["Adapter", "CASES", "GUEST", "Lines", "REPOSITORY", "SAMPLES", "apply", "check_state", "describe",
           "fake_esxi", "interfaces", "network_config", "nic_list", "nic_mac"]
