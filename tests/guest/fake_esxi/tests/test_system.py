"""Names, versions, power, settings, time and logs."""
import re
import unittest

from fake_esxi.tests.base import HostTest, block


class Names(HostTest):
    def test_fresh_host(self):
        self.assertEqual(self.ok("esxcli system hostname get").splitlines(), [
            "   Domain Name: ", "   Fully Qualified Domain Name: localhost", "   Host Name: localhost"])

    def test_set(self):
        self.ok("esxcli system hostname set --fqdn=esx01.example.com")
        self.assertEqual(self.ok("esxcli system hostname get").splitlines(), [
            "   Domain Name: example.com", "   Fully Qualified Domain Name: esx01.example.com", "   Host Name: esx01"])
        self.ok("esxcli system hostname set -H esx02 -d lab.example.com")
        self.assertEqual(self.host.summary()["fqdn"], "esx02.lab.example.com")
        self.ok("esxcli system hostname set --fqdn=esx03")
        self.assertEqual(self.host.summary()["fqdn"], "esx03")

    def test_refused(self):
        for words in (["-f", "a.example.com", "-H", "b"], ["-H", "a.b"], ["-H", "zürich"], ["-f", "zürich.example.net"],
                      ["-H", "-a"], ["-H", "a_b"], ["-f", ".example.com"], ["-H", "x" * 64], []):
            self.fails("esxcli", "system", "hostname", "set", *words)
        self.make(switches={"fqdn_bare_name": "refuse"})
        self.fails("esxcli system hostname set --fqdn=esx03")

    def test_domain_may_become_a_search_domain(self):
        self.make(switches={"fqdn_adds_search_domain": "yes"})
        self.ok("esxcli system hostname set --fqdn=esx01.example.com")
        self.assertEqual(self.host.summary()["search"], ["example.com"])

    def test_certificates_follow_on_request(self):
        self.ok("esxcli system hostname set --fqdn=esx01.example.com")
        self.assertEqual(self.host.config()["certificate_cn"], "localhost.localdomain")
        self.ok("/sbin/generate-certificates")
        self.assertEqual(self.host.config()["certificate_cn"], "esx01.example.com")


