"""Let this program's own requests out: ESXi's firewall blocks what no rule set names.

It is off for the time of one request, never while something is waited for. A note on the boot bank says that it is
off: a run that was killed in between is made good by the next one, see `close_leftover`.
"""

import contextlib
import os

from hostconf.host import listing

# On a disk, so that it outlives a reset: the firewall's state may have been saved in the meantime.
NOTE = "/bootbank/esxiimg.fw"


def gate(host, run, log):
    """What opens the firewall for one request: a function that gives a context manager.

    @param host: has path(name)
    @param run: function(argv) → (exit status, output)
    """
    return lambda: opened(host, run, log)


@contextlib.contextmanager
def opened(host, run, log):
    """The firewall is off inside, and on again afterwards if it was on before."""
    enabled = _is_on(run)
    if enabled:
        _write_note(host)
        _set(run, log, "false")
    try:
        yield
    finally:
        if enabled and _set(run, log, "true"):
            _remove_note(host)


def close_leftover(host, run, log):
    """Turn the firewall on again where a run before this one was ended while it was off."""
    if not os.path.exists(host.path(NOTE)):
        return
    log.warn("the firewall was left off by a run that was interrupted; it is turned on")
    if _is_on(run) or _set(run, log, "true"):
        _remove_note(host)


def _is_on(run):
    status, output = run(["esxcli", "network", "firewall", "get"])
    return status == 0 and bool(listing.boolean(listing.struct(output).get("Enabled")))


def _set(run, log, value):
    status, output = run(["esxcli", "network", "firewall", "set", "--enabled", value])
    if status != 0:
        log.warn("the firewall could not be set to %s: %s" % (value, " ".join(output.split())))
    return status == 0


def _write_note(host):
    # The installer has no boot bank, and forgets its firewall when it ends.
    with contextlib.suppress(OSError):
        with open(host.path(NOTE), "w", encoding="ascii") as file:
            file.write("off\n")
            file.flush()
            os.fsync(file.fileno())


def _remove_note(host):
    with contextlib.suppress(OSError):
        os.remove(host.path(NOTE))
