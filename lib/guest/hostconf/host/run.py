"""Run commands on the host this program runs on."""

import os
import subprocess

COMMAND_SECONDS = 120


class Host:
    """The host this runs on, below `root` ("" is the real one)."""

    def __init__(self, root="", hostd=True):
        self.root = root
        self.hostd = hostd

    def run(self, argv, seconds=COMMAND_SECONDS):
        """(exit status, output) of a command; a program that is missing or hangs counts as failed."""
        argv = [self.root + argv[0] if argv[0].startswith("/") else argv[0]] + list(argv[1:])
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
        except OSError as error:
            return 127, str(error)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return 124, "%s did not answer within %d seconds" % (argv[0], seconds)
        text = out.decode("utf-8", "replace")
        if process.returncode != 0:
            text += err.decode("utf-8", "replace")
        return process.returncode, text

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
