"""Installer, boot banks, backup and reboot."""
import os
import tarfile
import unittest

import fake_esxi
from fake_esxi.tests.archives import module
from fake_esxi.tests.base import HostTest, nic_list

KS = """\
vmaccepteula
%include /tmp/rootpw
install --firstdisk --overwritevmfs
network --bootproto=static --ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.2.1 --hostname=esx.example.net
reboot
%pre --interpreter=busybox
echo anything goes here
%firstboot --interpreter=busybox
this is not looked at
"""
HASH = "$6$saltsalt$" + "x" * 86


class Installer(HostTest):
    def setUp(self):
        self.make(phase="installer", network="", boot_options="runweasel cdromBoot ks=file:///sample/KS.CFG")
        self.host.files.write("/tmp/rootpw", f"rootpw --iscrypted {HASH}\n")

    def test_what_works_in_pre(self):
        self.assertEqual(self.fails("esxcli network nic list"), "Connect to localhost failed: Connection failure\n")
        self.fails("vim-cmd hostsvc/runtimeinfo")
        self.assertTrue(self.ok("localcli network ip interface list").startswith("vmk0:\n"))
        self.assertIn("ks=file:///sample/KS.CFG", self.ok("vsish -e get /system/bootCmdLine"))
        self.assertEqual(self.host.files.names("/vmfs/volumes"), [])

    def test_post_sees_the_boot_banks_and_the_installers_network(self):
        self.host.install(KS)
        names = self.host.files.names("/vmfs/volumes")
        self.assertIn("BOOTBANK1", names)
        self.assertIn(b"autoPartition=FALSE", self.host.files.read("/vmfs/volumes/BOOTBANK1/boot.cfg"))
        self.assertIn(b"bootstate=3", self.host.files.read("/vmfs/volumes/BOOTBANK2/boot.cfg"))
        self.assertFalse(self.host.files.exists("/bootbank"))
        self.assertEqual(self.host.summary()["interfaces"][0]["ipv4"], "dhcp")

    def test_the_installed_host(self):
        self.host.install(KS)
        self.host.boot(hostd=1)
        self.fails("esxcli network nic list")
        summary = self.host.summary()
        self.assertEqual((summary["fqdn"], summary["interfaces"][0]["ipv4"], summary["routes4"]),
                         ("esx.example.net", "192.0.2.9/24", [("default", "192.0.2.1", "vmk0")]))
        self.assertIn(f"root:{HASH}:", self.host.files.read("/etc/shadow").decode())
        self.assertIsNotNone(self.host.files.read("/bootbank/boot.cfg"))

    def test_67_has_no_labels_on_its_boot_banks(self):
        self.make(phase="installer", network="", release="6.7.0")
        self.host.files.write("/tmp/rootpw", f"rootpw --iscrypted {HASH}\n")
        self.host.install(KS)
        self.assertNotIn("BOOTBANK1", self.host.files.names("/vmfs/volumes"))
        self.host.boot()
        self.assertIn(b"no-auto-partition", self.host.files.read("/bootbank/boot.cfg"))

    def test_refused(self):
        good = KS.replace("%include /tmp/rootpw", f"rootpw --iscrypted {HASH}")
        for old, new in (("vmaccepteula\n", ""), ("install --firstdisk", "install --firstdisk --disk=x"),
                         ("--overwritevmfs", "--overwritevmfs --preservevmfs"), ("--overwritevmfs", "--bogus"),
                         ("install --firstdisk --overwritevmfs", "install --disk=naa.1"), ("reboot", "bogus"),
                         (f"rootpw --iscrypted {HASH}", ""), ("--iscrypted $6$", "--iscrypted $y$"),
                         ("--netmask=255.255.255.0", ""), ("--gateway", "--gw"), ("192.0.2.9", "192.0.2.0"),
                         ("--bootproto=static", "--bootproto=dhcp"), ("--hostname", "--vlanid=0 --hostname"),
                         ("--hostname", "--nameserver=192.0.2.1,192.0.2.2,192.0.2.3 --hostname"),
                         ("--hostname", "--device=vmnic9 --hostname"),
                         ("esx.example.net", "zürich.example.net")):
            self.make(phase="installer", network="")
            self.assertIn(old, good)
            with self.assertRaises((ValueError, fake_esxi.EsxiError), msg=new):
                self.host.install(good.replace(old, new, 1))

    def test_switches(self):
        md5 = KS.replace("%include /tmp/rootpw", "rootpw --iscrypted $1$salt$hash")
        self.host.install(md5)
        self.make(phase="installer", network="", switches={"md5_root_hash": "refuse", "kickstart_vlan_zero": "accept"})
        with self.assertRaises(ValueError):
            self.host.install(md5)
        self.host.install(md5.replace("$1$", "$6$").replace("--hostname", "--vlanid=0 --hostname"))

    def test_network_line(self):
        self.make(phase="installer", nics=nic_list(3), network="")
        self.host.install(KS.replace("%include /tmp/rootpw", "rootpw Sample-pass1x").replace(
            "--hostname", "--device=02:00:5E:00:53:02 --vlanid=12 --addvmportgroup=0 --nameserver=192.0.2.53 --hostname"))
        self.host.boot()
        vmk = self.host.summary()["interfaces"][0]
        self.assertEqual((vmk["uplinks"], vmk["vlan"], vmk["mac"]), (["vmnic2"], 12, "02:00:5e:00:53:02"))
        self.assertEqual(list(self.host.config()["portgroups"]), ["Management Network"])
        self.assertEqual(self.host.summary()["dns"], ["192.0.2.53"])
        self.assertEqual(self.host.config()["accounts"]["root"]["password"], "Sample-pass1x")


