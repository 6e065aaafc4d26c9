"""Port group names, made from any text."""

import re

_NAME_LENGTH = 60


def port_group_name(text, taken):
    """A port group name made from an interface's id, different from every name in taken.

    Kept to characters that survive tables and vim APIs: no runs of blanks, no slash, percent or backslash.
    """
    base = re.sub(r"[^A-Za-z0-9 ._:+@()-]+", "-", text)
    base = re.sub(r" +", " ", base).strip(" -")[:_NAME_LENGTH].strip() or "network"
    name = base
    number = 1
    while name in taken:
        number += 1
        name = "%s-%d" % (base, number)
    return name
