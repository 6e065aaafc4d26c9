"""Accounts, SSH keys, services and kernel modules."""
import subprocess
import unittest

from fake_esxi.tests.base import HostTest, block

RSA = ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7V0bqk3mXo2rYQm1jFvKkqvQ7L7K8zqzXkqk0mZx8c3YdVqYx0m3Hf1bq9cZ9n3sQw2"
       "== admin@example.net")


class Accounts(HostTest):
    def test_list(self):
        self.make(release="7.0.3")
        self.assertEqual(self.ok("esxcli system account list"), block("""
            User ID  Description
            -------  -------------------------------------------
            root     Administrator
            dcui     DCUI User
            vpxuser  VMware VirtualCenter administration account
            """))
        self.make()
        self.ok("esxcli system account set -i dcui -s false")
        rows = self.ok("esxcli system account list").splitlines()
        self.assertTrue(rows[0].endswith("  Shell Access") and rows[3].endswith("       false"), rows)
        self.make(switches={"account_shell_access": "second"})
        self.assertTrue(self.ok("esxcli system account list").startswith("User ID  Shell Access  Description\n"))

    def test_password(self):
        self.ok("esxcli", "system", "account", "set", "-i", "root", "-p", "Sample-pass1x", "-c", "Sample-pass1x")
        hashed = self.host.files.read("/etc/shadow").decode().splitlines()[0].split(":")[1]
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", hashed.split("$")[2], "-stdin"],
                              input="Sample-pass1x\n", capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(hashed, made)
        self.fails("esxcli system account set -i root -p Sample-pass1x -c other")
        self.fails("esxcli system account set -i root -p Sample-pass1x")

    def test_quality(self):
        for weak in ("short", "alllowercase", "Lowercase1", "aB1-"):
            self.assertIn("doesn't meet the requirements",
                          self.fails("esxcli", "system", "account", "set", "-i", "root", "-p", weak, "-c", weak))
        self.ok("esxcli system account set -i root -p lower1UPPER-x -c lower1UPPER-x")
        self.make(switches={"weak_password": "accept"})
        self.ok("esxcli system account set -i root -p short -c short")

    def test_add_and_remove(self):
        self.ok("esxcli system account add -i operator -p Sample-pass1x -c Sample-pass1x -d Operator")
        self.ok("esxcli system permission set -i operator -r ReadOnly")
        self.assertIn("operator      false  ReadOnly", self.ok("esxcli system permission list"))
        self.fails("esxcli system account add -i operator -p Sample-pass1x -c Sample-pass1x")
        self.ok("esxcli system account remove -i operator")
        self.fails("esxcli system account remove -i operator")
        self.fails("esxcli system account remove -i root")

    def test_welcome(self):
        self.assertEqual(self.ok("esxcli system welcomemsg get"), "")
        self.ok("esxcli", "system", "welcomemsg", "set", "-m", "Hello there")
        self.assertEqual(self.ok("esxcli system welcomemsg get"), "Hello there\n")


class Ssh(HostTest):
    def test_keys(self):
        self.ok("esxcli", "system", "ssh", "key", "add", "-u", "root", "-k", RSA)
        self.assertEqual(self.host.summary()["root_keys"], [RSA])
        self.fails("esxcli", "system", "ssh", "key", "add", "-u", "root", "-k", RSA)
        self.fails("esxcli", "system", "ssh", "key", "add", "-u", "nobody", "-k", RSA)
        for bad in ("ssh-rsa", "ssh-rsa !!!", RSA.replace("ssh-rsa", "ssh-ed25519"), RSA + "\n" + RSA):
            self.fails("esxcli", "system", "ssh", "key", "add", "-u", "root", "-k", bad)
        self.assertIn(RSA, self.ok("esxcli system ssh key list -u root"))
        self.ok("esxcli", "system", "ssh", "key", "remove", "-u", "root", "-k", RSA)
        self.assertEqual(self.host.summary()["root_keys"], [])

    def test_a_file_written_by_hand_counts_too(self):
        self.host.files.write("/etc/ssh/keys-root/authorized_keys", f"# comment\n{RSA}\n")
        self.assertEqual(self.host.summary()["root_keys"], [RSA])

    def test_listing(self):
        self.make(switches={"ssh_key_listing": "text"})
        self.ok("esxcli", "system", "ssh", "key", "add", "-u", "root", "-k", RSA)
        self.assertEqual(self.ok("esxcli system ssh key list"), RSA + "\n")

    def test_server(self):
        self.ok("esxcli system ssh server config set -k permitrootlogin -v no")
        self.assertRegex(self.ok("esxcli system ssh server config list"), r"(?m)^permitrootlogin +no$")
        self.fails("esxcli system ssh server config set -k nothing -v no")


