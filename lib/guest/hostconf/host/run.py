"""Run commands on the host this program runs on."""

import os

from common import running

COMMAND_SECONDS = 120


class Host:
    """The host this runs on, below `root` ("" is the real one)."""

    def __init__(self, root="", hostd=True):
        self.root = root
        self.hostd = hostd

    def run(self, argv, seconds=COMMAND_SECONDS, end_children=False):
        """(exit status, output) of a command; a program that is missing or hangs counts as failed.

        @param end_children: end what the program leaves behind. Not for commands that start services.
        """
        argv = [self.root + argv[0] if argv[0].startswith("/") else argv[0]] + list(argv[1:])
        result = running.run(argv, seconds, end_children)
        text = result.out.decode("utf-8", "replace")
        if result.timed_out:
            text = "%s did not end within %d seconds and was ended\n%s" % (argv[0], seconds, text)
        elif result.status != 0:
            text += result.err.decode("utf-8", "replace")
        return result.status, text

    def path(self, name):
        """Where a file of the host is."""
        return self.root + name

    def ensure_line(self, name, line):
        """Append the line to a file unless it is there. Keeps the file's mode: its sticky bit means "saved"."""
        path = self.path(name)
        data = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
        wanted = line.encode("utf-8")
        if wanted in data.splitlines():
            return
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "ab") as file:
            file.write((b"\n" if data and not data.endswith(b"\n") else b"") + wanted + b"\n")
