"""The vCenter that a host is to join, as metadata give it."""

from common import checks
from hostconf.sources.items import single_line
from hostconf.sources.yamlflow import text_of

KEYS = ("server", "username", "password", "datacenter", "cluster", "folder", "ca_certificate", "verify_tls")
_REQUIRED = ("server", "username", "password")


def read(given, prefix=""):
    """The host description's part "vcenter".

    @param given: an object with some of KEYS; a password of digits alone may be a number
    @param prefix: what stands before each key in messages
    @raise ValueError: what is wrong with it; a password is never repeated
    """
    # An empty text says nothing.
    found = dict((key, given[key] if key == "verify_tls" else text_of(given[key])) for key in KEYS
                 if given.get(key) not in (None, "") and (key == "verify_tls" or text_of(given[key]) is not None))
    missing = [prefix + key for key in _REQUIRED if key not in found]
    if missing:
        raise ValueError("it lacks %s; no vCenter is joined" % ", ".join(missing))
    found["server"] = (found["server"].partition("://")[2] or found["server"]).rstrip("/")
    checks.server(found["server"])
    checks.boolean(found.get("verify_tls", True))
    for key in ("username", "password"):
        single_line(prefix + key, found[key])
    return found
