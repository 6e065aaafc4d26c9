"""Run the user's scripts, once and in order, when everything else is done."""

import base64
import os
import sys

from common import erase
from hostconf.sources.userdata import interpreter

FOLDER = "/tmp/esxiimg-user"
SCRIPT_SECONDS = 3600
# How much of a failed script's output is in the reason; the log has all of it.
LAST_LINES = 5
LINE_CHARACTERS = 200


class ScriptError(Exception):
    """A script ended with another status than 0."""


def decode(entry):
    """The bytes of a script entry."""
    return base64.b64decode(entry["script_base64"])


def run_all(entries, host, log):
    """Run description entries {name, script_base64}. Every exit status is logged.

    Output goes to the log. The scripts lie in a private folder that is removed afterwards.

    @raise ScriptError: after all have run, naming those that failed
    """
    folder = host.path(FOLDER)
    failed = []
    for number, entry in enumerate(entries):
        data = decode(entry)
        program = interpreter(data)
        if program is None:
            failed.append("%s asks for a program that ESXi does not have" % entry["name"])
            continue
        path = os.path.join(folder, "%02d" % number)
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o700)
        with open(path, "wb") as file:
            file.write(data)
        # Handed to the interpreter: since 8.0 files that no VIB installed cannot be run themselves.
        words = [sys.executable if program == "python3" else program, path]
        # What a script leaves running would hold the first boot open, or act on a host that counts as done.
        status, output = host.run(words, SCRIPT_SECONDS, end_children=True)
        log.info("script %s ended with exit status %d" % (entry["name"], status))
        for line in output.splitlines():
            log.info("script %s: %s" % (entry["name"], line))
        if status != 0:
            failed.append("%s ended with exit status %d%s" % (entry["name"], status, _end_of(output)))
    erase.remove_tree(folder)
    if failed:
        raise ScriptError("user data: " + "; ".join(failed))


def _end_of(output):
    """The last lines of an output, for a message."""
    lines = [line.strip()[:LINE_CHARACTERS] for line in output.splitlines() if line.strip()][-LAST_LINES:]
    return " (its last lines: %s)" % " / ".join(lines) if lines else ""
