"""Messages to the log file, the console and standard error. Secrets are replaced whatever says them."""

import sys
import time

from common import quoting


class Log:
    """Writes each message to every stream that can still be written to.

    @param streams: files opened for text; None entries are skipped
    """

    def __init__(self, streams=None, clock=time.gmtime):
        self.streams = [stream for stream in (streams if streams is not None else [sys.stderr]) if stream]
        self.clock = clock
        self.hidden = set()  # every form of every secret

    def hide(self, *secrets):
        """From now on no message holds these words."""
        for secret in secrets:
            self.hidden.update(quoting.forms(secret) if secret else ())

    def masked(self, message):
        """The message without those words, in whatever quoting they stand there."""
        return quoting.masked(message, self.hidden)

    def info(self, message):
        self._write("", message)

    def warn(self, message):
        self._write("warning: ", message)

    def error(self, message):
        self._write("error: ", message)

    def _write(self, kind, message):
        message = self.masked(message)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", self.clock())
        for line in message.splitlines() or [""]:
            for stream in self.streams:
                try:
                    stream.write("%s esxi-img: %s%s\n" % (stamp, kind, line))
                    stream.flush()
                except (OSError, ValueError):
                    pass  # a console that went away must not stop the work


def open_stream(path, mode="a"):
    """The file opened for text, or None when it cannot be: there is always another place for a message."""
    try:
        return open(path, mode, encoding="utf-8", errors="replace")
    except OSError:
        return None
