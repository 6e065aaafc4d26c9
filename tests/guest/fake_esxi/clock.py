"""Waiting costs no time in the container: its Python loads this as `usercustomize`.

A sleep of a second or more only moves the clocks. Where nothing happens on the host for a while (a script hangs), the
clocks run fast, so that limits of minutes and hours are reached soon: what waits with a limit sees it pass. A command
that merely takes long on a busy machine does not.
"""
import os
import select
import time

STATE = "/.fake/state.json"  # written by every command of the host
SHORTEST_SKIPPED_SECONDS = 1
PAUSE_SECONDS = 0.01
SLICE_SECONDS = 0.1
IDLE_SECONDS = 10  # far longer than a command takes on a busy machine
FACTOR = 600

_sleep, _monotonic, _time, _perf_counter = time.sleep, time.monotonic, time.time, time.perf_counter
_poll, _select = select.poll, select.select
_ahead = 0.0
_seen = _monotonic()


def _idle():
    try:
        return _time() - os.stat(STATE).st_mtime > IDLE_SECONDS
    except OSError:
        return False


def ahead():
    """By how many seconds the clocks are ahead of the machine's."""
    global _ahead, _seen
    now = _monotonic()
    if _idle():
        # What passed before the host became idle does not count.
        _ahead += min(now - _seen, SLICE_SECONDS * 10) * (FACTOR - 1)
    _seen = now
    return _ahead


def sleep(seconds):
    """time.sleep"""
    global _ahead
    if seconds < SHORTEST_SKIPPED_SECONDS:
        return _sleep(seconds)
    _sleep(PAUSE_SECONDS)
    _ahead += seconds
    return None


class Poll:
    """select.poll that looks at the clock while it waits."""

    def __init__(self):
        self._poll = _poll()

    def __getattr__(self, name):
        return getattr(self._poll, name)

    def poll(self, timeout=None):
        """`timeout` in milliseconds, as select.poll has it."""
        if timeout is None or timeout < 0:
            return self._poll.poll()
        return _in_slices(timeout / 1000, lambda seconds: self._poll.poll(seconds * 1000), lambda found: bool(found))


def select_slowly(readable, writable, exceptional, timeout=None):
    """select.select"""
    if timeout is None:
        return _select(readable, writable, exceptional)
    return _in_slices(timeout, lambda seconds: _select(readable, writable, exceptional, seconds), any)


def _in_slices(seconds, wait, found):
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        result = wait(max(0, min(left, SLICE_SECONDS)))
        if found(result) or left <= SLICE_SECONDS:
            return result


def install():
    """Replace the clocks of this process."""
    time.sleep = sleep
    time.monotonic = lambda: _monotonic() + ahead()
    time.time = lambda: _time() + ahead()
    time.perf_counter = lambda: _perf_counter() + ahead()
    select.poll = Poll
    select.select = select_slowly


if __name__ == "usercustomize":
    install()
