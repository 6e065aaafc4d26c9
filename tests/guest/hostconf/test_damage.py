"""Damaged and odd metadata: never a crash, and what is not refused can be carried out."""
import copy
import json
import os
import random
import unittest

from support import SAMPLES, apply, fake_esxi, network_config, nic_list, nic_mac

from hostconf.host.apply import ApplyError
from hostconf.sources import openstack, userdata

SEED = 41
CASES = 600
ODD = (None, "", " ", 0, -1, 1.5, True, [], {}, "x", "0.0.0.0", "::", "192.0.2.1", "255.255.255.0", "2001:db8::1",
       "fe80::1",
       "vlan", "bond", "phy", "ipv4", "ipv6", "ipv4_dhcp", "ipv6_slaac", "dns", 4094, 4095, 9000, 1280, "1500",
       "\u00e9\n", "a" * 300,
       nic_mac(0), nic_mac(1).upper(), "zz:zz", ["a", "b"], {"id": "x"}, "-v", "a b", "it's", "../x", "%s", "link0",
       "network0")


def positions(value, path=()):
    """Paths of all values inside a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        for found in positions(item, path + (key,)):
            yield found


def damage(value, rnd):
    """The value with one to three places changed, removed or doubled."""
    value = copy.deepcopy(value)
    for _ in range(rnd.randint(1, 3)):
        path = rnd.choice(list(positions(value))[1:] or [None])
        if path is None:
            return value
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        action = rnd.random()
        if action < 0.6:
            parent[path[-1]] = copy.deepcopy(rnd.choice(ODD))
        elif action < 0.8:
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.insert(rnd.randint(0, len(parent)), copy.deepcopy(parent[path[-1]]))
        else:
            parent[rnd.choice(["extra", "mtu", "type", "link"])] = copy.deepcopy(parent[path[-1]])
    return value


def load(sample, name):
    with open(os.path.join(SAMPLES, sample, "openstack", "latest", name), encoding="utf-8") as file:
        return json.load(file)


def network_of(fake):
    """How the host is reached; name servers are set all the same."""
    config = network_config(fake)
    return [config["vmks"], config["vswitches"], config["portgroups"]]


class DamageTest(unittest.TestCase):
    def test_what_is_not_refused_can_be_carried_out(self):
        rnd = random.Random(SEED)
        names = sorted(entry.name for entry in os.scandir(SAMPLES) if entry.is_dir())
        refused = done = 0
        for number in range(CASES):
            sample = rnd.choice(names)
            files = {name: json.dumps(damage(load(sample, name), rnd) if rnd.random() < 0.7 else load(sample,
                                                                                                      name)).encode()
                     for name in ("meta_data.json", "network_data.json", "vendor_data2.json")}
            with open(os.path.join(SAMPLES, sample, "nics.txt"), encoding="utf-8") as file:
                fake = fake_esxi.create(nics=file.read())
            before = network_of(fake)
            with self.subTest(number=number, sample=sample):
                description = openstack.read(files, "config-drive", hash_password=lambda word: "$6$x$" + "y" * 86)
                try:
                    apply(fake, description)
                    done += 1
                except ApplyError as error:
                    self.assertEqual(network_of(fake), before)
                    self.assertEqual(len(str(error).splitlines()), 1)
                    self.assertTrue(fake.manageable())
                    refused += 1
                    continue
                self.assertTrue(fake.manageable())
                after = fake.config()
                apply(fake, description)
                self.assertEqual(fake.config(), after)
        self.assertGreater(min(done, refused), CASES // 10)

    def test_any_bytes(self):
        rnd = random.Random(SEED)
        with open(os.path.join(SAMPLES, "ironic-unicode-name-mime-userdata", "openstack", "latest", "user_data"),
                  "rb") as file:
            mime = file.read()
        starts = (b"", b"#cloud-config\n", b"#!", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"\x1f\x8b",
                  mime)
        for _ in range(2000):
            tail = bytes(rnd.choice(b"ab:-#!\n \xff\x00[{'\"") for _ in range(rnd.randint(0, 40)))
            data = bytearray(rnd.choice(starts) + tail)
            for _ in range(rnd.randint(0, 5)):
                if data:
                    data[rnd.randrange(len(data))] = rnd.randrange(256)
            userdata.read(bytes(data), lambda sentence: None)
            openstack.read({"meta_data.json": bytes(data), "network_data.json": bytes(data)}, "config-drive")

    def test_any_json(self):
        for value in ODD:
            files = {name: json.dumps(value).encode() for name in openstack.FILES}
            description = openstack.read(files, "config-drive")
            if not isinstance(value, dict) and value is not None:
                self.assertIn("meta_data.json", description["refusal"])


class NumbersTest(unittest.TestCase):
    def test_many_addresses_and_routes(self):
        networks = [{"id": "n%d" % i, "type": "ipv4", "link": "a", "ip_address": "10.%d.0.5" % i,
                     "netmask": "255.255.255.0",
                     "routes": [{"network": "172.16.%d.0" % i, "netmask": "255.255.255.0",
                                 "gateway": "10.%d.0.1" % i}]}
                    for i in range(30)]
        data = {"links": [{"id": "a", "type": "phy", "ethernet_mac_address": nic_mac(0)}], "networks": networks}
        fake = fake_esxi.create(nics=nic_list(1))
        apply(fake, openstack.read({"network_data.json": json.dumps(data).encode()}, "config-drive"))
        self.assertEqual(len(fake.summary()["interfaces"]), 30)
        self.assertEqual(len([route for route in fake.summary()["routes4"] if route[0] != "default"]), 30)


if __name__ == "__main__":
    unittest.main()
