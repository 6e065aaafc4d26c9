"""Run a program within limits: of time, by a clock that nobody sets, and of output, whatever it prints.

The program gets a process group of its own. At the time limit the whole group is ended, first kindly, then not; no
wait is without an end, not even that for a process that cannot be ended. A program that ends but leaves children
behind, which may hold its output open for ever, is done when it ends itself.
"""

import os
import select
import signal
import subprocess
import time

# What is kept of each output: this much of its beginning and of its end.
KEPT_BYTES = 256 * 1024
# How long a group that was asked to end may take, and how long one that was killed is waited for.
GRACE_SECONDS = 5
KILLED_SECONDS = 5
MISSING, TIMED_OUT = 127, 124  # exit statuses as in sh and timeout(1)

_POLL_SECONDS = 0.05
_CHUNK_BYTES = 65536


class Result:
    """How a program ended: status (that of a signal is negative), out and err (bytes), timed_out."""

    def __init__(self, status, out=b"", err=b"", timed_out=False):
        self.status = status
        self.out = out
        self.err = err
        self.timed_out = timed_out


def run(argv, seconds, end_children=False, env=None):
    """Run a program.

    @param seconds: the time limit
    @param end_children: end what is left of the group when the program ends. Not for programs that start services.
    @return: Result; a program that cannot be started has the status 127 and the reason in err
    """
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True, env=env)
    except (OSError, ValueError) as error:
        return Result(MISSING, err=str(error).encode("utf-8", "replace"))
    pipes = {}
    for stream, kept in ((process.stdout, _Kept()), (process.stderr, _Kept())):
        os.set_blocking(stream.fileno(), False)
        pipes[stream] = kept
    out, err = pipes[process.stdout], pipes[process.stderr]
    try:
        timed_out = not _follow(process, pipes, time.monotonic() + seconds)
        if timed_out or end_children:
            _end_group(process)
        _drain(pipes)
    finally:
        for stream in (process.stdout, process.stderr):
            stream.close()
    if timed_out:
        return Result(TIMED_OUT, out.bytes(), err.bytes(), True)
    return Result(process.returncode, out.bytes(), err.bytes())


def _follow(process, pipes, deadline):
    """Read what the program prints until it ends. @return: whether it ended in time"""
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if pipes:
            ready, _, _ = select.select(list(pipes), [], [], min(left, _POLL_SECONDS))
            for stream in ready:
                _read(stream, pipes)
        else:
            # It closed its output and goes on.
            time.sleep(min(left, _POLL_SECONDS))
    return True


def _read(stream, pipes):
    """Take what is there; a closed pipe is no longer watched."""
    try:
        data = os.read(stream.fileno(), _CHUNK_BYTES)
    except BlockingIOError:
        return False
    except OSError:
        data = b""
    if not data:
        del pipes[stream]
        return False
    pipes[stream].add(data)
    return True


def _drain(pipes):
    """What was printed last is in the pipes, which hold a bounded number of bytes; who else writes is not followed."""
    for stream in list(pipes):
        for _ in range(64):
            if stream not in pipes or not _read(stream, pipes):
                break


def _end_group(process):
    """End every process of the group; the program itself is reaped if that can be done."""
    if not _signal(process, signal.SIGTERM):
        return
    if _wait(process, GRACE_SECONDS) and not _signal(process, 0):
        return
    _signal(process, signal.SIGKILL)
    _wait(process, KILLED_SECONDS)


def _signal(process, number):
    """Send a signal to the group. @return: whether there is one"""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _wait(process, seconds):
    """Wait for the program and its group. @return: whether the program ended"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None and not _signal(process, 0):
            return True
        time.sleep(_POLL_SECONDS)
    return process.poll() is not None


class _Kept:
    """The beginning and the end of what comes, and how much lay between."""

    def __init__(self):
        self._head = b""
        self._tail = b""
        self._dropped = 0

    def add(self, data):
        room = KEPT_BYTES - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        tail = self._tail + data
        self._dropped += max(0, len(tail) - KEPT_BYTES)
        self._tail = tail[-KEPT_BYTES:]

    def bytes(self):
        if not self._dropped:
            return self._head + self._tail
        return self._head + b"\n[%d bytes left out]\n" % self._dropped + self._tail
