"""Where the machine reports to: the metadata service and its credentials, from curtin's configuration."""

import json

from esxihook import HookError, partition

# What the host asks for once its network works, in this order: the last one tells MAAS that it is deployed.
FETCH = ["local-hostname", "public-keys", "vendor-data", "user-data"]

_KEYS = ("consumer_key", "token_key", "token_secret")


def load(path):
    """curtin's whole configuration. @raise HookError: when there is none or it is not whole"""
    if not path:
        raise HookError("CONFIG is not set: this runs as a hook of curtin")
    try:
        config = json.loads(partition.read(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # The message names a place in the text, never the text.
        raise HookError("the configuration %s is not JSON: %s" % (path, error))
    if not isinstance(config, dict):
        raise HookError("the configuration %s is not a JSON object" % path)
    return config


def read(config):
    """The part "maas" of the host description.

    @raise HookError: without an endpoint and credentials, since the deployment could not be finished
    """
    reporting = config.get("reporting")
    reporters = reporting if isinstance(reporting, dict) else {}
    for name in sorted(reporters, key=lambda name: (name != "maas", name)):
        reporter = reporters[name]
        if isinstance(reporter, dict) and all(_is_text(reporter.get(key)) for key in _KEYS + ("endpoint",)):
            if "/status/" not in reporter["endpoint"]:
                raise HookError("the endpoint of reporting.%s is not a status URL of MAAS" % name)
            maas = dict((key, reporter[key]) for key in _KEYS + ("endpoint",))
            maas["fetch"] = list(FETCH)
            maas["report_failure"] = True
            return maas
    raise HookError("the configuration names no MAAS metadata service (reporting.maas with endpoint and credentials)")


def secrets(config):
    """Every credential of the metadata service in the configuration, whether or not it is complete."""
    reporting = config.get("reporting")
    found = set()
    for reporter in reporting.values() if isinstance(reporting, dict) else []:
        for key in _KEYS:
            if isinstance(reporter, dict) and _is_text(reporter.get(key)):
                found.add(reporter[key])
    return sorted(found)


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())
