"""Let this program's own requests out: ESXi's firewall blocks what no rule set names."""

import contextlib

from hostconf.host import listing


@contextlib.contextmanager
def opened(run, log):
    """The firewall is off inside, and on again afterwards if it was on before.

    @param run: function(argv) → (exit status, output)
    """
    status, output = run(["esxcli", "network", "firewall", "get"])
    enabled = status == 0 and listing.boolean(listing.struct(output).get("Enabled"))
    if enabled:
        _set(run, log, "false")
    try:
        yield
    finally:
        if enabled:
            _set(run, log, "true")


def _set(run, log, value):
    status, output = run(["esxcli", "network", "firewall", "set", "--enabled", value])
    if status != 0:
        log.warn("the firewall could not be set to %s: %s" % (value, " ".join(output.split())))
