"""%post and %firstboot step by step, on sandbox hosts, in this process."""
import base64
import gzip
import os
import shutil
import subprocess
import sys
import unittest

from sandbox import HASH, Installed, Sandbox, TWO_DISKS
from support import Adapter, GUEST, describe, network_config
from test_scenarios import KEY, phy, static

from common import bootcfg, bootmodule, description as schema
from hostconf.host import bootbank
from hostconf.steps import areas, firstboot, post


class BootBankTest(Sandbox):
    CFG = ("bootstate=0\r\ntitle=Loading VMware ESXi\r\n# modules=x\r\nkernelopt=autoPartition=FALSE\r\n"
           "modules=old.gz\r\n"
           "Modules=jumpstrt.gz --- k.b00 --- state.tgz\r\nbuild=8.0.3\r\nupdated=1")

    def bank(self, name, text):
        self.fake.files.write("/vmfs/volumes/%s/boot.cfg" % name, text)
        return self.fake.path("/vmfs/volumes/" + name)

    def test_boot_cfg_is_edited_once(self):
        self.start()
        folder = self.bank("bank", self.CFG)
        modules = {"esxiimg.tgz": b"1", "hostdesc.tgz": b"2"}
        for _ in range(2):
            bootbank.add_modules(folder, modules)
            text = self.fake.files.read("/vmfs/volumes/bank/boot.cfg").decode()
            self.assertEqual(text, self.CFG.replace("state.tgz", "state.tgz --- esxiimg.tgz --- hostdesc.tgz"))
        self.assertEqual(sorted(os.listdir(folder)), ["boot.cfg", "esxiimg.tgz", "hostdesc.tgz"])
        for _ in range(2):
            bootbank.remove_modules(folder)
            self.assertEqual(self.fake.files.read("/vmfs/volumes/bank/boot.cfg").decode(), self.CFG)
        self.assertEqual(os.listdir(folder), ["boot.cfg"])

    def test_an_installer_is_no_boot_bank(self):
        self.start()
        self.bank("stick", self.CFG.replace("autoPartition=FALSE", "runweasel cdromBoot ks=file:///esxiimg/KS.CFG"))
        self.bank("empty", "bootstate=3\n")
        self.assertEqual(bootbank.find(self.host), [])

    def test_banks_of_all_releases(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            with self.subTest(release):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.start(release=release, disks=TWO_DISKS)
                self.prepare()
                self.fake.install("vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n"
                                  "%include /tmp/esxiimg/network\n")
                for _ in range(2):
                    post.keep(self.host, self.log)
                banks = bootbank.find(self.host)
                self.assertEqual(len(banks), 2)
                for bank in banks:
                    values = bootcfg.settings(bootbank.read_cfg(os.path.join(bank, "boot.cfg")))
                    self.assertEqual(values["modules"].count("esxiimg.tgz"), 1)
                    self.assertEqual(values["modules"].count("hostdesc.tgz"), 1)
                self.fake.boot()
                self.assertTrue(self.fake.files.exists("/esxiimg/hostconf/__main__.py"))
                self.assertEqual(self.fake.files.mode("/esxiimg-host/description.json"), 0o600)
                self.assertFalse(self.fake.files.exists("/esxiimg/KS.CFG"))

    def test_other_disks_keep_their_boot_banks(self):
        self.start(release="6.7.0", disks=TWO_DISKS)
        self.prepare()
        self.fake.files.write("/tmp/esxiimg/disk",
                              "install --disk=/vmfs/devices/disks/naa.600508b1001c0001 --overwritevmfs\n")
        text = "vmaccepteula\nrootpw --iscrypted %s\n%%include /tmp/esxiimg/disk\nnetwork --bootproto=dhcp\n" % HASH
        self.fake.install(text.replace("%include /tmp/esxiimg/disk",
                                       "install --disk=mpx.vmhba0:C0:T0:L0 --overwritevmfs"))
        old = bootbank.find(self.host)
        self.fake.install(text)
        post.keep(self.host, self.log)
        for bank in old:
            self.assertEqual(os.listdir(bank).count("hostdesc.tgz"), 0)
        new = [bank for bank in bootbank.find(self.host) if bank not in old]
        self.assertEqual([os.listdir(bank).count("hostdesc.tgz") for bank in new], [1, 1])

    def test_tar_dialect(self):
        data = bootmodule.pack_description("{}\n")
        tar = gzip.decompress(data)
        self.assertEqual(tar[257:265], b"ustar  \0")
        path = os.path.join(self.folder, "d.tgz")
        with open(path, "wb") as file:
            file.write(data)
        listed = subprocess.run(["tar", "tvzf", path, "--numeric-owner"], stdout=subprocess.PIPE,
                                check=True).stdout.decode()
        self.assertEqual([(line.split()[0], line.split()[1], line.split()[-1]) for line in listed.splitlines()],
                         [("drwxr-xr-x", "0/0", "esxiimg-host/"), ("-rw-------", "0/0",
                                                                   "esxiimg-host/description.json")])

    def test_no_boot_bank_is_an_error(self):
        self.start()
        self.prepare()
        with self.assertRaisesRegex(ValueError, "boot bank"):
            post.keep(self.host, self.log)


class FirstBootTest(Installed):
    def test_hostd_is_waited_for(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "x"}, hostd=7)
        self.assertFalse(self.configure())
        self.assertTrue(self.host.hostd)
        self.assertGreater(len(self.naps), 1)
        self.assertFalse(self.fake.files.exists("/esxiimg"))

    def test_hostd_never_comes(self):
        for state in ("down", "hang"):
            with self.subTest(state):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.installed({"format": 1, "source": "embedded", "hostname": "other"}, hostd=state)
                firstboot.FirstBoot(self.host, self.log, lambda seconds: None).configure()
                self.assertFalse(self.host.hostd)
                self.assertEqual(self.fake.summary()["fqdn"], "other")
                self.assertTrue(self.fake.summary()["ssh"]["running"] and self.fake.summary()["ssh"]["with_host"])

    def test_vim_cmd_fails_though_hostd_answers(self):
        self.installed({"format": 1, "source": "embedded"})
        self.fake.fail(["vim-cmd"], times=1000)
        self.configure()
        self.assertTrue(self.fake.summary()["ssh"]["running"] and self.fake.summary()["ssh"]["with_host"])

    def test_reboot_only_if_needed(self):
        base = {"format": 1, "source": "embedded", "hostname": "x"}
        for extra, needed in (({}, False), ({"hostname": "y"}, True), ({"kernel": {"vga": "1"}}, True),
                              ({"ntp": {"servers": ["192.0.2.1"]}}, False)):
            with self.subTest(extra=extra):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.installed(dict(base, **extra))
                self.assertEqual(self.configure(), needed)
                self.assertEqual(bool(self.fake.summary()["power"]), needed)
                self.fake.boot()  # without a chance to save on the way down
                self.assertEqual(self.fake.summary()["fqdn"], dict(base, **extra)["hostname"])

    def test_reboot_outside_maintenance_mode(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "y"},
                       switches={"shutdown_maintenance": "needed"})
        self.configure()
        self.assertTrue(self.fake.summary()["power"])

    def test_settings(self):
        self.installed({
            "format": 1, "source": "embedded", "hostname": "x", "syslog": ["udp://192.0.2.9:514"],
            "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "advanced": {"/UserVars/DcuiTimeOut": 30,
                                                                        "/Config/Etc/motd": "hello there"},
            "services": {"ssh": True, "shell": False, "console": False}, "dns": {"servers": [],
                                                                                 "search": ["lab.example.net"]},
            "ntp": {"servers": ["192.0.2.7"], "pools": ["192.0.2.8"]}})
        self.configure()
        summary, config = self.fake.summary(), self.fake.config()
        self.assertEqual(summary["license"], "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")
        self.assertNotIn("AAAAA-BBBBB", self.lines.text)
        self.assertEqual(summary["syslog"], "udp://192.0.2.9:514")
        self.assertEqual(config["advanced"]["/UserVars/DcuiTimeOut"], 30)
        self.assertEqual(config["advanced"]["/Config/Etc/motd"], "hello there")
        self.assertEqual(summary["search"], ["lab.example.net"])
        self.assertEqual(summary["ntp"]["servers"], ["192.0.2.7", "192.0.2.8"])
        self.assertEqual((summary["ssh"]["running"], summary["shell"]["running"]), (True, False))
        self.assertFalse(config["services"]["DCUI"])

    def test_keys_last_over_a_reboot(self):
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            for switches in ({}, {"ssh_keys_file": "lost"}, {"ssh_key_listing": "text"}):
                with self.subTest(release, switches=switches):
                    shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                    self.installed({"format": 1, "source": "embedded", "ssh_keys": [KEY + " me"]}, release=release,
                                   switches=switches)
                    self.configure()
                    self.fake.boot()
                    self.assertEqual(self.fake.summary()["root_keys"], [KEY + " me"])

    def test_scripts(self):
        def script(text):
            return base64.b64encode(text.encode()).decode()
        self.installed({"format": 1, "source": "embedded", "user_data": [
            {"name": "a", "script_base64": script("#!/bin/sh\necho out-of-a\nexit 3\n")},
            {"name": "b", "script_base64": script("#!/usr/bin/env python3\nprint('out-of-b')\n")},
            {"name": "c", "script_base64": script("#!/bin/bash\n")}]})
        ran = []
        inner = self.host.run

        def run(argv, seconds=0, end_children=False):
            if argv[0] in ("sh", sys.executable) and "esxiimg-user" in argv[1]:
                ran.append(os.path.basename(argv[0])[:6])
                self.assertTrue(end_children)
                self.assertEqual(os.stat(os.path.dirname(argv[1])).st_mode & 0o777, 0o700)
                done = subprocess.run(argv, stdout=subprocess.PIPE)
                return done.returncode, done.stdout.decode()
            return inner(argv, seconds)

        self.host.run = run
        self.configure()
        self.assertEqual(self.status, 1)
        self.assertIn("a ended with exit status 3 (its last lines: out-of-a); c asks", self.failures["user data"])
        self.assertEqual(ran, ["sh", "python"])
        self.assertIn("out-of-a", self.lines.text)
        self.assertIn("script b ended with exit status 0", self.lines.text)
        self.assertFalse(self.fake.files.exists("/tmp/esxiimg-user"))
        self.assertFalse(self.fake.files.exists("/esxiimg-host"), "a script is not repeated: nothing is kept for it")

    def test_a_refused_network_keeps_the_installers_and_all_else_is_applied(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "z", "refusal": "network0 makes no sense",
                        "ssh_keys": [KEY], "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"})
        before = network_config(self.fake)
        self.configure()
        self.assertEqual((self.status, sorted(self.failures)), (1, ["network"]))
        self.assertEqual(network_config(self.fake), before)
        self.assertEqual((self.fake.summary()["fqdn"], self.fake.summary()["root_keys"]), ("z", [KEY]))
        self.assertIsNone(self.fake.summary()["power"], "no reboot while something can be repeated")
        kept = self.fake.files.read("/esxiimg-host/description.json").decode()
        self.assertNotIn("AAAAA-BBBBB", kept, "only what a repetition needs")
        self.assertIn("no secret is kept", self.lines.text)
        self.assertEqual(self.fake.files.mode("/esxiimg-host/description.json"), 0o600)
        self.fake.boot()
        self.assertTrue(self.fake.files.exists("/esxiimg/hostconf/__main__.py"), "the step can be repeated")
        self.assertEqual(self.fake.summary()["root_keys"], [KEY])

    def test_every_area_that_fails_keeps_no_other_from_being_done(self):
        description = {
            "format": 1, "source": "embedded", "hostname": "y.example.net", "ssh_keys": [KEY],
            "syslog": ["udp://192.0.2.9:514"], "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
            "advanced": {"/UserVars/DcuiTimeOut": 30}, "dns": {"servers": ["192.0.2.53"], "search": []},
            "ntp": {"servers": ["192.0.2.7"], "pools": []}}
        broken = {"name": ["system", "hostname", "set"], "dns": ["dns", "server", "add"], "ntp": ["ntp", "set"],
                  "syslog": ["syslog", "config", "set"], "settings": ["advanced", "set", "-o", "/UserVars/DcuiTimeOut"],
                  "licence": ["vimsvc/license"]}
        for area, words in broken.items():
            with self.subTest(area):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                self.installed(description)
                if area == "licence":
                    words = ["vim-cmd", "vimsvc/license", "--set=AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"]
                self.fake.fail(words, times=1000)
                self.configure()
                self.assertEqual((self.status, list(self.failures)), (1, [area]))
                summary, config = self.fake.summary(), self.fake.config()
                found = {"name": summary["fqdn"] == "y.example.net", "dns": summary["dns"] == ["192.0.2.53"],
                         "ntp": summary["ntp"]["servers"] == ["192.0.2.7"],
                         "syslog": summary["syslog"] == "udp://192.0.2.9:514",
                         "settings": config["advanced"].get("/UserVars/DcuiTimeOut") == 30,
                         "licence": summary["license"] == "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}
                self.assertEqual({name for name in found if not found[name]}, {area})
                self.assertEqual(summary["root_keys"], [KEY])
                self.assertIn("error: %s failed" % area, self.lines.text)
                kept = self.fake.files.read("/esxiimg-host/description.json").decode()
                self.assertEqual("AAAAA-BBBBB" in kept, area == "licence")
                # The cause is gone: the step is repeated, and nothing is left.
                with self.fake.world() as world:
                    world.runtime["failures"] = []
                self.configure()
                self.assertEqual((self.status, self.failures), (0, {}))
                self.assertFalse(self.fake.files.exists("/esxiimg-host"))
                self.assertFalse(self.fake.files.exists("/esxiimg"))

    def test_login_comes_first_and_needs_no_hostd(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "y", "ssh_keys": [KEY]}, hostd="down")
        step = firstboot.FirstBoot(self.host, self.log, lambda seconds: None)
        seen = []

        def wait():
            seen.append((self.fake.summary()["root_keys"], self.fake.summary()["ssh"]["running"]))
            return False

        step.wait_for_hostd = wait
        step.configure()
        self.assertEqual(seen, [([KEY], True)])
        calls = [call for call in self.fake.state()["runtime"]["calls"] if not {"get", "list", "-s"} & set(call)]
        names = [" ".join(call) for call in calls]
        self.assertLess(next(i for i, name in enumerate(names) if "SSH" in name),
                        next(i for i, name in enumerate(names) if "hostname set" in name))

    def test_a_damaged_description_still_lets_people_in(self):
        self.installed({"format": 1, "source": "embedded"})
        self.fake.files.write("/esxiimg-host/description.json", "{")
        self.configure()
        self.assertEqual((self.status, list(self.failures)), (1, ["description"]))
        self.assertTrue(self.fake.summary()["ssh"]["running"] and self.fake.summary()["ssh"]["with_host"])

    def test_the_halves_with_something_between_them(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "y", "kernel": {"vga": "1"}})
        first = firstboot.FirstBoot(self.host, self.log, lambda seconds: None)
        first.configure()
        first.save_outcome()
        self.assertEqual(self.fake.files.mode("/esxiimg-host/outcome.json"), 0o600)
        self.assertEqual(self.fake.summary()["fqdn"], "y")
        second = firstboot.FirstBoot(Adapter(self.fake), self.log, lambda seconds: None)
        second.load_outcome()
        self.assertEqual(second.finish(), 0)
        self.assertTrue(self.fake.summary()["power"])
        self.assertFalse(self.fake.files.exists("/esxiimg-host"))

    def test_the_second_half_says_so_when_the_first_never_ended(self):
        self.installed({"format": 1, "source": "embedded", "hostname": "y"})
        second = firstboot.FirstBoot(self.host, self.log, lambda seconds: None)
        second.load_outcome()
        self.assertEqual(second.finish(), 1)
        self.assertIn("left no outcome", self.lines.text)

    def test_the_table_of_areas_stands_in_the_readme(self):
        with open(os.path.join(GUEST, "README.md"), encoding="utf-8") as file:
            rows = [" ".join(line.split()) for line in file if line.startswith("|")]
        for line in areas.table().splitlines():
            if not line.startswith("| ---"):
                self.assertIn(line, rows)

    def test_the_management_network_survives_a_reboot(self):
        description = describe({"links": [phy("a", 0), phy("b", 1)], "networks": [
            static("n", "a", "192.0.2.5", gateway="192.0.2.1"), static("m", "b", "198.51.100.5")]}, {"hostname": "x"})
        self.installed(description, switches={"reboot_saves": "no"})
        self.configure()
        before = self.fake.summary()["interfaces"]
        self.fake.boot()
        self.assertEqual(self.fake.summary()["interfaces"], before)

if __name__ == "__main__":
    unittest.main()
