"""Deployments that once failed (testdata/cases): each ends as its expect.md says."""
import json
import os
import random
import re
import unittest

from rehearsal import Options, payload

from .base import TESTDATA, RehearsalTest

CASES = os.path.join(TESTDATA, "cases")
# Hosts of a thousand that are rehearsed: each takes seconds, for its installer unpacks what belongs to all.
PICKED = int(os.environ.get("ESXI_IMG_RACK", 4))
# What all config drives but the other ones ask for.
VMK0 = {"ipv4": "192.0.2.10/24", "mtu": 1500, "vlan": 0}
BOTH = {"uplinks": ["vmnic0", "vmnic1"], "active": ["vmnic0", "vmnic1"], "standby": []}
ROUTE = [("default", "192.0.2.1", "vmk0")]

# By case: what of vmk0, what else of the host, words that warnings hold.
OPENSTACK = {
    "bond-802.1ad": (dict(VMK0, load_balancing="iphash", **BOTH), {"routes4": ROUTE}, ["static port channel"]),
    "bond-balance-tlb": (dict(VMK0, load_balancing="portid", **BOTH), {"routes4": ROUTE}, ["approximated"]),
    "bond-balance-xor": (dict(VMK0, load_balancing="iphash", **BOTH), {"routes4": ROUTE}, ["static port channel"]),
    "bond-dhcp-own-mac": ({"ipv4": "dhcp", "mac": "fa:16:3e:aa:bb:cc", "active": ["vmnic0"], "standby": ["vmnic1"]},
                          {}, []),
    "cloud-config-esxi-key": (VMK0, {"syslog": "udp://192.0.2.9:514", "search": ["example.org"]}, []),
    # The fake's DHCP answers with addresses elsewhere, so that the gateway is not reachable.
    "dhcp-routes": (VMK0, {"routes4": ROUTE}, ["10.0.0.0/8", "gateway cannot be reached"]),
    "empty-objects": ({"ipv4": "dhcp"}, {}, []),
    "gateway6-off-link": (dict(VMK0, ipv6=["2001:db8::10/64"], ipv6_gateway=None),
                          {"routes4": ROUTE, "routes6": []}, ["2001:db8:1::1"]),
    "heat-default": (VMK0, {"routes4": ROUTE}, ["cfn-userdata", "loguserdata.py"]),
    "keys-of-a-network": (VMK0, {"routes4": ROUTE, "dns": ["192.0.2.53"], "search": ["example.org"]}, []),
    "refusal-locks-out": (dict(VMK0, load_balancing="iphash", **BOTH), {"routes4": ROUTE}, ["static port channel"]),
    "schema-number-mtu": (dict(VMK0, mtu=9000, vswitch_mtu=9000), {"dns": ["2001:db8::53"]}, []),
    "second-nic-absent": (VMK0, {"routes4": ROUTE}, ["n2", "02:00:5e:00:53:99"]),
    "write-files": (VMK0, {"routes4": ROUTE}, []),
}
LEFT = re.compile(r"/(alt)?bootbank/(esxiimg|hostdesc)\.tgz|/esxiimg(-host)?$")
KEY_ONLY = {"refusal-locks-out"}


def folders(kind):
    """The cases that there are."""
    return {entry.name for entry in os.scandir(os.path.join(CASES, kind)) if entry.is_dir()}


