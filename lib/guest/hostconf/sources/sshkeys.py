"""SSH public keys from the shapes in which deployers give them."""

import re

from common.checks import key_body

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def keys_in(value, warn):
    """The keys in a string (one or several lines), a list or an object of such strings.

    Comments and blank lines are dropped; a line that is no key is reported, never repeated in full.
    """
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value, key=_natural)]
    if isinstance(value, (list, tuple)):
        return [key for item in value for key in keys_in(item, warn)]
    if not isinstance(value, str):
        if value is not None:
            warn("an SSH key is not text and is ignored")
        return []
    keys = []
    for line in value.splitlines():
        line = line.replace("\t", " ").strip()
        if not line or line.startswith("#"):
            continue
        if key_body(line) is None or _CONTROL.search(line):
            warn("a line given as SSH key is none and is ignored (it starts with %r)" % line[:12])
        else:
            keys.append(line)
    return keys


def distinct(keys):
    """The keys in order, each key body once, whatever the comment says."""
    seen = set()
    result = []
    for key in keys:
        body = key_body(key)
        if body not in seen:
            seen.add(body)
            result.append(key)
    return result


def _natural(name):
    """Sort key that puts "2" before "10"."""
    text = str(name)
    # Not isdigit alone: it is true of digits that int does not read, such as a superscript two.
    return (0, int(text), text) if re.match(r"[0-9]{1,9}\Z", text) else (1, 0, text)
