"""MAAS deployments beside those of testdata/cases: disks as controllers show them, bonds, networks that say nothing."""
import json
import os
import unittest

from .base import TESTDATA, RehearsalTest

SAMPLE = os.path.join(TESTDATA, "maas", "bond-ab-vlans-vcenter")
DISKS = os.path.join(TESTDATA, "cases", "maas", "sas-two-identical")
BONDS = os.path.join(TESTDATA, "cases", "maas", "unnumbered-bond")
KICKSTART = """\
vmaccepteula
rootpw Example-Passw0rd
install --firstdisk --overwritevmfs
network --bootproto=dhcp
reboot
%firstboot --interpreter=busybox
esxcli network ip dns search add --domain=one.example.net
"""


class Neighbours(RehearsalTest):
    def config(self, folder):
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            return json.load(file)

    def deploy(self, config, **files):
        for name, text in files.items():
            self.write(name.replace("_", "-") + ".txt", text)
        return self.rehearse_fast(maas=self.write("config.json", json.dumps(config)), image_password=True)

    def assert_configured(self, result):
        self.assertEqual((result["outcome"], result["maas"], result["secrets_left"]), ("configured", "Deployed", []),
                         result["reason"])


class Disks(Neighbours):
    def with_disks(self, boot, data):
        """The configuration of the case with other disks: {key: value} of each."""
        config = self.config(DISKS)
        for entry in config["storage"]["config"]:
            wanted = {"sda": boot, "sdb": data}.get(entry["id"])
            if wanted:
                for key in ("serial", "model", "path"):
                    entry.pop(key, None)
                entry.update(wanted)
        return config

    @staticmethod
    def listing(*disks):
        """What ESXi lists: (name, model, size in MiB) of each; the first is the boot disk."""
        return "\n".join("%s\n   Size: %d\n   Device Type: Direct-Access\n   Model: %s\n   Is Boot Device: %s\n" % (
            name, size, model, "true" if i == 0 else "false") for i, (name, model, size) in enumerate(disks))

    @staticmethod
    def by_id(**devices):
        return "".join("lrwxrwxrwx 1 root root 9 Jan 10 10:00 %s -> ../../%s\n" % (link, device)
                       for device in sorted(devices) for link in devices[device].split())

    def test_sata_behind_sas(self):
        """Ubuntu names them by ATA's model and serial; ESXi sees SCSI disks with a WWN, of a model that is cut off."""
        config = self.with_disks({"serial": "S47MNE0M500001", "model": "SAMSUNG MZ7KH480HAHQ-00005"},
                                 {"serial": "S47MNE0M500002", "model": "SAMSUNG MZ7KH480HAHQ-00005"})
        shown = [("naa.5002538c0000000%d" % number, "SAMSUNG MZ7KH480", 1144641) for number in (1, 3, 2)]
        result = self.deploy(config, disks=self.listing(*shown), by_id=self.by_id(
            sda="ata-SAMSUNG_MZ7KH480HAHQ-00005_S47MNE0M500001 wwn-0x5002538c00000001",
            sdb="ata-SAMSUNG_MZ7KH480HAHQ-00005_S47MNE0M500002 wwn-0x5002538c00000002",
            sdc="ata-SAMSUNG_MZ7KH480HAHQ-00005_S47MNE0M500003 wwn-0x5002538c00000003"))
        self.assert_configured(result)
        self.assertEqual(dict(result["host"]["datastores"])["a"], [("naa.5002538c00000002", 1)])

    def test_volumes_of_a_raid_controller(self):
        """Each volume's serial number is its own WWN, by which ESXi names it."""
        number = "6003048022d6f0002c9aa0c4%08x"
        config = self.with_disks({"serial": number % 1, "model": "MR9361-8i"}, {"serial": number % 2, "model": "MR9361-8i"})
        shown = [("naa." + number % i, "MR9361-8i", 1144641) for i in (1, 3, 2)]
        result = self.deploy(config, disks=self.listing(*shown), by_id=self.by_id(**{
            "sd" + letter: "scsi-3%s wwn-0x%s" % (number % i, number % i) for i, letter in ((1, "a"), (2, "b"), (3, "c"))}))
        self.assert_configured(result)
        self.assertEqual(dict(result["host"]["datastores"])["a"], [("naa." + number % 2, 1)])

    def test_a_controller_that_reports_its_own_serial(self):
        """All volumes show one serial number: the path tells them apart, and without one the hook refuses."""
        number = "6001c2300000000000000000%08x"
        links = {"sd" + letter: "scsi-3%s scsi-SDELL_PERC_CTRL1" % (number % i) if letter == "a" else "scsi-3%s" % (number % i)
                 for i, letter in ((1, "a"), (2, "b"), (3, "c"))}
        config = self.with_disks({"serial": "CTRL1", "model": "PERC", "path": "/dev/disk/by-id/scsi-3" + number % 1},
                                 {"serial": "CTRL1", "model": "PERC", "path": "/dev/disk/by-id/scsi-3" + number % 2})
        listing = self.listing(*[("naa." + number % i, "PERC", 1144641) for i in (1, 3, 2)])
        result = self.deploy(config, disks=listing, by_id=self.by_id(**links))
        self.assert_configured(result)
        self.assertEqual(dict(result["host"]["datastores"])["a"], [("naa." + number % 2, 1)])
        config = self.with_disks({"serial": "BOOT"}, {"serial": "CTRL1", "model": "PERC"})
        result = self.deploy(config, disks=listing, by_id=self.by_id(
            sda="scsi-SDELL_BOOT", sdb="scsi-SDELL_PERC_CTRL1", sdc="scsi-1DELL_PERC_CTRL1"))
        self.assertEqual((result["outcome"], result["disks_untouched"]), ("refused-by-hook", True), result["reason"])
        self.assertIn("could be any of sdb", result["reason"])


