"""A machine whose steps run in this process, for tests of many descriptions: no shell, no container.

The kickstart's own sections call the guest code of this checkout; others, and users' scripts, are not run.
"""
import contextlib
import io
import os
import re
import sys
from unittest import mock

from .hook import GUEST
from .machine import Ended, Machine

sys.path[:0] = [GUEST] if GUEST not in sys.path else []

from hostconf.steps import firstboot, post, pre  # noqa: E402

_STEPS = {"pre.sh": pre, "post.sh": post, "firstbt.sh": firstboot}
_CALL = re.compile(r"^\s*sh /esxiimg/(\w+\.sh)((?: \w+)*)\s*$", re.MULTILINE)


class FastHost:
    """The fake host with the methods of hostconf.host.run.Host; commands run in this process."""

    def __init__(self, fake, hostd=True):
        self.fake = fake
        self.hostd = hostd
        self.root = fake.root if fake.sandbox else ""

    def run(self, argv, seconds=0, end_children=False):
        if os.path.basename(argv[0]).startswith("python") and argv[1].endswith("/secureBoot.py"):
            # The fake knows the script by its name; there is no file to hand to Python.
            argv = ["secureBoot.py", *argv[2:]]
        status, stdout, stderr = self.fake.run(argv)
        return status, stdout + (stderr if status else "")

    def path(self, name):
        return self.root + name

    def ensure_line(self, name, line):
        data = (self.fake.files.read(name) or b"").decode("utf-8")
        if line not in data.splitlines():
            self.fake.files.write(name, data + line + "\n", 0o1600)


class FastMachine(Machine):
    """The machine of a fast rehearsal."""

    contained = False

    def check(self):
        """Nothing of this machine is needed."""

    def run(self, section, seconds):
        """Run the steps that a section calls. @return: Ended"""
        output = io.StringIO()
        status = 0
        for script, words in _CALL.findall(section.body):
            status = self.step(_STEPS[script], words.split(), output)
            if status == pre.STOP and script == "pre.sh":
                return Ended(None, output.getvalue(), stopped=True)
        return Ended(status, output.getvalue())

    def step(self, module, words, output):
        def host(_root, hostd=True):
            return FastHost(self.fake, hostd)

        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, ESXIIMG_ROOT=self.fake.root))
            stack.enter_context(mock.patch.object(module, "Host", host))
            stack.enter_context(mock.patch("time.sleep", lambda seconds: None))
            stack.enter_context(contextlib.redirect_stderr(output))
            if module is firstboot:
                kind = firstboot.FirstBoot
                stack.enter_context(mock.patch.object(
                    firstboot, "FirstBoot", lambda host, log: kind(host, log, sleep=lambda seconds: None)))
                return firstboot.main(tuple(words)) if words else firstboot.main()
            return module.main()