class Reboot(HostTest):
    def test_orderly_or_not(self):
        self.ok("esxcli system hostname set -H esx01")
        self.host.boot()  # the power failed
        self.assertEqual(self.host.summary()["fqdn"], "localhost")
        self.ok("esxcli system hostname set -H esx01")
        self.host.reboot()
        self.assertEqual(self.host.summary()["fqdn"], "esx01")
        self.ok("esxcli system hostname set -H esx02")
        self.assertIn("Saving current state in /bootbank", self.ok("/sbin/auto-backup.sh"))
        self.host.boot()
        self.assertEqual(self.host.summary()["fqdn"], "esx02")

    def test_reboot_may_not_save(self):
        self.make(switches={"reboot_saves": "no"})
        self.ok("esxcli system hostname set -H esx01")
        self.ok("reboot")
        self.host.reboot()
        self.assertEqual(self.host.summary()["fqdn"], "localhost")

    def test_forced_reboot_never_saves(self):
        self.ok("esxcli system hostname set -H esx01")
        self.ok("reboot -f")
        self.host.reboot()
        self.assertEqual(self.host.summary()["fqdn"], "localhost")

    def test_files(self):
        files = self.host.files
        for path in ("/tmp/x", "/opt/x", "/etc/x", "/x", "/scratch/x", "/bootbank/x", "/vmfs/volumes/datastore1/x"):
            files.write(path, "text")
        files.write("/etc/rc.local.d/local.sh", "#!/bin/sh\necho mine\nexit 0\n")
        self.host.reboot()
        kept = [path for path in ("/tmp/x", "/opt/x", "/etc/x", "/x", "/scratch/x", "/bootbank/x",
                                  "/vmfs/volumes/datastore1/x") if files.read(path) == b"text"]
        self.assertEqual(kept, ["/scratch/x", "/bootbank/x", "/vmfs/volumes/datastore1/x"])
        self.assertIn(b"echo mine", files.read("/etc/rc.local.d/local.sh"))

    def test_generated_files(self):
        for release, kept in (("6.7.0", True), ("8.0.3", False)):
            self.make(release=release)
            self.host.files.write("/etc/ntp.conf", "server 192.0.2.5\n")
            self.host.reboot()
            self.assertEqual(b"192.0.2.5" in self.host.files.read("/etc/ntp.conf"), kept, release)

    def test_keys(self):
        for chosen, release, kept in (({}, "8.0.3", True), ({"ssh_keys_file": "lost"}, "8.0.3", False), ({"ssh_keys_file": "sticky"}, "8.0.3", False),
                                      ({"ssh_keys_file": "lost"}, "7.0.3", True)):
            self.make(release=release, switches=chosen)
            self.host.files.write("/etc/ssh/keys-root/authorized_keys", "ssh-rsa AAAA x\n")
            self.host.reboot()
            self.assertEqual(self.host.summary()["root_keys"] == ["ssh-rsa AAAA x"], kept)

    def test_services_start_with_the_host(self):
        self.ok("vim-cmd hostsvc/start_ssh")
        self.host.reboot()
        self.assertFalse(self.host.summary()["ssh"]["running"])
        self.ok("vim-cmd hostsvc/enable_ssh")
        self.host.reboot()
        self.assertTrue(self.host.summary()["ssh"]["running"])

    def test_what_localcli_changed(self):
        self.ok("localcli system hostname set -H esx01")
        self.assertEqual(self.host.state()["runtime"]["hostd_stale"], ["hostname"])
        self.host.reboot()
        self.assertEqual(self.host.summary()["fqdn"], "esx01")
        self.make(switches={"localcli_configstore": "lost"})
        self.ok("localcli system hostname set -H esx01")
        self.ok("esxcli network ip dns server add -s 192.0.2.77")
        self.host.reboot()
        self.assertEqual((self.host.summary()["fqdn"], self.host.summary()["dns"]),
                         ("localhost", ["192.0.2.53", "192.0.2.77"]))
        self.ok("localcli system hostname set -H esx01")
        self.ok("esxcli system hostname set -H esx02")
        self.host.reboot()
        self.assertEqual(self.host.summary()["fqdn"], "esx02")

    def test_a_lease_is_asked_for_again(self):
        self.make(network="--bootproto=dhcp")
        self.host.reboot()
        self.assertEqual(self.host.summary()["routes4"], [("default", "198.18.0.1", "vmk0")])


