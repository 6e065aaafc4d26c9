"""One image for a rack: each machine finds its own folder, or stops before a disk is touched."""
import json
import os
import random
import unittest
import uuid

from sandbox import HASH, Sandbox
from support import nic_list, nic_mac

from hostconf.host import identity
from hostconf.sources import hosts
from hostconf.steps import pre

RACK = 1000
PICKED = 50


def files(macs=(), **meta):
    links = [{"id": "l%d" % i, "type": "phy", "ethernet_mac_address": mac} for i, mac in enumerate(macs)]
    return {"meta_data.json": json.dumps(meta).encode(),
            "network_data.json": json.dumps({"links": links, "networks": []}).encode()}


def machine(macs=(), uuid_text="", serial=""):
    return hosts.Machine(set(macs), hosts.uuids(uuid_text), {hosts.serial(serial)} - {None})


def mac(host, port):
    return "02:00:5e:%02x:%02x:%02x" % (host >> 8, host & 255, port)


class ChooseTest(unittest.TestCase):
    def test_macs_must_all_be_there(self):
        rack = {"a": files([mac(1, 0), mac(1, 1)]), "b": files([mac(2, 0)]), "c": files(hostname="nobody")}
        self.assertEqual(hosts.choose(rack, machine([mac(1, 0), mac(1, 1), mac(9, 9)])), "a")
        self.assertEqual(hosts.choose(rack, machine([mac(2, 0)])), "b")
        for have in ([mac(1, 0)], [], [mac(3, 0)]):
            with self.assertRaisesRegex(hosts.HostsError, "none of the 3 hosts"):
                hosts.choose(rack, machine(have))
        with self.assertRaisesRegex(hosts.HostsError, "a, b all fit"):
            hosts.choose(rack, machine([mac(1, 0), mac(1, 1), mac(2, 0)]))

    def test_which_macs_count(self):
        data = {"links": [{"type": "phy", "ethernet_mac_address": "02-00-5E-00-00-01"},
                          {"type": "vif", "mac_address": "02:00:5E:00:00:02"},
                          {"type": "bond", "ethernet_mac_address": "02:00:5e:00:00:99"},
                          {"type": "vlan", "vlan_mac_address": "02:00:5e:00:00:98"}, {"type": "phy"}, "x", None,
                          {"type": "phy", "ethernet_mac_address": 5}]}
        self.assertEqual(hosts.macs_of(data), {"02:00:5e:00:00:01", "02:00:5e:00:00:02"})
        for nothing in (None, [], {}, {"links": None}, {"links": 5}):
            self.assertEqual(hosts.macs_of(nothing), set())

    def test_uuids_in_both_orders(self):
        wanted = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
        raw = " ".join("0x%02x" % byte for byte in wanted.bytes_le)
        for shown in (str(wanted), str(wanted).upper(), raw, wanted.hex, " ".join("%02x" % byte for byte in wanted.bytes_le)):
            self.assertEqual(hosts.choose({"a": files(uuid=str(wanted)), "b": files(uuid=str(uuid.UUID(int=5)))},
                                          machine(uuid_text=shown)), "a", shown)
        for nothing in ("", None, "0" * 32, "f" * 32, "0x4c 0x4c", "Not Specified", 5):
            self.assertEqual(hosts.uuids(nothing), set())

    def test_serial_numbers(self):
        rack = {"a": files(serial=" ab12 "), "b": files(serial="None"), "c": files(serial="To Be Filled By O.E.M.")}
        self.assertEqual(hosts.choose(rack, machine(serial="AB12")), "a")
        for shown in ("None", "To Be Filled By O.E.M.", " ", "0"):
            with self.assertRaises(hosts.HostsError):
                hosts.choose(rack, machine(serial=shown))

    def test_evidence_that_contradicts_itself_stops(self):
        rack = {"a": files([mac(1, 0)]), "b": files(serial="S2")}
        with self.assertRaisesRegex(hosts.HostsError, "a, b all fit.*%s.*S2" % mac(1, 0)):
            hosts.choose(rack, machine([mac(1, 0)], serial="S2"))

    def test_a_rack(self):
        chance = random.Random(18)
        rack = {"host%04d" % i: files([mac(i, port) for port in range(4)], serial="SN%05d" % i) for i in range(RACK)}
        for i in chance.sample(range(RACK), PICKED):
            name = "host%04d" % i
            self.assertEqual(hosts.choose(rack, machine([mac(i, port) for port in range(6)])), name)
            self.assertEqual(hosts.choose(rack, machine(serial="SN%05d" % i)), name)


class InTheInstallerTest(Sandbox):
    def rack(self, **given):
        for name, content in given.items():
            for file, data in content.items():
                self.fake.files.write("/esxiimg/metadata/hosts/%s/%s" % (name, file), data)

    def test_the_own_folder(self):
        self.start({"root_password_hash": HASH}, nics=nic_list(2))
        self.rack(a=files([nic_mac(5)], hostname="host-a"), b=files([nic_mac(0), nic_mac(1)], hostname="host-b"))
        self.prepare()
        self.assertIn("--hostname=host-b", self.include("network"))
        kept = self.include("description.json")
        self.assertNotIn("host-a", kept, "a host keeps only its own description")

    def test_none_and_several_stop_before_the_disk(self):
        for rack, words in (({"a": files([nic_mac(7)])}, "none of the 1 hosts.*%s.*SAMPLE01" % nic_mac(0)),
                            ({"a": files([nic_mac(0)]), "b": files([nic_mac(1)])}, "a, b all fit")):
            self.start_over()
            self.rack(**rack)
            disk = self.fake.path("/dev/disks/mpx.vmhba0:C0:T0:L0")
            before = os.stat(disk).st_mtime_ns
            with self.assertRaisesRegex(pre.Stop, words):
                self.prepare()
            self.assertEqual(os.stat(disk).st_mtime_ns, before)
            self.assertEqual(self.calls("partedUtil"), [])

    def start_over(self):
        import shutil
        shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
        self.start({"root_password_hash": HASH}, nics=nic_list(2))

    def test_what_the_machine_says_of_itself(self):
        self.start()
        with self.fake.world() as world:
            world.hardware["uuid"] = " ".join("0x%02x" % byte for byte in uuid.UUID(int=77).bytes_le)
        found = identity.read(self.host.run)
        self.assertEqual(found.serials, {"SAMPLE01"})
        self.assertIn(str(uuid.UUID(int=77)), found.uuids)
        self.assertIn(nic_mac(0), found.macs)
        nothing = identity.read(lambda argv: (1, "no such command"))
        self.assertEqual(nothing, hosts.Machine(set(), set(), set()))


if __name__ == "__main__":
    unittest.main()
