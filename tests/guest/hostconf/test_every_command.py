"""Each command of each sample's and each case's first boot made to fail for good, one at a time: somebody can still log in,
and the report names the area.
"""
import os
import unittest

from support import Adapter, CASES, Lines, SAMPLES
from test_samples import description, fresh_host

from hostconf.host import scripts
from hostconf.host.log import Log
from hostconf.steps import areas, firstboot

RELEASES = ("6.7.0", "8.0.3")
READS = {"list", "get"}


class Step(firstboot.FirstBoot):
    """The first half of a first boot on a host in memory."""

    def __init__(self, fake, wanted):
        self.lines = Lines()
        firstboot.FirstBoot.__init__(self, Adapter(fake), Log([self.lines]), lambda seconds: None)
        self.wanted = wanted

    def load(self):
        self.description = self.wanted
        return True


def first_boot(folder, release, failing=None):
    """(fake, step) of a sample's first boot; `failing` is a command that always fails."""
    fake = fresh_host(folder, release)
    step = Step(fake, description(folder))
    if failing:
        fake.fail(failing, times=10000)
    step.configure()
    return fake, step


class EveryCommandTest(unittest.TestCase):
    def setUp(self):
        # What scripts do is theirs; here they all end well.
        real = scripts.run_all
        scripts.run_all = lambda entries, host, log: None
        self.addCleanup(setattr, scripts, "run_all", real)

    def test_samples(self):
        self.assertGreater(self.somebody_can_log_in(SAMPLES), 150)

    def test_cases(self):
        self.assertGreater(self.somebody_can_log_in(CASES), 150)

    def somebody_can_log_in(self, below):
        """@return: how many commands were made to fail"""
        tried = 0
        for name in sorted(entry.path for entry in os.scandir(below) if entry.is_dir()):
            for release in RELEASES:
                fake, step = first_boot(name, release)
                keys = fake.summary()["root_keys"]
                self.assertEqual(len(keys), len(step.description["ssh_keys"]))
                before = dict(step.failures)
                changes = []
                for call in fake.state()["runtime"]["calls"]:
                    if not READS & set(call) and call not in changes:
                        changes.append(call)
                for change in changes:
                    with self.subTest(name, release=release, command=" ".join(change)):
                        self.check(name, release, change, keys, before)
                        tried += 1
        return tried

    def check(self, name, release, change, keys, before):
        fake, step = first_boot(name, release, change)
        summary = fake.summary()
        self.assertEqual(summary["root_keys"], keys)
        self.assertTrue(fake.manageable())
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
        new = {area: reason for area, reason in step.failures if area not in before}
        # Running or made to start with the host: after a reboot, which ESXi makes, it is both.
        self.assertTrue(summary["ssh"]["running"] or summary["ssh"]["with_host"], new)
        for area, reason in new.items():
            self.assertIn(area, areas.BY_NAME)
            self.assertIn("error: %s failed" % area, step.lines.text)
            self.assertIn("injected failure", reason)
        if not new:
            return
        # Everything else was done.
        whole, _ = first_boot(name, release)
        if set(new) == {"network"}:
            for key in ("fqdn", "ntp", "dns", "syslog", "root_keys", "ssh", "shell"):
                self.assertEqual(summary[key], whole.summary()[key], key)
        elif "network" not in new and "login" not in new:
            for key in ("interfaces", "routes4", "routes6", "root_keys", "ssh", "shell"):
                self.assertEqual(summary[key], whole.summary()[key], key)


if __name__ == "__main__":
    unittest.main()
