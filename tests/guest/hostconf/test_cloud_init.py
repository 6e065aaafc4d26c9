"""cloud-init's own conversion of network_data is the judge: addresses, routes, DNS, VLANs, bonds and MTU of each sample
agree with it, but for what is deliberately different.
"""
import json
import os
import subprocess
import tempfile
import unittest

from support import CASES, REPOSITORY, SAMPLES

from hostconf.sources import metadata, openstack

# Debian's package, unpacked there by tests/support/setup.ts: nothing of it is installed or started.
CLOUD_INIT = os.path.join(REPOSITORY, "dist", "judges", "cloud-init", "usr", "lib", "python3", "dist-packages")
JUDGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cloud_init_facts.py")
# The Python that Debian's modules are made for.
PYTHON = "/usr/bin/python3"

FIRST = "the default route listed first is used"
ROUTER = "a router's advertisements bring it"
# Deliberate differences: {sample: {fact that only one side has: why}}.
DIFFERENCES = {
    "bond-802.1ad": {"bond b 802.1ad p0,p1": "Ironic's word for 802.3ad", "bond b 802.3ad p0,p1": "the same"},
    "refusal-locks-out": {"bond b 802.1ad p0,p1": "Ironic's word for 802.3ad", "bond b 802.3ad p0,p1": "the same"},
    "gateway6-off-link": {"route ::/0 2001:db8:1::1": "ESXi cannot reach a gateway that is on none of its networks"},
    "ironic-bond-vlans-jumbo": {"dns 192.0.2.190": "cloud-init 22.4 passes over the services of a network"},
    "ironic-two-gateways-extra-keys": {"route 0.0.0.0/0 198.51.100.1": FIRST},
    "nova-ipv6-slaac-stateless": {"route ::/0 2001:db8:53:6::1": ROUTER, "route ::/0 fe80::5:1": ROUTER},
    "nova-static-routes": {"route 203.0.113.128/25 0.0.0.0": "ESXi has no on-link routes"},
    "schema-number-mtu": {"dns 2001:db8::53/64": "cloud-init keeps the prefix length", "dns 2001:db8::53": "the same"},
}
# What is refused as a whole: management has the address that another link has.
REFUSED = ("refuse-duplicate-ip",)


def facts_of(description):
    """The facts of a description, in the words of cloud_init_facts.py."""
    network, found = description["network"], set()
    found |= {"dns " + address for address in description["dns"]["servers"]}
    found |= {"search " + domain for domain in description["dns"]["search"]}
    if network is None:
        return found
    links = {link["id"]: link for link in network["links"]}
    kinds = {"ipv4-dhcp": "dhcp4", "ipv6-dhcp": "dhcp6", "ipv6-slaac": "slaac", "ipv6-dhcp-stateless": "dhcp6-stateless"}
    for link in network["links"]:
        if link["kind"] == "bond":
            found.add("bond %s %s %s" % (link["id"], link["mode"], ",".join(link["members"])))
    for interface in network["interfaces"]:
        name = "%s.%d" % (interface["link"], interface["vlan"]) if interface["vlan"] else interface["link"]
        mtu = interface["mtu"] or links[interface["link"]]["mtu"]
        if mtu:
            found.add("mtu %s %d" % (name, mtu))
        for address in interface["addresses"]:
            found.add("%s %s" % (kinds[address["type"]], name) if address["type"] in kinds else
                      "address %s %s/%d" % (name, address["address"], address["prefix"]))
    for key, target in (("gateway4", "0.0.0.0/0"), ("gateway6", "::/0")):
        if network[key]:
            found.add("route %s %s" % (target, network[key]["address"]))
    return found | {"route %s %s" % (route["network"], route["gateway"]) for route in network["routes"]}


@unittest.skipUnless(os.path.isdir(CLOUD_INIT) and os.path.exists(PYTHON),
                     "cloud-init is not there: tests/support/setup.ts unpacks it")
class CloudInitTest(unittest.TestCase):
    maxDiff = None

    def test_samples_and_cases(self):
        folders = {entry.name: entry.path for place in (SAMPLES, CASES) for entry in os.scandir(place) if entry.is_dir()}
        self.assertGreater(len(folders), 15)
        files = {name: metadata.load(folders[name]) for name in sorted(folders)}
        names = [name for name in files if name not in REFUSED and any(
            json.loads(files[name].get("network_data.json", b'{"links": []}').decode())["links"])]
        theirs = self.judged({name: network_data(folders[name]) for name in names})
        for name in names:
            with self.subTest(name):
                ours = facts_of(openstack.read({"network_data.json": files[name]["network_data.json"]}, "config-drive"))
                self.assertEqual(ours ^ theirs[name], set(DIFFERENCES.get(name, {})))
        self.assertLessEqual(set(DIFFERENCES), set(names))
        for name in REFUSED:
            self.assertTrue(openstack.read(files[name], "config-drive")["refusal"])

    def test_masks(self):
        """Nova's schema does not require a mask: what is taken then, and in which forms it may be given."""
        forms = {"bare4": ("ipv4", "192.0.2.5", None), "bare6": ("ipv6", "2001:db8::5", None),
                 "length4": ("ipv4", "192.0.2.5/26", None), "length6": ("ipv6", "2001:db8::5/56", None),
                 "both4": ("ipv4", "192.0.2.5/26", "255.255.255.0"), "mask4": ("ipv4", "192.0.2.5", "255.255.252.0"),
                 "mask6": ("ipv6", "2001:db8::5", "ffff:ffff:ffff::")}
        with tempfile.TemporaryDirectory() as folder:
            paths, ours = {}, {}
            for name, (kind, address, mask) in forms.items():
                network = {"id": "n", "link": "a", "network_id": "x", "type": kind, "ip_address": address}
                data = {"links": [{"id": "a", "type": "phy", "ethernet_mac_address": "02:00:5e:00:53:01"}],
                        "networks": [dict(network, netmask=mask) if mask else network], "services": []}
                paths[name] = os.path.join(folder, name + ".json")
                with open(paths[name], "w", encoding="utf-8") as file:
                    json.dump(data, file)
                ours[name] = facts_of(openstack.read(
                    {"network_data.json": json.dumps(data).encode()}, "config-drive"))
            self.assertEqual(ours, self.judged(paths))
        self.assertEqual(ours["bare4"], {"address a 192.0.2.5/24"})
        self.assertEqual(ours["length4"], {"address a 192.0.2.5/26"})

    def judged(self, paths):
        """{name: facts} of cloud-init."""
        done = subprocess.run([PYTHON, "-B", JUDGE] + list(paths.values()), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              env={"PYTHONPATH": CLOUD_INIT, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        found = json.loads(done.stdout.decode())
        return {name: set(found[paths[name]]) for name in paths}


def network_data(folder):
    """The path of a sample's network_data.json."""
    places = (os.path.join(folder, *parts, "network_data.json") for parts in (("openstack", "latest"), ()))
    return next(path for path in places if os.path.exists(path))


if __name__ == "__main__":
    unittest.main()
