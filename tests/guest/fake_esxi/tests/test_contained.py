"""The container of a fake host: its root is the host's, and this machine is not reached from it."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import fake_esxi
from fake_esxi import contained

from .base import nic_list


@unittest.skipUnless(shutil.which("bwrap") and shutil.which("busybox"), "needs bubblewrap and busybox")
class Contained(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="fake-esxi-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.host = fake_esxi.create(os.path.join(self.folder, "host"), container=True, nics=nic_list())

    def run_in(self, *argv, program="sh", **options):
        words = contained.command(self.host, [program, *argv])
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)

    def shell(self, script):
        return self.run_in("-c", script)

    def test_paths_are_those_of_the_host(self):
        done = self.shell("pwd; echo text >/tmp/made; echo more >/bootbank/made; cat /etc/hosts; [ -e /home ] || echo none")
        self.assertEqual(done.stdout.splitlines()[0], "/", done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "none")
        self.assertIn("localhost.localdomain", done.stdout)
        self.assertEqual(self.host.files.read("/tmp/made"), b"text\n")
        self.assertEqual(self.host.files.read("/bootbank/made"), b"more\n")

    def test_commands_stand_where_esxi_has_them(self):
        for line in ("esxcli system uuid get", "/bin/esxcli system uuid get", "/sbin/esxcli system uuid get",
                     "env -i /bin/esxcli system uuid get", "exec esxcli system uuid get",
                     "python3 -c 'import subprocess; subprocess.call([\"esxcli\", \"system\", \"uuid\", \"get\"])'",
                     "echo '#!/bin/sh\nesxcli system uuid get' >/tmp/x; chmod +x /tmp/x; /tmp/x"):
            self.assertEqual(self.shell(line).stdout, self.host.run("esxcli system uuid get".split())[1], line)
        for line in ("uname -r", "/bin/uname -r", "python3 -c 'import os; os.system(\"uname -r\")'", "sh -c 'uname -r'"):
            self.assertEqual(self.shell(line).stdout, "8.0.3\n", line)
        self.assertEqual(self.shell("/etc/init.d/SSH start; /usr/lib/vmware/secureboot/bin/secureBoot.py -s").stdout,
                         "SSH started\nDisabled\n")
        self.assertTrue(self.host.summary()["ssh"]["running"])

    def test_it_restarts_the_host_and_nothing_else(self):
        for line in ("reboot", "/sbin/reboot", "busybox reboot", "python3 -c 'import os; os.system(\"reboot\")'"):
            with self.host.world() as world:
                world.runtime["power"] = None
            self.shell(line)
            self.assertEqual(self.host.summary()["power"]["action"], "reboot", line)
        done = self.shell("/.fake/bin/.real/busybox reboot -f; mount -t tmpfs none /tmp; kill -9 1; echo alive")
        self.assertIn("not permitted", done.stderr)
        self.assertEqual(done.stdout, "alive\n")

    def test_of_this_machine_nothing_can_be_written_and_nobody_reached(self):
        for path in (os.path.realpath(sys.executable), contained.PACKAGE + "/host.py", self.host.bin + "/.launch"):
            before = os.stat(path).st_mtime_ns
            shown = path.replace(contained.PACKAGE, "/.fake/code/fake_esxi").replace(self.host.bin, "/.fake/bin")
            self.assertNotEqual(self.shell("[ -e %s ] && echo >>%s" % (shown, shown)).returncode, 0, path)
            self.assertEqual(os.stat(path).st_mtime_ns, before)
        done = self.shell("sed 1,2d /proc/net/dev")
        self.assertEqual([line.split(":")[0].strip() for line in done.stdout.splitlines()], ["lo"])

    def test_after_a_boot_they_are_there_again(self):
        self.host.reboot()
        self.assertEqual(self.shell("/bin/uname -r; sed -n 1p /etc/passwd | cut -c1-4").stdout, "8.0.3\nroot\n")
        self.assertFalse(self.host.files.exists("/tmp/made"))

    def test_as_somebody_else_than_root(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("needs root, to be somebody else")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        folder = tempfile.mkdtemp(prefix="fake-esxi-", dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        os.chown(folder, 65534, 65534)
        code = ("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, %r); import fake_esxi, subprocess\n"
                "from fake_esxi import contained\n"
                "host = fake_esxi.create(%r, container=True)\n"
                "subprocess.check_call(contained.command(host, ['sh', '-c', 'id -u; esxcli system hostname get; reboot']))\n"
                "print(host.summary()['power']['action'])\n" % (os.path.dirname(contained.PACKAGE), folder + "/host"))
        python = next((path for path in ("/usr/bin/python3",) if os.path.exists(path)), None)
        readable = subprocess.run([*nobody, "test", "-r", contained.PACKAGE + "/host.py"]).returncode == 0
        if python is None or not readable:
            self.skipTest("needs a Python and a checkout that everybody may read")
        done = subprocess.run([*nobody, python, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "reboot")
        self.assertIn("Host Name: localhost", done.stdout)

    def test_waiting_costs_no_time(self):
        code = ("import subprocess, time\nbegan = time.monotonic()\ntime.sleep(900)\nassert time.monotonic() - began >= 900\n"
                "child = subprocess.Popen(['sleep', '100000'])\n"
                "try:\n    child.wait(timeout=3600)\nexcept subprocess.TimeoutExpired:\n    child.kill()\n    print('ended')\n")
        self.assertEqual(self.run_in("-c", code, program="python3").stdout, "ended\n")
        self.assertEqual(self.shell("sleep 900; echo awake").stdout, "awake\n")


if __name__ == "__main__":
    unittest.main()
