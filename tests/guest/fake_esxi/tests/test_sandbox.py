"""The host in a folder: launchers, files, media."""
import json
import os
import subprocess
import unittest

import fake_esxi
from fake_esxi.tests.base import HostTest

CD = "mpx.vmhba32:C0:T0:L0"
PART = "mpx.vmhba0:C0:T0:L0:2"


class Launchers(HostTest):
    def setUp(self):
        self.folder = self.sandbox()
        self.host = fake_esxi.create(self.folder)

    def shell(self, script, stdin=None):
        path = self.host.path("/tmp/script.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script + "\n")
        return self.host.shell(path, "first", "second", input=stdin)

    def test_the_same_answers_as_in_process(self):
        for line in ("esxcli network nic list", "esxcli network bogus", "localcli storage filesystem list",
                     "esxcfg-vmknic -l", "uname -r", "partedUtil", "vim-cmd hostsvc/bogus"):
            done = self.shell(line)
            self.assertEqual((done.returncode, done.stdout, done.stderr), self.run_line(line), line)

    def test_a_change_is_seen_by_the_next_command(self):
        done = self.shell("esxcli network vswitch standard add -v vSwitch1 && esxcli network vswitch standard list -v vSwitch1")
        self.assertTrue(done.stdout.startswith("vSwitch1\n"), done.stdout + done.stderr)
        self.assertIn("vSwitch1", self.host.summary()["vswitches"])
        self.assertIn("vSwitch1", fake_esxi.attach(self.host.root).summary()["vswitches"])

    def test_scripts_called_by_path(self):
        done = self.shell('"$FAKE_ESXI_ROOT/etc/init.d/SSH" start && "$FAKE_ESXI_ROOT/sbin/auto-backup.sh"')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(self.host.summary()["ssh"]["running"])

    def test_only_commands_that_ask_read_the_input(self):
        done = self.shell("while read -r word; do esxcli system uuid get >/dev/null; echo $word; done", "a\nb\nc\n")
        self.assertEqual(done.stdout, "a\nb\nc\n")
        done = self.shell("echo text | logger; printf '0\\n' | vmkfstools -Z /dev/disks/x /dev/disks/y")
        self.assertEqual(done.returncode, 255)
        self.assertEqual(self.host.state()["runtime"]["log"], ["text"])

    def test_the_shells_own_commands_do_not_get_in_front(self):
        inner = self.host.path("/tmp/inner.sh")
        with open(inner, "w", encoding="utf-8") as file:
            file.write('echo "$0" "$@"; uname -r; poweroff; exit 3\n')
        done = self.shell(f"uname -r; sh {inner} a 'b c'; echo $?; sh -c 'uname -r; exit 4' x; echo $?; echo \"$@\"; halt")
        self.assertEqual(done.stdout.splitlines(),
                         ["8.0.3", f"{inner} a b c", "8.0.3", "3", "8.0.3", "4", "first second"], done.stderr)
        self.assertEqual(self.host.summary()["power"]["action"], "halt")
        calls = [words[0] for words in self.host.state()["runtime"]["calls"]]
        self.assertEqual(calls, ["uname", "uname", "poweroff", "uname", "halt"])

    def test_two_at_once(self):
        script = " & ".join(f"esxcli network vswitch standard add -v vSwitch{at}" for at in range(1, 7)) + "; wait"
        self.shell(script)
        self.assertEqual(len(self.host.summary()["vswitches"]), 7)

    def test_after_a_boot_they_are_there_again(self):
        self.host.reboot()
        self.assertEqual(self.shell('"$FAKE_ESXI_ROOT/etc/init.d/ntpd" status').returncode, 3)

    def test_commands_know_their_host_by_themselves(self):
        done = subprocess.run([os.path.join(self.host.bin, "esxcli"), "system", "uuid", "get"], env={},
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), self.run_line("esxcli system uuid get")[:2])

    def test_shell_options_and_other_ways_to_a_shell(self):
        done = self.shell("sh -ec 'uname -r; false; echo no'; echo $?; echo 'uname -r' | sh; busybox sh -c 'uname -r'; "
                          "busybox reboot; cd \"${0%/*}\"; echo 'uname -r' >x.sh; sh x.sh; sh -e x.sh")
        self.assertEqual(done.stdout.split(), ["8.0.3", "1"] + 4 * ["8.0.3"], done.stderr)
        self.assertEqual(self.host.summary()["power"]["action"], "reboot")

    def test_the_root_holds_no_state(self):
        self.assertEqual(sorted(os.listdir(self.folder)), ["bin", "lock", "root", "state.json"])
        with open(os.path.join(self.folder, "state.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["release"], "8.0.3")

    def test_disks_by_both_names(self):
        self.assertEqual(os.path.realpath(self.host.path("/vmfs/devices/disks")), self.host.path("/dev/disks"))
        size = os.stat(self.host.path("/dev/disks/mpx.vmhba0:C0:T0:L0")).st_size
        self.assertEqual(size, 204800 * 1024 * 1024)


class Media(HostTest):
    def setUp(self):
        folder = self.sandbox()
        tree = os.path.join(folder, "tree", "openstack", "latest")
        os.makedirs(tree)
        for name, text in (("meta_data.json", "{}"), ("user_data", "#!/bin/sh\n")):
            with open(os.path.join(tree, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.tree = os.path.join(folder, "tree")
        self.iso = os.path.join(folder, "cd.iso")
        self.host = fake_esxi.create(os.path.join(folder, "host"), phase="installer")

    def build(self, *options):
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", self.iso, "-V", "config-2", *options, self.tree],
                       check=True, capture_output=True)
        self.host.attach_iso(CD, self.iso)

    def mount(self, device=CD):
        self.ok(f"vsish -e set /vmkModules/iso9660/mount {device}")

    def names(self):
        root = self.host.path("/vmfs/volumes")
        return sorted(os.path.relpath(os.path.join(path, name), root)
                      for path, _, files in os.walk(root) for name in files)

    def test_needs_the_module(self):
        self.build()
        self.fails(f"vsish -e set /vmkModules/iso9660/mount {CD}")
        self.ok("localcli system module load --module iso9660")
        self.mount()
        self.fails(f"vsish -e set /vmkModules/iso9660/mount {CD}")
        self.ok(f"vsish -e set /vmkModules/iso9660/umount {CD}")
        self.assertEqual(self.host.files.names("/vmfs/volumes"), [])
        self.fails(f"vsish -e set /vmkModules/iso9660/umount {CD}")

    def test_names_as_the_emitters_write_them(self):
        self.ok("localcli system module load --module iso9660")
        self.build("-J", "-r", "-ldots", "-allow-lowercase", "-allow-multidot", "-l")
        self.mount()
        self.assertEqual(self.names(), ["config-2/openstack/latest/meta_data.json",
                                        "config-2/openstack/latest/user_data"])
        self.assertEqual(self.host.files.read("/vmfs/volumes/config-2/openstack/latest/user_data"), b"#!/bin/sh\n")

    def test_plain_names_are_upper_case_8_3(self):
        self.ok("localcli system module load --module iso9660")
        self.build("-J", "-r")
        self.mount()
        self.assertEqual(self.names(), ["config-2/OPENSTAC/LATEST/META_DAT.JSO", "config-2/OPENSTAC/LATEST/USER_DAT"])

    def test_rock_ridge_and_label_by_switch(self):
        self.host = fake_esxi.create(self.sandbox(), phase="installer",
                                     switches={"iso9660_names": "rock-ridge", "iso9660_label": "upper"})
        self.ok("localcli system module load --module iso9660")
        self.build("-J", "-r")
        self.mount()
        self.assertEqual(self.names(), ["CONFIG-2/openstack/latest/meta_data.json",
                                        "CONFIG-2/openstack/latest/user_data"])

    def test_only_what_holds_an_iso(self):
        self.ok("localcli system module load --module iso9660")
        for device in ("mpx.vmhba0:C0:T0:L0", "nothing", f"/vmfs/devices/cdrom/{CD}"):
            self.fails(f"vsish -e set /vmkModules/iso9660/mount {device}")
        self.build()
        self.host.attach_iso(PART, self.iso)
        self.assertIn(PART, self.host.files.names("/dev/disks"))
        self.mount(PART)
        self.fails("vsish -e set /vmkModules/iso9660/mount")
        self.fails("vsish -e get /nothing")

    def test_device_paths_by_switch(self):
        self.host = fake_esxi.create(self.sandbox(), phase="installer", switches={"iso9660_device": "path-too",
                                                                                  "cdrom_nodes": "disks"})
        self.ok("localcli system module load --module iso9660")
        self.build()
        self.mount(f"/dev/disks/{CD}")

    def test_a_drive_appears_with_its_medium(self):
        self.build()
        text = self.ok(f"localcli storage core device list -d {CD}")
        self.assertIn("   Device Type: CD-ROM", text)
        self.assertIn(f"   Devfs Path: /vmfs/devices/cdrom/{CD}\n", text)
        with open(self.iso, "rb") as file:
            self.assertEqual(self.host.files.read(f"/vmfs/devices/cdrom/{CD}"), file.read())

    def test_a_partition_is_made_for_its_medium_and_goes_with_the_installation(self):
        self.ok("localcli system module load --module iso9660")
        self.build()
        self.host.attach_iso(PART, self.iso)
        disk = PART[:-2]
        entry = self.host.partitions(disk)["partitions"][0]
        with open(self.host.path(f"/dev/disks/{disk}"), "rb") as file:
            file.seek(entry["start"] * 512 + 32769)
            self.assertEqual(file.read(5), b"CD001")
        self.host.install("vmaccepteula\nrootpw Sample-pass1x\ninstall --firstdisk --overwritevmfs\n")
        self.fails(f"vsish -e set /vmkModules/iso9660/mount {PART}")

    def test_a_disk_image_with_a_config_drive(self):
        self.build("-ldots", "-allow-lowercase", "-allow-multidot", "-l")
        image = os.path.join(os.path.dirname(self.iso), "disk.img")
        with open(image, "wb") as file:
            file.truncate(16 * 2**20)
        subprocess.run(["sgdisk", "-n", "1:2048:4095", "-n", "2:4096:8191", image], check=True, capture_output=True)
        with open(image, "r+b") as file, open(self.iso, "rb") as iso:
            file.seek(4096 * 512)
            file.write(iso.read())
        disk = PART[:-2]
        self.host.write_disk(disk, image)
        self.assertEqual(self.host.files.names("/dev/disks"), [disk, f"{disk}:1", f"{disk}:2"])
        self.assertEqual(os.stat(self.host.path(f"/dev/disks/{disk}")).st_size, 204800 * 2**20)
        self.ok("localcli system module load --module iso9660")
        self.mount(PART)
        self.assertEqual(self.names(), ["config-2/openstack/latest/meta_data.json",
                                        "config-2/openstack/latest/user_data"])
        self.ok(f"partedUtil fix /dev/disks/{disk}")
        self.assertEqual(self.ok(f"partedUtil getUsableSectors /dev/disks/{disk}"), "34 419430366\n")

    def test_no_medium(self):
        with self.assertRaises(ValueError):
            self.host.attach_iso(CD, os.path.abspath(__file__))

    def test_hardware_probes(self):
        self.assertIn("Serial Number:SAMPLE01", self.ok("vsish -e get /hardware/bios/dmiInfo"))
        self.assertIn("SAMPLE01", self.ok("smbiosDump"))
        self.ok("vsish", "-e", "set", "/system/log", "a message")
        self.assertEqual(self.host.state()["runtime"]["log"], ["a message"])


if __name__ == "__main__":
    unittest.main()
