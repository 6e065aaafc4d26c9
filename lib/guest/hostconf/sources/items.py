"""Lists of values as deployers give them: those that are right count, the others are named."""

from common import checks
from hostconf.sources.yamlflow import text_of


def valid_items(values, check, what, warn):
    """The items of a list (or a single string) that pass the check, each once; the others are reported."""
    result = []
    for value in values if isinstance(values, list) else [values] if isinstance(values, str) else []:
        try:
            item = check(value)
            if item not in result:
                result.append(item)
        except ValueError as error:
            warn("a %s is ignored: %s" % (what, error))
    return result


def add_ntp(ntp, description, warn):
    """Time servers of an object {servers, pools}; they replace those of a source with less say."""
    if not isinstance(ntp, dict):
        return
    if ntp.get("enabled") is False:
        description["ntp"] = {"servers": [], "pools": []}
        return
    found = {}
    for key in ("servers", "pools"):
        found[key] = valid_items(ntp.get(key), checks.server, "NTP server", warn)
    if found["servers"] or found["pools"]:
        description["ntp"] = found


def single_line(what, value):
    """The text of a value that has no control characters. @raise ValueError: the value itself is not repeated"""
    text = text_of(value)
    try:
        return checks.string(text)
    except ValueError:
        raise ValueError("%s must be text on one line" % what)
