"""Each command of each sample's first boot made to fail for good, one at a time: somebody can still log in, MAAS is
told which area failed, and the machine counts as deployed exactly when everything that was asked for is there.
"""
import contextlib
import json
import os
import shutil
import subprocess
import unittest

from maas_support import Deployed, Lines, NAMES, answers, fake_esxi, sample_config, sample_text, support

from fake_esxi.files import FolderFiles
from fake_esxi.world import World, plain_copy
from hostconf.host import scripts
from hostconf.host.log import Log
from hostconf.steps import areas, firstboot

RELEASE = "8.0.3"
# The oldest release has commands of its own; these samples have most of them.
ON_THE_OLDEST_TOO = ("aliases-routes-ipv6", "lacp-jumbo-nvme-span")
READS = {"list", "get"}
# The account of a join has a random password, which no other run repeats.
RANDOM_AFTER = "-p"


class Quick(fake_esxi.Host):
    """A host with its files in a folder and its state in memory: nothing is saved after each command."""

    @contextlib.contextmanager
    def world(self, save=True):
        yield World(self._state, self.files)


class EveryCommandTest(Deployed):
    def setUp(self):
        super().setUp()
        # What scripts do is theirs; here they all end well.
        real = scripts.run_all
        scripts.run_all = lambda entries, host, log: None
        self.addCleanup(setattr, scripts, "run_all", real)
        # Hundreds of boots that nothing interrupts: what is on the disk for good is no question here.
        self.addCleanup(setattr, os, "fsync", os.fsync)
        os.fsync = lambda number: None

    def boot_again(self, failing=None):
        """The first boot of the host that was installed last. @return: (fake host, step, exit status)"""
        folder = os.path.join(self.folder, "again")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        # cp, because the disks are files with holes.
        subprocess.run(["cp", "-a", "--sparse=always", self.fake.root, os.path.join(folder, "root")], check=True)
        fake = Quick(folder, FolderFiles(os.path.join(folder, "root")), plain_copy(self.installed))
        if failing:
            fake.fail(failing, times=10000)
        self.service.forget()
        self.lines = Lines()
        step = firstboot.FirstBoot(support.Adapter(fake), Log([self.lines]), lambda seconds: None)
        step.configure()
        return fake, step, step.finish()

    def test_somebody_can_log_in(self):
        tried = 0
        for name in NAMES:
            config = sample_config(name)
            self.service = self.serve(answers(name), config)
            for release in (RELEASE, "6.7.0") if name in ON_THE_OLDEST_TOO else (RELEASE,):
                self.install(config, release, nics=sample_text(name, "nics.txt"), disks=sample_text(name, "disks.txt"),
                             nvme=sample_text(name, "nvme.txt"))
                for name_of_code in ("common", "hostconf"):
                    # Each boot would remove it, which is not what is tried here.
                    self.fake.files.remove("/esxiimg/" + name_of_code)
                self.installed = self.fake.state()
                self.installed["runtime"]["calls"] = []
                fake, step, status = self.boot_again()
                self.assertEqual((status, self.service.status), (0, "Deployed"), self.lines.text)
                whole, before = fake.summary(), dict(step.failures)
                keys = [line for line in (answers(name)["public-keys"] or b"").splitlines() if line.strip()]
                self.assertEqual(len(whole["root_keys"]), len(keys))
                changes = []
                for call in fake.state()["runtime"]["calls"]:
                    words = call[:call.index(RANDOM_AFTER)] if RANDOM_AFTER in call else call
                    if not READS & set(words) and words not in changes:
                        changes.append(words)
                for change in changes:
                    with self.subTest(name, release=release, command=" ".join(change)):
                        self.check(change, whole, before)
                        tried += 1
        self.assertGreater(tried, 180)

    def check(self, change, whole, before):
        fake, step, status = self.boot_again(change)
        summary = fake.summary()
        self.assertEqual(summary["root_keys"], whole["root_keys"])
        self.assertTrue(fake.manageable())
        self.assertEqual(fake.state()["runtime"]["unmanageable_after"], [])
        new = {area: reason for area, reason in step.failures if area not in before}
        # Running or made to start with the host: after a reboot, which ESXi makes, it is both.
        self.assertTrue(summary["ssh"]["running"] or summary["ssh"]["with_host"], new)
        told = {event["name"].partition("/")[2].replace("-", " "): event["description"] for event in self.service.progress
                if event.get("result") == "FAIL"}
        for area, reason in new.items():
            self.assertIn(area, areas.BY_NAME)
            self.assertIn("error: %s failed" % area, self.lines.text)
            self.assertIn("injected failure", self.lines.text)
            self.assertIn(reason, told[area])
        self.check_told(status, {area for area in new if areas.BY_NAME[area].counts})
        if set(new) == {"storage"}:
            for key in ("interfaces", "fqdn", "dns", "ntp", "ssh", "shell"):
                self.assertEqual(summary[key], whole[key], key)

    def check_told(self, status, counted):
        """What MAAS shows fits how the first boot ended.

        @param counted: the areas that failed and whose failure counts
        """
        if not counted:
            self.assertEqual((status, self.service.status, self.service.events), (0, "Deployed", []), self.lines.text)
            self.assertEqual(self.service.asked[-1], "user-data")
            return
        self.assertEqual((status, self.service.status), (1, "Failed deployment"))
        self.assertEqual(self.service.asked[-1], "status")
        self.assertNotIn("user-data", self.service.asked)
        self.assertIn("deploy it again", self.lines.text)
        self.assertNotIn("firstbt.sh", self.lines.text, "nothing is kept for a repetition")
        self.assertEqual(len(self.service.events), 1)
        for area in counted:
            self.assertIn("%s: " % area, json.dumps(self.service.events[0]["description"]))


if __name__ == "__main__":
    unittest.main()
