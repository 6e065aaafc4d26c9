"""Every deployment in testdata/maas, from curtin's configuration to a configured host, on three releases."""
import os
import re
import shlex
import shutil
import subprocess
import unittest

from maas_support import (Deployed, GUEST, HOOK_FOLDER, Lines, NAMES, RELEASES, SAMPLES, answers, check_state, fake_esxi,
                          sample_config, sample_text)

# As support.check_state takes them; besides "volumes": {name: disks of the extents}, "warn": words of the log.
EXPECTED = {
    "aliases-routes-ipv6": {
        "vmks": [dict(ipv4="192.0.2.61/24", ipv6=["2001:db8:54:6::61/64"], mtu=1500, vlan=0, uplinks=["vmnic0"]),
                 dict(ipv4="198.51.100.61/26", mtu=1500, uplinks=["vmnic0"]),
                 dict(ipv4=None, dhcpv6=True, uplinks=["vmnic1"], mtu=1500)],
        "vswitches": 2, "routes4": {("default", "192.0.2.1"), ("198.51.100.128/25", "192.0.2.254"),
                                    ("203.0.113.16/28", "192.0.2.253")},
        "routes6": {("default", "2001:db8:54:6::1"), ("2001:db8:54:66::/64", "2001:db8:54:6::2")},
        "dns": ["192.0.2.53", "198.51.100.62", "2001:db8:54:6::53"], "fqdn": "esx-m6.v6.example.net",
        "search": ["v6.example.net", "example.net"], "keys": ["ssh-ed25519"],
        "ntp": ["192.0.2.53", "2001:db8:54:6::53", "ntp.example.net"],
        "volumes": {"datastore1": ["mpx.vmhba0:C0:T0:L0"]}, "warn": ["metric"],
    },
    "bond-ab-vlans-vcenter": {
        "vmks": [dict(vlan=110, ipv4="192.0.2.66/26", mtu=1500, vswitch_mtu=9000, load_balancing="explicit",
                      order=["vmnic0", "vmnic1"]),
                 dict(vlan=120, ipv4="198.51.100.66/26", mtu=9000, uplinks=["vmnic0", "vmnic1"])],
        "vswitches": 1, "routes4": {("default", "192.0.2.65")}, "dns": ["192.0.2.126"], "search": ["dc1.example.net"],
        "fqdn": "esx-m3.dc1.example.net", "keys": ["ssh-ed25519"], "ntp": ["192.0.2.126"],
        "volumes": {"datastore1": ["PHYF0500AA240AGN"], "fast-ds": ["S47MNE0M500033"]}, "warn": ["vCenter"],
    },
    "bridge-bios-boot": {
        "vmks": [dict(ipv4="192.0.2.45/24", mtu=1500, vlan=0, uplinks=["vmnic0"]),
                 dict(ipv4="198.51.100.45/24", mtu=1500, uplinks=["vmnic1"])],
        "vswitches": 2, "routes4": {("default", "192.0.2.1")}, "dns": ["192.0.2.5"],
        "search": ["lab.example.net", "maas"], "fqdn": "esx-m5.lab.example.net", "keys": ["ssh-rsa"],
        "ntp": ["192.0.2.5"], "volumes": {"datastore1": ["PHYF0500BB240AGN"], "datastore2": ["S47MNE0M500051"]},
        "warn": ["br0"],
    },
    "dhcp-linux-layout": {
        # The NIC without an address gives virtual machines an uplink, and carries nothing of the host.
        "vmks": [dict(ipv4="dhcp", mtu=1500, uplinks=["vmnic0"], peer_dns=True)], "vswitches": 2, "fqdn": "quick-heron.maas", "keys": [],
        "ntp": ["0.pool.ntp.example.net", "1.pool.ntp.example.net"],
        "volumes": {"datastore1": ["naa.6f9c538e0d2a0ef77e93fc8a507fb9bf"]}, "warn": [],
    },
    "flat-static-boot-disk": {
        "vmks": [dict(ipv4="192.0.2.31/24", mtu=1500, vlan=0, uplinks=["vmnic0"])], "vswitches": 2,
        "routes4": {("default", "192.0.2.1")}, "dns": ["192.0.2.5", "192.0.2.53"], "search": ["lab.example.net", "maas"],
        "fqdn": "esx-m1.lab.example.net", "keys": ["ssh-rsa", "ssh-ed25519"], "ntp": ["192.0.2.5", "ntp.example.net"],
        "volumes": {"datastore1": ["S47MNE0M500011"]}, "warn": [],
    },
    "lacp-jumbo-nvme-span": {
        "vmks": [dict(ipv4="192.0.2.100/25", mtu=9000, vswitch_mtu=9000, load_balancing="iphash", vlan=0,
                      uplinks=["vmnic1", "vmnic2"], standby=[])],
        "routes4": {("default", "192.0.2.1"), ("203.0.113.0/25", "192.0.2.2")}, "dns": ["192.0.2.5"],
        "search": ["lab.example.net", "maas"], "fqdn": "esx-m4.lab.example.net", "keys": ["ecdsa-sha2-nistp256"],
        "ntp": ["192.0.2.5", "192.0.2.6"], "volumes": {"datastore1": ["3636353054300041", "3634483052500042"]},
        "warn": ["LACP", "bond-lacp-rate", "bond-xmit-hash-policy", "bond-miimon", "bond-updelay", "bond-downdelay"],
    },
}
FETCHED = ["local-hostname", "public-keys", "vendor-data", "user-data"]