class Services(HostTest):
    def test_vim_cmd(self):
        for word, key in (("ssh", "ssh"), ("esx_shell", "shell")):
            self.assertEqual(self.ok(f"vim-cmd hostsvc/enable_{word}"), "")
            self.ok(f"vim-cmd hostsvc/start_{word}")
            self.assertEqual(self.host.summary()[key], {"with_host": True, "running": True})
            self.ok(f"vim-cmd hostsvc/disable_{word}")
            self.ok(f"vim-cmd hostsvc/stop_{word}")
            self.assertEqual(self.host.summary()[key], {"with_host": False, "running": False})

    def test_scripts(self):
        self.assertEqual(self.run_line("/etc/init.d/SSH status")[0], 3)
        self.ok("/etc/init.d/SSH start")
        self.ok("/etc/init.d/SSH status")
        self.ok("chkconfig SSH on")
        self.assertIn("SSH         on\n", self.ok("chkconfig -l"))
        self.fails("/etc/init.d/SSH reload")
        self.fails("chkconfig nothing on")
        self.assertEqual(self.run_line("/etc/init.d/nothing start")[0], 127)

    def test_hostd_stops_and_starts(self):
        self.ok("/etc/init.d/hostd stop")
        self.fails("esxcli network nic list")
        self.ok("/etc/init.d/hostd start")
        self.ok("esxcli network nic list")

    def test_vim_cmd_needs_hostd_and_known_commands(self):
        self.assertIn("Commands available under hostsvc/:", self.fails("vim-cmd hostsvc/bogus"))
        self.make(switches={"vim_unknown_text": "invalid"})
        self.assertIn("Invalid command", self.fails("vim-cmd hostsvc/bogus"))
        self.make(hostd="down")
        self.assertEqual(self.fails("vim-cmd hostsvc/runtimeinfo"),
                         "Connect to localhost failed: Connection failure\n")
        self.make(hostd="hang")
        self.assertEqual(self.run_line("vim-cmd hostsvc/runtimeinfo")[0], -1)

    def test_license(self):
        key = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
        for words in (["--set", key], [f"--set={key}"]):
            text = self.ok("vim-cmd", "vimsvc/license", *words)
            self.assertTrue(text.startswith(f"\n   serial: {key}\n"), text)
        self.assertEqual(self.host.summary()["license"], key)
        self.assertIn(key, self.ok("vim-cmd vimsvc/license --show"))
        self.assertIn("fault", self.fails("vim-cmd vimsvc/license --set=AAAAA"))


class Modules(HostTest):
    def test_load(self):
        self.assertIn("iso9660        false        true", self.ok("esxcli system module list"))
        self.ok("localcli system module load --module iso9660")
        self.assertIn("iso9660         true        true", self.ok("esxcli system module list"))
        self.fails("localcli system module load --module iso9660")
        self.fails("localcli system module load --module nothing")
        self.assertEqual(self.ok("esxcli", "system", "module", "parameters", "set", "-m", "tcpip4", "-p", "ipv6=0"), "")
        self.assertIn("ipv6", self.ok("esxcli system module parameters list -m tcpip4"))

    def test_security_domains(self):
        self.ok("localcli system secpolicy domain set -n appDom -l disabled")
        self.assertIn("appDom        disabled", self.ok("localcli system secpolicy domain list"))
        self.fails("localcli system secpolicy domain set -n appDom -l off")
        self.fails("localcli system secpolicy domain set -l disabled")

    def test_core_dumps(self):
        self.ok("esxcli system coredump partition set -p naa.1:9")
        self.assertIn("Configured: naa.1:9", self.ok("esxcli system coredump partition get"))
        self.fails("esxcli system coredump partition set -e true -p naa.1:9")
        self.fails("esxcli system coredump partition set -s -e false")
        self.fails("esxcli system coredump network set -e true")
        self.ok("esxcli system coredump network set -v vmk0 -i 192.0.2.7 -o 6500")
        self.ok("esxcli system coredump network set -e true")


if __name__ == "__main__":
    unittest.main()