class OpenStack(RehearsalTest):
    def test_every_case(self):
        self.assertEqual(set(OPENSTACK), folders("openstack"))
        for name, (vmk0, host, words) in OPENSTACK.items():
            with self.subTest(name):
                result = self.rehearse_fast(metadata=os.path.join(CASES, "openstack", name))
                self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
                keys = int(name in KEY_ONLY)
                self.assert_login(result, password=not keys, keys=keys, ssh=True)
                shown = result["host"]["interfaces"][0]
                self.assertEqual({key: shown[key] for key in vmk0}, vmk0)
                self.assertEqual({key: result["host"][key] for key in host}, host)
                self.assertEqual(result["host"]["fqdn"], "esx1.example.net")
                warnings = "\n".join(result["warnings"])
                self.assertEqual([word for word in words if word not in warnings], [], warnings)
                if not words:
                    self.assertEqual(result["warnings"], [])
                said = [line for line in result["log"] if "esxi-img: script " in line]
                self.assertEqual([line for line in said if line.endswith(": hello")] != [], name == "write-files", said)

    def test_dhcp_on_a_vlan(self):
        result = self.rehearse_fast(metadata=os.path.join(CASES, "openstack", "dhcp-routes"))
        self.assertEqual([(vmk["vlan"], vmk["ipv4"]) for vmk in result["host"]["interfaces"]],
                         [(0, "192.0.2.10/24"), (30, "dhcp")])

    def test_management_that_cannot_be_had(self):
        folder = self.copied("cases", "openstack", "refusal-locks-out")
        path = os.path.join(folder, "network_data.json")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("802.1ad", text)
        self.write("network_data.json", text.replace("802.1ad", "no-such-mode"))
        result = self.rehearse_fast(metadata=folder)
        self.assertEqual(result["outcome"], "failed")
        self.assertIn("no-such-mode", result["reason"])
        self.assert_login(result, password=False, keys=1, ssh=True)
        self.assertEqual(result["host"]["fqdn"], "esx1.example.net")
        self.assertEqual(result["host"]["interfaces"][0]["ipv4"], "dhcp")
        # What a repetition needs stays, and the log says how to be rid of it.
        self.assertEqual([path for path in result["secrets_left"] if not LEFT.match(path)], [])
        self.assertTrue([line for line in result["log"] if "sh /esxiimg/firstbt.sh clean" in line], result["log"])


class Maas(RehearsalTest):
    def deploy(self, name, **options):
        return self.rehearse_fast(maas=os.path.join(CASES, "maas", name), **options)

    def test_every_case(self):
        for name in folders("maas"):
            with self.subTest(name):
                result = self.deploy(name, image_password=True, secure_boot=name == "secure-boot")
                getattr(self, name.replace("-", "_"))(result)

    def assert_configured(self, result):
        self.assertEqual((result["outcome"], result["maas"], result["secrets_left"]), ("configured", "Deployed", []),
                         result["reason"])
        self.assert_login(result, password=True, keys=0, ssh=True)

    def ed25519_only(self, result):
        self.assert_configured(result)

    def no_ssh_keys(self, result):
        self.assert_configured(result)

    def rerun_after_failure(self, result):
        self.assertEqual(result["outcome"], "failed")
        self.assertIn("has to deploy it again", result["reason"])
        self.assertIsNone(result["host"]["power"])
        self.assert_login(result, password=True, keys=0, ssh=True)

    def sas_two_identical(self, result):
        self.assert_configured(result)
        self.assertEqual(result["host"]["datastores"], [("a", [("naa.5000c500a1b2c3d4", 1)]),
                                                        ("datastore1", [("naa.5000c500a1b2c3d0", 8)])])

    def secure_boot(self, result):
        self.assertEqual((result["outcome"], result["maas"], result["disks_untouched"]),
                         ("refused-by-hook", "Deploying", True))
        self.assertIn("Secure Boot", result["reason"])

    def unnumbered_bond(self, result):
        self.assert_configured(result)
        self.assertEqual(result["host"]["vswitches"]["vSwitch1"], {"mtu": 9000, "uplinks": ["vmnic1", "vmnic2"]})
        self.assertEqual([vmk["name"] for vmk in result["host"]["interfaces"]], ["vmk0"])
        log = "\n".join(result["log"])
        for words in ("failover set -v vSwitch1 -l explicit -a vmnic1 -s vmnic2", "portgroup add -p bond0 -v vSwitch1",
                      "portgroup add -p bond0.10 -v vSwitch1", "portgroup set -p bond0.10 -v 10"):
            self.assertIn(words, log)

    def vcenter_own_certificate(self, result):
        # Not joined, which changes no status: nothing answers at the address of the case.
        self.assert_configured(result)
        event, = [report for report in result["reports"] if report["name"].endswith("/vcenter")]
        self.assertEqual(event["result"], "FAIL")
        self.assertIn("127.0.0.1", event["description"])
        self.assertNotIn("Secret123!", json.dumps(result))

    def test_keys_that_open_nothing(self):
        for name in ("no-ssh-keys", "ed25519-only"):
            with self.subTest(name):
                result = self.deploy(name)
                self.assertEqual((result["outcome"], result["disks_untouched"]), ("refused-by-hook", True))
                self.assertIn("SSH", result["reason"])
        # ESXi 7's SSH server takes the key.
        result = self.deploy("ed25519-only", release="7.0.3")
        self.assertEqual((result["outcome"], result["login"]["keys"]), ("configured", 1), result["reason"])