class SampleDeployment(Deployed):
    def deploy(self, name, release, **how):
        config = sample_config(name)
        firewall = []
        service = self.serve(answers(name), config, watch=lambda _: firewall.append(
            self.fake.config()["firewall"]["enabled"]))
        self.install(config, release, nics=sample_text(name, "nics.txt"), disks=sample_text(name, "disks.txt"),
                     nvme=sample_text(name, "nvme.txt"), **how)
        tables = {disk: self.fake.partitions(disk) for disk in self.fake.state()["hardware"]["disks"]}
        self.lines = Lines()
        self.log.streams = [self.lines]
        status = self.first_boot()
        self.assertEqual(status, 0, self.lines.text)
        self.assertEqual(service.asked, FETCHED, "each once, user-data last")
        self.assertEqual(service.refused + service.events, [])
        self.assertEqual(set(firewall), {False}, "the firewall lets the requests out")
        self.assertTrue(self.fake.config()["firewall"]["enabled"])
        check_state(self, self.fake, EXPECTED[name])
        if "search" in EXPECTED[name]:
            self.assertEqual(self.fake.summary()["search"], EXPECTED[name]["search"])
        for word in EXPECTED[name]["warn"]:
            self.assertIn(word, self.lines.text)
        self.check_storage(name, release, tables)
        self.assert_no_secrets(config)
        self.assertEqual(self.host.failed_changes(), [])

    def check_storage(self, name, release, before):
        """The datastores lie where they should, ESXi's own partitions are as the installer made them."""
        boot = next(iter(self.fake.state()["hardware"]["disks"]))
        number = 3 if release == "6.7.0" else 8
        for part in before[boot]["partitions"]:
            if part["number"] != number:
                self.assertIn(part, self.fake.partitions(boot)["partitions"])
        volumes = self.volumes()
        self.assertEqual({label: [disk for disk, _ in extents] for label, extents in volumes.items()},
                         {label: [self.disk_with(word) for word in words]
                          for label, words in EXPECTED[name]["volumes"].items()})
        self.assertEqual(volumes["datastore1"][0], (boot, number))
        last = self.fake.partitions(boot)["last_usable"]
        self.assertEqual(self.table(boot)[number][1], last, "the rest of the boot disk")
        data = {label: extents for label, extents in volumes.items() if label != "datastore1"}
        for extents in list(data.values()) + [volumes["datastore1"][1:]]:
            for disk, part in extents:
                self.assertEqual(list(self.table(disk)), [2 if name == "bridge-bios-boot" else 1])
                start, end = self.table(disk)[part]
                self.assertEqual(start % 2048, 0)
                self.assertLess(self.fake.partitions(disk)["last_usable"] - end, 16 * 2048)

    def disk_with(self, word):
        return next(disk for disk in self.fake.state()["hardware"]["disks"] if word in disk)