class Networks(Neighbours):
    def bond(self, change):
        """bond0 of the case carries the address, and eno1 nothing."""
        config = self.config(BONDS)
        entries = {entry.get("id"): entry for entry in config["network"]["config"]}
        entries["bond0"]["subnets"], entries["eno1"]["subnets"] = entries["eno1"]["subnets"], entries["bond0"]["subnets"]
        change(entries["bond0"])
        with open(os.path.join(BONDS, "nics.txt"), encoding="utf-8") as file:
            return self.deploy(config, nics=file.read())

    def test_a_bond_with_the_second_members_mac(self):
        """The member whose MAC the bond has goes first: MAAS serves the bond's address to that MAC."""
        for mac, order in (("02:00:5e:00:54:02", ["vmnic1", "vmnic2"]), ("02:00:5e:00:54:03", ["vmnic2", "vmnic1"])):
            result = self.bond(lambda bond, mac=mac: bond.update(mac_address=mac))
            self.assert_configured(result)
            management = result["host"]["interfaces"][0]
            self.assertEqual((management["active"], management["standby"]), (order[:1], order[1:]))
            self.assertEqual(management["ipv4"], "192.0.2.31/24")

    def test_dhcp_gives_the_bonds_mac(self):
        for mac in ("02:00:5e:00:54:03", "52:54:00:aa:bb:cc"):
            result = self.bond(lambda bond, mac=mac: bond.update(mac_address=mac, subnets=[{"type": "dhcp4"}]))
            self.assert_configured(result)
            management = result["host"]["interfaces"][0]
            self.assertEqual((management["mac"], management["ipv4"]), (mac, "dhcp"))

    def test_managements_port_group_is_named_as_in_maas(self):
        for build, name in (((), "Management Network"), (("--maas-port-group",), "bond0.110")):
            result = self.rehearse_fast(maas=SAMPLE, image_password=True, build=build)
            self.assert_configured(result)
            self.assertEqual([vmk["portgroup"] for vmk in result["host"]["interfaces"]], [name, "bond0.120"])
            self.assertEqual(result["host"]["interfaces"][0]["ipv4"], "192.0.2.66/26")

    def test_a_disabled_network_keeps_the_installers(self):
        for section in ({"config": "disabled"}, {"version": 1, "config": "disabled"}):
            config = self.config(BONDS)
            config["network"] = section
            result = self.deploy(config)
            self.assert_configured(result)
            self.assertEqual([vmk["ipv4"] for vmk in result["host"]["interfaces"]], ["dhcp"])

    def test_netmasks_of_ipv6(self):
        config = self.config(BONDS)
        config["network"]["config"][0]["subnets"].append(
            {"type": "static6", "address": "2001:db8::31", "netmask": "ffff:ffff:ffff:ff00::"})
        result = self.deploy(config)
        self.assert_configured(result)
        self.assertEqual(result["host"]["interfaces"][0]["ipv6"], ["2001:db8::31/56"])


class Images(Neighbours):
    def test_a_kickstart_of_ones_own(self):
        """The build merges it; MAAS's network counts more than its line, its sections run after ours."""
        path = os.path.join(self.write("ks.cfg", KICKSTART), "ks.cfg")
        result = self.rehearse(maas=SAMPLE, kickstart=path)
        self.assert_configured(result)
        self.assertEqual((result["host"]["interfaces"][0]["ipv4"], result["host"]["fqdn"]),
                         ("192.0.2.66/26", "esx-m3.dc1.example.net"))
        self.assertEqual(result["host"]["search"], ["dc1.example.net", "one.example.net"])
        self.assertTrue(result["login"]["password"])

    def test_room_for_a_layout_that_names_no_datastore(self):
        """On a disk that ESXi would take whole, the installer is told to keep to a small part where the layout ends early."""
        config = self.config(DISKS)
        config["storage"]["config"] = [entry for entry in config["storage"]["config"] if entry["id"] == "sda"] + [
            {"id": "sda-part1", "type": "partition", "number": 1, "size": "26843545600B", "device": "sda", "flag": "boot"}]
        disks = Disks.listing(("naa.5000c500a1b2c3d0", "ST1200MM0099", 120000))
        result = self.deploy(config, disks=disks)
        self.assert_configured(result)
        self.assertEqual(result["host"]["datastores"], [("datastore1", [("naa.5000c500a1b2c3d0", 8)])])
        # A layout without partitions says nothing of room, and ESXi takes all of it.
        config["storage"]["config"].pop()
        result = self.deploy(config, disks=disks)
        self.assert_configured(result)
        self.assertEqual(result["host"]["datastores"], [])


if __name__ == "__main__":
    unittest.main()