class Versions(HostTest):
    def test_version(self):
        self.make(release="8.0.2")
        self.assertEqual(self.ok("esxcli system version get").splitlines(), [
            "   Product: VMware ESXi", "   Version: 8.0.2", "   Build: Releasebuild-22380479", "   Update: 2",
            "   Patch: 0"])
        self.assertEqual(self.ok("vmware -v"), "VMware ESXi 8.0.2 build-22380479\n")
        self.assertEqual(self.ok("uname -r"), "8.0.2\n")
        self.ok("esxcli system hostname set -H esx01")
        self.assertEqual(self.ok("uname -a"), "VMkernel esx01 8.0.2 #1 SMP Release build-22380479 Sep  4 2023 "
                                              "15:00:49 x86_64 x86_64 x86_64 ESXi\n")

    def test_update_names(self):
        for release, expected in (("7.0.3", "VMware ESXi 7.0 Update 3\n"), ("8.0", "VMware ESXi 8.0 GA\n"),
                                  ("9.1.1", "VMware ESX 9.1 Update 1\n")):
            self.make(release=release)
            self.assertEqual(self.ok("vmware -l"), expected)

    def test_67_is_always_670(self):
        self.make(release="6.7.3")
        self.assertEqual(self.ok("uname -r"), "6.7.0\n")
        self.assertIn("   Patch: 73\n", self.ok("esxcli system version get"))
        self.make(release="6.7.3", switches={"version_patch": "zero"})
        self.assertIn("   Patch: 0\n", self.ok("esxcli system version get"))

    def test_uuid(self):
        first = self.ok("esxcli system uuid get")
        self.assertRegex(first, r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n\Z")
        self.assertEqual(self.ok("esxcli system uuid get"), first)
        text = self.host.files.read("/etc/vmware/esx.conf")
        self.host.files.write("/etc/vmware/esx.conf", re.sub(rb"(?m)^/system/uuid.*\n", b"", text))
        self.assertNotEqual(self.ok("esxcli system uuid get"), first)


class Power(HostTest):
    def test_shutdown(self):
        self.ok("esxcli", "system", "shutdown", "reboot", "-d", "10", "-r", "Network was set up")
        self.assertEqual(self.host.summary()["power"],
                         {"action": "reboot", "reason": "Network was set up", "delay": 10, "saves": True})
        self.make(switches={"shutdown_maintenance": "needed"})
        self.assertIn("maintenance mode", self.fails("esxcli system shutdown reboot -r x"))
        self.ok("esxcli system maintenanceMode set -e true")
        self.assertEqual(self.ok("esxcli system maintenanceMode get"), "Enabled\n")
        self.ok("esxcli system shutdown poweroff -r x")
        self.assertEqual(self.host.summary()["power"]["action"], "poweroff")

    def test_programs(self):
        self.ok("reboot")
        self.assertEqual(self.host.summary()["power"]["action"], "reboot")
        self.ok("halt -f")
        self.assertEqual((self.host.summary()["power"]["action"], self.host.summary()["power"]["saves"]), ("halt", False))
        self.fails("reboot now")


class Settings(HostTest):
    _BLOCK = block("""
        Path: /UserVars/SuppressShellWarning
        Type: integer
        Int Value: 0
        Default Int Value: 0
        Min Value: 0
        Max Value: 1
        String Value: 
        Default String Value: 
        Valid Characters: 
        Description: Don't show warning for enabled local and remote shell access
        Host Specific: false
        Impact: none
        """).splitlines()

    def test_list(self):
        for release, count in (("6.7.0", 10), ("7.0.3", 10), ("8.0.3", 12)):
            self.make(release=release)
            self.assertEqual(self.ok("esxcli system settings advanced list -o /UserVars/SuppressShellWarning").splitlines(),
                             ["   " + line for line in self._BLOCK[:count]])

    def test_set(self):
        line = "esxcli system settings advanced set -o /UserVars/SuppressShellWarning "
        self.ok(line + "-i 1")
        self.assertEqual(self.host.config()["advanced"], {"/UserVars/SuppressShellWarning": 1})
        self.assertIn("SuppressShellWarning", self.ok("esxcli system settings advanced list --delta"))
        self.ok(line + "--default")
        self.assertEqual(self.host.config()["advanced"], {})
        for rest in ("-i 2", "-s x", "", "-i 1 -d"):
            self.fails(line + rest)
        self.assertIn("Unable to find option", self.fails("esxcli system settings advanced set -o /Net/Nothing -i 1"))
        self.ok("esxcli", "system", "settings", "advanced", "set", "-o", "/Security/PasswordQualityControl", "-s",
                "retry=3 min=disabled,disabled,disabled,15,15")
        self.fails("esxcli system settings advanced set -o /Security/PasswordQualityControl -i 3")

    def test_user_options(self):
        self.ok("esxcli system settings advanced add -o Sample -t integer -i 5 -m 1 -M 9 -d text")
        self.ok("esxcli system settings advanced set -o /UserVars/Sample -i 9")
        self.fails("esxcli system settings advanced add -o Sample -t integer -i 5 -d text")
        self.ok("esxcli system settings advanced remove -o Sample")
        self.fails("esxcli system settings advanced list -o /UserVars/Sample")

    def test_kernel(self):
        self.ok("esxcli system settings kernel set -s execInstalledOnly -v false")
        row = self.ok("esxcli system settings kernel list -o execInstalledOnly").splitlines()[2].split()
        self.assertEqual(row[:5], ["execInstalledOnly", "Bool", "FALSE", "TRUE", "TRUE"])
        self.fails("esxcli system settings kernel set -s nothing -v 1")
        self.fails("esxcli system settings kernel set -s ipv6")


class Ntp(HostTest):
    def test_get(self):
        self.ok("esxcli system ntp set --server 0.pool.example.net --server 1.pool.example.net -e true")
        self.assertEqual(self.ok("esxcli system ntp get").splitlines(), [
            "   Enabled: true", "   Loglevel: warning", "   Servers: 0.pool.example.net, 1.pool.example.net"])
        self.assertEqual(self.host.summary()["ntp"], {"servers": ["0.pool.example.net", "1.pool.example.net"],
                                                      "enabled": True, "running": True})
        self.make(switches={"ntp_get_extra_fields": "present"})
        self.ok("esxcli system ntp set --server 192.0.2.1 -e true")
        self.assertIn("   PID: ", self.ok("esxcli system ntp get"))

    def test_servers_replace_the_list(self):
        self.ok("esxcli system ntp set --server 192.0.2.1")
        self.ok("esxcli system ntp set --server 192.0.2.2")
        self.assertEqual(self.host.summary()["ntp"]["servers"], ["192.0.2.2"])
        self.fails("esxcli system ntp set --reset --server 192.0.2.3")
        self.ok("esxcli system ntp set --reset")
        self.assertEqual(self.host.summary()["ntp"]["servers"], [])

    def test_only_names_and_addresses(self):
        self.fails("esxcli", "system", "ntp", "set", "--server", "192.0.2.1 iburst")
        self.fails("esxcli", "system", "ntp", "set", "--server", "")
        self.fails("esxcli system ntp set")

    def test_names_without_name_servers(self):
        line = "esxcli system ntp set --server ntp.example.net -e true"
        self.make(network="--bootproto=dhcp", dhcp=False, switches={"ntp_unresolvable": "fail"})
        self.fails(line)
        self.ok("esxcli system ntp set --server 192.0.2.5 -e true")
        self.make(network="--bootproto=dhcp", dhcp=False, switches={"ntp_unresolvable": "disable"})
        self.ok(line)
        self.assertFalse(self.host.summary()["ntp"]["enabled"])

    def test_options_of_later_builds(self):
        self.ok("esxcli system ntp set -s 192.0.2.1 -l info")
        self.make(switches={"ntp_extra_options": "unknown"})
        self.assertIn("Invalid option", self.fails("esxcli system ntp set -s 192.0.2.1 -l info"))

    def test_by_file_on_67(self):
        self.make(release="6.7.0")
        text = self.host.files.read("/etc/ntp.conf")
        self.host.files.write("/etc/ntp.conf", text + b"server 192.0.2.5\npool ntp.example.net iburst\n")
        self.assertEqual(self.host.summary()["ntp"]["servers"], [])
        self.ok("/etc/init.d/ntpd restart")
        self.ok("chkconfig ntpd on")
        self.assertEqual(self.host.summary()["ntp"], {"servers": ["192.0.2.5", "ntp.example.net"], "enabled": True,
                                                      "running": True})

    def test_the_file_is_generated_on_70(self):
        self.make(release="7.0.3")
        self.host.files.write("/etc/ntp.conf", b"server 192.0.2.5\n")
        self.ok("/etc/init.d/ntpd restart")
        self.assertNotIn(b"192.0.2.5", self.host.files.read("/etc/ntp.conf"))


class Syslog(HostTest):
    def test_get_by_release(self):
        self.make(release="6.7.0")
        self.ok("esxcli system syslog config set --loghost=udp://192.0.2.50:514")
        self.assertEqual(self.ok("esxcli system syslog config get").splitlines(), [
            "   Default Network Retry Timeout: 180", "   Dropped Log File Rotation Size: 100",
            "   Dropped Log File Rotations: 10", "   Enforce SSLCertificates: false",
            "   Local Log Output: /scratch/log", "   Local Log Output Is Configured: false",
            "   Local Log Output Is Persistent: true", "   Local Logging Default Rotation Size: 1024",
            "   Local Logging Default Rotations: 8", "   Log To Unique Subdirectory: false",
            "   Message Queue Drop Mark: 90", "   Remote Host: udp://192.0.2.50:514"])
        self.make()
        text = self.ok("esxcli system syslog config get")
        self.assertIn("   Strict X509Compliance: false\n", text)
        self.assertIn("   Remote Host: <none>\n", text)
        self.make(switches={"syslog_fields": "old"})
        self.assertIn("Enforce SSLCertificates", self.ok("esxcli system syslog config get"))

    def test_a_reload_is_needed(self):
        self.ok("esxcli system syslog config set --loghost=tcp://192.0.2.50:514,ssl://[2001:db8::5]:1514,log.example.net")
        self.assertEqual(self.host.summary()["syslog"], "")
        self.ok("esxcli system syslog reload")
        self.assertEqual(self.host.summary()["syslog"],
                         "tcp://192.0.2.50:514,ssl://[2001:db8::5]:1514,log.example.net")
        self.ok("esxcli system syslog config set --reset=loghost")

    def test_refused(self):
        for host in ("http://192.0.2.50", "192.0.2.50 x", "udp://:514"):
            self.fails("esxcli", "system", "syslog", "config", "set", f"--loghost={host}")
        self.fails("esxcli system syslog config set")
        self.fails("esxcli system syslog config set --reset=nothing")

    def test_messages(self):
        self.ok("esxcli system syslog mark -s hello")
        self.ok("logger", "-t", "tool", "some text")
        self.ok("logger", stdin="from a pipe\n")
        self.assertEqual(self.host.state()["runtime"]["log"], ["hello", "some text", "from a pipe"])


if __name__ == "__main__":
    unittest.main()