class SamplesTest(SampleDeployment):
    def test_there_is_an_expectation_for_each_sample(self):
        self.assertEqual(sorted(EXPECTED), NAMES)

    def test_on_every_release(self):
        for name in NAMES:
            for release in RELEASES:
                with self.subTest(name, release=release):
                    self.deploy(name, release)

    def test_user_data_is_run_last(self):
        self.deploy("lacp-jumbo-nvme-span", "8.0.3")
        self.assertIn("user data in python", self.lines.text)
        self.assertIn("ended with exit status 0", self.lines.text)
        self.assertGreater(self.lines.text.index("user data in python"), self.lines.text.index("vmkfstools"))

    def test_the_vcenter_password_is_taken_whole_and_never_logged(self):
        self.deploy("bond-ab-vlans-vcenter", "8.0.3")
        wanted = self.step.description["vcenter"]
        self.assertEqual(wanted["password"], "p%ss: 'w#rd\" example")
        self.assertEqual((wanted["server"], wanted["datacenter"], wanted["username"], wanted["verify_tls"]),
                         ("vcenter.example.net", "DC North", "register@vsphere.local", True))
        self.assertNotIn(wanted["password"], self.lines.text)
        self.assertFalse(any("vcenter.yaml" in name for name in self.fake.files.names("/altbootbank")))
        self.assertNotIn("esxiimgjoin", self.fake.config()["accounts"])

    def test_a_disk_without_partitions_loses_its_old_table(self):
        config = sample_config("bond-ab-vlans-vcenter")
        self.serve(answers("bond-ab-vlans-vcenter"), config)
        self.install(config, nics=sample_text("bond-ab-vlans-vcenter", "nics.txt"),
                     disks=sample_text("bond-ab-vlans-vcenter", "disks.txt"))
        for word in ("S47MNE0M500033", "S47MNE0M500034"):
            disk = self.disk_with(word)
            for argv in (["mklabel", disk, "gpt"], ["add", disk, "gpt", "1 2048 9000000 " + "AA31E02A400F11DB9590000C2911D1B8 0"]):
                argv[1] = "/vmfs/devices/disks/" + disk
                self.assertEqual(self.fake.run(["partedUtil"] + argv)[0], 0)
            self.assertEqual(self.fake.run(["vmkfstools", "-C", "vmfs6", "-S", "old-" + word,
                                            "/vmfs/devices/disks/%s:1" % disk])[0], 0)
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertEqual(self.table(self.disk_with("S47MNE0M500034")), {})
        self.assertEqual(sorted(self.volumes()), ["datastore1", "fast-ds"])

    def test_a_layout_for_linux_grows_what_the_installer_left(self):
        """systemMediaSize may leave the datastore smaller than the disk: it is grown, not made again."""
        config = sample_config("dhcp-linux-layout")
        self.serve(answers("dhcp-linux-layout"), config)
        self.install(config, nics=sample_text("dhcp-linux-layout", "nics.txt"),
                     disks=sample_text("dhcp-linux-layout", "disks.txt"))
        disk = self.disk_with("naa.6f9c")
        start, end = self.table(disk)[8]
        half = start + (end - start) // 2
        path = "/vmfs/devices/disks/" + disk
        self.assertEqual(self.fake.run(["partedUtil", "delete", path, "8"])[0], 255)
        self.assertEqual(self.fake.run(["esxcli", "storage", "filesystem", "unmount", "-l", "datastore1"])[0], 0)
        self.assertEqual(self.fake.run(["partedUtil", "delete", path, "8"])[0], 0)
        self.assertEqual(self.fake.run(["partedUtil", "add", path, "gpt",
                                        "8 %d %d AA31E02A400F11DB9590000C2911D1B8 0" % (start, half)])[0], 0)
        self.assertEqual(self.fake.run(["vmkfstools", "-C", "vmfs6", "-S", "datastore1", path + ":8"])[0], 0)
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertEqual(self.table(disk)[8], (start, end))
        self.assertTrue(re.search(r"vmkfstools --growfs \S+:8 \S+:8", self.lines.text))
        self.assertNotIn("vmkfstools -C", self.lines.text)


class PlanTest(Deployed):
    """What a laptop says about a deployment is what the host does."""

    def test_plan_of_every_sample(self):
        for name in NAMES:
            with self.subTest(name):
                folder = os.path.join(self.folder, name)
                shutil.copytree(os.path.join(SAMPLES, name), folder)
                config = os.path.join(folder, "config.json")
                described = subprocess.run([os.path.join(HOOK_FOLDER, "curtin-hooks"), "--describe", config],
                                           capture_output=True, check=True)
                with open(os.path.join(folder, "description.json"), "wb") as file:
                    file.write(described.stdout)
                done = subprocess.run(["python3", "-B", "-m", "hostconf", "plan", "--image-password", "--metadata", folder, "--nics",
                                       os.path.join(folder, "nics.txt")], cwd=GUEST, capture_output=True, text=True, check=True)
                fake = fake_esxi.create(release="8.0.3", nics=sample_text(name, "nics.txt"))
                for line in done.stdout.splitlines():
                    status, output, _ = fake.run(shlex.split(line))
                    self.assertEqual(status, 0, line + "\n" + output)
                expected = {key: EXPECTED[name][key] for key in EXPECTED[name] if key not in ("volumes", "warn")}
                check_state(self, fake, expected)
                for word in EXPECTED[name]["warn"]:
                    if word != "vCenter":
                        self.assertIn(word, done.stderr)


class AlternativesTest(SampleDeployment):
    """Behaviour of ESXi that nobody has confirmed, either way."""

    WORDS = ("account_", "dns_", "error_stream", "firewall_", "fqdn_", "leased_", "vim_", "vmfs_", "vmkfstools_")

    def test_switches(self):
        chosen = [switches for switches in fake_esxi.switches.scenarios() if next(iter(switches), "").startswith(self.WORDS)]
        self.assertGreater(len(chosen), 8)
        for switches in chosen:
            with self.subTest(switches=switches):
                self.deploy("bond-ab-vlans-vcenter", "8.0.3", switches=switches)


if __name__ == "__main__":
    unittest.main()