class Modules(HostTest):
    def add(self, name, data):
        self.host.files.write(f"/bootbank/{name}", data)
        text = self.host.files.read("/bootbank/boot.cfg").decode()
        self.host.files.write("/bootbank/boot.cfg", text.replace("state.tgz", f"state.tgz --- {name}"))

    def test_a_module_of_the_boot_bank_is_unpacked_at_every_boot(self):
        self.add("x.tgz", module({"sample/hello.txt": b"hello"}))
        for _ in range(2):
            self.host.boot()
            self.assertEqual(self.host.files.read("/sample/hello.txt"), b"hello")
            self.assertEqual(self.host.files.read("/tardisks/x.tgz")[:6], b"sample")
            self.host.files.write("/sample/hello.txt", b"changed")

    def test_uncompressed(self):
        self.add("x.tgz", module({"sample/hello.txt": b"hello"}, compress=""))
        self.host.boot()
        self.assertEqual(self.host.files.read("/sample/hello.txt"), b"hello")

    def test_what_stops_the_boot(self):
        for data in (module({"sample/a": b""}, folders=()), module({"sample/a": b""}, uid=7),
                     module({"sample/" + "n" * 200: b""}, kind=tarfile.PAX_FORMAT), b"\x1f\x8bnonsense",
                     module({"../a": b""})):
            self.make()
            self.add("x.tgz", data)
            with self.assertRaises(fake_esxi.BootError):
                self.host.boot()

    def test_boot_cfg(self):
        for old, new in (("state.tgz", "state.tgz --- missing.tgz"), ("bootstate=0", "bootstate=3"),
                         ("build=8", "build=\nx=8"), ("kernel=b.b00", "kernel=c.b00"),
                         ("state.tgz", "state.tgz --- k.b00 " + "x" * 300)):
            self.make()
            text = self.host.files.read("/bootbank/boot.cfg").decode()
            self.assertIn(old, text)
            self.host.files.write("/bootbank/boot.cfg", text.replace(old, new))
            with self.assertRaises(fake_esxi.BootError):
                self.host.boot()
        self.make()
        self.host.files.remove("/bootbank/boot.cfg")
        with self.assertRaises(fake_esxi.BootError):
            self.host.boot()

    def test_secure_boot(self):
        self.make(secure_boot=True)
        self.assertEqual(self.ok("/usr/lib/vmware/secureboot/bin/secureBoot.py -s"), "Enabled\n")
        self.host.reboot()
        self.add("x.tgz", module({"sample/a": b""}))
        with self.assertRaises(fake_esxi.BootError):
            self.host.boot()

    def test_installer_module(self):
        self.make(phase="installer", network="")
        path = os.path.join(self.sandbox(), "sample.tgz")
        with open(path, "wb") as file:
            file.write(module({"sample/KS.CFG": b"vmaccepteula\n"}))
        self.host.load_module(path)
        self.assertEqual(self.host.files.read("/sample/KS.CFG"), b"vmaccepteula\n")
        self.assertTrue(self.host.files.exists("/tardisks/sample.tgz"))


if __name__ == "__main__":
    unittest.main()
