"""What the tests share: running a command and judging its result."""
import shutil
import tempfile
import textwrap
import unittest

import fake_esxi

STATIC = "--bootproto=static --ip=192.0.2.10 --netmask=255.255.255.0 --gateway=192.0.2.1 --nameserver=192.0.2.53"


def nic_list(count=2, macs=None):
    """The text of `nic list` for vmnic0…, all with a link."""
    lines = ["Name  PCI Device  Driver  Admin Status  Link Status  Speed  Duplex  MAC Address  MTU  Description",
             "----  ----------  ------  ------------  -----------  -----  ------  -----------  ---  -----------"]
    for at in range(count):
        mac = macs[at] if macs else f"02:00:5e:00:53:{at:02x}"
        lines.append(f"vmnic{at}  0000:0{at}:00.0  i40en  Up  Up  10000  Full  {mac}  1500  Sample NIC")
    return "\n".join(lines) + "\n"


def block(text):
    """A block of expected output as it stands in the source, without the indentation of the source."""
    return textwrap.dedent(text).lstrip("\n")


class HostTest(unittest.TestCase):
    """A test with one host in memory, made again by `self.make`."""
    maxDiff = None

    def setUp(self):
        self.make()

    def make(self, **arguments):
        arguments.setdefault("nics", nic_list())
        arguments.setdefault("network", STATIC)
        self.host = fake_esxi.create(**arguments)
        return self.host

    def run_line(self, line, stdin=""):
        return self.host.run(line.split(), stdin)

    def ok(self, *words, stdin=""):
        """Run a command that has to succeed; its output."""
        words = words[0].split() if len(words) == 1 else words
        status, stdout, stderr = self.host.run(words, stdin)
        self.assertEqual((status, stderr), (0, ""), f"{' '.join(words)}: {stdout}{stderr}")
        return stdout

    def net(self, *words):
        """`esxcli network …` that has to succeed."""
        words = words[0].split() if len(words) == 1 else words
        return self.ok("esxcli", "network", *words)

    def fails(self, *words, stdin=""):
        """Run a command that has to fail; its output."""
        words = words[0].split() if len(words) == 1 else words
        status, stdout, stderr = self.host.run(words, stdin)
        self.assertNotEqual(status, 0, f"{' '.join(words)} succeeded")
        return stdout + stderr

    def sandbox(self):
        """A temporary folder that goes away with the test."""
        folder = tempfile.mkdtemp(prefix="fake-esxi-")
        self.addCleanup(shutil.rmtree, folder)
        return folder
