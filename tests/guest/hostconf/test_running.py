"""Programs that misbehave: whatever they do, running them comes to an end, and so do they.

Every one of them would go on for an hour: a test that ends has shown what it is for.
"""
import os
import sys
import tempfile
import time
import unittest

import support  # noqa: F401  (finds the guest code)

from common import running
from hostconf.host.run import Host

HOUR = "3600"


def python(text):
    return [sys.executable, "-c", text]


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class RunningTest(unittest.TestCase):
    def setUp(self):
        handle, self.note = tempfile.mkstemp(prefix="esxi-running-")
        os.close(handle)
        self.addCleanup(os.remove, self.note)

    def noted(self):
        """The process ids that the program wrote down."""
        with open(self.note, encoding="ascii") as file:
            return [int(line) for line in file.read().split()]

    def gone(self, pid):
        """Whether a process is gone; one that was just killed may take a moment."""
        for _ in range(200):
            if not is_alive(pid):
                return True
            time.sleep(0.05)
        return False

    def test_what_a_program_says_and_how_it_ends(self):
        result = running.run(python("import sys; print('out'); sys.stderr.write('err'); sys.exit(3)"), 60)
        self.assertEqual((result.status, result.out, result.err, result.timed_out), (3, b"out\n", b"err", False))
        self.assertEqual(running.run(["sh", "-c", "kill -9 $$"], 60).status, -9)
        self.assertEqual(running.run(["cat"], 60).out, b"", "nothing to read")

    def test_what_cannot_be_started(self):
        for argv in (["/no/such/program"], ["/etc/hostname"], ["a\0b"]):
            result = running.run(argv, 60)
            self.assertEqual(result.status, running.MISSING)
            self.assertTrue(result.err)

    def test_a_program_that_hangs(self):
        result = running.run(["sh", "-c", "echo begun; echo $$ > %s; sleep %s" % (self.note, HOUR)], 0.5)
        self.assertEqual((result.status, result.timed_out, result.out), (running.TIMED_OUT, True, b"begun\n"))
        self.assertTrue(self.gone(self.noted()[0]))

    def test_the_whole_group_is_ended(self):
        running.run(["sh", "-c", "sleep %s & echo $! > %s; wait" % (HOUR, self.note)], 0.5)
        self.assertTrue(self.gone(self.noted()[0]))

    def test_a_program_that_ignores_term(self):
        text = "trap '' TERM HUP INT; sleep %s & echo $! $$ > %s; while :; do sleep 1; done" % (HOUR, self.note)
        self.assertTrue(running.run(["sh", "-c", text], 0.5).timed_out)
        for pid in self.noted():
            self.assertTrue(self.gone(pid))

    def test_a_child_that_stays_behind_holds_nobody_up(self):
        text = "sleep %s & echo $! > %s; echo done; exit 4" % (HOUR, self.note)
        result = running.run(["sh", "-c", text], 600)
        self.assertEqual((result.status, result.out, result.timed_out), (4, b"done\n", False))
        child = self.noted()[0]
        self.assertTrue(is_alive(child), "it may be a service that was started")
        os.kill(child, 9)
        result = running.run(["sh", "-c", text], 600, end_children=True)
        self.assertEqual((result.status, result.out), (4, b"done\n"))
        self.assertTrue(self.gone(self.noted()[0]))

    def test_a_child_that_left_the_group_holds_nobody_up(self):
        text = ("import os, time\nif os.fork() == 0:\n os.setsid()\n open(%r, 'w').write(str(os.getpid()))\n"
                " while True:\n  print('x' * 100, flush=True)\nwhile not open(%r).read(): time.sleep(0.01)\n" % (
                    self.note, self.note))
        result = running.run(python(text), 600, end_children=True)
        self.assertEqual(result.status, 0)
        os.kill(self.noted()[0], 9)

    def test_a_flood_is_bounded(self):
        result = running.run(["sh", "-c", "echo first; yes | head -c 100000000; echo last"], 600)
        self.assertTrue(result.out.startswith(b"first\n") and result.out.endswith(b"last\n"))
        self.assertLess(len(result.out), 3 * running.KEPT_BYTES)
        self.assertIn(b"bytes left out]", result.out)
        result = running.run(["sh", "-c", "yes; exit 1"], 1)
        self.assertTrue(result.timed_out)
        self.assertLess(len(result.out), 3 * running.KEPT_BYTES)

    def test_a_program_that_closes_its_output(self):
        result = running.run(["sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 5"], 600)
        self.assertEqual((result.status, result.timed_out), (5, False))
        result = running.run(["sh", "-c", "exec >&- 2>&-; echo $$ > %s; exec sleep %s" % (self.note, HOUR)], 0.5)
        self.assertTrue(result.timed_out)
        self.assertTrue(self.gone(self.noted()[0]))

    def test_on_a_host(self):
        status, text = Host().run(["sh", "-c", "echo begun; sleep " + HOUR], 0.5)
        self.assertEqual(status, running.TIMED_OUT)
        self.assertIn("did not end within", text.splitlines()[0])
        self.assertIn("begun", text)
        self.assertEqual(Host().run(["sh", "-c", "echo a; echo b >&2"], 60), (0, "a\n"))
        self.assertEqual(Host().run(["sh", "-c", "echo a; echo b >&2; false"], 60), (1, "a\nb\n"))


if __name__ == "__main__":
    unittest.main()