class Rack(RehearsalTest):
    """One image for several hosts: each machine takes its own folder, or none at all."""

    def setUp(self):
        super().setUp()
        for name, mac in (("rack1-01", "02:00:5e:00:53:01"), ("rack1-02", "02:00:5e:00:53:a1")):
            self.write("hosts/%s/meta_data.json" % name,
                       json.dumps({"hostname": name, "admin_pass": "Vt7#mexample-Only-" + name}))
            self.folder_given = self.write("hosts/%s/network_data.json" % name, json.dumps({
                "links": [{"id": "l", "type": "phy", "ethernet_mac_address": mac}],
                "networks": [{"id": "n", "type": "ipv4_dhcp", "link": "l"}]}))

    def test_the_host_whose_nics_these_are(self):
        nics = os.path.join(CASES, "openstack", "write-files", "nics.txt")
        result = self.rehearse_fast(metadata=self.folder_given, nics=nics)
        self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
        self.assertEqual(result["host"]["fqdn"], "rack1-01")
        self.assertNotIn("rack1-02", json.dumps(result["host"]))

    def test_another_machine(self):
        nics = os.path.join(TESTDATA, "openstack", "ironic-bond-vlans-jumbo", "nics.txt")
        result = self.rehearse_fast(metadata=self.folder_given, nics=nics)
        self.assertEqual((result["outcome"], result["disks_untouched"]), ("stopped-before-install", True))
        self.assertIn("02:00:5e:00:53", result["reason"])

    def test_some_of_a_thousand(self):
        def mac(host, port):
            return "02:00:5e:%02x:%02x:%02x" % (host >> 8, host & 255, port)

        names = ["esx-%04d" % host for host in range(1000)]
        for host, name in enumerate(names):
            links = [{"id": "p%d" % port, "type": "phy", "ethernet_mac_address": mac(host, port)} for port in (0, 1)]
            self.write("rack/hosts/%s/meta_data.json" % name,
                       json.dumps({"hostname": name, "admin_pass": "Vt7#mexample-Only-" + name}))
            self.write("rack/hosts/%s/network_data.json" % name, json.dumps({
                "links": links, "networks": [{"id": "n", "type": "ipv4_dhcp", "link": "p0"}]}))
        rack = os.path.join(self.folder_given, "rack")
        made = payload.make(Options(metadata=rack), self.folder)[0]
        with open(os.path.join(CASES, "openstack", "write-files", "nics.txt"), encoding="utf-8") as file:
            head = file.read().splitlines()[:2]
        row = "vmnic%d  0000:01:00.%d  x       Up            Up           10000  Full    %s  1500  port"
        for host in random.Random(18).sample(range(1000), PICKED):
            nics = os.path.join(self.folder, "nics.txt")
            with open(nics, "w", encoding="utf-8") as file:
                file.write("\n".join(head + [row % (port, port, mac(host, port)) for port in (0, 1)]) + "\n")
            result = self.rehearse_fast(metadata=rack, nics=nics, made=made)
            self.assertEqual((result["outcome"], result["secrets_left"]), ("configured", []), result["reason"])
            self.assertEqual(result["host"]["fqdn"], names[host])
            self.assertEqual(set(re.findall("esx-[0-9]{4}", json.dumps(result["host"]))), {names[host]})


if __name__ == "__main__":
    unittest.main()
